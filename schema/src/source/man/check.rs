//! What can be checked only when a whole provider was read: unknown names and duplicates.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::draft::{Draft, Kind};
use super::value::clip;
use crate::diagnostic::Diagnostics;
use crate::model::{Channel, Event, Field, Place, Provider, Template, builtin};

/// Reports every dangling reference. References to channels become the channel's id, the one form that the model has.
pub(super) fn check_references(draft: &mut Draft, found: &mut Diagnostics) {
    let mut events = std::mem::take(&mut draft.provider.events);
    let names = Names::new(&draft.provider);
    events.retain_mut(|event| check_event(event, &names, draft, found));
    for template in draft.provider.templates.iter().chain(&draft.broken_templates) {
        check_maps(template, &names, draft, found);
    }
    draft.provider.events = events;
}

/// The names that a provider declares.
struct Names<'p> {
    channels: HashMap<&'p str, &'p Channel>,
    levels: HashSet<&'p str>,
    opcodes: HashMap<&'p str, HashSet<Option<&'p str>>>,
    tasks: HashSet<&'p str>,
    keywords: HashSet<&'p str>,
    maps: HashSet<&'p str>,
    templates: HashSet<&'p str>,
}

impl<'p> Names<'p> {
    fn new(provider: &'p Provider) -> Self {
        // An id wins over another channel's name.
        let by_name = provider.channels.iter().rev().map(|channel| (channel.name.as_str(), channel));
        let by_id = provider.channels.iter().rev().map(|channel| (channel.id.as_str(), channel));
        let mut opcodes: HashMap<&str, HashSet<Option<&str>>> = HashMap::new();
        for opcode in &provider.opcodes {
            opcodes.entry(&opcode.name).or_default().insert(opcode.task.as_deref());
        }
        Self {
            channels: by_name.chain(by_id).collect(),
            levels: provider.levels.iter().map(|level| level.name.as_str()).collect(),
            opcodes,
            tasks: provider.tasks.iter().map(|task| task.name.as_str()).collect(),
            keywords: provider.keywords.iter().map(|keyword| keyword.name.as_str()).collect(),
            maps: provider.maps.iter().map(|map| map.name.as_str()).collect(),
            templates: provider.templates.iter().map(|template| template.id.as_str()).collect(),
        }
    }
}

/// Reports unknown names. False for an event with an unknown opcode: it would seem to have none.
fn check_event(event: &mut Event, names: &Names<'_>, draft: &Draft, found: &mut Diagnostics) -> bool {
    let at = event.at.clone();
    let what = event.key().to_string();
    let mut dangling = |kind, attribute: &str, name: &str, expected: &str| {
        if !draft.lost(kind, name) {
            let message = format!("unknown {attribute} \"{}\"; expected {expected}", clip(name));
            found.error(&at, what.clone(), message);
        }
    };
    if let Some(name) = &event.template
        && !names.templates.contains(name.as_str())
    {
        dangling(Kind::Template, "template", name, "a template of the provider");
    }
    if let Some(name) = &event.channel {
        if let Some(channel) = names.channels.get(name.as_str()) {
            event.channel = Some(channel.id.clone());
        } else if builtin::value_of(builtin::CHANNELS, name).is_none() {
            dangling(Kind::Channel, "channel", name, "the chid or name of a channel of the provider");
        }
    }
    if let Some(name) = &event.level
        && !names.levels.contains(name.as_str())
        && builtin::value_of(builtin::LEVELS, name).is_none()
    {
        dangling(Kind::Level, "level", name, "a level of the provider or a predefined one, such as win:Error");
    }
    if let Some(name) = &event.task
        && !names.tasks.contains(name.as_str())
        && builtin::value_of(builtin::TASKS, name).is_none()
    {
        dangling(Kind::Task, "task", name, "a task of the provider");
    }
    if let Some(name) = &event.opcode
        && let Some(expected) = missing_opcode(name, event.task.as_deref(), names)
    {
        dangling(Kind::Opcode, "opcode", name, &expected);
    }
    let has_opcode = event.opcode.as_ref().is_none_or(|name| is_usable(name, event.task.as_deref(), names));
    for name in &event.keywords {
        if !names.keywords.contains(name.as_str()) && builtin::value_of(builtin::KEYWORDS, name).is_none() {
            dangling(Kind::Keyword, "keyword", name, "a keyword of the provider or a predefined one");
        }
    }
    if !has_opcode {
        found.error(&at, what, "its opcode cannot be read; the event is left out");
    }
    has_opcode
}

/// Whether an event of that task can have the opcode.
fn is_usable(name: &str, task: Option<&str>, names: &Names<'_>) -> bool {
    let declared = names.opcodes.get(name).is_some_and(|owners| owners.contains(&None) || owners.contains(&task));
    declared || builtin::value_of(builtin::OPCODES, name).is_some()
}

/// What was expected instead of an opcode that the event cannot use.
fn missing_opcode(name: &str, task: Option<&str>, names: &Names<'_>) -> Option<String> {
    if is_usable(name, task, names) {
        return None;
    }
    Some(match (names.opcodes.get(name), task) {
        (Some(_), Some(task)) => format!("an opcode of the provider or of task {}; another task has it", clip(task)),
        (Some(_), None) => "an opcode of the provider, as the event has no task; a task has it".to_owned(),
        (None, _) => {
            "an opcode of the provider, of the event's task, or a predefined one, such as win:Start".to_owned()
        }
    })
}

