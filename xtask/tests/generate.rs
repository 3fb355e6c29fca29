//! `generate`: the crate that it makes compiles without a warning, and decodes what its encoder writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is tested inside the generated crate.
const INSIDE: &str = include_str!("generated/encode.rs");

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
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a lock");
    let output = cargo(folder, arguments);
    let (told, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{arguments:?}:\n{told}\n{printed}");
}

/// A folder for a crate, with nothing in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn generate(fixture: &str, folder: &Path) -> Output {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(fixture);
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.arg("generate").arg(fixture).args(["--strict", "--out"]).arg(folder).output().expect("the program runs")
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

#[test]
fn no_name_of_a_manifest_is_code() {
    let folder = folder("names-etw");
    let output = generate("names.man", &folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    succeeds(&folder, &["check", "--all-features"]);
}
