//! Channels, levels, opcodes, tasks, keywords and maps as types with constants.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::ir::{BuildRange, Constant, Header as HeaderInfo, MapEntry, Newtype, Number, TaskOpcode};
use super::phrases::{escape, name_builds, name_builds_unless_all};
use super::{ir, names};
use crate::names_lock::{NameKind, NamesLock};
use crate::overrides::{Overrides, Rename};
use etw_schema::message;
use etw_schema::model::schema::{Builds, Header, Held, Schema};
use etw_schema::model::{Map, MapKind, Opcode, Task, builtin};

/// What an event's header holds, as types.
#[derive(Debug)]
pub(super) struct Descriptor {
    pub(super) channels: Newtype,
    pub(super) levels: Newtype,
    pub(super) opcodes: Newtype,
    pub(super) task_opcodes: Vec<TaskOpcode>,
    pub(super) tasks: Newtype,
    /// The numbers of tasks that are made up.
    pub(super) placeholder_tasks: Vec<u16>,
    pub(super) keywords: Newtype,
}

/// The numbers of what events name.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The number of each channel, by the name that events use.
    channels: BTreeMap<String, u8>,
    /// The number of an opcode: its task (empty for the provider's) and its name.
    opcodes: BTreeMap<(String, String), u8>,
    levels: BTreeMap<String, u8>,
    /// The number of a task, and whether it is made up.
    tasks: BTreeMap<String, (u16, bool)>,
    keywords: BTreeMap<String, u64>,
}

/// The texts of a map with their inserts, by value.
pub(super) type MapTexts = Vec<(u32, String)>;

impl Numbers {
    fn new(schema: &Schema, used: &Used) -> Self {
        let mut numbers = Self {
            channels: schema.channels.iter().filter_map(|c| Some((c.value.id.clone(), c.value.value?))).collect(),
            opcodes: BTreeMap::new(),
            levels: used.levels.clone(),
            tasks: find_tasks(schema)
                .into_iter()
                .map(|(it, _)| (it.name.clone(), (it.value, it.is_placeholder)))
                .collect(),
            keywords: schema.keywords.iter().map(|held| (held.value.name.clone(), held.value.mask)).collect(),
        };
        for held in &schema.opcodes {
            let key = (held.value.task.clone().unwrap_or_default(), held.value.name.clone());
            numbers.opcodes.insert(key, held.value.value);
        }
        numbers.opcodes.extend(used.opcodes.iter().map(|(name, value)| ((String::new(), name.clone()), *value)));
        numbers.keywords.extend(used.keywords.iter().map(|(name, mask)| (name.clone(), *mask)));
        numbers
    }

    /// A header with numbers instead of names. A name that nothing declares is left out; validation reports it.
    pub(super) fn resolve(&self, since: u32, header: &Header) -> HeaderInfo {
        let task = header.task.as_deref().unwrap_or_default();
        let opcode = header.opcode.as_ref().and_then(|name| {
            let of_task = self.opcodes.get(&(task.to_owned(), name.clone()));
            of_task.or_else(|| self.opcodes.get(&(String::new(), name.clone()))).copied()
        });
        let (task, task_is_placeholder) = self.tasks.get(task).copied().unwrap_or_default();
        HeaderInfo {
            since,
            channel: header.channel.as_ref().and_then(|name| self.channels.get(name)).copied(),
            level: header.level.as_ref().and_then(|name| self.levels.get(name)).copied().unwrap_or(0),
            opcode: opcode.unwrap_or(0),
            task,
            task_is_placeholder,
            keywords: header.keywords.iter().filter_map(|name| self.keywords.get(name)).fold(0, |a, b| a | b),
            message: header.message.clone(),
        }
    }
}

