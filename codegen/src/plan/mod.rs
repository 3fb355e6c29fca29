//! Every decision that is about Rust: names, types, segments, modules. The emitters only write down what stands
//! here.

mod constants;
mod docs;
mod fields;
mod history;
mod meanings;
mod messages;
mod modules;
mod names;
mod public;
mod values;

use std::collections::BTreeMap;

pub(crate) use fields::{Access, Extent, FieldPlan, Fields, Item, Kind, Member, Scalar, StructPlan};
pub(crate) use meanings::{FieldMeaning, MeaningForm, MeaningPlan, NamedValue};
pub(crate) use messages::{Form, Format, MessagePlan, Part};
pub(crate) use public::layout_names;
pub(crate) use values::{Constant, Constants, MapPlan};

use crate::meanings::Meanings;
use crate::names_lock::NamesLock;
use crate::overrides::{ModuleRule, Overrides};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::builtin::is_made_up_task;
use etw_schema::model::schema::{Event, Layout, Schema};
use etw_schema::model::{Field, InType, Place};

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

    /// Whether some payload holds a pointer, whose size the event's header tells.
    pub(crate) fn has_pointers(&self) -> bool {
        self.layouts().iter().any(|(.., layout)| layout.fields.fields.iter().any(|plan| holds_pointer(&plan.field)))
    }
}

fn holds_pointer(field: &Field) -> bool {
    field.in_type == InType::Pointer || field.members.iter().any(holds_pointer)
}

/// The layouts that one (id, version) can have; the runtime's `Candidates` hold no more.
const MAX_LAYOUTS: usize = 64;

/// Plans a crate. What cannot be generated is reported and left out.
pub(crate) fn plan<'s>(
    schema: &'s Schema,
    overrides: &Overrides,
    inferred_maps: &BTreeMap<String, String>,
    meanings: &Meanings,
    lock: &mut NamesLock,
    diagnostics: &mut Diagnostics,
) -> Plan<'s> {
    let constants = values::constants(schema, lock);
    let maps = values::maps(schema, overrides, inferred_maps, lock);
    let meaning_plans = meanings::plan(meanings, &maps);
    let mut planner = Planner {
        schema,
        meanings,
        constants: &constants,
        map_indexes: maps.iter().enumerate().map(|(at, map)| (map.map.as_str(), at)).collect(),
        maps: &maps,
        lock,
        next_index: 0,
        infos: names::Unique::default(),
        diagnostics,
    };
    let event_names = public::event_names(schema, overrides, planner.lock);
    let rules = if overrides.modules.is_empty() { &modules::by_task(schema) } else { &overrides.modules };
    let mut modules = modules::of_rules(rules);
    for (event, name) in schema.events.iter().zip(event_names) {
        let at = planner.module(event, rules, &mut modules);
        modules[at].events.extend(planner.event(event, name));
    }
    modules.retain(|module| !module.events.is_empty());
    modules.iter_mut().for_each(constants::name_fields);
    Plan { schema, constants, maps, meanings: meaning_plans, modules }
}

struct Planner<'p> {
    schema: &'p Schema,
    meanings: &'p Meanings,
    constants: &'p Constants,
    maps: &'p [MapPlan],
    map_indexes: BTreeMap<&'p str, usize>,
    lock: &'p mut NamesLock,
    next_index: u16,
    infos: names::Unique,
    diagnostics: &'p mut Diagnostics,
}

impl Planner<'_> {
    /// Where an event's module stands among all: the published one, or else the one that the rules say.
    fn module(&mut self, event: &Event, rules: &[ModuleRule], modules: &mut Vec<Module>) -> usize {
        // The last module is the one for what no rule claims.
        let by_rule = modules::claim(event.id, &base_name(event), rules).unwrap_or(modules.len() - 1);
        let name = public::module(event.id, &modules[by_rule].name, self.lock);
        modules.iter().position(|module| module.name == name).unwrap_or_else(|| {
            // Rules made of tasks change with the tasks; rules made by hand do not lose a published module.
            if rules.iter().any(|rule| rule.reason != modules::REASON) {
                let message = format!("published in the module {name}, which overrides.toml no longer has");
                self.diagnostics.error(&Place::default(), format!("event {}", event.id), message);
                return by_rule;
            }
            modules.insert(0, Module { name, doc: modules::OTHER.to_owned(), events: Vec::new() });
            0
        })
    }

    fn event(&mut self, event: &Event, name: String) -> Option<EventPlan> {
        let mut layouts = Vec::new();
        for version in &event.versions {
            if version.layouts.len() > MAX_LAYOUTS {
                let message = format!("{} layouts; at most {MAX_LAYOUTS} can be told apart", version.layouts.len());
                self.diagnostics.error(&Place::default(), element(event.id, version.version), message);
                continue;
            }
            let names = public::view_names(event.id, &name, version, self.lock);
            let of_version = version.layouts.iter().zip(names);
            let of_version: Vec<_> =
                of_version.map(|(layout, names)| self.layout(event, &name, version.version, layout, names)).collect();
            // With one of its layouts unknown, a payload of that one could be taken for another.
            layouts.extend(of_version.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default());
        }
        if layouts.is_empty() {
            return None;
        }
        mark_confusable(&mut layouts);
        let shared = shared_fields(&layouts);
        let docs = docs::event(self.schema, event, &name, &layouts);
        Some(EventPlan { id: event.id, info: self.info(&name), name, docs, layouts, shared })
    }

    fn layout(
        &mut self,
        event: &Event,
        event_name: &str,
        version: u8,
        layout: &Layout,
        (name, variant): (String, String),
    ) -> Option<LayoutPlan> {
        let id = event.id;
        let mut fields = match fields::plan(layout.newest_fields(), &name, &self.map_indexes, self.lock) {
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
        meanings::assign(&mut fields, id, self.meanings);
        docs::structs(&mut fields, &element(id, version), self.maps);
        for structure in &mut fields.structs {
            structure.info = self.info(&structure.name);
        }
        let index = self.next_index;
        self.next_index = index.checked_add(1)?;
        let headers = self.headers(layout);
        Some(LayoutPlan {
            index,
            version,
            info: self.info(&name),
            docs: docs::layout(self.schema, (event_name, id, version), layout, self.constants),
            field_docs: docs::fields(&fields, self.maps, |name| history::field_phrase(self.schema, event, name)),
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

    /// The name of the static that describes an event, a view or a struct. Types that differ in case alone have one
    /// name in capitals.
    fn info(&mut self, name: &str) -> String {
        self.infos.claim(&names::constant_name(name), "_INFO")
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
    if let Some(symbol) = header.unversioned_symbol(version) {
        return symbol.to_owned();
    }
    match (header.task.as_ref().filter(|task| !is_made_up_task(task)), &header.opcode) {
        (Some(task), Some(opcode)) => {
            let opcode = opcode.rsplit(':').next().unwrap_or(opcode);
            // A task that is named after its opcode says it once: ProcessStart, win:Start.
            if task.to_lowercase().ends_with(&opcode.to_lowercase()) {
                task.clone()
            } else {
                format!("{task}_{opcode}")
            }
        }
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
