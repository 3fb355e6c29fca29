//! Channels, levels, opcodes, tasks, keywords and maps as types with constants.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::HeaderPlan;
use super::names::{self, Unique};
use crate::names_lock::{Kind, NamesLock};
use crate::overrides::Overrides;
use etw_schema::model::schema::{Builds, Header, Held, Schema};
use etw_schema::model::{Map, MapKind, Opcode, builtin};

/// A constant of a newtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constant {
    /// The Rust name.
    pub(crate) name: String,
    pub(crate) value: u64,
    /// The manifest's name.
    pub(crate) text: String,
    /// The text that the newest manifest shows for it.
    pub(crate) display: Option<String>,
    /// The builds that declare it; of a map's entries alone.
    pub(crate) builds: Builds,
    pub(crate) docs: Vec<String>,
}

/// The constants of a provider.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    pub(crate) channels: Vec<Constant>,
    pub(crate) levels: Vec<Constant>,
    pub(crate) opcodes: Vec<Constant>,
    pub(crate) tasks: Vec<Constant>,
    pub(crate) keywords: Vec<Constant>,
    /// The number of each channel, by the name that events use.
    channel_numbers: BTreeMap<String, u8>,
    /// The number of an opcode: its task (empty for the provider's) and its name.
    opcode_numbers: BTreeMap<(String, String), u8>,
    level_numbers: BTreeMap<String, u8>,
    task_numbers: BTreeMap<String, u16>,
    keyword_masks: BTreeMap<String, u64>,
}

/// A map as a newtype.
#[derive(Debug)]
pub(crate) struct MapPlan {
    /// The manifest's name.
    pub(crate) map: String,
    /// The type's name.
    pub(crate) name: String,
    /// The name of the static that describes it.
    pub(crate) info: String,
    pub(crate) bits: bool,
    /// The builds that declare it, in words.
    pub(crate) builds: String,
    /// Why the values are inferred, where they are.
    pub(crate) inferred: Option<String>,
    pub(crate) entries: Vec<Constant>,
}

impl Constants {
    /// A header with numbers in the place of names. A name that nothing declares is left out; validation reports it.
    pub(super) fn header(&self, since: u32, header: &Header) -> HeaderPlan {
        let task = header.task.as_deref().unwrap_or_default();
        let opcode = header.opcode.as_ref().and_then(|name| {
            let of_task = self.opcode_numbers.get(&(task.to_owned(), name.clone()));
            of_task.or_else(|| self.opcode_numbers.get(&(String::new(), name.clone()))).copied()
        });
        HeaderPlan {
            since,
            channel: header.channel.as_ref().and_then(|name| self.channel_numbers.get(name)).copied(),
            level: header.level.as_ref().and_then(|name| self.level_numbers.get(name)).copied().unwrap_or(0),
            opcode: opcode.unwrap_or(0),
            task: self.task_numbers.get(task).copied().unwrap_or(0),
            keywords: header.keywords.iter().filter_map(|name| self.keyword_masks.get(name)).fold(0, |a, b| a | b),
            message: header.message.clone(),
        }
    }
}

/// The newest declaration of each name with all builds that declare it. A value that a newer build calls by another
/// name has both: the newer name first, so that looking a value up finds it.
fn newest<'h, T>(
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
        let builds = Builds::of(schema, |build| items.iter().any(|item| item.builds.contains(build)));
        Some((&items.last()?.value, builds))
    });
    let mut newest: Vec<_> = newest.collect();
    newest.sort_by_key(|(item, builds)| (value(item), Reverse(builds.last())));
    newest
}

pub(super) fn constants(schema: &Schema, lock: &mut NamesLock) -> Constants {
    let mut out = Constants::default();
    let mut used = Used::of(schema);

    let channels =
        newest(schema, &schema.channels, |channel| &channel.name, |channel| channel.value.unwrap_or(0).into());
    out.channel_numbers = schema.channels.iter().filter_map(|c| Some((c.value.id.clone(), c.value.value?))).collect();
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
    out.channels = named(Kind::Channel, channels, lock);

    let own = schema.levels.iter().map(|held| (held.value.name.clone(), held.value.value, held.value.message.clone()));
    used.levels.extend(own.clone().map(|(name, value, _)| (name, value)));
    out.levels = named_values(Kind::Level, &used.levels, own, lock);
    out.level_numbers = used.levels.clone();

    for held in &schema.opcodes {
        let key = (held.value.task.clone().unwrap_or_default(), held.value.name.clone());
        out.opcode_numbers.insert(key, held.value.value);
    }
    out.opcode_numbers.extend(used.opcodes.iter().map(|(name, value)| ((String::new(), name.clone()), *value)));
    out.opcodes = opcodes(schema, &used.opcodes, lock);

    out.task_numbers = schema.tasks.iter().map(|held| (held.value.name.clone(), held.value.value)).collect();
    let tasks = newest(schema, &schema.tasks, |task| &task.name, |task| task.value.into());
    let tasks = tasks.into_iter().map(|(task, builds)| {
        let doc = Doc { name: &task.name, display: task.message.as_deref(), also: None };
        let docs = doc.lines(Some((schema, &builds)));
        let display = task.message.clone();
        Named { base: task.name.clone(), value: task.value.into(), text: task.name.clone(), display, docs }
    });
    out.tasks = named(Kind::Task, tasks, lock);
    out.keywords = keywords(schema, &used, lock);
    out.keyword_masks = schema.keywords.iter().map(|held| (held.value.name.clone(), held.value.mask)).collect();
    out.keyword_masks.extend(used.keywords);
    out
}