/// The newest declaration of each name with all builds that declare it. A value that a newer build calls by another
/// name has both: the newer name first, so that looking a value up finds it.
fn find_newest<'h, T>(
    schema: &Schema,
    held: &'h [Held<T>],
    name: impl Fn(&T) -> &str,
    value: impl Fn(&T) -> u64,
) -> Vec<(&'h T, Builds)> {
    let mut by_name: BTreeMap<&str, Vec<&'h Held<T>>> = BTreeMap::new();
    for item in held {
        by_name.entry(name(&item.value)).or_default().push(item);
    }
    let newest = by_name.into_values().filter_map(|mut items| {
        items.sort_by_key(|item| item.builds.last());
        let builds = Builds::from_schema(schema, |build| items.iter().any(|item| item.builds.contains(build)));
        Some((&items.last()?.value, builds))
    });
    let mut newest: Vec<_> = newest.collect();
    newest.sort_by_key(|(item, builds)| (value(item), Reverse(builds.last())));
    newest
}

/// The types of what an event's header holds, and the numbers of what events name.
pub(super) fn plan_descriptor(schema: &Schema, lock: &mut NamesLock) -> (Descriptor, Numbers) {
    let mut used = Used::from_schema(schema);
    let channels = plan_channels(schema, lock);
    let own = schema.levels.iter().map(|held| (held.value.name.clone(), held.value.value, held.value.message.clone()));
    used.levels.extend(own.clone().map(|(name, value, _)| (name, value)));
    let levels = name_values(NameKind::Level, &used.levels, own, lock);
    let opcodes = plan_opcodes(schema, &used.opcodes, lock);
    let tasks = plan_tasks(schema, lock);
    let keywords = plan_keywords(schema, &used, lock);
    // A type whose values a `match` cannot list.
    let open = |name, integer, doc: &str, constants| Newtype {
        name,
        integer,
        docs: [doc, "", "Other builds may have other values, so a `match` needs an arm `_`."].map(str::to_owned).into(),
        constants,
    };
    let descriptor = Descriptor {
        channels: open("Channel", "u8", "The channel that an event is written to.", channels),
        levels: open("Level", "u8", "The severity of an event.", levels),
        opcodes: open("Opcode", "u8", "The step of an activity that an event reports.", opcodes),
        task_opcodes: plan_task_opcodes(schema),
        placeholder_tasks: find_placeholders(schema),
        tasks: open("Task", "u16", "The component or activity that an event belongs to; 0 is none.", tasks),
        keywords: Newtype {
            name: "Keywords",
            integer: "u64",
            docs: vec![
                "The keywords of an event, a bit each. The top bits of a header's mask stand for channels.".to_owned(),
            ],
            constants: keywords,
        },
    };
    (descriptor, Numbers::new(schema, &used))
}

fn plan_channels(schema: &Schema, lock: &mut NamesLock) -> Vec<Constant> {
    let channels =
        find_newest(schema, &schema.channels, |channel| &channel.name, |channel| channel.value.unwrap_or(0).into());
    let channels = channels.into_iter().filter_map(|(channel, builds)| {
        let also = format!(": `{}`", channel.name);
        let doc = Doc { name: &channel.id, display: channel.message.as_deref(), also: Some(&also) };
        let docs = doc.lines(Some((schema, &builds)));
        let display = channel.message.clone();
        Some(Named {
            base: channel.id.clone(),
            value: channel.value?.into(),
            text: channel.name.clone(),
            display,
            docs,
        })
    });
    name_all(NameKind::Channel, channels, lock)
}

/// The newest declaration of each task: one with its number, if there is any.
fn find_tasks(schema: &Schema) -> Vec<(&Task, Builds)> {
    let mut newest = find_newest(schema, &schema.tasks, |task| &task.name, |task| task.value.into());
    for (task, _) in newest.iter_mut().filter(|(task, _)| task.is_placeholder) {
        let known = schema.tasks.iter().filter(|held| held.value.name == task.name && !held.value.is_placeholder);
        if let Some(held) = known.max_by_key(|held| held.builds.last()) {
            *task = &held.value;
        }
    }
    newest
}

fn find_placeholders(schema: &Schema) -> Vec<u16> {
    let tasks = find_tasks(schema).into_iter();
    tasks.filter(|(task, _)| task.is_placeholder).map(|(task, _)| task.value).collect()
}

