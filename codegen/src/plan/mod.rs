//! Every decision that is about Rust: names, types, segments, modules. The emitters only write down what stands
//! here.

mod docs;
mod fields;
mod meanings;
mod messages;
mod names;
mod values;

use std::collections::BTreeMap;

use names::Unique;

pub(crate) use fields::{Access, Extent, FieldPlan, Fields, Kind, Member, Scalar};
pub(crate) use meanings::{FieldMeaning, MeaningForm, MeaningPlan, NamedValue};
pub(crate) use messages::{Form, Format, MessagePlan, Part};
pub(crate) use values::{Constant, Constants, MapPlan};

use crate::config::Overrides;
use crate::diagnostic::Diagnostics;
use crate::meanings::Meanings;
use crate::model::schema::{Event, Layout, Schema, Version};
use crate::model::{InType, Place};

/// The crate to be generated.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) constants: Constants,
    pub(crate) maps: Vec<MapPlan>,
    pub(crate) meanings: Vec<MeaningPlan>,
    pub(crate) modules: Vec<Module>,
}

/// A module of the generated crate.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) events: Vec<EventPlan>,
}

/// An event: its views and the enum over them.
#[derive(Debug)]
pub(crate) struct EventPlan {
    pub(crate) id: u16,
    /// The enum's name, and the variant's in `Event`.
    pub(crate) name: String,
    /// The name of the static that describes it.
    pub(crate) info: String,
    pub(crate) docs: Vec<String>,
    /// Oldest version and build first.
    pub(crate) layouts: Vec<LayoutPlan>,
    pub(crate) shared: Vec<SharedField>,
}

/// A layout: a view.
#[derive(Debug)]
pub(crate) struct LayoutPlan {
    /// The place in the dispatch.
    pub(crate) index: u16,
    pub(crate) version: u8,
    /// The view's name.
    pub(crate) name: String,
    /// The variant's name in the event's enum.
    pub(crate) variant: String,
    /// The name of the static that describes it.
    pub(crate) info: String,
    pub(crate) builds: Vec<(u32, u32)>,
    /// The builds that are read with this layout: from the first to before the second, if there is a second.
    pub(crate) serves: Vec<(u32, Option<u32>)>,
    /// Whether its payload can fit another layout of the version.
    pub(crate) confusable: bool,
    pub(crate) docs: Vec<String>,
    pub(crate) headers: Vec<HeaderPlan>,
    pub(crate) fields: Fields,
    /// The messages, oldest first.
    pub(crate) messages: Vec<MessagePlan>,
    /// The accessors' documentation, by field.
    pub(crate) field_docs: Vec<String>,
}

/// What stands beside an event's fields, from a build on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeaderPlan {
    pub(crate) since: u32,
    pub(crate) channel: Option<u8>,
    pub(crate) level: u8,
    pub(crate) opcode: u8,
    pub(crate) task: u16,
    pub(crate) keywords: u64,
    pub(crate) message: Option<String>,
}

/// An accessor that several layouts of an event share.
#[derive(Debug)]
pub(crate) struct SharedField {
    pub(crate) accessor: String,
    pub(crate) kind: Kind,
    /// The manifest's name and inType.
    pub(crate) name: String,
    pub(crate) in_type: InType,
    /// What the values mean, where it is the same in all layouts.
    pub(crate) meaning: Option<FieldMeaning>,
    /// The layouts that have it, by their index in the event. All of them: the accessor returns the value itself;
    /// some: an `Option`.
    pub(crate) layouts: Vec<usize>,
}

impl Plan<'_> {
    /// Every event with the module it is in.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Module, &EventPlan)> {
        self.modules.iter().flat_map(|module| module.events.iter().map(move |event| (module, event)))
    }

    /// Every layout with its event and module, in the order of its index.
    pub(crate) fn layouts(&self) -> Vec<(&Module, &EventPlan, &LayoutPlan)> {
        let mut all: Vec<_> =
            self.events().flat_map(|(module, event)| event.layouts.iter().map(move |l| (module, event, l))).collect();
        all.sort_by_key(|(_, _, layout)| layout.index);
        all
    }
}

/// The layouts that one (id, version) can have; the runtime's `Candidates` hold no more.
const MAX_LAYOUTS: usize = 64;

