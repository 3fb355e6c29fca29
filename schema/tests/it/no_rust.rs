//! The crate says what manifests say, and knows nothing of the code that is made of it.

use std::fs;
use std::path::Path;

/// The crates with which Rust code is made.
const TOOLS: &[&str] = &["syn", "quote", "heck", "proc_macro2", "prettyplease", "etw_codegen"];

#[test]
fn nothing_here_is_about_rust_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut pending = vec![root.join("src")];
    let mut read = 0;
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            let rust = words.filter(|word| TOOLS.contains(word)).collect::<Vec<_>>();
            assert!(rust.is_empty(), "{}: {rust:?}", path.display());
            read += 1;
        }
    }
    assert!(read > 40, "{read} files");
    for tool in TOOLS.iter().map(|tool| tool.replace('_', "-")) {
        assert!(!manifest.lines().any(|line| line.starts_with(&tool)), "Cargo.toml: {tool}");
    }
}
