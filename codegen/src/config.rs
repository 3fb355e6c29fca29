//! The hand-written files beside the manifests: `builds.toml` (where each fact comes from), `decisions.toml` (what
//! was decided where the captures are silent) and `overrides.toml` (what the generator is told, each entry with a
//! reason).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diagnostic::Diagnostics;
use crate::model::Place;
use crate::model::schema::Build;

/// The rows of `builds.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
struct BuildsFile {
    #[serde(default)]
    build: BTreeMap<String, Build>,
}

/// What the generator is told by hand, because no manifest says it.
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
    /// Why these events stand together.
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

/// A contradiction between two captures of one build, decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The build.
    pub build: u32,
    /// What it is about, in the words of the diagnostic: `event 5 version 0: message`.
    pub about: String,
    /// The file to believe.
    pub take: String,
    /// Why.
    pub reason: String,
}

/// The part of `decisions.toml` that the generator needs: maps that no capture prints. Their texts are real; which
/// value has which text was inferred.
#[derive(Clone, Debug, Default, Deserialize)]
struct DecisionsFile {
    #[serde(default)]
    unprinted_map: Vec<UnprintedMap>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct UnprintedMap {
    name: String,
    reason: String,
}

/// Reads `builds.toml`.
pub fn read_builds(file: &str, text: &str) -> (BTreeMap<u32, Build>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let file_content: BuildsFile = parse(file, text, &mut diagnostics);
    let mut builds = BTreeMap::new();
    for (key, build) in file_content.build {
        if key != build.number.to_string() {
            let message = format!("number is {}; the table's name and the number are expected to agree", build.number);
            diagnostics.error(&Place::file(file), format!("[build.{key}]"), message);
        }
        builds.insert(build.number, build);
    }
    (builds, diagnostics)
}

/// Reads `overrides.toml`.
pub fn read_overrides(file: &str, text: &str) -> (Overrides, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let overrides: Overrides = parse(file, text, &mut diagnostics);
    let reasons = overrides
        .modules
        .iter()
        .map(|m| (format!("[[module]] {}", m.name), &m.reason))
        .chain(overrides.renames.iter().map(|r| (format!("[[rename]] {}", r.to), &r.reason)))
        .chain(overrides.contradictions.iter().map(|c| (format!("[[contradiction]] {}", c.about), &c.reason)));
    for (element, reason) in reasons {
        if reason.trim().is_empty() {
            diagnostics.error(&Place::file(file), element, "the reason is empty; each entry needs one");
        }
    }
    (overrides, diagnostics)
}

/// Reads from `decisions.toml` which maps are inferred: the map's name and the reason.
pub fn read_inferred_maps(file: &str, text: &str) -> (BTreeMap<String, String>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let decisions: DecisionsFile = parse(file, text, &mut diagnostics);
    (decisions.unprinted_map.into_iter().map(|m| (m.name, m.reason)).collect(), diagnostics)
}

fn parse<T: Default + for<'de> Deserialize<'de>>(file: &str, text: &str, diagnostics: &mut Diagnostics) -> T {
    toml::from_str(text).unwrap_or_else(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        let place = Place::new(&file.into(), u32::try_from(line).unwrap_or(0));
        diagnostics.error(&place, "TOML", error.message());
        T::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        let (_, diagnostics) = read_overrides("o.toml", "[[module]]\nname = \"x\"\nbogus = 1\n");
        let text = diagnostics.to_string();
        assert!(text.starts_with("o.toml:"), "{text}");
        assert!(text.contains("bogus"), "{text}");
        let (_, diagnostics) = read_builds("b.toml", "[build.1]\nnumber = 2\n");
        assert!(diagnostics.to_string().contains("number is 2"), "{diagnostics}");
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "[[rename]]\nmap = \"M\"\nto = \"N\"\nreason = \" \"\n";
        let (_, diagnostics) = read_overrides("o.toml", text);
        assert_eq!(diagnostics.to_string(), "o.toml: error: [[rename]] N: the reason is empty; each entry needs one\n");
    }
}