/// Plans a crate. What cannot be generated is reported and left out.
pub(crate) fn plan<'s>(
    schema: &'s Schema,
    overrides: &Overrides,
    inferred_maps: &BTreeMap<String, String>,
    meanings: &Meanings,
    diagnostics: &mut Diagnostics,
) -> Plan<'s> {
    let constants = values::constants(schema);
    let maps = values::maps(schema, overrides, inferred_maps);
    let meaning_plans = meanings::plan(meanings, &maps);
    let mut planner = Planner {
        schema,
        meanings,
        constants: &constants,
        map_indexes: maps.iter().enumerate().map(|(at, map)| (map.map.as_str(), at)).collect(),
        maps: &maps,
        types: Unique::default(),
        next_index: 0,
        diagnostics,
    };
    let event_names = planner.event_names(overrides);
    let mut modules: Vec<Module> = overrides
        .modules
        .iter()
        .map(|rule| Module { name: rule.name.clone(), doc: rule.doc.clone(), events: Vec::new() })
        .collect();
    let elsewhere = Module {
        name: "other".to_owned(),
        doc: "Events that no module of their own claims.".to_owned(),
        events: Vec::new(),
    };
    modules.push(elsewhere);
    for (event, name) in schema.events.iter().zip(event_names) {
        let at = module_of(event.id, &base_name(event), overrides).unwrap_or(modules.len() - 1);
        modules[at].events.extend(planner.event(event, name));
    }
    modules.retain(|module| !module.events.is_empty());
    Plan { schema, constants, maps, meanings: meaning_plans, modules }
}

/// The first module that claims an event: by its id, or else by the longest prefix of its name in the manifest.
fn module_of(id: u16, name: &str, overrides: &Overrides) -> Option<usize> {
    if let Some(at) = overrides.modules.iter().position(|rule| rule.ids.contains(&id)) {
        return Some(at);
    }
    let claims = overrides.modules.iter().enumerate().flat_map(|(at, rule)| rule.prefixes.iter().map(move |p| (p, at)));
    claims
        .filter(|(prefix, _)| name.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, at)| at)
}

/// The name of every layout of a schema, in the order of [`Schema::layouts`]: the same names that the generated
/// crate's views bear.
pub fn layout_names(schema: &Schema, overrides: &Overrides) -> Vec<String> {
    let (constants, maps) = (values::constants(schema), Vec::new());
    let mut diagnostics = Diagnostics::new();
    let mut planner = Planner {
        schema,
        meanings: &Meanings::default(),
        constants: &constants,
        maps: &maps,
        map_indexes: BTreeMap::new(),
        types: Unique::default(),
        next_index: 0,
        diagnostics: &mut diagnostics,
    };
    let event_names = planner.event_names(overrides);
    let mut names = Vec::new();
    for (event, event_name) in schema.events.iter().zip(event_names) {
        for version in &event.versions {
            names.extend(planner.view_names(&event_name, version).into_iter().map(|(name, _)| name));
        }
    }
    names
}

struct Planner<'p> {
    schema: &'p Schema,
    meanings: &'p Meanings,
    constants: &'p Constants,
    maps: &'p [MapPlan],
    map_indexes: BTreeMap<&'p str, usize>,
    types: Unique,
    next_index: u16,
    diagnostics: &'p mut Diagnostics,
}

impl Planner<'_> {
    /// The name of each event, all of them claimed before any view's.
    fn event_names(&mut self, overrides: &Overrides) -> Vec<String> {
        let renamed: BTreeMap<u16, &str> =
            overrides.renames.iter().filter_map(|r| Some((r.event?, r.to.as_str()))).collect();
        let name = |event: &Event| match renamed.get(&event.id) {
            Some(name) => (*name).to_owned(),
            None => names::type_name(&base_name(event)),
        };
        self.schema.events.iter().map(|event| self.types.claim(&name(event), &event.id.to_string())).collect()
    }

    /// The names of a version's views and of their variants. The first layout bears the plain name, a later one
    /// that of the build that brought it.
    fn view_names(&mut self, event: &str, version: &Version) -> Vec<(String, String)> {
        let number = version.version;
        let mut names = Vec::new();
        for (at, layout) in version.layouts.iter().enumerate() {
            let variant = match layout.builds.first() {
                Some(build) if at > 0 => format!("V{number}Build{build}"),
                _ => format!("V{number}"),
            };
            names.push((self.types.claim(&format!("{event}{variant}"), "View"), variant));
        }
        names
    }

    fn event(&mut self, event: &Event, name: String) -> Option<EventPlan> {
        let mut layouts = Vec::new();
        for version in &event.versions {
            if version.layouts.len() > MAX_LAYOUTS {
                let message = format!("{} layouts; at most {MAX_LAYOUTS} can be told apart", version.layouts.len());
                self.diagnostics.error(&Place::default(), element(event.id, version.version), message);
                continue;
            }
            let names = self.view_names(&name, version);
            for (layout, (view, variant)) in version.layouts.iter().zip(names) {
                layouts.extend(self.layout(event.id, version.version, layout, view, variant));
            }
        }
        if layouts.is_empty() {
            return None;
        }
        mark_confusable(&mut layouts);
        let shared = shared_fields(&layouts);
        let docs = docs::event(event, &name, &layouts);
        Some(EventPlan { id: event.id, info: names::constant_name(&name), name, docs, layouts, shared })
    }

    fn layout(&mut self, id: u16, version: u8, layout: &Layout, name: String, variant: String) -> Option<LayoutPlan> {
        let fields = match fields::plan(layout.newest_fields(), &self.map_indexes) {
            Ok(fields) => fields,
            Err(problems) => {
                for (field, reason) in problems {
                    let at = layout.newest_fields().iter().find(|f| f.name == field).map(|f| f.at.clone());
                    let element = format!("{}, field {field}", element(id, version));
                    self.diagnostics.error(
                        &at.unwrap_or_default(),
                        element,
                        format!("{reason}; the event is left out"),
                    );
                }
                return None;
            }
        };
        let mut fields = fields;
        meanings::assign(&mut fields, id, self.meanings);
        let index = self.next_index;
        self.next_index = index.checked_add(1)?;
        let headers = self.headers(layout);
        Some(LayoutPlan {
            index,
            version,
            info: names::constant_name(&name),
            docs: docs::layout(self.schema, id, version, layout, self.constants),
            field_docs: docs::fields(&fields, self.maps),
            name,
            variant,
            builds: layout.builds.ranges().iter().map(|r| (r.first, r.last)).collect(),
            serves: self.serves(layout),
            confusable: false,
            messages: messages::plan(&headers, &fields, self.maps),
            headers,
            fields,
        })
    }

    /// A capture serves the builds from its own to before the next capture.
    fn serves(&self, layout: &Layout) -> Vec<(u32, Option<u32>)> {
        let next = |last: u32| self.schema.builds.iter().map(|build| build.number).find(|number| *number > last);
        layout.builds.ranges().iter().map(|range| (range.first, next(range.last))).collect()
    }

    /// The headers as a list of changes: one entry for each build at which something changed.
    fn headers(&self, layout: &Layout) -> Vec<HeaderPlan> {
        let mut headers: Vec<HeaderPlan> = Vec::new();
        for build in self.schema.builds.iter().map(|b| b.number).filter(|b| layout.builds.contains(*b)) {
            let Some(header) = layout.header_at(build) else { continue };
            let next = self.constants.header(build, header);
            let same = headers.last().is_some_and(|last| HeaderPlan { since: last.since, ..next.clone() } == *last);
            if !same {
                headers.push(next);
            }
        }
        headers
    }
}

