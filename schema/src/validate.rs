//! Everything wrong with a schema, all at once. A reader reports what is wrong within one manifest; this module
//! finds what only shows across builds or against the hand-written files.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostics, Severity};
use crate::message::{keep_unknown_inserts, parse};
use crate::model::schema::{Build, Held, Schema};
use crate::model::{Place, Provider};

/// Checks a merged schema.
pub fn schema(schema: &Schema) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    one_number_a_name(&mut diagnostics, "channel", &schema.channels, |c| {
        (c.id.clone(), c.value.map(u64::from), c.at.clone())
    });
    one_number_a_name(&mut diagnostics, "task", &schema.tasks, |t| {
        (t.name.clone(), Some(t.value.into()), t.at.clone())
    });
    one_number_a_name(&mut diagnostics, "keyword", &schema.keywords, |k| (k.name.clone(), Some(k.mask), k.at.clone()));
    one_number_a_name(&mut diagnostics, "level", &schema.levels, |l| {
        (l.name.clone(), Some(l.value.into()), l.at.clone())
    });
    one_number_a_name(&mut diagnostics, "opcode", &schema.opcodes, |o| {
        let of_task = o.task.as_ref().map(|task| format!(" of {task}")).unwrap_or_default();
        (o.name.clone() + &of_task, Some(o.value.into()), o.at.clone())
    });
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

/// A name whose number changes between builds would make a constant that is right for one build only.
fn one_number_a_name<T>(
    diagnostics: &mut Diagnostics,
    what: &str,
    held: &[Held<T>],
    key: impl Fn(&T) -> (String, Option<u64>, Place),
) {
    let mut known: BTreeMap<String, (Option<u64>, Place)> = BTreeMap::new();
    for item in held {
        let (name, number, place) = key(&item.value);
        match known.get(&name) {
            Some((other, first)) if *other != number => {
                let message = format!(
                    "its number is {}, but {} at {first}; one number over all builds is expected",
                    number.map_or_else(|| "not given".to_owned(), |n| n.to_string()),
                    other.map_or_else(|| "not given".to_owned(), |n| n.to_string()),
                );
                diagnostics.warning(&place, format!("{what} {name}"), message);
            }
            Some(_) => {}
            None => drop(known.insert(name, (number, place))),
        }
    }
}

/// Checks that no insert of a message leads past the event's last field: it would stay in the message as it is. Windows shows
/// such messages, and real manifests have them, so that it is an error only where that is asked for.
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