fn plan_tasks(schema: &Schema, lock: &mut NamesLock) -> Vec<Constant> {
    let tasks = find_tasks(schema).into_iter().map(|(task, builds)| {
        let also = task.is_placeholder.then_some(" (its number is not known: this one is a placeholder)");
        let doc = Doc { name: &task.name, display: task.message.as_deref(), also };
        let docs = doc.lines(Some((schema, &builds)));
        let display = task.message.clone();
        Named { base: task.name.clone(), value: task.value.into(), text: task.name.clone(), display, docs }
    });
    name_all(NameKind::Task, tasks, lock)
}

/// The opcodes. Those of tasks may share a name and differ in value: each such pair is a constant. The provider's own and
/// the predefined are known by their names alone.
fn plan_opcodes(schema: &Schema, used: &BTreeMap<String, u8>, lock: &mut NamesLock) -> Vec<Constant> {
    let own = || schema.opcodes.iter().map(|held| &held.value);
    let is_plain = |op: &&Opcode| op.task.is_none() || builtin::value_of(builtin::OPCODES, &op.name) == Some(op.value);
    let mut plain: BTreeMap<&str, u8> = used.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    plain.extend(own().filter(is_plain).map(|opcode| (opcode.name.as_str(), opcode.value)));
    let mut all: BTreeMap<(u8, &str), Vec<&Opcode>> = plain.iter().map(|(n, v)| ((*v, *n), Vec::new())).collect();
    for opcode in own().filter(|opcode| opcode.task.is_some() || plain.get(opcode.name.as_str()) == Some(&opcode.value))
    {
        all.entry((opcode.value, &opcode.name)).or_default().push(opcode);
    }
    let values = |name: &str| all.keys().filter(|(_, other)| *other == name).count();
    let item = |((value, name), opcodes): (&(u8, &str), &Vec<&Opcode>)| {
        let mut of: Vec<String> = opcodes.iter().filter_map(|op| Some(format!("`{}`", op.task.as_ref()?))).collect();
        of.sort();
        of.dedup();
        let also = Some(of.join(", ")).filter(|of| !of.is_empty() && values(name) > 1).map(|of| format!(" of {of}"));
        let display = opcodes.iter().find_map(|opcode| opcode.message.as_deref());
        let docs = Doc { name, display, also: also.as_deref() }.lines(None);
        let text = (*name).to_owned();
        // An opcode that was published under a task's key keeps that key.
        let of_task = format!("{value} {name}");
        let is_plain = plain.get(name) == Some(value) && lock.get(NameKind::Opcode, &of_task).is_none();
        let key = if is_plain { text.clone() } else { of_task };
        let display = display.map(str::to_owned);
        (key, Named { base: name.replace("win:", ""), value: (*value).into(), text, display, docs })
    };
    let items: Vec<_> = all.iter().map(item).collect();
    name_by_key(NameKind::Opcode, items.into_iter(), lock)
}

fn plan_keywords(schema: &Schema, used: &Used, lock: &mut NamesLock) -> Vec<Constant> {
    let own = find_newest(schema, &schema.keywords, |keyword| &keyword.name, |keyword| keyword.mask);
    // A name that a tool made up is no fact to publish: the bit is shown as one without a name.
    let own = own.into_iter().filter(|(keyword, _)| !builtin::is_made_up_keyword(&keyword.name, keyword.mask));
    let own = own.map(|(keyword, builds)| {
        let doc = Doc { name: &keyword.name, display: keyword.message.as_deref(), also: None };
        let docs = doc.lines(Some((schema, &builds)));
        let display = keyword.message.clone();
        Named { base: keyword.name.clone(), value: keyword.mask, text: keyword.name.clone(), display, docs }
    });
    let predefined = used.keywords.iter().map(|(name, mask)| {
        let docs = Doc { name, display: None, also: None }.lines(None);
        Named { base: name.replace("win:", ""), value: *mask, text: name.clone(), display: None, docs }
    });
    name_all(NameKind::Keyword, own.chain(predefined), lock)
}

