//! Every decision that is about Rust: names, types, segments, modules. [`ir`] is what comes of it, as plain data; the
//! passes beside it fill it, and the emitters write it down.

mod builds;
mod docs;
mod encoders;
pub(crate) mod examples;
mod fields;
mod history;
pub(crate) mod ir;
mod meanings;
mod messages;
mod modules;
mod names;
mod phrases;
mod public;
mod shared;
mod tables;
mod typed;
mod types;
mod values;
mod views;

use std::collections::BTreeMap;

pub(crate) use public::layout_names;

use crate::meanings::Meanings;
use crate::names_lock::{NameKind, NamesLock, view_key};
use crate::overrides::{ModuleRule, Overrides};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::builtin::is_made_up_task;
use etw_schema::model::schema::{Event, Layout, Schema, Version};
use etw_schema::model::{EventKey, Guid, MAX_LAYOUTS, Place};
use etw_schema::settings::Decisions;
use fields::Fields;
use ir::{BuildRange, DispatchArm, LayoutPath, Module};
use meanings::Context;
use values::{MapTexts, Numbers};

/// Plans a crate. What cannot be generated is reported and left out.
pub(crate) fn plan(
    schema: &Schema,
    overrides: &Overrides,
    decisions: &Decisions,
    meanings: &Meanings,
    lock: &mut NamesLock,
    diagnostics: &mut Diagnostics,
) -> ir::Crate {
    let (descriptor, numbers) = values::plan_descriptor(schema, lock);
    let values::Maps { types: maps, builds: map_builds, texts: map_texts } =
        values::plan_maps(schema, overrides, &decisions.inferred_maps, lock);
    let (meaning_paths, meaning_types) = meanings::plan(meanings, &maps, lock);
    let mut planner = Planner {
        schema,
        meanings,
        numbers: &numbers,
        map_indexes: maps.iter().enumerate().map(|(at, map)| (map.text.as_str(), at)).collect(),
        map_texts: &map_texts,
        context: Context { maps: &maps, meanings: &meaning_paths },
        lock,
        layouts: Vec::new(),
        dispatch: Vec::new(),
        diagnostics,
    };
    let modules = planner.plan_modules(overrides);
    let Planner { layouts, mut dispatch, .. } = planner;
    dispatch.sort_by_key(|arm| (arm.id, arm.version, arm.layout));
    ir::Crate {
        provider: plan_provider(schema, &modules),
        builds: builds::plan(schema),
        channels: descriptor.channels,
        levels: descriptor.levels,
        opcodes: descriptor.opcodes,
        task_opcodes: descriptor.task_opcodes,
        tasks: descriptor.tasks,
        placeholder_tasks: descriptor.placeholder_tasks,
        keywords: descriptor.keywords,
        maps,
        map_builds,
        meanings: meaning_types,
        modules,
        layouts,
        dispatch,
    }
}

fn plan_provider(schema: &Schema, modules: &[Module]) -> ir::Provider {
    let mut events: Vec<(u16, (String, String))> = modules
        .iter()
        .flat_map(|module| module.events.iter().map(|event| (event.id, (module.name.clone(), event.info.clone()))))
        .collect();
    events.sort();
    ir::Provider {
        name: schema.provider.clone(),
        guid: guid_parts(schema.guid),
        builds: schema.builds.iter().map(|build| build.number).collect(),
        binary_versions: schema.builds.iter().filter_map(|it| Some((it.number, it.as_of()?.to_owned()))).collect(),
        events: events.into_iter().map(|(_, path)| path).collect(),
    }
}

/// The parts of a GUID: `Data1` to `Data4`.
fn guid_parts(guid: Guid) -> (u32, u16, u16, [u8; 8]) {
    let [a0, a1, a2, a3, b0, b1, c0, c1, data4 @ ..] = guid.to_bytes();
    (u32::from_le_bytes([a0, a1, a2, a3]), u16::from_le_bytes([b0, b1]), u16::from_le_bytes([c0, c1]), data4)
}

/// A layout, with its fields as the passes need them.
struct Draft {
    layout: ir::Layout,
    fields: Fields,
}

struct Planner<'p> {
    schema: &'p Schema,
    meanings: &'p Meanings,
    numbers: &'p Numbers,
    map_indexes: BTreeMap<&'p str, usize>,
    map_texts: &'p [MapTexts],
    context: Context<'p>,
    lock: &'p mut NamesLock,
    layouts: Vec<LayoutPath>,
    dispatch: Vec<DispatchArm>,
    diagnostics: &'p mut Diagnostics,
}

