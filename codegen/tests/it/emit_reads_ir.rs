//! What the emitters read stands on one page: they know the plan's plain data and the format, and nothing behind them.

use std::fs;
use std::path::Path;

/// The crates with which tokens are made, and Rust's own.
const TOOLS: &[&str] = &["core", "proc_macro2", "quote", "std"];

#[test]
fn emitters_import_the_plan_as_data_and_the_format_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for entry in fs::read_dir(source.join("emit")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for imported in code.replace("$crate::", "").split("crate::").skip(1) {
            let allowed = imported.starts_with("plan::ir::") || imported.starts_with("format::");
            assert!(allowed, "{}: crate::{}", path.display(), imported.split(';').next().unwrap_or_default());
        }
        for imported in text.lines().filter_map(|line| line.strip_prefix("use ")) {
            let root = imported.split("::").next().unwrap_or_default();
            let allowed = TOOLS.contains(&root) || root == "super" || root == "crate";
            assert!(allowed, "{}: {imported}", path.display());
        }
        read += 1;
    }
    assert!(read > 8, "{read} emitters");
}

#[test]
fn the_page_is_plain_data() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/ir.rs");
    let text = fs::read_to_string(path).unwrap();
    for word in ["use ", "fn ", "impl "] {
        let found = text
            .lines()
            .find(|line| line.trim_start().starts_with(word) || line.contains(&format!("pub(crate) {word}")));
        assert_eq!(found, None, "the plan's data has no behaviour and stands on nothing");
    }
}