impl Clone for HeaderPlan {
    fn clone(&self) -> Self {
        Self { message: self.message.clone(), ..*self }
    }
}

/// The event's name before it is put into Rust's case: the newest symbol without its version, or the task's name,
/// or the id.
fn base_name(event: &Event) -> String {
    let newest = event.versions.last().and_then(|v| Some((v.version, v.layouts.last()?.newest_header()?)));
    let Some((version, header)) = newest else { return format!("Event{}", event.id) };
    if let Some(symbol) = &header.symbol {
        let suffix = format!("_V{version}");
        return symbol.strip_suffix(&suffix).unwrap_or(symbol).to_owned();
    }
    match (&header.task, &header.opcode) {
        (Some(task), Some(opcode)) => format!("{task}_{}", opcode.rsplit(':').next().unwrap_or(opcode)),
        (Some(task), None) => task.clone(),
        (None, _) => format!("Event{}", event.id),
    }
}

fn element(id: u16, version: u8) -> String {
    format!("event {id} version {version}")
}

/// Notes which layouts a payload can be mistaken for. Layouts of fixed, different sizes cannot be taken for each other;
/// others might be.
fn mark_confusable(layouts: &mut [LayoutPlan]) {
    let sizes: Vec<(u8, Option<usize>)> = layouts.iter().map(|l| (l.version, l.fields.fixed_size())).collect();
    for (at, layout) in layouts.iter_mut().enumerate() {
        let others =
            sizes.iter().enumerate().filter(|(other, (version, _))| *other != at && *version == layout.version);
        let size = sizes[at].1;
        layout.confusable =
            others.map(|(_, (_, other))| *other).any(|other| size.is_none() || other.is_none() || size == other);
    }
}

/// The accessors that an event's enum can offer: same name and same type wherever the field is.
fn shared_fields(layouts: &[LayoutPlan]) -> Vec<SharedField> {
    let mut shared: Vec<SharedField> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut contradictory: Vec<String> = Vec::new();
    for (at, layout) in layouts.iter().enumerate() {
        for field in &layout.fields.fields {
            match positions.get(field.accessor.as_str()) {
                None => {
                    positions.insert(&field.accessor, shared.len());
                    shared.push(SharedField {
                        accessor: field.accessor.clone(),
                        kind: field.kind.clone(),
                        name: field.field.name.clone(),
                        in_type: field.field.in_type,
                        meaning: field.meaning.clone(),
                        layouts: vec![at],
                    });
                }
                Some(&known) if shared[known].kind.same_type(&field.kind) => {
                    let same = |a: &FieldMeaning| field.meaning.as_ref().is_some_and(|b| a.meaning == b.meaning);
                    shared[known].meaning = shared[known].meaning.take().filter(same);
                    shared[known].layouts.push(at);
                }
                Some(_) => contradictory.push(field.accessor.clone()),
            }
        }
    }
    shared.retain(|field| !contradictory.contains(&field.accessor));
    shared
}