impl Planner<'_> {
    fn plan_modules(&mut self, overrides: &Overrides) -> Vec<Module> {
        let event_names = public::claim_event_names(self.schema, overrides, self.lock);
        let rules = if overrides.modules.is_empty() { &modules::by_task(self.schema) } else { &overrides.modules };
        let mut modules = modules::from_rules(rules);
        let schema = self.schema;
        for (event, name) in schema.events.iter().zip(event_names) {
            let at = self.find_module(event, rules, &mut modules);
            let module = modules[at].name.clone();
            modules[at].events.extend(self.plan_event(event, &name, &module));
        }
        modules.retain(|module| !module.events.is_empty());
        modules.iter_mut().for_each(tables::share_fields);
        modules
    }

    /// The index of an event's module: the published one, or else the one that the rules give.
    fn find_module(&mut self, event: &Event, rules: &[ModuleRule], modules: &mut Vec<Module>) -> usize {
        // The last module is for events that no rule claims.
        let by_rule = modules::claim(event.id, &base_name(event), rules).unwrap_or(modules.len() - 1);
        let name = public::claim_module(event.id, &modules[by_rule].name, self.lock);
        modules.iter().position(|module| module.name == name).unwrap_or_else(|| {
            // Rules made of tasks change with the tasks; rules made by hand do not lose a published module.
            if rules.iter().any(|rule| rule.reason != modules::REASON) {
                let message = format!("published in the module {name}, which overrides.toml no longer has");
                self.diagnostics.error(&Place::default(), format!("event {}", event.id), message);
                return by_rule;
            }
            modules.insert(0, modules::new_module(&name, modules::OTHER));
            0
        })
    }

    fn plan_event(&mut self, event: &Event, name: &str, module: &str) -> Option<ir::Event> {
        let mut drafts: Vec<Draft> = Vec::new();
        for version in &event.versions {
            // With one of its layouts unknown, a payload of that one could be taken for another.
            let planned = self.plan_version(event, name, version, drafts.len());
            drafts.extend(planned.unwrap_or_default());
        }
        if drafts.is_empty() {
            return None;
        }
        shared::mark_confusable(&mut drafts);
        let accessors = shared::plan_accessors(&drafts, self.context);
        for draft in &mut drafts {
            draft.layout.index = self.place(event.id, name, module, &draft.layout)?;
        }
        let layouts: Vec<ir::Layout> = drafts.into_iter().map(|draft| draft.layout).collect();
        let (docs, aliases) = docs::describe_event(self.schema, event, name, layouts.len());
        let mut versions: Vec<(u8, Vec<String>)> = Vec::new();
        for layout in &layouts {
            let info = layout.view.info.clone();
            match versions.last_mut() {
                Some((version, infos)) if *version == layout.version => infos.push(info),
                _ => versions.push((layout.version, vec![info])),
            }
        }
        Some(ir::Event {
            id: event.id,
            info: public::claim_static(NameKind::Event, &event.id.to_string(), name, self.lock),
            name: name.to_owned(),
            docs,
            aliases,
            borrows: accessors.iter().any(|accessor| accessor.ty.contains("'a")),
            accessors,
            versions,
            layouts,
        })
    }

    /// The layouts of a version; none where one of them cannot be generated.
    /// `before` are those of the event's other versions.
    fn plan_version(&mut self, event: &Event, name: &str, version: &Version, before: usize) -> Option<Vec<Draft>> {
        let element = name_element(event.id, version.version);
        let layouts = version.layouts.len();
        if layouts > MAX_LAYOUTS {
            let message = format!("{layouts} layouts; at most {MAX_LAYOUTS} can be told apart");
            self.diagnostics.error(&Place::default(), element, message);
            return None;
        }
        let most = usize::from(u16::MAX);
        if self.layouts.len() + before + layouts > most {
            let message = format!("a crate has at most {most} layouts; the event is left out");
            self.diagnostics.error(&Place::default(), element, message);
            return None;
        }
        let names = public::claim_view_names(event.id, name, version, self.lock);
        let drafts: Vec<Option<Draft>> = version
            .layouts
            .iter()
            .zip(names)
            .map(|(layout, names)| self.plan_layout(event, name, version.version, layout, names))
            .collect();
        drafts.into_iter().collect()
    }

    fn plan_layout(
        &mut self,
        event: &Event,
        event_name: &str,
        version: u8,
        layout: &Layout,
        (name, variant): (String, String),
    ) -> Option<Draft> {
        let mut fields = self.plan_fields(event.id, version, layout, &name)?;
        let context = self.context;
        meanings::assign(&mut fields, event.id, &self.meanings.fields, context.meanings);
        typed::name_raw_accessors(&mut fields, self.lock);
        let structs = plan_structs(&fields, &name_element(event.id, version), context);
        let key = view_key(event.id, version, layout.newest_fields());
        let info = public::claim_static(NameKind::View, &key, &name, self.lock);
        let view_docs = docs::describe_layout(self.schema, (event_name, event, version), layout, &info);
        let schema = self.schema;
        let field_docs =
            docs::describe_fields(&fields, context, |field| history::phrase_of_field(schema, event, field));
        let view = plan_view(&name, &info, view_docs, &fields, field_docs, context);
        let headers = self.plan_headers(layout);
        let layout = ir::Layout {
            index: 0,
            version,
            variant,
            messages: messages::plan(&headers, &fields, context.maps, self.map_texts),
            encoders: plan_encoders(&view, &structs, &fields, context),
            view,
            structs,
            confusable: false,
            builds: layout.builds.ranges().iter().map(|r| BuildRange { first: r.first, last: r.last }).collect(),
            headers,
        };
        Some(Draft { layout, fields })
    }

    fn plan_fields(&mut self, id: u16, version: u8, layout: &Layout, view: &str) -> Option<Fields> {
        let fields = layout.newest_fields();
        let problems = match fields::plan(fields, view, &self.map_indexes, self.lock) {
            Ok(fields) => return Some(fields),
            Err(problems) => problems,
        };
        for (name, reason) in problems {
            let at = fields.iter().find(|field| field.name == name).map(|field| field.at.clone());
            let element = format!("{}, field {name}", name_element(id, version));
            self.diagnostics.error(&at.unwrap_or_default(), element, format!("{reason}; the event is left out"));
        }
        None
    }

    /// Gives a layout its place among all, and says for which builds it is read.
    fn place(&mut self, id: u16, event: &str, module: &str, layout: &ir::Layout) -> Option<u16> {
        let index = u16::try_from(self.layouts.len()).ok()?;
        // A capture serves the builds from its own to before the next capture.
        let next = |last: u32| self.schema.builds.iter().map(|build| build.number).find(|number| *number > last);
        let builds: Vec<_> = layout.builds.iter().map(|range| (range.first, next(range.last))).collect();
        if !builds.is_empty() {
            self.dispatch.push(DispatchArm { id, version: layout.version, builds, layout: index });
        }
        self.layouts.push(LayoutPath {
            module: module.to_owned(),
            event: event.to_owned(),
            variant: layout.variant.clone(),
            view: layout.view.name.clone(),
        });
        Some(index)
    }

    /// The headers as a list of changes: one entry for each build at which something changed.
    fn plan_headers(&self, layout: &Layout) -> Vec<ir::Header> {
        let mut headers: Vec<ir::Header> = Vec::new();
        for build in self.schema.builds.iter().map(|b| b.number).filter(|b| layout.builds.contains(*b)) {
            let Some(header) = layout.header_at(build) else { continue };
            let next = self.numbers.resolve(build, header);
            let is_same = headers.last().is_some_and(|last| ir::Header { since: last.since, ..next.clone() } == *last);
            if !is_same {
                headers.push(next);
            }
        }
        headers
    }
}