/// The opcodes. Those of tasks may share a name and differ in value: each such pair is a constant. The provider's own and
/// the predefined are known by their names alone.
fn opcodes(schema: &Schema, used: &BTreeMap<String, u8>, lock: &mut NamesLock) -> Vec<Constant> {
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
        // What was a task's alone when it was published keeps its key.
        let of_task = format!("{value} {name}");
        let is_plain = plain.get(name) == Some(value) && lock.get(Kind::Opcode, &of_task).is_none();
        let key = if is_plain { text.clone() } else { of_task };
        let display = display.map(str::to_owned);
        (key, Named { base: name.replace("win:", ""), value: (*value).into(), text, display, docs })
    };
    let items: Vec<_> = all.iter().map(item).collect();
    keyed(Kind::Opcode, items.into_iter(), lock)
}

fn keywords(schema: &Schema, used: &Used, lock: &mut NamesLock) -> Vec<Constant> {
    let own = newest(schema, &schema.keywords, |keyword| &keyword.name, |keyword| keyword.mask);
    let own = own.into_iter().map(|(keyword, builds)| {
        let doc = Doc { name: &keyword.name, display: keyword.message.as_deref(), also: None };
        let docs = doc.lines(Some((schema, &builds)));
        let display = keyword.message.clone();
        Named { base: keyword.name.clone(), value: keyword.mask, text: keyword.name.clone(), display, docs }
    });
    let predefined = used.keywords.iter().map(|(name, mask)| {
        let docs = Doc { name, display: None, also: None }.lines(None);
        Named { base: name.replace("win:", ""), value: *mask, text: name.clone(), display: None, docs }
    });
    named(Kind::Keyword, own.chain(predefined), lock)
}

/// The predefined levels, opcodes and keywords that events use.
struct Used {
    levels: BTreeMap<String, u8>,
    opcodes: BTreeMap<String, u8>,
    keywords: BTreeMap<String, u64>,
}

impl Used {
    fn of(schema: &Schema) -> Self {
        let mut used = Self { levels: BTreeMap::new(), opcodes: BTreeMap::new(), keywords: BTreeMap::new() };
        let headers = schema.layouts().flat_map(|(_, _, layout)| &layout.headers).map(|held| &held.value);
        for header in headers {
            add(&mut used.levels, builtin::LEVELS, header.level.as_ref());
            add(&mut used.opcodes, builtin::OPCODES, header.opcode.as_ref());
            for keyword in &header.keywords {
                add(&mut used.keywords, builtin::KEYWORDS, Some(keyword));
            }
        }
        used
    }
}

fn add<T: Copy>(used: &mut BTreeMap<String, T>, table: &[(&str, T)], name: Option<&String>) {
    if let Some((name, value)) = name.and_then(|name| Some((name, builtin::value_of(table, name)?))) {
        used.insert(name.clone(), value);
    }
}

/// The lines that document a constant.
struct Doc<'a> {
    name: &'a str,
    display: Option<&'a str>,
    /// What stands behind the name.
    also: Option<&'a str>,
}

impl Doc<'_> {
    /// The lines; `builds` are those that declare it, told where they are not all.
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
            line += &super::docs::only_in(schema, builds);
        }
        vec![line]
    }
}

/// What becomes a constant.
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

fn named_values(
    kind: Kind,
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
        let (base, display) = (name.replace("win:", ""), display.cloned());
        Named { base, value: value.into(), text: name.clone(), display, docs }
    });
    named(kind, items, lock)
}

/// Constants under their published names, by the manifest's.
fn named(kind: Kind, items: impl Iterator<Item = Named>, lock: &mut NamesLock) -> Vec<Constant> {
    keyed(kind, items.map(|item| (item.text.clone(), item)), lock)
}