/// The opcodes of single tasks, by task and value. Of two builds that differ, the newer counts.
fn plan_task_opcodes(schema: &Schema) -> Vec<TaskOpcode> {
    let task_numbers: BTreeMap<&str, u16> =
        schema.tasks.iter().map(|held| (held.value.name.as_str(), held.value.value)).collect();
    let mut texts: BTreeMap<(u16, u8), String> = BTreeMap::new();
    for opcode in schema.opcodes.iter().map(|held| &held.value) {
        let Some(task) = opcode.task.as_deref().and_then(|task| task_numbers.get(task)) else { continue };
        texts.insert((*task, opcode.value), opcode.message.as_ref().unwrap_or(&opcode.name).clone());
    }
    texts.into_iter().map(|((task, opcode), text)| TaskOpcode { task, opcode, text }).collect()
}

/// The predefined levels, opcodes and keywords that events use.
struct Used {
    levels: BTreeMap<String, u8>,
    opcodes: BTreeMap<String, u8>,
    keywords: BTreeMap<String, u64>,
}

impl Used {
    fn from_schema(schema: &Schema) -> Self {
        let mut used = Self { levels: BTreeMap::new(), opcodes: BTreeMap::new(), keywords: BTreeMap::new() };
        let headers = schema.layouts().flat_map(|(_, _, layout)| &layout.headers).map(|held| &held.value);
        for header in headers {
            add_builtin(&mut used.levels, builtin::LEVELS, header.level.as_ref());
            add_builtin(&mut used.opcodes, builtin::OPCODES, header.opcode.as_ref());
            for keyword in &header.keywords {
                add_builtin(&mut used.keywords, builtin::KEYWORDS, Some(keyword));
            }
        }
        used
    }
}

fn add_builtin<T: Copy>(used: &mut BTreeMap<String, T>, table: &[(&str, T)], name: Option<&String>) {
    if let Some((name, value)) = name.and_then(|name| Some((name, builtin::value_of(table, name)?))) {
        used.insert(name.clone(), value);
    }
}

/// The lines that document a constant.
struct Doc<'a> {
    name: &'a str,
    display: Option<&'a str>,
    /// The text after the name.
    also: Option<&'a str>,
}

impl Doc<'_> {
    /// The lines; `builds` are those that declare it, given only if they are not all.
    fn lines(&self, builds: Option<(&Schema, &Builds)>) -> Vec<String> {
        let mut line = format!("`{}`", self.name);
        if let Some(also) = self.also {
            line += also;
        }
        if let Some(display) = self.display.filter(|display| *display != self.name) {
            line += &format!(", shown as “{display}”");
        }
        line.push('.');
        if let Some((schema, builds)) = builds {
            line += &name_builds_unless_all(schema, builds);
        }
        vec![line]
    }
}

/// A declaration that becomes a constant.
struct Named {
    /// What the constant's name is made of.
    base: String,
    value: u64,
    /// The manifest's name.
    text: String,
    /// The text that the newest manifest shows for it.
    display: Option<String>,
    docs: Vec<String>,
}

fn name_values(
    kind: NameKind,
    values: &BTreeMap<String, u8>,
    own: impl Iterator<Item = (String, u8, Option<String>)>,
    lock: &mut NamesLock,
) -> Vec<Constant> {
    let displays: BTreeMap<String, String> = own.filter_map(|(name, _, display)| Some((name, display?))).collect();
    let mut by_value: Vec<(&String, u8)> = values.iter().map(|(name, value)| (name, *value)).collect();
    by_value.sort_by_key(|(name, value)| (*value, (*name).clone()));
    let items = by_value.into_iter().map(|(name, value)| {
        let display = displays.get(name);
        let docs = Doc { name, display: display.map(String::as_str), also: None }.lines(None);
        Named {
            base: name.replace("win:", ""),
            value: value.into(),
            text: name.clone(),
            display: display.cloned(),
            docs,
        }
    });
    name_all(kind, items, lock)
}

