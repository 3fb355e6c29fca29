//! The tasks that tell the history, run as people and scripts run them.

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn fail_on_sets_the_exit_code() {
    for (arguments, expected) in [
        (["diff", "20348", "26100", "--fail-on", "breaking"], 1),
        (["diff", "22000", "22631", "--fail-on", "breaking"], 0),
        (["diff", "22000", "22631", "--fail-on", "any"], 1),
        (["diff", "26100", "26100", "--fail-on", "any"], 0),
    ] {
        assert_eq!(xtask(&arguments).status.code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn text_in_a_pipe_has_no_colours_and_json_is_json() {
    let text = stdout(&xtask(&["diff", "22631", "26100"]));
    assert!(text.contains("Breaking: same id and version, other bytes (20)") && !text.contains('\x1b'), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&xtask(&["diff", "22631", "26100", "--format", "json"]))).expect("JSON");
    assert_eq!(json["summary"]["breaking"], 20);
}

#[test]
fn a_manifest_file_can_be_a_side() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver/22631.man");
    assert!(stdout(&xtask(&["diff", file, "22631"])).contains("No change."));
    let missing = xtask(&["diff", "no-such.man", "22631"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("expected a build number"));
}

#[test]
fn show_finds_an_event_by_id_and_by_name() {
    let by_id = stdout(&xtask(&["show", "551"]));
    assert!(by_id.starts_with("event 551 Smb2SessionAuthFailure, builds "), "{by_id}");
    assert!(by_id.contains("ReasonCode") && by_id.contains("builds 20348"), "{by_id}");
    assert_eq!(by_id, stdout(&xtask(&["show", "sessionauthfailure"])));
    assert_eq!(by_id, stdout(&xtask(&["show", "0x227"])));
    let several = xtask(&["show", "session"]);
    assert!(String::from_utf8_lossy(&several.stderr).contains("which one?"));
    for (wanted, message) in [
        ("9999", "there is no event 9999"),
        ("99999", "an id is at most 65535"),
        ("0x10000", "an id is at most 65535"),
        ("nothing-like-it", "no event has `nothing-like-it` in its name"),
    ] {
        let output = xtask(&["show", wanted]);
        assert_eq!(output.status.code(), Some(2), "{wanted}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
    }
}

#[test]
fn builds_lists_every_capture() {
    let list = stdout(&xtask(&["builds"]));
    assert_eq!(
        list.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count(),
        crate::import::builds().len(),
        "{list}"
    );
    assert!(stdout(&xtask(&["builds", "26100"])).contains("WEPExplorer 26100.1742"));
}