fn plan_structs(fields: &Fields, element: &str, context: Context<'_>) -> Vec<ir::View> {
    let view = |structure: &fields::StructPlan| {
        let docs = vec![format!("The struct `{}` of {element}.", structure.field)];
        let field_docs = docs::describe_fields(&structure.fields, context, |_| String::new());
        plan_view(&structure.name, &structure.info, docs, &structure.fields, field_docs, context)
    };
    fields.structs.iter().map(view).collect()
}

fn plan_view(
    name: &str,
    info: &str,
    docs: Vec<String>,
    fields: &Fields,
    field_docs: Vec<Vec<String>>,
    context: Context<'_>,
) -> ir::View {
    ir::View {
        name: name.to_owned(),
        info: info.to_owned(),
        summary: docs.first().cloned().unwrap_or_default(),
        docs,
        members: views::plan_members(fields),
        marker: views::plan_marker(fields),
        borrows: fields.list.iter().any(|field| field.kind.borrows()),
        accessors: views::plan_accessors(fields, field_docs, context),
        fields: tables::plan_fields(fields, context),
    }
}

/// The encoders of a layout, those of its structs first.
fn plan_encoders(view: &ir::View, structs: &[ir::View], fields: &Fields, context: Context<'_>) -> Vec<ir::Encoder> {
    let of_structs =
        fields.structs.iter().zip(structs).map(|(structure, view)| {
            encoders::plan(&view.name, view.docs.clone(), &structure.fields, context.maps, None)
        });
    let docs = vec![format!("The fields of [`{0}`](views::{0}), to make a payload of.", view.name)];
    let own = encoders::plan(&view.name, docs, fields, context.maps, Some(&view.info));
    of_structs.chain([own]).collect()
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

fn name_element(id: u16, version: u8) -> String {
    EventKey::new(id, version).to_string()
}
