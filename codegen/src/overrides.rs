//! `overrides.toml`: choices made by hand where the rules would choose otherwise, each with a reason.

use std::collections::BTreeSet;

use etw_schema::combine::Contradiction;
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::Place;
use etw_schema::model::schema::Schema;
use etw_schema::settings::parse;
use serde::Deserialize;

use crate::identifier;
use crate::names_lock::{NameKind, NamesLock};

/// Hand-written input of the generator that no manifest gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The modules of the generated crate, in the order in which they claim events.
    #[serde(default, rename = "module")]
    pub modules: Vec<ModuleRule>,
    /// Other names for events, fields or map entries.
    #[serde(default, rename = "rename")]
    pub renames: Vec<Rename>,
    /// Which capture to believe where two of one build contradict one another.
    #[serde(default, rename = "contradiction")]
    pub contradictions: Vec<Contradiction>,
}

/// A module of the generated crate and the events that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleRule {
    /// The module's name.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Prefixes of event names.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// Single events, whatever their name.
    #[serde(default)]
    pub ids: Vec<u16>,
    /// Why these events belong together.
    pub reason: String,
}

/// Another name than the one the rules would make: of an event (all its versions), of a map, or of a map's value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The id of an event.
    pub event: Option<u16>,
    /// The manifest's name for a map.
    pub map: Option<String>,
    /// A value of that map.
    pub value: Option<u32>,
    /// The Rust name.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// Reads `overrides.toml`.
pub fn read(file: &str, text: &str) -> (Overrides, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let overrides: Overrides = parse(file, text, &mut diagnostics);
    let reasons = overrides
        .modules
        .iter()
        .map(|m| (format!("[[module]] {}", m.name), &m.reason))
        .chain(overrides.renames.iter().map(|r| (format!("[[rename]] {}", r.to), &r.reason)))
        .chain(overrides.contradictions.iter().map(|c| (c.to_string(), &c.reason)));
    for (element, reason) in reasons {
        if reason.trim().is_empty() {
            diagnostics.error(&Place::file(file), element, "the reason is empty; each entry needs one");
        }
    }
    (overrides, diagnostics)
}

/// Checks that every entry of the overrides is about something that is there.
pub(crate) fn validate(overrides: &Overrides, schema: &Schema, file: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let place = Place::file(file);
    let ids: BTreeSet<u16> = schema.events.iter().map(|event| event.id).collect();
    for module in &overrides.modules {
        for id in module.ids.iter().filter(|id| !ids.contains(id)) {
            diagnostics.error(&place, format!("[[module]] {}", module.name), format!("there is no event {id}"));
        }
    }
    for module in overrides
        .modules
        .iter()
        .filter(|module| !identifier::is_module(&module.name) || identifier::is_reserved_module(&module.name))
    {
        let message = "the name is expected to be one of a Rust module, `like_this`, that generated code does not have";
        diagnostics.error(&place, format!("[[module]] {}", module.name), message);
    }
    let value_of = |map: &str, value: u32| {
        let maps = schema.maps.iter().filter(|held| held.value.name == map);
        maps.flat_map(|held| &held.value.entries).any(|entry| entry.value == value)
    };
    for rename in &overrides.renames {
        let element = format!("[[rename]] {}", rename.to);
        let problem = match (rename.event, &rename.map, rename.value) {
            (Some(id), None, None) => (!ids.contains(&id)).then(|| format!("there is no event {id}")),
            (None, Some(map), None) => {
                let known = schema.maps.iter().any(|held| held.value.name == *map);
                (!known).then(|| format!("there is no map {map}"))
            }
            (None, Some(map), Some(value)) => {
                (!value_of(map, value)).then(|| format!("there is no map {map} with the value {value}"))
            }
            _ => Some("expected either `event`, or `map`, or `map` and `value`".to_owned()),
        };
        let (is_name, like) = if rename.value.is_some() {
            (identifier::is_constant(&rename.to), "LIKE_THIS")
        } else {
            (identifier::is_type(&rename.to), "LikeThis")
        };
        let problem = problem.or_else(|| (!is_name).then(|| format!("the name is expected to be like `{like}`")));
        if let Some(problem) = problem {
            diagnostics.error(&place, element, problem);
        }
    }
    diagnostics
}

/// Checks that the overrides do not rename what is published.
pub(crate) fn check_published(overrides: &Overrides, names: &NamesLock, file: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let place = Place::file(file);
    let mut check = |element: String, kind: NameKind, key: String, wanted: &str| {
        if let Some(known) = names.get(kind, &key).filter(|known| *known != wanted) {
            let message = format!("published as `{known}` (names.lock); a published name stays");
            diagnostics.error(&place, element, message);
        }
    };
    for module in &overrides.modules {
        for id in &module.ids {
            check(format!("[[module]] {}, event {id}", module.name), NameKind::Module, id.to_string(), &module.name);
        }
    }
    for rename in &overrides.renames {
        let (kind, key) = match (rename.event, &rename.map, rename.value) {
            (Some(id), None, None) => (NameKind::Event, id.to_string()),
            (None, Some(map), None) => (NameKind::Map, map.clone()),
            (None, Some(map), Some(value)) => (NameKind::Value, format!("{value} {map}")),
            _ => continue, // reported by `validate`
        };
        check(format!("[[rename]] {}", rename.to), kind, key, &rename.to);
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        let (_, diagnostics) = read("o.toml", "[[module]]\nname = \"x\"\nbogus = 1\n");
        let text = diagnostics.to_string();
        assert!(text.starts_with("o.toml:"), "{text}");
        assert!(text.contains("bogus"), "{text}");
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "[[rename]]\nmap = \"M\"\nto = \"N\"\nreason = \" \"\n";
        let (_, diagnostics) = read("o.toml", text);
        assert_eq!(diagnostics.to_string(), "o.toml: error: [[rename]] N: the reason is empty; each entry needs one\n");
    }
}