/// Constants under their published names, by the keys of `names.lock`.
fn keyed(kind: Kind, items: impl Iterator<Item = (String, Named)>, lock: &mut NamesLock) -> Vec<Constant> {
    items
        .map(|(key, Named { base, value, text, display, docs })| {
            let base = names::constant_name(&base);
            let numbered = format!("{base}_{value}");
            // The types have a constant of that name already: the list of all of them.
            let candidates = if base == "NAMED" { vec![numbered] } else { vec![base, numbered] };
            let name = lock.claim(kind, &key, &candidates);
            Constant { name, value, text, display, builds: Builds::default(), docs }
        })
        .collect()
}

pub(super) fn maps(
    schema: &Schema,
    overrides: &Overrides,
    inferred: &BTreeMap<String, String>,
    lock: &mut NamesLock,
) -> Vec<MapPlan> {
    let mut out = Vec::new();
    let mut maps = newest(schema, &schema.maps, |map| &map.name, |_| 0);
    maps.sort_by_key(|(map, _)| &map.name);
    for (map, builds) in maps {
        let renamed = overrides.renames.iter().find(|r| r.map.as_ref() == Some(&map.name) && r.value.is_none());
        let name = renamed.map_or_else(|| names::type_name(&map.name), |r| r.to.clone());
        let name = if names::is_reserved_type(&name) { format!("{name}Map") } else { name };
        let name = lock.claim(Kind::Map, &map.name, &[name.clone(), format!("{name}Map")]);
        let entries = map_entries(schema, map, overrides, lock);
        out.push(MapPlan {
            map: map.name.clone(),
            info: String::new(),
            name,
            bits: map.kind == MapKind::Bit,
            builds: super::docs::builds_phrase(&builds),
            inferred: inferred.get(&map.name).cloned(),
            entries,
        });
    }
    name_infos(&mut out);
    out
}

/// Names the statics that describe maps. A map's type is a value of its name as well, and that of `E` has no lower case.
fn name_infos(maps: &mut [MapPlan]) {
    let mut taken = Unique::default();
    for map in &*maps {
        taken.claim(&map.name, "");
    }
    for map in maps {
        map.info = taken.claim(&names::constant_name(&map.name), "_MAP");
    }
}

/// The entries of a map over all builds: an entry that a newer build dropped stays, for older events hold it.
fn map_entries(schema: &Schema, newest: &Map, overrides: &Overrides, lock: &mut NamesLock) -> Vec<Constant> {
    let declarations = || schema.maps.iter().rev().filter(|held| held.value.name == newest.name);
    let mut entries = newest.entries.clone();
    entries.extend(declarations().flat_map(|older| older.value.entries.clone()));
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for entry in entries {
        if seen.contains(&entry.value) {
            continue; // the first text of a value is the one Windows finds
        }
        seen.push(entry.value);
        let text = entry.message.clone().unwrap_or_default();
        let rule = |r: &&crate::overrides::Rename| r.map.as_ref() == Some(&newest.name) && r.value == Some(entry.value);
        let name = match overrides.renames.iter().find(rule) {
            Some(rename) => rename.to.clone(),
            None => names::constant_from_text(&text).unwrap_or_else(|| format!("VALUE_{}", entry.value)),
        };
        let has = |map: &Map| map.entries.iter().any(|known| known.value == entry.value);
        let builds =
            Builds::of(schema, |build| declarations().any(|held| held.builds.contains(build) && has(&held.value)));
        let doc = if text.is_empty() { "No text.".to_owned() } else { format!("“{}”", super::docs::escape(&text)) };
        out.push(Constant {
            name: lock.claim(
                Kind::Value,
                &format!("{} {}", entry.value, newest.name),
                &[name.clone(), format!("{name}_{}", entry.value)],
            ),
            value: u64::from(entry.value),
            text,
            display: None,
            docs: vec![doc + &super::docs::only_in(schema, &builds)],
            builds,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opcode_of_a_task_keeps_its_name_when_the_provider_declares_it_too() {
        let opcode = |task: Option<&str>| {
            let task = task.map(str::to_owned);
            Held {
                builds: Builds::one(1),
                value: Opcode { name: "Step".to_owned(), value: 30, task, ..Opcode::default() },
            }
        };
        let mut lock = NamesLock::default();
        let mut names = |own: &[Held<Opcode>]| -> Vec<String> {
            let schema = Schema { opcodes: own.to_vec(), ..Schema::default() };
            opcodes(&schema, &BTreeMap::new(), &mut lock).into_iter().map(|constant| constant.name).collect()
        };
        assert_eq!(names(&[opcode(Some("Walk"))]), ["STEP"]);
        assert_eq!(names(&[opcode(Some("Walk")), opcode(None)]), ["STEP"]);
    }
}
