//! The checked-in generated files are what the generator makes from the manifests, and it makes the same files every
//! time.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use etw_codegen::Files;
use smbserver_etw_tests::manifests::{Source, generator, root, sources};

fn generate(sources: &[Source]) -> Files {
    let output = generator(sources).generate();
    assert!(!output.diagnostics.has_errors(), "{}", output.diagnostics);
    output.files
}

/// The Rust files under a folder, by their paths from `base`.
fn files_under(base: &Path, folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder of the generated crate") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            found.extend(files_under(base, &path));
        } else {
            let inside = path.strip_prefix(base).expect("it lies inside");
            found.insert(inside.to_str().expect("a path of ASCII").replace('\\', "/"));
        }
    }
    found
}

#[test]
fn checked_in_files_are_fresh_and_complete() {
    let base = root().join("generated/src");
    let Files(files) = generate(&sources());
    let stale: Vec<&String> = files
        .iter()
        .filter(|(path, text)| fs::read(base.join(path)).ok().as_deref() != Some(text.as_bytes()))
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "stale or missing: {stale:?}; `cargo xtask regen` writes them anew");
    // The crate's root is written by hand.
    let known: BTreeSet<String> = files.into_keys().chain(["lib.rs".to_owned()]).collect();
    let extra: Vec<String> = files_under(&base, &base).difference(&known).cloned().collect();
    assert!(extra.is_empty(), "files that nothing generates: {extra:?}");
    println!("{} generated files", known.len() - 1);
}

#[test]
fn output_depends_on_the_manifests_alone() {
    let sources = sources();
    assert!(sources.len() > 1);
    let first = generate(&sources);
    assert_eq!(first, generate(&sources), "twice the same input");
    let reversed: Vec<Source> = sources.into_iter().rev().collect();
    assert_eq!(first, generate(&reversed), "the same manifests in another order");
}
