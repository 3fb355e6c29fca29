//! The hand-written files about facts, beside the manifests: `builds.toml` (where each fact comes from) and
//! `decisions.toml` (decisions about facts that no capture gives).

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

/// The part of `decisions.toml` that the generator needs: maps that no capture prints, whose texts are real, and which value has
/// which text was inferred.
#[derive(Clone, Debug, Default, Deserialize)]
struct DecisionsFile {
    #[serde(default)]
    unprinted_map: Vec<UnprintedMap>,
}

/// Decisions by hand about facts that no capture gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// The maps whose values are inferred, and why.
    pub inferred_maps: BTreeMap<String, String>,
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

/// Reads `decisions.toml`.
pub fn read_decisions(file: &str, text: &str) -> (Decisions, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let file_content: DecisionsFile = parse(file, text, &mut diagnostics);
    let inferred_maps = file_content.unprinted_map.into_iter().map(|map| (map.name, map.reason)).collect();
    (Decisions { inferred_maps }, diagnostics)
}

/// Parses a TOML file. A mistake is reported with its line, and the result is the default.
pub fn parse<T: Default + for<'de> Deserialize<'de>>(file: &str, text: &str, diagnostics: &mut Diagnostics) -> T {
    toml::from_str(text).unwrap_or_else(|error: toml::de::Error| {
        let place = error.span().map_or(Place::file(file), |span| Place::in_text(&file.into(), text, span));
        diagnostics.error(&place, "TOML", one_line(error.message()));
        T::default()
    })
}

/// The parser's words, which may take several lines.
pub fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_differs_from_its_table_is_reported() {
        let (_, diagnostics) = read_builds("b.toml", "[build.1]\nnumber = 2\n");
        assert!(diagnostics.to_string().contains("number is 2"), "{diagnostics}");
    }
}
