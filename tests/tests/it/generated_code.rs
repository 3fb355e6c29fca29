//! `docs/generated-code.md` shows the code that is generated.

use std::fs;

use smbserver_etw_tests::manifests::root;

/// The blocks of code in this language, without the fences.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

#[test]
fn the_code_that_is_shown_is_in_the_generated_files() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a file of the checkout");
    let page = read("docs/generated-code.md");
    let files =
        ["events", "schema", "encode"].map(|folder| read(&format!("generated/src/{folder}/packet.rs"))).concat();
    let code = blocks(&page, "rust");
    assert!(code.len() > 4, "{} blocks", code.len());
    for block in code {
        assert!(files.contains(&block), "no longer generated:\n{block}");
    }
    let manifest = read("manifests/smbserver/26100.man");
    for line in blocks(&page, "xml").concat().lines().filter(|line| line.contains("<data ")) {
        assert!(manifest.contains(line.trim()), "no longer in the manifest: {line}");
    }
}
