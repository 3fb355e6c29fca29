//! `generate`: the crate that it makes compiles without a warning, and decodes what its encoder writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::{command, fixture, folder};

fn generate(name: &str, folder: &Path) -> Output {
    command(&["generate", &fixture(name), "--strict", "--out"]).arg(folder).output().expect("the program runs")
}

/// What is tested inside the generated crate.
const INSIDE: &str = include_str!("inside/encode.rs");

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-D warnings")
        .output()
        .expect("cargo runs")
}

fn succeeds(folder: &Path, arguments: &[&str]) {
    // The workspace's lock: nothing is to be fetched.
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a lock");
    let output = cargo(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}:\n{told}\n{printed}");
}

#[test]
fn a_generated_crate_compiles_and_its_payloads_come_back() {
    let folder = folder("constructs-etw");
    let generate = || generate("constructs.man", &folder);
    let output = generate();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = String::from_utf8(generate().stdout).expect("UTF-8");
    assert!(again.contains("wrote 0"), "generating again writes nothing: {again}");

    fs::create_dir_all(folder.join("tests")).expect("a folder");
    fs::write(folder.join("tests/encode.rs"), INSIDE).expect("a file");
    for arguments in [&["check"][..], &["check", "--features", "serde"], &["test", "--all-features"]] {
        succeeds(&folder, arguments);
    }
}

/// A manifest whose event has one field of this type.
fn manifest(in_type: &str) -> String {
    format!(
        r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events"><instrumentation><events>
        <provider name="A-B" guid="{{11111111-2222-3333-4444-555555555555}}" symbol="AB">
        <events><event value="1" version="0" template="T" symbol="Went"/></events>
        <templates><template tid="T"><data name="X" inType="{in_type}"/></template></templates>
        </provider></events></instrumentation></instrumentationManifest>"#
    )
}

#[test]
fn captures_that_contradict_one_another_are_decided_by_hand() {
    let folder = folder("contradiction");
    let decision =
        "[[contradiction]]\nbuild = 0\nevent = 1\nversion = 0\nfact = \"layout\"\ntake = \"b.man\"\nreason = \"seen\"";
    let files =
        [("a.man", &*manifest("win:UInt32")), ("b.man", &*manifest("win:UInt64")), ("decisions.toml", decision)];
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    let generate = |more: &[&str]| {
        let arguments = ["generate", "a.man", "b.man", "--out", "crate"];
        command(&arguments).args(more).current_dir(&folder).output().expect("the program runs")
    };
    let open = generate(&[]);
    let told = String::from_utf8_lossy(&open.stderr);
    assert!(!open.status.success() && told.contains("event 1 version 0: layout") && told.contains("a.man:3"), "{told}");
    let decided = generate(&["--overrides", "decisions.toml"]);
    assert!(decided.status.success(), "{}", String::from_utf8_lossy(&decided.stderr));
    let events = fs::read_to_string(folder.join("crate/src/events/other.rs")).expect("the events");
    assert!(events.contains("`X`, `win:UInt64`"), "{events}");
}

#[test]
fn no_name_of_a_manifest_is_code() {
    let folder = folder("names-etw");
    let output = generate("names.man", &folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    succeeds(&folder, &["check", "--all-features"]);
}