fn check_maps(template: &Template, names: &Names<'_>, draft: &Draft, found: &mut Diagnostics) {
    let mut check = |field: &Field, holder: &str| {
        if let Some(map) = &field.map
            && !names.maps.contains(map.as_str())
            && !draft.lost(Kind::Map, map)
        {
            let what = format!("template {}{holder}, field {}", clip(&template.id), clip(&field.name));
            let message = format!("unknown map \"{}\"; expected a map of the provider", clip(map));
            found.error(&field.at, what, message);
        }
    };
    for field in &template.fields {
        check(field, "");
        for member in &field.members {
            check(member, &format!(", struct {}", clip(&field.name)));
        }
    }
}

/// Reports duplicate definitions in a provider.
pub(super) fn check_duplicates(draft: &mut Draft, found: &mut Diagnostics) {
    check_duplicate_names(draft, found);
    drop_ambiguous_templates(draft);
    let provider = &draft.provider;
    check_duplicate_values(provider, found);
    check_duplicate_symbols(provider, found);

    let mut first = HashMap::new();
    for event in &provider.events {
        let Some(line) = seen(&mut first, event.key(), &event.at) else { continue };
        let message = format!("duplicate definition; first defined at line {line}");
        found.error(&event.at, event.key().to_string(), message);
    }
}

/// The line of the first thing with that key; none where this is the first.
fn seen<K: Eq + Hash>(first: &mut HashMap<K, u32>, key: K, at: &Place) -> Option<u32> {
    match first.entry(key) {
        Entry::Vacant(free) => {
            free.insert(at.line);
            None
        }
        Entry::Occupied(taken) => Some(*taken.get()),
    }
}

fn check_duplicate_names(draft: &Draft, found: &mut Diagnostics) {
    let mut first = HashMap::new();
    let mut check = |kind: &'static str, owner: Option<&str>, name: &str, at: &Place| {
        if let Some(line) = seen(&mut first, (kind, owner.map(str::to_owned), name.to_owned()), at) {
            let message = format!("duplicate definition; first defined at line {line}");
            found.error(at, format!("{kind} {}", clip(name)), message);
        }
    };
    for item in draft.provider.declarations() {
        check(item.kind.word(), item.task, item.name, item.at);
    }
    for template in draft.provider.templates.iter().chain(&draft.broken_templates) {
        check("template", None, &template.id, &template.at);
    }
}

/// Leaves out templates that share a name and differ in fields: it is unknown which of them an event has.
fn drop_ambiguous_templates(draft: &mut Draft) {
    let mut first: HashMap<&str, &[Field]> = HashMap::new();
    let templates = draft.provider.templates.iter().chain(&draft.broken_templates);
    let ambiguous: HashSet<String> = templates
        .filter(|template| *first.entry(&template.id).or_insert(&template.fields) != template.fields.as_slice())
        .map(|template| template.id.clone())
        .collect();
    draft.provider.templates.retain(|template| !ambiguous.contains(&template.id));
    for id in ambiguous {
        draft.lose(Kind::Template, id);
    }
}

fn check_duplicate_values(provider: &Provider, found: &mut Diagnostics) {
    let mut first = HashMap::new();
    let mut check = |kind: &'static str, owner: Option<&str>, name: &str, value: u64, at: &Place| {
        if let Some(line) = seen(&mut first, (kind, owner.map(str::to_owned), value), at) {
            let message = format!("duplicate value {value:#x}; first used at line {line}");
            found.warning(at, format!("{kind} {}", clip(name)), message);
        }
    };
    for item in provider.declarations() {
        if let Some(value) = item.value {
            check(item.kind.word(), item.task, item.shown, value, item.at);
        }
    }
    for map in &provider.maps {
        for entry in &map.entries {
            check("an entry of map", Some(&map.name), &map.name, entry.value.into(), &entry.at);
        }
    }
}

fn check_duplicate_symbols(provider: &Provider, found: &mut Diagnostics) {
    let mut first = HashMap::new();
    let mut check = |kind: &'static str, symbol: Option<&str>, at: &Place, what: &dyn Fn() -> String| {
        // Each kind is on its own: the symbols never meet in the output, as they would in a C header.
        if let Some(symbol) = symbol
            && let Some(line) = seen(&mut first, (kind, symbol.to_owned()), at)
        {
            let message = format!("duplicate symbol {}; first used at line {line}", clip(symbol));
            found.warning(at, what(), message);
        }
    };
    for event in &provider.events {
        check("event", event.symbol.as_deref(), &event.at, &|| event.key().to_string());
    }
    for item in provider.declarations() {
        check(item.kind.word(), item.symbol, item.at, &|| format!("{} {}", item.kind.word(), clip(item.shown)));
    }
}

/// Reports providers that share a GUID.
pub(super) fn check_providers(providers: &[Provider], found: &mut Diagnostics) {
    let mut first = HashMap::new();
    for provider in providers.iter().filter(|provider| !provider.guid.is_nil()) {
        if let Some(line) = seen(&mut first, &provider.guid, &provider.at) {
            let message = format!("duplicate GUID; first used at line {line}");
            found.error(&provider.at, format!("provider {}", clip(&provider.name)), message);
        }
    }
}