/// Constants under their published names, by the manifest's.
fn name_all(kind: NameKind, items: impl Iterator<Item = Named>, lock: &mut NamesLock) -> Vec<Constant> {
    name_by_key(kind, items.map(|item| (item.text.clone(), item)), lock)
}

/// Constants under their published names, by the keys of `names.lock`.
fn name_by_key(kind: NameKind, items: impl Iterator<Item = (String, Named)>, lock: &mut NamesLock) -> Vec<Constant> {
    items
        .map(|(key, Named { base, value, text, display, docs })| {
            let base = names::constant_name(&base);
            let numbered = format!("{base}_{value}");
            // The types have a constant of that name already: the list of all of them.
            let candidates = if base == "NAMED" { vec![numbered] } else { vec![base, numbered] };
            let name = lock.claim(kind, &key, &candidates);
            let value = if kind == NameKind::Keyword { Number::Hex(value) } else { Number::Decimal(value) };
            let display = display.filter(|display| *display != text);
            Constant { name, value, text, display, docs }
        })
        .collect()
}

/// The maps of a crate.
#[derive(Default)]
pub(super) struct Maps {
    pub(super) types: Vec<ir::Map>,
    /// The sets of builds that entries have, each with its constant.
    pub(super) builds: Vec<(String, Vec<BuildRange>)>,
    /// What messages say for their values.
    pub(super) texts: Vec<MapTexts>,
}

/// The maps, and beside each the texts of its values with their inserts.
pub(super) fn plan_maps(
    schema: &Schema,
    overrides: &Overrides,
    inferred: &BTreeMap<String, String>,
    lock: &mut NamesLock,
) -> Maps {
    let mut maps = find_newest(schema, &schema.maps, |map| &map.name, |_| 0);
    maps.sort_by_key(|(map, _)| &map.name);
    let mut planned = Maps::default();
    for (map, builds) in maps {
        let renamed = overrides.renames.iter().find(|r| r.map.as_ref() == Some(&map.name) && r.value.is_none());
        let name = renamed.map_or_else(|| names::type_name(&map.name), |r| r.to.clone());
        let name = if names::is_reserved_type(&name) { format!("{name}Map") } else { name };
        let name = lock.claim(NameKind::Map, &map.name, &[name.clone(), format!("{name}Map")]);
        let reason = inferred.get(&map.name);
        let (entries, texts_of_map) = plan_entries(schema, map, overrides, lock, &mut planned.builds);
        planned.texts.push(texts_of_map);
        planned.types.push(ir::Map {
            info: String::new(),
            text: map.name.clone(),
            bits: map.kind == MapKind::Bit,
            inferred: reason.is_some(),
            docs: document_map(map, &builds, reason),
            entries,
            name,
        });
    }
    // All types before any static: the type of a map `E` has a static's name.
    for map in &mut planned.types {
        let constant = names::constant_name(&map.name);
        map.info = lock.claim(NameKind::MapStatic, &map.text, &[constant.clone(), format!("{constant}_MAP")]);
    }
    planned
}

/// The constant for a set of builds: most entries have one of a few.
fn share_builds(builds: &Builds, known: &mut Vec<(String, Vec<BuildRange>)>) -> String {
    let ranges: Vec<BuildRange> =
        builds.ranges().iter().map(|range| BuildRange { first: range.first, last: range.last }).collect();
    if let Some((name, _)) = known.iter().find(|(_, set)| *set == ranges) {
        return name.clone();
    }
    let spelled: Vec<String> = ranges.iter().map(|range| format!("{}_{}", range.first, range.last)).collect();
    let name = names::private(&format!("BUILDS_{}", spelled.join("_")));
    known.push((name.clone(), ranges));
    name
}

fn document_map(map: &Map, builds: &Builds, inferred: Option<&String>) -> Vec<String> {
    let what = if map.kind == MapKind::Bit { "bits of" } else { "values of" };
    let mut lines = vec![format!("The {what} `{}`.", map.name)];
    if let Some(reason) = inferred {
        lines.extend([String::new(), format!("No capture prints this map; its values are inferred: {reason}.")]);
    }
    lines.extend([String::new(), format!("{}.", name_builds(builds))]);
    lines
}

