//! One name for each thing: captures call the same task, keyword or map by different names.

use std::collections::{BTreeMap, HashMap};

use super::judge::{Choice, Judge, Word};
use super::{CapturedProvider, FactName, Subject, place_of};
use crate::message;
use crate::model::builtin::{is_made_up_keyword, is_made_up_task};
use crate::model::{DeclarationKind, Field, Map, Place, Provider};

/// A name that a part gives to something.
struct Named {
    part: usize,
    name: String,
    /// The text of the thing: some tools show it in place of the name.
    text: Option<String>,
    /// Whether the name is no more than a stopgap.
    made_up: bool,
    at: Place,
}

/// The new names of a part: by the old ones.
type Renames = Vec<HashMap<String, String>>;

/// Gives each thing the same name in all parts, in declarations and in references.
pub(super) fn unify(parts: &mut [CapturedProvider], judge: &mut Judge<'_>) {
    let tasks = choose(parts, DeclarationKind::Task, judge, |p| {
        let named = |t: &crate::model::Task| {
            let key = t.number().map_or_else(|| t.name.clone(), |number| number.to_string());
            (key, t.name.clone(), t.message.clone(), is_made_up_task(&t.name), t.at.clone())
        };
        p.tasks.iter().map(named).collect()
    });
    rename(parts, &tasks, |provider, new| {
        provider.tasks.iter_mut().for_each(|task| new(&mut task.name));
        provider.opcodes.iter_mut().filter_map(|opcode| opcode.task.as_mut()).for_each(&mut *new);
        provider.events.iter_mut().filter_map(|event| event.task.as_mut()).for_each(new);
    });
    let levels = choose(parts, DeclarationKind::Level, judge, |p| {
        p.levels.iter().map(|l| (l.value.to_string(), l.name.clone(), l.message.clone(), false, l.at.clone())).collect()
    });
    rename(parts, &levels, |provider, new| {
        provider.levels.iter_mut().for_each(|level| new(&mut level.name));
        provider.events.iter_mut().filter_map(|event| event.level.as_mut()).for_each(new);
    });
    let opcodes = choose(parts, DeclarationKind::Opcode, judge, |p| {
        let key = |o: &crate::model::Opcode| {
            o.task.as_ref().map_or_else(|| o.value.to_string(), |task| format!("{} of {task}", o.value))
        };
        p.opcodes.iter().map(|o| (key(o), o.name.clone(), o.message.clone(), false, o.at.clone())).collect()
    });
    rename(parts, &opcodes, |provider, new| {
        provider.opcodes.iter_mut().for_each(|opcode| new(&mut opcode.name));
        provider.events.iter_mut().filter_map(|event| event.opcode.as_mut()).for_each(new);
    });
    let keywords = choose(parts, DeclarationKind::Keyword, judge, |p| {
        let named = |k: &crate::model::Keyword| {
            let made_up = is_made_up_keyword(&k.name, k.mask);
            (format!("{:#x}", k.mask), k.name.clone(), k.message.clone(), made_up, k.at.clone())
        };
        p.keywords.iter().map(named).collect()
    });
    rename(parts, &keywords, |provider, new| {
        provider.keywords.iter_mut().for_each(|keyword| new(&mut keyword.name));
        provider.events.iter_mut().flat_map(|event| &mut event.keywords).for_each(new);
    });
    // A channel's path is its name in all captures; what stands for it in events is not.
    let channels = choose(parts, DeclarationKind::Channel, judge, |p| {
        p.channels.iter().map(|c| (c.name.to_lowercase(), c.id.clone(), None, c.id == c.name, c.at.clone())).collect()
    });
    rename(parts, &channels, |provider, new| {
        provider.channels.iter_mut().for_each(|channel| new(&mut channel.id));
        provider.events.iter_mut().filter_map(|event| event.channel.as_mut()).for_each(new);
    });
    let maps = maps(parts);
    rename(parts, &maps, |provider, new| {
        provider.maps.iter_mut().for_each(|map| new(&mut map.name));
        provider.templates.iter_mut().flat_map(|template| &mut template.fields).for_each(|field| of_field(field, new));
    });
}

