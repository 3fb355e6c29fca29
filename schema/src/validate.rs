//! Reports all errors of a schema at once. A reader reports what is wrong within one manifest; this module
//! finds errors that only show across builds or against the hand-written files.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostics, Severity};
use crate::message::{Piece, keep_unknown_inserts, parse};
use crate::model::schema::{Build, Schema};
use crate::model::{Declaration, DeclarationKind, Map, Place, Provider};

/// Checks a merged schema.
pub fn schema(schema: &Schema) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut known: BTreeMap<(DeclarationKind, &str, Option<&str>), Declaration<'_>> = BTreeMap::new();
    for declared in schema.declarations().filter(|declared| declared.kind != DeclarationKind::Map) {
        let key = (declared.kind, declared.name, declared.task);
        let first = *known.entry(key).or_insert(declared);
        let is_unknown = declared.kind == DeclarationKind::Task && (first.value.is_none() || declared.value.is_none());
        if first.value != declared.value && !is_unknown {
            // Such a name would make a constant that is right for one build only.
            let of_task = declared.task.map(|task| format!(" of {task}")).unwrap_or_default();
            let number = |value: Option<u64>| value.map_or_else(|| "not given".to_owned(), |number| number.to_string());
            let message = format!(
                "its number is {}, but {} at {}; one number over all builds is expected",
                number(declared.value),
                number(first.value),
                first.at
            );
            diagnostics.warning(declared.at, format!("{} {}{of_task}", declared.kind.word(), declared.name), message);
        }
    }
    diagnostics
}

/// Checks that `builds.toml` and the manifests are about the same builds, and agree on how many events each has.
pub fn builds(schema: &Schema, rows: &BTreeMap<u32, Build>, file: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let captured: BTreeSet<u32> = schema.builds.iter().map(|build| build.number).collect();
    for &build in captured.iter().chain(rows.keys()).collect::<BTreeSet<_>>() {
        let found = schema.layouts().filter(|(_, _, layout)| layout.builds.contains(build)).count();
        let problem = match rows.get(&build) {
            None => "the build has a manifest, but no row here says where its facts come from".to_owned(),
            Some(_) if !captured.contains(&build) => "there is no manifest of this build".to_owned(),
            Some(row) => match row.events.filter(|expected| *expected != found) {
                None => continue,
                Some(expected) => format!("events = {expected}, but the manifest has {found}"),
            },
        };
        diagnostics.error(&Place::file(file), format!("[build.{build}]"), problem);
    }
    diagnostics
}

/// Checks that no insert of a message has a number past the event's last field: it would stay in the message as text. Windows
/// shows such messages, and real manifests have them, so that the caller chooses the severity.
pub fn inserts(provider: &Provider, severity: Severity) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let sizes: BTreeMap<&str, usize> =
        provider.templates.iter().map(|template| (template.id.as_str(), template.fields.len())).collect();
    for event in &provider.events {
        let Some(message) = &event.message else { continue };
        let fields = event.template.as_ref().map_or(Some(0), |id| sizes.get(id.as_str()).copied());
        let Some(fields) = fields else { continue }; // reported by the reader
        let (_, unknown) = keep_unknown_inserts(parse(message), fields);
        let unknown: Vec<String> = unknown.iter().map(|number| format!("%{number}")).collect();
        if !unknown.is_empty() {
            let message = format!("its message has {}, and the event {fields} fields", unknown.join(", "));
            diagnostics.push(
                severity,
                &event.at,
                event.key().to_string(),
                format!("{message}; that stays in the text"),
            );
        }
    }
    diagnostics
}

/// The parts that the texts of maps may add to messages: a fixed number, and one per `BYTES_A_PART` bytes of the provider's
/// texts. Real providers have a few hundred.
const FREE_PARTS: usize = 2048;
const BYTES_A_PART: usize = 8;

/// Removes messages whose inserts expand to texts with inserts of their own so often that the code for them would grow
/// with the square of the texts. Each is an error.
pub fn bound_messages(provider: &mut Provider) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let maps: BTreeMap<&str, usize> =
        provider.maps.iter().map(|map| (map.name.as_str(), expanded_parts(map))).collect();
    let costs: BTreeMap<&str, Vec<usize>> = provider
        .templates
        .iter()
        .map(|template| {
            let cost = |map: &Option<String>| map.as_deref().and_then(|map| maps.get(map)).copied().unwrap_or(0);
            (template.id.as_str(), template.fields.iter().map(|field| cost(&field.map)).collect())
        })
        .collect();
    let entries = provider.maps.iter().flat_map(|map| &map.entries);
    let map_bytes: usize = entries.filter_map(|entry| entry.message.as_ref()).map(String::len).sum();
    let messages = provider.events.iter().filter_map(|event| event.message.as_ref()).map(String::len);
    let mut left = FREE_PARTS + (map_bytes + messages.sum::<usize>()) / BYTES_A_PART;
    for event in &mut provider.events {
        let costs = event.template.as_deref().and_then(|id| costs.get(id));
        let (Some(message), Some(costs)) = (&event.message, costs) else { continue };
        let cost_of = |piece: Piece| match piece {
            Piece::Insert { number, .. } => costs.get(number - 1).copied().unwrap_or(0),
            Piece::Text(_) => 0,
        };
        let parts: usize = parse(message).into_iter().map(cost_of).sum();
        if parts <= left {
            left -= parts;
            continue;
        }
        let message = format!("the texts of its maps would make {parts} parts of its message; it has none");
        diagnostics.error(&event.at, event.key().to_string(), message);
        event.message = None;
    }
    diagnostics
}

/// How many parts a map's texts with inserts add where they replace a field.
fn expanded_parts(map: &Map) -> usize {
    let texts = map.entries.iter().filter_map(|entry| entry.message.as_deref()).filter(|text| text.contains('%'));
    let parts = texts.map(parse).filter(|parts| parts.iter().any(|part| matches!(part, Piece::Insert { .. })));
    parts.map(|parts| parts.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_manifests_are_about_the_same_builds() {
        let row = |number, events| Build { number, events, ..Build::default() };
        let captured = Schema { builds: vec![row(1, None), row(2, None), row(3, None)], ..Schema::default() };
        let rows = [row(2, Some(7)), row(3, Some(0)), row(4, None)].map(|row| (row.number, row));
        assert_eq!(
            builds(&captured, &rows.into(), "b.toml").to_string(),
            "b.toml: error: [build.1]: the build has a manifest, but no row here says where its facts come from\n\
             b.toml: error: [build.2]: events = 7, but the manifest has 0\n\
             b.toml: error: [build.4]: there is no manifest of this build\n"
        );
    }
}
