//! Channels, levels, opcodes, tasks, keywords and maps as types with constants.

use std::collections::BTreeMap;

use super::HeaderPlan;
use super::names::{self, Unique};
use crate::config::Overrides;
use crate::model::schema::{Builds, Header, Held, Schema};
use crate::model::{Map, MapKind, builtin};

/// A constant of a newtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constant {
    /// The Rust name.
    pub(crate) name: String,
    pub(crate) value: u64,
    /// The manifest's name.
    pub(crate) text: String,
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

/// The newest declaration of each value.
fn newest<T, K: Ord>(held: &[Held<T>], key: impl Fn(&T) -> K) -> Vec<(&T, Builds)> {
    let mut by_key: BTreeMap<K, (usize, Vec<&Builds>)> = BTreeMap::new();
    for (at, item) in held.iter().enumerate() {
        let entry = by_key.entry(key(&item.value)).or_insert((at, Vec::new()));
        if item.builds.last() > held[entry.0].builds.last() {
            entry.0 = at;
        }
        entry.1.push(&item.builds);
    }
    by_key.into_values().map(|(at, _)| (&held[at].value, held[at].builds.clone())).collect()
}

pub(super) fn constants(schema: &Schema) -> Constants {
    let mut out = Constants::default();
    let mut used = Used::of(schema);

    let channels = newest(&schema.channels, |channel| channel.value);
    out.channel_numbers = schema.channels.iter().filter_map(|c| Some((c.value.id.clone(), c.value.value?))).collect();
    out.channels = named(channels.into_iter().filter_map(|(channel, _)| {
        let text = Doc { name: &channel.id, display: channel.message.as_deref(), also: Some(&channel.name) };
        Some((channel.id.clone(), u64::from(channel.value?), channel.name.clone(), text.lines()))
    }));

    let own = schema.levels.iter().map(|held| (held.value.name.clone(), held.value.value, held.value.message.clone()));
    used.levels.extend(own.clone().map(|(name, value, _)| (name, value)));
    out.levels = named_values(&used.levels, own);
    out.level_numbers = used.levels;

    for held in &schema.opcodes {
        let key = (held.value.task.clone().unwrap_or_default(), held.value.name.clone());
        out.opcode_numbers.insert(key, held.value.value);
    }
    out.opcode_numbers.extend(used.opcodes.iter().map(|(name, value)| ((String::new(), name.clone()), *value)));
    let own = schema.opcodes.iter().map(|held| (held.value.name.clone(), held.value.value, held.value.message.clone()));
    used.opcodes.extend(own.clone().map(|(name, value, _)| (name, value)));
    out.opcodes = named_values(&used.opcodes, own);

    out.task_numbers = schema.tasks.iter().map(|held| (held.value.name.clone(), held.value.value)).collect();
    out.tasks = named(newest(&schema.tasks, |task| task.value).into_iter().map(|(task, _)| {
        let text = Doc { name: &task.name, display: task.message.as_deref(), also: None };
        (task.name.clone(), u64::from(task.value), task.name.clone(), text.lines())
    }));

    out.keyword_masks = schema.keywords.iter().map(|held| (held.value.name.clone(), held.value.mask)).collect();
    out.keyword_masks.extend(used.keywords.clone());
    let own = newest(&schema.keywords, |keyword| keyword.mask).into_iter().map(|(keyword, _)| {
        let text = Doc { name: &keyword.name, display: keyword.message.as_deref(), also: None };
        (keyword.name.clone(), keyword.mask, keyword.name.clone(), text.lines())
    });
    let predefined = used.keywords.iter().map(|(name, mask)| {
        (name.replace("win:", ""), *mask, name.clone(), Doc { name, display: None, also: None }.lines())
    });
    out.keywords = named(own.chain(predefined));
    out
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
    also: Option<&'a str>,
}

impl Doc<'_> {
    fn lines(&self) -> Vec<String> {
        let mut line = format!("`{}`", self.name);
        if let Some(also) = self.also {
            line += &format!(": `{also}`");
        }
        if let Some(display) = self.display.filter(|display| *display != self.name) {
            line += &format!(", shown as “{display}”");
        }
        vec![line + "."]
    }
}

fn named_values(
    values: &BTreeMap<String, u8>,
    own: impl Iterator<Item = (String, u8, Option<String>)>,
) -> Vec<Constant> {
    let displays: BTreeMap<String, String> = own.filter_map(|(name, _, display)| Some((name, display?))).collect();
    let mut by_value: Vec<(&String, u8)> = values.iter().map(|(name, value)| (name, *value)).collect();
    by_value.sort_by_key(|(name, value)| (*value, (*name).clone()));
    named(by_value.into_iter().map(|(name, value)| {
        let doc = Doc { name, display: displays.get(name).map(String::as_str), also: None };
        (name.replace("win:", ""), u64::from(value), name.clone(), doc.lines())
    }))
}

/// Constants with unique names, from (name, value, manifest's name, docs).
fn named(items: impl Iterator<Item = (String, u64, String, Vec<String>)>) -> Vec<Constant> {
    let mut names = Unique::default();
    items
        .map(|(name, value, text, docs)| {
            let name = names.claim(&names::constant_name(&name), &format!("_{value}"));
            Constant { name, value, text, docs }
        })
        .collect()
}

pub(super) fn maps(schema: &Schema, overrides: &Overrides, inferred: &BTreeMap<String, String>) -> Vec<MapPlan> {
    let mut types = Unique::default();
    let mut out = Vec::new();
    for (map, _) in newest(&schema.maps, |map| map.name.clone()) {
        let renamed = overrides.renames.iter().find(|r| r.map.as_ref() == Some(&map.name) && r.value.is_none());
        let name = renamed.map_or_else(|| names::type_name(&map.name), |r| r.to.clone());
        let name = types.claim(&name, "Map");
        let entries = map_entries(schema, map, overrides);
        out.push(MapPlan {
            map: map.name.clone(),
            info: names::constant_name(&name),
            name,
            bits: map.kind == MapKind::Bit,
            inferred: inferred.get(&map.name).cloned(),
            entries,
        });
    }
    out
}

/// The entries of a map over all builds: an entry that a newer build dropped stays, for older events hold it.
fn map_entries(schema: &Schema, newest: &Map, overrides: &Overrides) -> Vec<Constant> {
    let mut entries = newest.entries.clone();
    for older in schema.maps.iter().rev().filter(|held| held.value.name == newest.name) {
        for entry in &older.value.entries {
            if !entries.iter().any(|known| known.value == entry.value) {
                entries.push(entry.clone());
            }
        }
    }
    let mut names = Unique::default();
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for entry in entries {
        if seen.contains(&entry.value) {
            continue; // the first text of a value is the one Windows finds
        }
        seen.push(entry.value);
        let text = entry.message.clone().unwrap_or_default();
        let rule = |r: &&crate::config::Rename| r.map.as_ref() == Some(&newest.name) && r.value == Some(entry.value);
        let name = match overrides.renames.iter().find(rule) {
            Some(rename) => rename.to.clone(),
            None => names::constant_from_text(&text).unwrap_or_else(|| format!("VALUE_{}", entry.value)),
        };
        let docs =
            vec![if text.is_empty() { "No text.".to_owned() } else { format!("“{}”", super::docs::escape(&text)) }];
        out.push(Constant {
            name: names.claim(&name, &format!("_{}", entry.value)),
            value: u64::from(entry.value),
            text,
            docs,
        });
    }
    out
}
