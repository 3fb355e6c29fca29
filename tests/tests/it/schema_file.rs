//! The checked-in schema is the merged one and can be read back, and `history` is computed from it.

use std::fs;

use etw_codegen::history;
use etw_schema::schema_file;
use smbserver_etw_tests::manifests::{manifests, root};

#[test]
fn the_checked_in_schema_is_the_merged_one() {
    let text = fs::read_to_string(root().join("generated/schema.json")).expect("generated/schema.json");
    let schema = &manifests().schema;
    assert_eq!(schema_file::write(schema).ok().as_ref(), Some(&text), "stale: run `cargo xtask regen`");
    assert_eq!(schema_file::read("schema.json", &text).ok().as_ref(), Some(schema), "it reads back");
    let fields: usize = schema.layouts().flat_map(|(.., layout)| &layout.fields).map(|held| held.value.len()).sum();
    let lines = text.lines().filter(|line| line.contains("\"in_type\"")).count();
    assert_eq!(text.matches("\"in_type\"").count(), fields);
    // A layout that fits into one line is on one line; all others have a line for each field.
    assert!(lines * 100 > fields * 95, "{lines} lines for {fields} fields");
}

#[test]
fn the_checked_in_history_is_fresh() {
    let text = fs::read_to_string(root().join("docs/history.md")).expect("docs/history.md");
    assert_eq!(history::markdown_of(&manifests().schema), text, "stale: run `cargo xtask regen`");
    assert_eq!(text.lines().filter(|line| line.starts_with("## build ")).count(), manifests().schema.builds.len() - 1);
}