fn of_field(field: &mut Field, new: &mut dyn FnMut(&mut String)) {
    field.map.iter_mut().for_each(&mut *new);
    field.members.iter_mut().for_each(|member| of_field(member, new));
}

/// Chooses a name for each key among those that the parts give to it.
fn choose(
    parts: &[CapturedProvider],
    kind: DeclarationKind,
    judge: &mut Judge<'_>,
    named: impl Fn(&Provider) -> Vec<(String, String, Option<String>, bool, Place)>,
) -> Renames {
    let mut by_key: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    for (part, provider) in parts.iter().enumerate().map(|(number, part)| (number, &part.provider)) {
        for (key, name, text, made_up, at) in named(provider) {
            by_key.entry(key).or_default().push(Named { part, name, text, made_up, at });
        }
    }
    let mut renames: Renames = vec![HashMap::new(); parts.len()];
    for (key, all) in by_key {
        let Some(chosen) = chosen(&Subject::Declaration(kind, key), &all, judge) else { continue };
        for named in all.iter().filter(|named| named.name != chosen) {
            renames[named.part].insert(named.name.clone(), chosen.clone());
        }
    }
    renames
}

/// The name to use: no stopgap, and no text in its place, if there is another.
fn chosen(about: &Subject, all: &[Named], judge: &mut Judge<'_>) -> Option<String> {
    let shows_text = |named: &&Named| {
        let is_text = |other: &Named| {
            other.name != named.name && other.text.as_deref().is_some_and(|text| same_text(text, &named.name))
        };
        all.iter().any(is_text)
    };
    let real: Vec<&Named> = all.iter().filter(|named| !named.made_up && !shows_text(named)).collect();
    let mut best = *real.first().or(all.first().as_ref())?;
    for other in real.iter().skip(1).filter(|other| !other.name.is_empty()) {
        if other.part != best.part && other.name != best.name {
            let words = (format!("{:?}", best.name), format!("{:?}", other.name));
            if judge.decide(about, FactName::Name, Word(&words.0, &best.at), Word(&words.1, &other.at)) == Choice::New {
                best = other;
            }
        }
    }
    Some(best.name.clone())
}

fn same_text(text: &str, name: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    words(text) == words(name)
}

/// Renames maps that an earlier part has under another name: the only one there with the same entries.
fn maps(parts: &[CapturedProvider]) -> Renames {
    let mut renames: Renames = vec![HashMap::new(); parts.len()];
    for (number, part) in parts.iter().enumerate() {
        let earlier: Vec<&Map> = parts[..number].iter().flat_map(|part| &part.provider.maps).collect();
        for map in &part.provider.maps {
            if earlier.iter().any(|known| known.name == map.name) {
                continue;
            }
            let alike: Vec<&&Map> = earlier
                .iter()
                .filter(|known| {
                    !part.provider.maps.iter().any(|own| own.name == known.name) && same_entries(known, map)
                })
                .collect();
            if let [known] = alike[..] {
                renames[number].insert(map.name.clone(), known.name.clone());
            }
        }
    }
    renames
}

fn same_entries(a: &Map, b: &Map) -> bool {
    let entries = |map: &Map| -> BTreeMap<u32, Option<Vec<message::Piece>>> {
        map.entries.iter().map(|entry| (entry.value, entry.message.as_deref().map(message::parse))).collect()
    };
    a.kind == b.kind && !a.entries.is_empty() && entries(a) == entries(b)
}

/// Applies new names; `visit` hands every name of a provider to what it is given.
fn rename(
    parts: &mut [CapturedProvider],
    renames: &Renames,
    visit: impl Fn(&mut Provider, &mut dyn FnMut(&mut String)),
) {
    for (part, names) in parts.iter_mut().zip(renames).filter(|(_, names)| !names.is_empty()) {
        let mut new = |name: &mut String| {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        };
        visit(&mut part.provider, &mut new);
    }
    // A provider without a place is one that a test or a caller made.
    for part in parts.iter_mut().filter(|part| part.provider.at.file.is_empty()) {
        part.provider.at = place_of(part);
    }
}
