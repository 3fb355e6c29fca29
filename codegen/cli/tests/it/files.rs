//! Files are sacred: what the command did not write stays, links are not followed, and a crate is there as a whole or not
//! at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use etw_codegen_cli::files::{Folder, STAGING};

use crate::{command, fails, fixture, folder, succeeds};

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn generate(name: &str, out: &Path) -> String {
    succeeds(&["generate", &fixture(name), "--out", &text(out)])
}

/// Every file below a folder, with what it holds.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
    files
}

#[test]
fn a_folder_of_other_things_is_refused_and_stays() {
    let out = folder("files-foreign");
    fs::create_dir_all(out.join("src/events")).expect("a folder");
    fs::write(out.join("src/events/mine.rs"), "// mine").expect("a file");
    let before = tree(&out);
    let told = fails(&["generate", &fixture("constructs.man"), "--out", &text(&out)], 2);
    assert!(told.contains("neither empty nor was it generated"), "{told}");
    assert_eq!(tree(&out), before);
}

#[test]
fn only_generated_files_are_removed_and_each_is_listed() {
    let out = folder("files-removed");
    generate("constructs.man", &out);
    let header = fs::read_to_string(out.join("src/lib.rs")).expect("text");
    let header = header.lines().next().expect("a line").to_owned() + "\n";
    fs::write(out.join("src/events/gone.rs"), &header).expect("a file");
    fs::write(out.join("src/events/mine.rs"), "// mine\n").expect("a file");
    let told = generate("constructs.man", &out);
    assert!(told.contains("wrote 0\nremoved src/events/gone.rs\n") && !told.contains("mine.rs"), "{told}");
    assert!(out.join("src/events/mine.rs").exists() && !out.join("src/events/gone.rs").exists());

    // A file of the user's where a generated one belongs is a reason to stop.
    let module =
        fs::read_dir(out.join("src/schema")).expect("modules").next().expect("a module").expect("a file").path();
    fs::write(&module, "// mine\n").expect("a file");
    let before = tree(&out);
    let told = fails(&["generate", &fixture("constructs.man"), "--out", &text(&out)], 2);
    assert!(told.contains("it was not generated"), "{told}");
    assert_eq!(tree(&out), before);
}

#[test]
fn a_crate_root_that_was_taken_over_is_kept() {
    let out = folder("files-kept");
    generate("constructs.man", &out);
    for path in ["Cargo.toml", "src/lib.rs"] {
        let full = out.join(path);
        let text = fs::read_to_string(&full).expect("text");
        fs::write(&full, text.split_once('\n').expect("lines").1).expect("a file");
    }
    let before = tree(&out);
    let told = generate("constructs.man", &out);
    assert!(told.contains("kept Cargo.toml") && told.contains("kept src/lib.rs"), "{told}");
    assert_eq!(tree(&out), before);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let out = folder("files-links");
    let outside = folder("files-links-outside");
    generate("constructs.man", &out);
    let module = out.join("src/events/other.rs");
    fs::copy(&module, outside.join("keep.rs")).expect("a copy");
    symlink(&outside, out.join("src/events/link")).expect("a link");
    let told = generate("constructs.man", &out);
    assert!(!told.contains("removed"), "{told}");
    assert!(outside.join("keep.rs").exists(), "a generated file behind a link is another crate's");

    // A file, a folder and the folder of changes that are links.
    let elsewhere = outside.join("elsewhere.rs");
    fs::rename(&module, &elsewhere).expect("a file");
    symlink(&elsewhere, &module).expect("a link");
    let before = tree(&outside);
    let refused = || fails(&["generate", &fixture("constructs.man"), "--out", &text(&out)], 2);
    assert!(refused().contains("symbolic link"));
    fs::remove_file(&module).expect("a link");
    fs::rename(out.join("src/events"), outside.join("events")).expect("a folder");
    symlink(outside.join("events"), out.join("src/events")).expect("a link");
    assert!(refused().contains("symbolic link"));
    fs::remove_file(out.join("src/events")).expect("a link");
    symlink(&outside, out.join(STAGING)).expect("a link");
    assert!(refused().contains("move it away"));
    fs::remove_dir_all(outside.join("events")).expect("a folder");
    assert_eq!(tree(&outside), before);

    let told = fails(&["compile", &fixture("constructs.man"), "--out", &text(&out.join(STAGING))], 2);
    assert!(told.contains("symbolic link"), "{told}");
}

#[test]
fn a_lock_that_cannot_be_read_whole_ends_the_run_before_anything_is_written() {
    let out = folder("files-lock");
    generate("constructs.man", &out);
    let lock = out.join("names.lock");
    let names = fs::read(&lock).expect("names");
    // Something to write, were it not for the lock.
    let cargo = out.join("Cargo.toml");
    fs::write(&cargo, fs::read_to_string(&cargo).expect("text") + "# more\n").expect("a file");
    let conflict = [b"<<<<<<< HEAD\n", &names[..]].concat();
    let bytes = [&names[..], b"# caf\xe9\n"].concat();
    let half = names[..names.len() / 2].to_vec();
    for (broken, code) in [(conflict, 1), (bytes, 1), (half, 1)] {
        fs::write(&lock, broken).expect("a file");
        let before = tree(&out);
        let told = fails(&["generate", &fixture("constructs.man"), "--out", &text(&out)], code);
        assert!(told.contains("names.lock"), "{told}");
        assert_eq!(tree(&out), before);
    }
    fs::remove_file(&lock).expect("a file");
    fs::create_dir(&lock).expect("a folder in its place");
    let before = tree(&out);
    fails(&["generate", &fixture("constructs.man"), "--out", &text(&out)], 2);
    assert_eq!(tree(&out), before);
}

