//! Which checkout a task reads and writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The parts of a checkout that the tasks look for, with one row in the list of builds.
fn checkout(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root);
    for folder in ["manifests/smbserver", "xtask", "generated", "docs"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    fs::write(root.join("xtask/Cargo.toml"), "").expect("a file");
    root
}

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let command = command.args(arguments).current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
    command.output().expect("the program runs")
}

#[test]
fn the_checkout_is_that_of_the_working_directory() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a checkout");
    assert!(xtask(&here.join("docs"), &["builds"]).status.success());

    let root = checkout("other-checkout");
    let told = xtask(&root.join("docs"), &["builds"]);
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).contains("cargo xtask regen"), "it has no schema yet: {told:?}");
}

#[test]
fn outside_of_a_checkout_nothing_is_read_or_written() {
    // The folder of the build may be in a checkout; the root of the file system is in none.
    let told = xtask(Path::new("/"), &["regen"]);
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("it is in no checkout of this repository"), "{told}");
}

#[test]
fn cargo_tells_the_checkout() {
    let root = checkout("told-checkout");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let command = command.arg("builds").current_dir(&root).env("CARGO_MANIFEST_DIR", here);
    assert!(command.output().expect("the program runs").status.success());
}

/// A checkout with manifests of two builds and all that `regen` reads, generated once.
#[test]
fn regen_keeps_what_it_did_not_write_and_stops_at_a_broken_lock() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a checkout");
    let root = checkout("regen");
    for file in fs::read_dir(here.join("manifests/smbserver")).expect("the manifests") {
        let path = file.expect("a file").path();
        if path.is_file() {
            fs::copy(&path, root.join("manifests/smbserver").join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    let regen = || xtask(&root, &["regen"]);
    let first = regen();
    assert!(first.status.success(), "{first:?}");
    let source = root.join("generated/src");
    fs::write(source.join("mine.rs"), "// mine").expect("a file");
    let header = fs::read_to_string(source.join("maps.rs")).expect("a file");
    let header = header.lines().next().expect("a line");
    fs::write(source.join("old.rs"), format!("{header}\n")).expect("a file");
    let second = regen();
    let told = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(told.contains("removed generated/src/old.rs") && !told.contains("mine.rs"), "{told}");
    assert!(source.join("mine.rs").exists() && !source.join("old.rs").exists());

    let lock = root.join("manifests/smbserver/names.lock");
    let names = fs::read_to_string(&lock).expect("names");
    let broken = names.replacen("\nend", "\n<<<<<<< HEAD\nend", 1);
    fs::write(&lock, &broken).expect("a file");
    fs::write(source.join("maps.rs"), header).expect("a file");
    let third = regen();
    assert_eq!(third.status.code(), Some(1), "{third:?}");
    assert_eq!(fs::read_to_string(&lock).expect("names"), broken);
    assert_eq!(fs::read_to_string(source.join("maps.rs")).expect("a file"), header, "nothing was written");
}

#[test]
fn a_capture_is_that_of_a_build_as_of_an_update() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a checkout");
    for (build, expected) in [
        ("20348", "\nas of 10.0.20348.4171; newer updates may have added events\n"),
        ("10240", "\nas of no known update; other updates may have other events\n"),
    ] {
        let shown = xtask(here, &["schema", "--build", build]);
        assert!(String::from_utf8_lossy(&shown.stdout).contains(expected), "{build}");
    }
}
