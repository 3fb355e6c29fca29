//! `generate`: the crate that it makes compiles without a warning, and decodes what its encoder writes.

use std::fs;
use std::path::Path;
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

#[test]
fn a_generated_crate_compiles_and_its_payloads_come_back() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("constructs-etw");
    let _ = fs::remove_dir_all(&folder);
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/constructs.man");
    let generate = || {
        let arguments = ["generate", fixture, "--strict", "--out"];
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).arg(&folder).output().expect("the program runs")
    };
    let output = generate();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = String::from_utf8(generate().stdout).expect("UTF-8");
    assert!(again.contains("wrote 0"), "generating again writes nothing: {again}");

    // The workspace's lock: nothing is to be fetched.
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a lock");
    fs::create_dir_all(folder.join("tests")).expect("a folder");
    fs::write(folder.join("tests/encode.rs"), INSIDE).expect("a file");
    for arguments in [&["check"][..], &["check", "--features", "serde"], &["test", "--all-features"]] {
        let output = cargo(&folder, arguments);
        let (told, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{arguments:?}:\n{told}\n{printed}");
    }
}