#[test]
fn a_name_that_is_none_of_a_package_is_refused() {
    let out = folder("files-name");
    let told = fails(&["generate", &fixture("constructs.man"), "--out", &text(&out), "--crate-name", "a\"\nb"], 2);
    assert!(told.contains("--crate-name"), "{told}");
    assert!(tree(&out).is_empty());
}

#[test]
fn compile_replaces_nothing_but_what_it_made() {
    let folder = folder("files-compile");
    let source = folder.join("node.man");
    fs::copy(fixture("constructs.man"), &source).expect("a copy");
    let compile = |form: &str, out: &Path| {
        vec!["compile".to_owned(), text(&source), "--form".to_owned(), form.to_owned(), "--out".to_owned(), text(out)]
    };
    for form in ["dll", "template", "messages", "raw-template", "raw-messages"] {
        let out = folder.join(form);
        let arguments = compile(form, &out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        succeeds(&arguments);
        succeeds(&arguments);
        let arguments = compile(form, &source);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let before = fs::read(&source).expect("the manifest");
        assert!(fails(&arguments, 2).contains("was not made by this command"));
        assert_eq!(fs::read(&source).expect("the manifest"), before);
    }
    let out = folder.join("other");
    fs::write(&out, "mine").expect("a file");
    let forced = compile("dll", &out);
    let forced: Vec<&str> = forced.iter().map(String::as_str).chain(["--force"]).collect();
    succeeds(&forced);
    assert!(
        tree(&folder).keys().all(|path| path.extension().is_none_or(|extension| extension != "part")),
        "nothing is left beside"
    );
}

/// A number from 0 to below another, from a simple generator: the moments are to differ, no more.
fn next(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn a_command_that_is_killed_leaves_the_old_state_or_the_new() {
    let root = folder("files-killed");
    let old = root.join("old");
    let new = root.join("new");
    let out = root.join("out");
    generate("constructs.man", &old);
    generate("constructs.man", &new);
    // The same crate after a change of every module.
    let constructs = fs::read_to_string(fixture("constructs.man")).expect("text");
    let changed = root.join("changed.man");
    fs::write(&changed, constructs.replace("Pair", "Couple").replace("Provider\"", "Provider2\"")).expect("a file");
    let start = std::time::Instant::now();
    succeeds(&["generate", &text(&changed), "--out", &text(&new)]);
    let took = u64::try_from(start.elapsed().as_micros()).expect("a short time");
    let relative = |files: BTreeMap<PathBuf, Vec<u8>>, root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        files.into_iter().map(|(path, bytes)| (path.strip_prefix(root).expect("below").to_owned(), bytes)).collect()
    };
    let states = [relative(tree(&old), &old), relative(tree(&new), &new)];
    assert_ne!(states[0], states[1]);
    let mut state = 7;
    let mut seen = [0, 0];
    for _ in 0..40 {
        let _ = fs::remove_dir_all(&out);
        copy(&old, &out);
        let mut child = command(&["generate", &text(&changed), "--out", &text(&out)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_micros(next(&mut state, took)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        // What the next command does first.
        Folder::open(&out).expect("a folder");
        let found = relative(tree(&out), &out);
        let which = states.iter().position(|state| *state == found).expect("the old state or the new");
        seen[which] += 1;
    }
    println!("old {}, new {}", seen[0], seen[1]);
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        let path = to.join(path.strip_prefix(from).expect("below"));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

/// Unmounts when the test ends, however it does.
struct Mount(PathBuf);

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_what_was_there() {
    let disk = folder("files-full");
    let options = ["-t", "tmpfs", "-o", "size=128k", "tmpfs"];
    let mounted = Command::new("mount").args(options).arg(&disk).stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a file system of this size cannot be mounted here");
        return;
    }
    let mount = Mount(disk.clone());
    let mut refused = 0;
    // However much is left: from the first file to the last.
    for left in (0..112).step_by(4) {
        let out = disk.join("out");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir(&out).expect("a folder");
        fs::write(disk.join("ballast"), vec![1; 112 * 1024 - left * 1024]).expect("it fits");
        let run = command(&["generate", &fixture("constructs.man"), "--out", &text(&out)]).output().expect("it runs");
        if !run.status.success() {
            assert_eq!(run.status.code(), Some(2), "{run:?}");
            assert!(String::from_utf8_lossy(&run.stderr).contains("nothing was changed"), "{run:?}");
            assert_eq!(fs::read_dir(&out).expect("a folder").count(), 0, "nothing is left");
            refused += 1;
        }
        let file = disk.join("a.dll");
        let compiled =
            command(&["compile", &fixture("constructs.man"), "--out", &text(&file)]).output().expect("it runs");
        assert_eq!(compiled.status.success(), file.exists(), "{compiled:?}");
        let _ = fs::remove_file(file);
    }
    drop(mount);
    assert!(refused > 0, "the disk was never full");
}

#[test]
fn two_commands_are_not_at_work_in_one_folder() {
    let out = folder("files-two");
    let generate = ["generate", &fixture("constructs.man"), "--out", &text(&out)];
    let other = Folder::open(&out).expect("a folder");
    let told = fails(&generate, 2);
    assert!(told.contains("another command is at work in this folder"), "{told}");
    assert_eq!(fs::read_dir(&out).expect("a folder").count(), 0, "nothing was written");
    drop(other);
    succeeds(&generate);
}