/// The entries of a map over all builds, and their texts: an entry that a newer build dropped stays, for older events
/// hold it.
fn plan_entries(
    schema: &Schema,
    newest: &Map,
    overrides: &Overrides,
    lock: &mut NamesLock,
    map_builds: &mut Vec<(String, Vec<BuildRange>)>,
) -> (Vec<MapEntry>, MapTexts) {
    let declarations = || schema.maps.iter().rev().filter(|held| held.value.name == newest.name);
    let mut entries = newest.entries.clone();
    entries.extend(declarations().flat_map(|older| older.value.entries.clone()));
    let mut out = Vec::new();
    let mut texts: MapTexts = Vec::new();
    for entry in entries {
        if texts.iter().any(|(value, _)| *value == entry.value) {
            continue; // the first text of a value is the one Windows finds
        }
        let text = entry.message.clone().unwrap_or_default();
        let rule = |r: &&Rename| r.map.as_ref() == Some(&newest.name) && r.value == Some(entry.value);
        let name = match overrides.renames.iter().find(rule) {
            Some(rename) => rename.to.clone(),
            None => names::constant_from_text(&text).unwrap_or_else(|| format!("VALUE_{}", entry.value)),
        };
        let key = format!("{} {}", entry.value, newest.name);
        let name = lock.claim(NameKind::Value, &key, &[name.clone(), format!("{name}_{}", entry.value)]);
        let has = |map: &Map| map.entries.iter().any(|known| known.value == entry.value);
        let builds = Builds::from_schema(schema, |build| {
            declarations().any(|held| held.builds.contains(build) && has(&held.value))
        });
        let doc = if text.is_empty() { "No text.".to_owned() } else { format!("“{}”", escape(&text)) };
        let value = u64::from(entry.value);
        out.push(MapEntry {
            name,
            value: if newest.kind == MapKind::Bit { Number::Hex(value) } else { Number::Decimal(value) },
            text: message::without_expansion(&text),
            builds: share_builds(&builds, map_builds),
            docs: vec![doc + &name_builds_unless_all(schema, &builds)],
        });
        texts.push((entry.value, text));
    }
    (out, texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etw_schema::model::Task;

    #[test]
    fn tasks_name_a_value_each_in_their_own_way() {
        let task = |name: &str, value| {
            let value = Task { name: name.to_owned(), value, ..Task::default() };
            Held { builds: Builds::from_build(1), value }
        };
        let opcode = |name: &str, task: &str| {
            let value = Opcode { name: name.to_owned(), value: 30, task: Some(task.to_owned()), ..Opcode::default() };
            Held { builds: Builds::from_build(1), value }
        };
        let schema = Schema {
            tasks: vec![task("Walk", 1), task("Run", 2)],
            opcodes: vec![opcode("Step", "Walk"), opcode("Leap", "Run"), opcode("Fall", "Nowhere")],
            ..Schema::default()
        };
        let named = |task, text: &str| TaskOpcode { task, opcode: 30, text: text.to_owned() };
        assert_eq!(plan_task_opcodes(&schema), [named(1, "Step"), named(2, "Leap")]);
    }

    #[test]
    fn an_opcode_of_a_task_keeps_its_name_when_the_provider_declares_it_too() {
        let opcode = |task: Option<&str>| {
            let task = task.map(str::to_owned);
            Held {
                builds: Builds::from_build(1),
                value: Opcode { name: "Step".to_owned(), value: 30, task, ..Opcode::default() },
            }
        };
        let mut lock = NamesLock::default();
        let mut names = |own: &[Held<Opcode>]| -> Vec<String> {
            let schema = Schema { opcodes: own.to_vec(), ..Schema::default() };
            plan_opcodes(&schema, &BTreeMap::new(), &mut lock).into_iter().map(|constant| constant.name).collect()
        };
        assert_eq!(names(&[opcode(Some("Walk"))]), ["STEP"]);
        assert_eq!(names(&[opcode(Some("Walk")), opcode(None)]), ["STEP"]);
    }
}
