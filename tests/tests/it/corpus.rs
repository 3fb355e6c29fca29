//! Other providers: every registered manifest of a Windows build is read, generated and compiled.
//!
//! The manifests are third-party data beside the repository; without them the tests print a message and pass. All of
//! them take some minutes to compile, so that the default is a fixed sample. To compile all:
//!
//! ```text
//! cargo test -p smbserver-etw-tests --test it corpus -- --ignored --nocapture
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use etw_codegen::{Files, Generator};
use etw_schema::diagnostic::{Diagnostic, Severity};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/registered-10240");

/// One in this number of files is in the sample.
const SAMPLE: usize = 25;

/// Files with special contents: structs with unknown members, unknown types, thousands of events.
const ALWAYS: &[&str] = &["Microsoft-Windows-HttpService.xml", "Microsoft-Windows-Kernel-Process.xml"];

/// The most generated text in one crate, in bytes: more would need too much memory at once.
const CRATE_BYTES: usize = 12 << 20;

/// The dumps, by name; none if they are absent.
fn dumps() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(FOLDER) else {
        eprintln!("skipped: {FOLDER} is not there");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder that can be read").path()).collect();
    files.sort();
    files
}

/// The result for one manifest.
struct Generated {
    file: String,
    code: Files,
    events: usize,
    left_out: usize,
    errors: Vec<Diagnostic>,
    time: Duration,
}

impl Generated {
    fn is_empty(&self) -> bool {
        self.code.0.is_empty()
    }

    fn bytes(&self) -> usize {
        self.code.0.values().map(String::len).sum()
    }
}

fn generate(path: &Path) -> Generated {
    let file = path.file_name().expect("a file").to_string_lossy().into_owned();
    let bytes = fs::read(path).expect("a file that can be read");
    let start = Instant::now();
    let output = Generator::new().add_manifest(&file, 10240, &bytes).generate();
    let errors = output.diagnostics.all().iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    let events = output.schema.layouts().count();
    Generated { file, code: output.files, events, left_out: output.left_out.len(), errors, time: start.elapsed() }
}

/// Compiles modules in as few crates as their size allows, and returns how long each crate took.
fn compile(name: &str, modules: &[&Generated]) -> Vec<Duration> {
    let mut crates: Vec<Vec<&Generated>> = vec![Vec::new()];
    let mut bytes = 0;
    for module in modules {
        if bytes + module.bytes() > CRATE_BYTES {
            crates.push(Vec::new());
            bytes = 0;
        }
        bytes += module.bytes();
        crates.last_mut().expect("the first").push(module);
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    crates.iter().enumerate().map(|(at, modules)| check(&root, at, modules)).collect()
}

/// The modules of a generated crate, the encoder among them.
const MODULES: &str = "pub mod builds;\npub mod descriptor;\nmod dispatch;\npub mod encode;\npub mod events;\npub mod maps;\npub mod \
                       meanings;\npub mod schema;\npub use builds::Build;\n";

/// Writes a generated crate as a module of another.
fn write_module(folder: &Path, files: &Files) {
    for (path, text) in &files.0 {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        fs::write(path, text).expect("a file that can be written");
    }
    fs::write(folder.join("mod.rs"), MODULES).expect("a file that can be written");
}

fn check(root: &Path, at: usize, modules: &[&Generated]) -> Duration {
    let folder = root.join(format!("crate_{at}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src")).expect("a folder to write to");
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");
    let manifest = format!(
        "[package]\nname = \"crate_{at}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\netw-runtime = {{ \
         path = {runtime:?}, features = [\"encode\"] }}\n[workspace]\n"
    );
    let mut lib = "#![no_std]\n#![deny(warnings)]\n".to_owned();
    for (number, module) in modules.iter().enumerate() {
        lib += &format!("/// {}\npub mod p{number};\n", module.file);
        write_module(&folder.join(format!("src/p{number}")), &module.code);
    }
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("the workspace's lock");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file that can be written");
    fs::write(folder.join("src/lib.rs"), lib).expect("a file that can be written");
    let start = Instant::now();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .output()
        .expect("cargo");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "crate {at}:\n{}", errors.chars().take(20_000).collect::<String>());
    start.elapsed()
}

/// A message without its variable parts: words in quotes, and numbers.
fn kind(message: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for c in message.chars() {
        match c {
            '`' | '"' => {
                quoted = !quoted;
                out.push(c);
            }
            _ if quoted || c.is_ascii_digit() => {}
            c => out.push(c),
        }
    }
    out
}

fn run(name: &str, files: &[PathBuf]) {
    let made = generate_all(files);
    compile_all(name, &made);
}

fn generate_all(files: &[PathBuf]) -> Vec<Generated> {
    let generated: Vec<Generated> = files.iter().map(|path| generate(path)).collect();
    let made: Vec<&Generated> = generated.iter().filter(|g| !g.is_empty()).collect();
    for nothing in generated.iter().filter(|g| g.is_empty()) {
        assert!(!nothing.errors.is_empty(), "{}: no code and no reason", nothing.file);
    }
    for generated in &generated {
        for error in &generated.errors {
            assert!(!error.place.file.is_empty() || !error.element.is_empty(), "an error without a place: {error}");
        }
        assert!(
            generated.left_out == 0 || !generated.errors.is_empty(),
            "{}: left out without a reason",
            generated.file
        );
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for error in generated.iter().flat_map(|g| &g.errors) {
        *reasons.entry(kind(&error.message)).or_default() += 1;
    }
    let slowest = generated.iter().max_by_key(|g| g.time).expect("some");
    println!(
        "{} manifests: {} generated, {} events, {} left out, {} errors; the slowest {} in {:?}",
        generated.len(),
        made.len(),
        generated.iter().map(|g| g.events).sum::<usize>(),
        generated.iter().map(|g| g.left_out).sum::<usize>(),
        generated.iter().map(|g| g.errors.len()).sum::<usize>(),
        slowest.file,
        slowest.time,
    );
    for (reason, count) in &reasons {
        println!("{count:6} {reason}");
    }
    for error in generated.iter().flat_map(|g| &g.errors) {
        println!("{error}");
    }
    generated
}

fn compile_all(name: &str, generated: &[Generated]) {
    let made: Vec<&Generated> = generated.iter().filter(|g| !g.is_empty()).collect();
    let times = compile(name, &made);
    let bytes: usize = made.iter().map(|g| g.bytes()).sum();
    println!("{bytes} bytes compiled in {} crates: {times:?}", times.len());
}

#[test]
fn all_registered_manifests_are_read_and_generated() {
    let files = dumps();
    if !files.is_empty() {
        generate_all(&files);
    }
}

#[test]
fn a_sample_of_the_registered_manifests_compiles() {
    let files = dumps();
    let sampled = |(at, path): &(usize, &PathBuf)| {
        at % SAMPLE == 0 || ALWAYS.iter().any(|name| path.file_name().is_some_and(|file| file == *name))
    };
    let sample: Vec<PathBuf> = files.iter().enumerate().filter(sampled).map(|(_, path)| path.clone()).collect();
    if !sample.is_empty() {
        run("corpus-sample", &sample);
    }
}

#[test]
#[ignore = "takes minutes: cargo test -p smbserver-etw-tests --test it corpus -- --ignored --nocapture"]
fn all_registered_manifests_compile() {
    let files = dumps();
    if !files.is_empty() {
        run("corpus", &files);
    }
}
