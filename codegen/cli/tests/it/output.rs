//! What reaches a terminal, a pipe and a full disk.

use std::fs;
use std::process::Stdio;

use crate::{command, fails, fixture, folder, run, succeeds};

#[test]
fn help_teaches() {
    for topic in
        [&["--help"][..], &["generate", "--help"], &["schema", "--help"], &["diff", "--help"], &["compile", "--help"]]
    {
        let help = succeeds(topic);
        assert!(help.contains("Examples:"), "{help}");
        let name = topic.join("_").replace("--", "");
        insta::assert_snapshot!(name, help);
    }
}

/// A manifest with names that a terminal would obey.
fn hostile(name: &str) -> String {
    let path = folder(name).join("a.man");
    let manifest = "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\">\
      <instrumentation><events>\
      <provider name=\"A\u{9b}31m\u{202e}B\" guid=\"{01234567-89ab-cdef-0123-456789abcdef}\" symbol=\"A\">\
      <keywords><keyword name=\"k\u{9b}2J\" mask=\"0x1\"/></keywords>\
      <events><event value=\"1\" symbol=\"S\u{2066}x\" task=\"t&#10;error: forged\" level=\"win:Informational\"/></events>\
      </provider></events></instrumentation></instrumentationManifest>";
    fs::write(&path, manifest).expect("a file");
    path.to_string_lossy().into_owned()
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let file = hostile("output-hostile");
    let plain = fixture("constructs.man");
    let out = folder("output-hostile-out").join("\u{1b}[31m").to_string_lossy().into_owned();
    let obeyed = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2066}');
    for arguments in [
        &["schema", &file][..],
        &["schema", &file, "--format", "json"],
        &["schema", &file, "--diagnostics", "full"],
        &["diff", &plain, &file],
        &["diff", &plain, &file, "--format", "json"],
        &["diff", &plain, &file, "--format", "markdown"],
        &["generate", &file, "--out", &out],
        &["compile", "no\u{1b}[31m\u{9b}.man", "--out", "x"],
    ] {
        let output = run(arguments);
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).expect("UTF-8");
            assert!(!text.contains(obeyed), "{arguments:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn the_place_is_shown_where_it_is_asked_for() {
    let file = folder("output-place").join("a.man");
    let manifest = fs::read_to_string(fixture("constructs.man")).expect("text");
    fs::write(&file, manifest.replacen("<event ", "<event bogus=\"1\" ", 1)).expect("a file");
    let path = file.to_string_lossy().into_owned();
    let short = run(&["schema", &path]);
    let short = String::from_utf8(short.stderr).expect("UTF-8");
    // The diagnostic, and why the command failed.
    assert_eq!(short.lines().count(), 2, "{short}");
    let full = run(&["schema", &path, "--diagnostics", "full"]);
    let full = String::from_utf8(full.stderr).expect("UTF-8").replace(&path, "a.man");
    insta::assert_snapshot!("place", full);
}

#[test]
fn diagnostics_are_capped_and_the_rest_is_counted() {
    let file = folder("output-cap").join("a.man");
    let manifest = fs::read_to_string(fixture("constructs.man")).expect("text");
    let many = "<bogus/>".repeat(150);
    fs::write(&file, manifest.replacen("<events>", &format!("<events>{many}"), 1)).expect("a file");
    let path = file.to_string_lossy().into_owned();
    let told = |more: &[&str]| String::from_utf8(run(&[&["schema", &path], more].concat()).stderr).expect("UTF-8");
    let capped = told(&[]);
    assert_eq!(capped.lines().filter(|line| line.contains("warning: ")).count(), 100, "{capped}");
    assert!(capped.ends_with("and 50 more: 50 warnings (--max-diagnostics 0 shows all)\n"), "{capped}");
    assert_eq!(told(&["--max-diagnostics", "0"]).lines().count(), 150);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let file = fixture("constructs.man");
    for arguments in [&["schema", &file][..], &["diff", &file, &file], &["schema", &file, "--format", "json"]] {
        let mut child =
            command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_no_panic() {
    let file = fixture("constructs.man");
    let bogus = fixture("odd.man");
    let out = folder("output-full").join("crate").to_string_lossy().into_owned();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    for arguments in [&["schema", &file][..], &["diff", &file, &file], &["generate", &file, "--out", &out]] {
        let output = command(arguments).stdout(full()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"), "{output:?}");
    }
    let output = command(&["schema", &bogus]).stderr(full()).output().expect("it runs");
    assert!(matches!(output.status.code(), Some(0..=2)), "no panic: {output:?}");
}

#[test]
fn what_the_readers_said_is_printed_where_there_is_no_provider() {
    let file = folder("output-nothing").join("a.man");
    fs::write(&file, "<assembly xmlns=\"urn:x\"/>").expect("a file");
    let path = file.to_string_lossy().into_owned();
    let out = folder("output-nothing-out").to_string_lossy().into_owned();
    let told = fails(&["generate", &path, "--out", &out], 1);
    assert!(told.lines().count() > 1 && told.contains(&format!("{path}:1: ")), "{told}");
    assert!(told.contains("error: the files declare no provider"), "{told}");
    let told = fails(&["compile", &path, "--out", &format!("{out}/x.dll")], 1);
    assert!(told.contains("error"), "{told}");
}
