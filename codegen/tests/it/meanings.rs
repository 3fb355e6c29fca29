//! `manifests/smbserver/meanings.toml` against the manifests, and against what the documented page notes on fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use etw_codegen::Generator;
use etw_codegen::meanings::{self, MeaningKind, Meanings};
use etw_schema::model::schema::Schema;
use etw_schema::model::{Field, OutType};
use serde_json::Value;

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The schema over all manifests that are there.
fn schema() -> Schema {
    let mut generator = Generator::new();
    for entry in fs::read_dir(workspace("manifests/smbserver")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "man") {
            let build = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
            generator.add_manifest(&path.display().to_string(), build, &fs::read(&path).unwrap());
        }
    }
    let (schema, found) = generator.merge();
    assert!(!found.has_errors(), "{found}");
    schema
}

fn meanings() -> Meanings {
    let text = fs::read_to_string(workspace("manifests/smbserver/meanings.toml")).unwrap();
    let (meanings, found) = meanings::read("meanings.toml", &text);
    assert!(found.is_empty(), "{found}");
    meanings
}

/// Every field in all its forms, with the id of its event.
fn fields(schema: &Schema) -> impl Iterator<Item = (u16, &Field)> {
    schema
        .layouts()
        .flat_map(|(id, _, layout)| layout.fields.iter().flat_map(|h| &h.value).map(move |field| (id, field)))
}

#[test]
fn the_file_is_sound() {
    let found = meanings::validate(&meanings(), &schema(), "meanings.toml");
    assert!(found.is_empty(), "{found}");
}

#[test]
fn what_the_page_notes_is_assigned() {
    let schema = schema();
    let meanings = meanings();
    let text = fs::read_to_string(workspace("tests/data/documented/events.json")).unwrap();
    let page: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut noted = 0;
    for entry in &page {
        let id = u16::try_from(entry["id"].as_u64().unwrap()).unwrap();
        for field in entry["fields"].as_array().unwrap() {
            let Some(note) = field["note"].as_str() else { continue };
            let expected = match note {
                "NTSTATUS reference" => "NtStatus",
                "Process access rights reference" => "AccessMask",
                _ if note.starts_with("Impersonation level") => "ImpersonationLevel",
                _ => panic!("event {id}: a note that no meaning is chosen for: {note}"),
            };
            // The page names elements of recorded events with the part that they stand in.
            let name = field["name"].as_str().unwrap().trim_start_matches("EventData.");
            let mut there = 0;
            for (_, field) in fields(&schema).filter(|(event, field)| *event == id && field.name == name) {
                assert_eq!(meanings.assigned(id, field), Some(expected), "event {id}: {name} {}", field.in_type);
                there += 1;
            }
            assert!(there > 0, "event {id} has no {name}");
            noted += 1;
        }
    }
    assert_eq!(noted, 55);
}

#[test]
fn the_levels_of_impersonation_are_those_of_the_page() {
    let meanings = meanings();
    let level = meanings.named("ImpersonationLevel").unwrap();
    let names: Vec<_> = level.values.iter().map(|value| (value.value, value.name.as_str())).collect();
    assert_eq!(names, [(0, "ANONYMOUS"), (1, "IDENTIFICATION"), (2, "IMPERSONATION"), (3, "DELEGATION")]);
}

#[test]
fn every_status_of_the_manifests_is_one() {
    let schema = schema();
    let meanings = meanings();
    for (id, field) in fields(&schema) {
        if field.out_type == Some(OutType::NtStatus) {
            assert_eq!(meanings.assigned(id, field), Some("NtStatus"), "event {id}: {}", field.name);
        }
    }
}

/// Prints how many fields have each meaning, and checks that each has some.
#[test]
fn every_meaning_has_fields() {
    let schema = schema();
    let meanings = meanings();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (id, field) in fields(&schema) {
        if let Some(meaning) = meanings.assigned(id, field)
            && seen.insert((id, field.name.clone(), field.in_type))
        {
            *counts.entry(meaning).or_default() += 1;
        }
    }
    println!("{counts:#?}");
    assert_eq!(counts.len(), meanings.types.len());
    assert!(meanings.types.iter().any(|meaning| meaning.kind == MeaningKind::Map));
}
