//! The answers for programs: JSON of one event, and JSON lines in and out; and the command line itself.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::{Value, json};
use smbserver_etw::LayoutInfo;

use super::{
    LOGON_FAILURE, NO_MESSAGE, command, first_and_last_build, golden, hex, layout, negotiate, numbered, ranges, smbetw,
};

/// Runs `decode` with the words of `args` as arguments, and expects one line.
fn decode(args: &str) -> (i32, Value) {
    decode_from(args, "")
}

fn decode_from(args: &str, stdin: impl AsRef<[u8]>) -> (i32, Value) {
    let args: Vec<&str> = ["decode", "--format", "json"].into_iter().chain(args.split_whitespace()).collect();
    let mut run = smbetw(&args, stdin);
    assert_eq!(run.answers.len(), 1, "{}{}", run.text, run.stderr);
    assert_eq!(run.text.lines().count(), 1);
    assert_eq!(run.stderr, "");
    (run.code, run.answers.remove(0))
}

/// The error of a run that should have one.
fn error(args: &str) -> Value {
    let (code, mut answer) = decode(args);
    assert_eq!(code, 1);
    answer["error"].take()
}

/// Checks that an error has these keys with these values, and a message that is text.
fn check(error: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&error[key], value, "{key} of {error}");
    }
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
}

/// The offset of the field, all fields before which must have a fixed size.
fn offset(layout: &LayoutInfo, field: &str) -> usize {
    let before = layout.fields.iter().take_while(|known| known.name != field);
    before.map(|known| known.fixed_size().unwrap()).sum()
}

/// The answer without its build, which it has if one was given.
fn without_build((code, mut answer): (i32, Value)) -> (i32, Value) {
    answer.as_object_mut().unwrap().remove("build");
    (code, answer)
}

const READ_20348: &str = "Smb2ResponseReadV2";
const READ_26100: &str = "Smb2ResponseReadV2Build26100";

#[test]
fn a_small_event_with_and_without_its_build() {
    let expected = json!({
        "event": "TdiModeEnabled", "id": 1900, "version": 0, "layout": "TdiModeEnabledV0",
        "channel": "Microsoft-Windows-SMBServer/Operational", "level": "Informational", "task": "TdiModeEnabled",
        "keywords": ["Nsi"], "message": "TDI mode enabled: true", "fields": { "IsTdiEnabled": true },
    });
    for args in [
        "--build 26100 --id 1900 --version 0 01000000",
        "--build 0x65F4 --id 0x76c --version 0x0 0x01000000",
        "--id 1900 --version 0 01-00-00-00",
        "01:00:00:00 --id 1900 --version 0 --build 26200",
        "--id 1900 --version 0 01 00 00 00",
        "--build 26100 --id 1900 --version 0 01000000 --lenient",
        "--build 10.0.26100.6584 --id tdimodeenabled AQAAAA==",
        "--id 1900 01000000",
    ] {
        assert_eq!(without_build(decode(args)), (0, expected.clone()), "{args}");
    }
    let args = "--build 26100 --id 1900 --version 0";
    assert_eq!(decode(&format!("{args} 01000000")).1["build"], json!(26100));
    assert_eq!(without_build(decode_from(args, "01 00\r\n0x00 00\n")), (0, expected.clone()));
    assert_eq!(without_build(decode_from(&format!("{args} -"), "\u{feff}0x01000000")), (0, expected));
}

#[test]
fn the_keys_come_in_a_fixed_order() {
    let args = "decode --build 99999 --id 1900 --version 0 --lenient --names --format json 01000000AB";
    let run = smbetw(&args.split(' ').collect::<Vec<_>>(), "");
    let expected = concat!(
        r#"{"build":99999,"event":"TdiModeEnabled","id":1900,"version":0,"layout":"TdiModeEnabledV0","#,
        r#""channel":"Microsoft-Windows-SMBServer/Operational","level":"Informational","task":"TdiModeEnabled","#,
        r#""keywords":["Nsi"],"fields":{"IsTdiEnabled":true},"message":"TDI mode enabled: true","names":{},"#,
        r#""basis":{"newer_than":NEWEST},"left_over":"AB"}"#,
        "\n"
    );
    assert_eq!(run.text, expected.replace("NEWEST", &first_and_last_build().1.to_string()));
    assert_eq!(run.code, 0);
}

#[test]
fn a_response_is_read_with_the_fields_of_its_build() {
    for (build, name, cycles) in [(20348, READ_20348, "QueueCycles"), (26100, READ_26100, "QueueTime")] {
        let layout = layout(name);
        let payload = hex(&numbered(layout));
        let with_build = decode(&format!("--build {build} --id 111 --version 2 {payload}"));
        assert_eq!(with_build.0, 0);
        let answer = &with_build.1;
        assert_eq!((&answer["event"], &answer["layout"]), (&json!("Smb2ResponseRead"), &json!(name)));
        assert_eq!(answer.get("basis"), None);
        let fields = answer["fields"].as_object().unwrap();
        let names: Vec<_> = layout.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.keys().collect::<Vec<_>>(), names);
        for (index, field) in (1..).zip(&names) {
            let expected = if field.ends_with("GUID") {
                json!(format!("{{{index:08x}-0000-0000-0000-000000000000}}"))
            } else {
                json!(index)
            };
            let found = &fields[*field];
            let found = found.as_str().map_or_else(|| found.clone(), |text| json!(text.to_lowercase()));
            assert_eq!(found, expected, "{field}");
        }
        assert!(fields.contains_key(cycles));
        let of_any = decode(&format!("--id 111 {payload}"));
        assert_eq!(of_any, without_build(with_build), "without a build");
    }
}

#[test]
fn under_the_wrong_build_the_right_layout_is_named() {
    let payload = hex(&numbered(layout(READ_26100)));
    check(
        &error(&format!("--build 20348 --id 111 --version 2 {payload}")),
        &json!({
            "kind": "other_layout", "build": 20348, "id": 111, "version": 2, "event": "Smb2ResponseRead",
            "layout": READ_20348, "mismatch": "left_over", "offset": 196, "left_over": 32,
            "fits": [{ "layout": READ_26100, "builds": ranges(&[layout(READ_26100)]) }],
        }),
    );
    let payload = hex(&numbered(layout(READ_20348)));
    let expected = json!({
        "kind": "other_layout", "build": 26100, "id": 111, "version": 2, "layout": READ_26100,
        "mismatch": "truncated", "field": "TreeConnectGUID", "offset": 188, "needed": 16, "available": 8,
        "fits": [{ "layout": READ_20348, "builds": ranges(&[layout(READ_20348)]) }],
    });
    check(&error(&format!("--build 26100 --id 111 --version 2 {payload}")), &expected);
    check(&error(&format!("--build 26100 --id 111 --version 2 --lenient {payload}")), &expected);
}

#[test]
fn a_build_that_was_not_captured_says_what_it_is_read_as() {
    let basis = |args: &str| decode(args).1["basis"].take();
    let same = basis("--build 22700 --id 1900 --version 0 01000000");
    assert_eq!(same, json!({ "between": [22631, 26100], "same_layout": true }));
    let payload = hex(&numbered(layout(READ_20348)));
    let changed = basis(&format!("--build 22700 --id 111 --version 2 {payload}"));
    assert_eq!(changed, json!({ "between": [22631, 26100], "same_layout": false }));
    assert_eq!(
        basis("--build 99999 --id 1900 --version 0 01000000"),
        json!({ "newer_than": first_and_last_build().1 })
    );
}

#[test]
fn what_a_capture_lacks_is_said_with_the_update_that_it_is_of() {
    // 3021 v1 came with an update; the capture of 22000 is of an earlier one.
    let args = format!("--build 22000 --id 3021 --version 1 {NO_MESSAGE}");
    let (code, answer) = decode(&args);
    let has = ranges(&[layout("Smb2ClientDoesNotSupportSigningV1")]);
    assert_eq!((code, &answer["basis"]), (0, &json!({ "other_build": has, "capture_as_of": "10.0.22000.194" })));
    let text = smbetw(&["decode"].into_iter().chain(args.split(' ')).collect::<Vec<_>>(), "").text;
    let note = "the capture of 22000 is as of 10.0.22000.194; newer updates may have added events";
    assert!(text.contains(note), "{text}");
    let unknown = error("--build 22000 --id 3023 --version 0 00");
    check(&unknown, &json!({ "kind": "unknown_event", "build": 22000, "capture_as_of": "10.0.22000.194" }));
    assert!(unknown["message"].as_str().unwrap().ends_with(note), "{unknown}");
    // Of this one only the version of the message table is known.
    let unknown = error("--build 17763 --id 3023 --version 0 00");
    assert!(unknown["message"].as_str().unwrap().contains("is not known"), "{unknown}");
    assert_eq!(unknown.get("capture_as_of"), None);
}

#[test]
fn what_is_unknown_is_said_with_what_is_known() {
    let oldest = first_and_last_build().0;
    let older = oldest - 1;
    check(
        &error(&format!("--build {older} --id 1900 --version 0 01000000")),
        &json!({ "kind": "unknown_build", "build": older, "id": 1900, "version": 0, "oldest_build": oldest }),
    );
    let nowhere = error("--build 26100 --id 9999 --version 0 00");
    check(&nowhere, &json!({ "kind": "unknown_event", "build": 26100, "id": 9999, "version": 0 }));
    assert_eq!(nowhere.get("known_versions"), None);
    check(&error("--id 9999 --version 0 00"), &json!({ "kind": "unknown_event", "id": 9999, "version": 0 }));
    check(
        &error("--build 20348 --id 3023 --version 0 00"),
        &json!({
            "kind": "unknown_event", "build": 20348, "event": "InsecureGuestLogon",
            "known_versions": [{ "version": 0, "builds": ranges(&[layout("InsecureGuestLogonV0")]) }],
        }),
    );
    check(
        &error("--build 26100 --id 111 --version 9 00"),
        &json!({
            "kind": "unknown_version", "build": 26100, "id": 111, "version": 9, "event": "Smb2ResponseRead",
            "known_versions": [{ "version": 2, "builds": ranges(&[layout(READ_20348), layout(READ_26100)]) }],
        }),
    );
}

#[test]
fn a_payload_that_does_not_fit_says_where() {
    check(
        &error("--build 26100 --id 1900 --version 0 010000"),
        &json!({
            "kind": "truncated", "build": 26100, "id": 1900, "version": 0, "event": "TdiModeEnabled",
            "layout": "TdiModeEnabledV0", "field": "IsTdiEnabled", "offset": 0, "needed": 4, "available": 3,
        }),
    );
    check(
        &error("--build 26100 --id 1900 --version 0 0100000005"),
        &json!({ "kind": "left_over", "layout": "TdiModeEnabledV0", "offset": 4, "left_over": 1 }),
    );
    check(
        &error("--build 26100 --id 1029 --version 0 41004200"),
        &json!({ "kind": "unterminated", "field": "CipherSuiteOrder", "offset": 0, "available": 4 }),
    );
    let none = error("--id 111 --version 2 0000");
    check(
        &none,
        &json!({
            "kind": "no_layout_fits", "id": 111, "version": 2, "layout": READ_26100, "mismatch": "truncated",
            "field": "SessionId", "offset": 0, "needed": 8, "available": 2,
        }),
    );
    assert_eq!(none.get("build"), None);
}

#[test]
fn the_message_is_exactly_that_of_windows() {
    for id in [1006, 1010] {
        let (code, answer) = decode(&format!("--build 20348 --id {id} --version 0 {}", golden(id, "payload.hex")));
        assert_eq!((code, answer["message"].as_str()), (0, Some(golden(id, "message.txt").as_str())));
    }
    // Its manifest has no text.
    let layout = layout("Smb2ClientDoesNotSupportSigningV1");
    assert_eq!(layout.newest_header().unwrap().message, None);
    let (code, answer) = decode(&format!("--build 26100 --id 3021 --version 1 {NO_MESSAGE}"));
    assert_eq!((code, answer.get("message")), (0, None), "{answer}");
}

#[test]
fn names_are_given_when_asked_for() {
    let names = |args: &str| decode(&format!("{args} --names")).1["names"].take();
    assert_eq!(decode(&format!("--build 20348 --id 551 --version 0 {LOGON_FAILURE}")).1.get("names"), None);
    assert_eq!(
        names(&format!("--build 20348 --id 551 --version 0 {LOGON_FAILURE}")),
        json!({ "Status": "STATUS_LOGON_FAILURE (0xc000006d)" })
    );
    assert_eq!(
        names(&format!("--build 20348 --id 1006 --version 0 {}", golden(1006, "payload.hex"))),
        json!({
            "MappedAccess": "FILE_READ_ATTRIBUTES",
            "Status": "STATUS_ACCESS_DENIED (0xc0000022)",
            "TranslatedStatus": "STATUS_ACCESS_DENIED (0xc0000022)",
        })
    );
    let mixed = names(&format!("--build 20348 --id 1 --version 2 {}", negotiate(&[0x0202, 0x7777, 0x0311])));
    assert_eq!(mixed["Dialects"], json!(["SMB_2_0_2", null, "SMB_3_1_1"]));
    assert_eq!(names("--build 26100 --id 1900 --version 0 01000000"), json!({}));
    let line = format!(r#"{{"build":20348,"id":551,"version":0,"payload":"{LOGON_FAILURE}"}}"#);
    let run = smbetw(&["decode", "--jsonl", "-", "--names", "--format", "json"], line);
    assert_eq!(run.answers[0]["names"]["Status"], json!("STATUS_LOGON_FAILURE (0xc000006d)"));
}

#[test]
fn json_says_what_was_logged_whatever_it_is() {
    let (_, answer) = decode("--build 26100 --id 1029 --version 0 1b009b000d000a000000");
    assert_eq!(answer["fields"]["CipherSuiteOrder"], json!("\u{1b}\u{9b}\r\n"));
    assert!(answer["message"].as_str().unwrap().contains("\u{1b}\u{9b}\r\n"));
}

/// The layouts of the response to query info (event 120, version 2).
const QUERY_INFO: [&str; 2] = ["Smb2ResponseQueryInfoV2", "Smb2ResponseQueryInfoV2Build26100"];

/// Both layouts of the response have a count for their last field, at different offsets. This payload fits both.
pub(super) fn query_info_of_either_layout() -> String {
    let names = QUERY_INFO;
    let fixed =
        names.map(|name| layout(name).fields.iter().filter_map(etw_runtime::FieldInfo::fixed_size).sum::<usize>());
    let total = fixed[1] + 100;
    let mut payload = vec![0; total];
    for (name, fixed) in names.into_iter().zip(fixed) {
        let at = offset(layout(name), "OutputBufferLength");
        payload[at] = u8::try_from(total - fixed).unwrap();
    }
    hex(&payload)
}

#[test]
fn without_a_build_two_layouts_that_fit_are_no_answer() {
    let names = QUERY_INFO;
    let payload = query_info_of_either_layout();
    check(
        &error(&format!("--id 120 --version 2 {payload}")),
        &json!({
            "kind": "ambiguous", "id": 120, "version": 2, "event": "Smb2ResponseQueryInfo",
            "candidates": [
                { "layout": names[0], "builds": ranges(&[layout(names[0])]) },
                { "layout": names[1], "builds": ranges(&[layout(names[1])]) },
            ],
        }),
    );
    for (build, name, other) in [(20348, names[0], names[1]), (26100, names[1], names[0])] {
        let (code, answer) = decode(&format!("--build {build} --id 120 --version 2 {payload}"));
        assert_eq!((code, &answer["layout"]), (0, &json!(name)));
        assert_eq!(answer["also_fits"][0]["layout"], json!(other));
    }
}

#[test]
fn lenient_decoding_hands_over_what_it_left() {
    let (code, answer) = decode("--build 26100 --id 1900 --version 0 --lenient 0100000005ab");
    assert_eq!((code, &answer["left_over"]), (0, &json!("05AB")));
    assert_eq!(answer.get("unterminated"), None);
    let (code, answer) = decode("--build 26100 --id 1029 --version 0 --lenient 41004200");
    assert_eq!((code, &answer["unterminated"]), (0, &json!(true)));
    assert_eq!((&answer["fields"]["CipherSuiteOrder"], answer.get("left_over")), (&json!("AB"), None));
    let truncated = error("--build 26100 --id 1900 --version 0 --lenient 0100");
    check(&truncated, &json!({ "kind": "truncated", "available": 2 }));
}

#[test]
fn bad_hex_is_the_events_error() {
    let bad = error("--build 26100 --id 1900 --version 0 01g0");
    check(&bad, &json!({ "kind": "bad_hex", "position": 3, "build": 26100, "id": 1900, "version": 0 }));
    let (code, answer) = decode_from("--id 1900 --version 0 -", "0".repeat((1 << 20) + 1));
    assert_eq!((code, &answer["error"]["kind"]), (1, &json!("too_long")));
}

#[test]
fn json_lines_are_answered_in_order_whatever_is_between_them() {
    let good = r#"{"build":26100,"id":1900,"version":0,"payload":"01000000"}"#;
    let mut input = Vec::new();
    let mut line = |text: &[u8]| {
        input.extend_from_slice(text);
        input.push(b'\n');
    };
    line(good.as_bytes());
    line(b"{\"build\":26100,");
    line(b"");
    line(b"  \r");
    line(br#"{"build":null,"id":"0x76C","version":0,"payload":"0x00000000","time":1}"#);
    line(b"{\"build\":26100,\"id\":1900,\"version\":0,\"payload\":\"\xFF\"}");
    line(&vec![b'x'; (1 << 20) + 1]);
    line(br#"{"build":26100,"version":0,"payload":"01000000"}"#);
    line(br#"{"build":26100,"id":70000,"version":0,"payload":"01000000"}"#);
    line(br#"{"build":26100,"id":1900,"version":0,"payload":"0100000"}"#);
    line(br#"{"build":26100,"id":1900,"version":0,"payload":[1,0,0,0]}"#);
    line(br#"{"build":26100,"id":1900,"version":0,"payload":"010000"}"#);
    line(br#"[26100,1900,0,"01000000"]"#);
    input.extend_from_slice(good.as_bytes());
    let run = smbetw(&["decode", "--jsonl", "-"], &input);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let found: Vec<_> = run
        .answers
        .iter()
        .map(|answer| match &answer["error"] {
            Value::Null => answer["fields"].to_string(),
            error => format!("{} {}", error["line"], error["kind"].as_str().unwrap()),
        })
        .collect();
    let expected = [
        r#"{"IsTdiEnabled":true}"#,
        "2 bad_line",
        r#"{"IsTdiEnabled":false}"#,
        "6 bad_line",
        "7 too_long",
        "8 missing_key",
        "9 bad_number",
        "10 bad_hex",
        "11 bad_hex",
        "12 truncated",
        "13 bad_line",
        r#"{"IsTdiEnabled":true}"#,
    ];
    assert_eq!(found, expected);
    assert_eq!(run.text.lines().count(), expected.len());
    check(&run.answers[5]["error"], &json!({ "key": "id", "build": 26100, "version": 0 }));
    check(&run.answers[6]["error"], &json!({ "key": "id", "build": 26100, "version": 0 }));
    check(&run.answers[7]["error"], &json!({ "position": 7, "build": 26100, "id": 1900, "version": 0 }));
}

#[test]
fn answers_of_lines_can_be_joined_to_them() {
    let input = concat!(
        r#"{"ts":"10:00","id":"TdiModeEnabled","payload":"AQAAAA==","host":{"name":"fs1"}}"#,
        "\n\n",
        r#"{"ts":"10:01","id":1900,"payload":"01"}"#,
        "\n",
        r#"{"Build":26100,"id":1900,"payload":"01000000"}"#,
    );
    let run = smbetw(&["decode", "--jsonl", "-"], input);
    assert_eq!(run.answers[0]["line"], json!(1));
    assert_eq!(run.answers[0]["input"], json!({ "ts": "10:00", "host": { "name": "fs1" } }));
    assert_eq!((&run.answers[1]["error"]["line"], &run.answers[1]["input"]), (&json!(3), &json!({ "ts": "10:01" })));
    check(&run.answers[2]["error"], &json!({ "kind": "missing_key", "key": "Build", "hint": "build", "line": 4 }));
}

#[test]
fn addresses_and_integers_are_written_as_asked() {
    let golden = golden(1006, "payload.hex");
    let (_, answer) = decode(&format!("--build 20348 --id 1006 --version 0 {golden}"));
    let address = answer["addresses"]["ClientAddress"].as_str().unwrap();
    assert!(answer["message"].as_str().unwrap().contains(address), "{address}");
    let status = |args: &str| decode(&format!("--build 20348 --id 1006 {golden} {args}")).1["fields"]["Status"].take();
    assert_eq!(status(""), json!("0xc0000022"));
    assert_eq!(status("--integers number"), json!(0xc000_0022_u32));
    let id = |args: &str| {
        let payload = hex(&numbered(layout(READ_26100)));
        decode(&format!("--build 26100 --id 111 {payload} {args}")).1["fields"]["SessionId"].take()
    };
    assert_eq!((id(""), id("--big-integers string")), (json!(1), json!("1")));
}

#[test]
fn json_lines_from_a_file_and_with_defaults() {
    let path = std::env::temp_dir().join(format!("smbetw-decode-{}.jsonl", std::process::id()));
    std::fs::write(&path, "\u{feff}{\"id\":1900,\"version\":0,\"payload\":\"0100000007\"}\n").unwrap();
    let file = path.to_str().unwrap();
    let lenient = smbetw(&["decode", "--jsonl", file, "--build", "26100", "--lenient"], "");
    let buildless = smbetw(&["decode", "--jsonl", file, "--lenient"], "");
    std::fs::remove_file(&path).unwrap();
    assert_eq!((lenient.code, &lenient.answers[0]["left_over"]), (0, &json!("07")));
    assert_eq!(buildless.code, 1);
    check(&buildless.answers[0]["error"], &json!({ "kind": "no_build", "line": 1, "id": 1900, "version": 0 }));
}

#[test]
fn several_files_of_json_lines_are_answered_one_after_the_other() {
    let line = |id: u32| format!("{{\"build\":26100,\"id\":{id},\"version\":0,\"payload\":\"01000000\"}}\n");
    let path = |name: &str| std::env::temp_dir().join(format!("smbetw-{name}-{}.jsonl", std::process::id()));
    let paths = [path("monday"), path("tuesday")];
    std::fs::write(&paths[0], line(1900) + &line(1900)).unwrap();
    std::fs::write(&paths[1], line(7)).unwrap();
    let [monday, tuesday] = paths.each_ref().map(|path| path.to_str().unwrap());
    let run = smbetw(&["decode", "--jsonl", monday, "--jsonl", "-", "--jsonl", tuesday], line(1900));
    let absent = smbetw(&["decode", "--jsonl", "/no/such", "--jsonl", monday], "");
    let none = smbetw(&["decode", "--jsonl", "/no/such", "--jsonl", "/nor/such"], "");
    for path in &paths {
        std::fs::remove_file(path).unwrap();
    }
    let places: Vec<_> =
        run.answers[..3].iter().map(|answer| (answer["file"].as_str(), answer["line"].as_u64())).collect();
    assert_eq!(places, [(Some(monday), Some(1)), (Some(monday), Some(2)), (Some("standard input"), Some(1))]);
    check(&run.answers[3]["error"], &json!({ "file": tuesday, "line": 1, "id": 7 }));
    assert_eq!(run.code, 1);
    assert_eq!((absent.code, absent.answers.len()), (1, 2));
    assert!(absent.stderr.starts_with("error: cannot read /no/such: "), "{}", absent.stderr);
    assert_eq!((none.code, none.text.as_str(), none.stderr.lines().count()), (2, "", 2), "{}", none.stderr);
}

#[test]
fn no_events_are_no_failure() {
    let run = smbetw(&["decode", "--jsonl", "-"], "\n\n");
    assert_eq!((run.code, run.text.as_str()), (0, ""));
}

/// A writer that feeds a pipe slowly gets each answer before it writes the next line.
#[test]
fn a_live_pipe_is_answered_at_once() {
    let mut child = command(&["decode", "--jsonl", "-"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for payload in ["00000000", "01000000"] {
        writeln!(input, r#"{{"id":1900,"version":0,"payload":"{payload}"}}"#).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.contains("IsTdiEnabled"), "{answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(&["decode", "--jsonl", "-"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let line = r#"{"id":1900,"version":0,"payload":"01000000"}"#;
    // The command may stop reading at any time.
    while writeln!(input, "{line}").is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn a_command_line_that_cannot_be_meant_exits_with_2() {
    for args in [
        "",
        "decode",
        "decode --id 70000 --version 0 00",
        "decode --id x --version 0 00",
        "decode --id 1900 --version 0 --lenient 00",
        "decode --jsonl - --id 1900",
        "decode --jsonl - 00",
        "decode --jsonl - --format text",
        "decode --id 1900 --version 0 --format xml 00",
        "decode --id 1900 --version 0 --message-table /no/such/file 00",
        "decode --id 1900 --version 0 --message-table . 00",
        "decode --jsonl /no/such/file",
        "decode --jsonl .",
    ] {
        let run = smbetw(&args.split_whitespace().collect::<Vec<_>>(), "");
        assert_eq!((run.code, run.text.as_str()), (2, ""), "{args}");
        assert!(!run.stderr.is_empty(), "{args}");
    }
    assert!(smbetw(&["decode", "--jsonl", "/no/such/file"], "").stderr.contains("/no/such/file"));
}

#[test]
fn help_teaches() {
    for args in [&["--help"][..], &["decode", "--help"], &["decode", "-h"]] {
        let run = smbetw(args, "");
        assert_eq!(run.code, 0);
        assert!(run.text.contains("Exit codes:"), "{}", run.text);
    }
    let help = smbetw(&["decode", "--help"], "").text;
    for kind in [
        "unknown_build",
        "unknown_event",
        "unknown_version",
        "truncated",
        "unterminated",
        "odd_length",
        "left_over",
        "other_layout",
        "ambiguous",
        "no_layout_fits",
        "bad_line",
        "too_long",
        "missing_key",
        "bad_number",
        "bad_hex",
        "no_build",
        "missing_version",
    ] {
        assert!(help.contains(&format!("\n  {kind} ")), "{kind}");
    }
}

/// The examples of the help do what it says.
#[test]
fn the_examples_work() {
    for args in ["--build 26100 --id 1900 --version 0 01000000", "--build 20348 --id 0x76C --version 0"] {
        assert!(smbetw(&["decode", "--help"], "").text.contains(args), "{args}");
    }
    let words = ["decode", "--build", "20348", "--id", "0x76C", "--version", "0", "0x01, 0x00, 0x00, 0x00"];
    assert!(smbetw(&words, "").text.ends_with("\nIsTdiEnabled  true\n"));
}

#[test]
fn an_input_in_utf_16_gives_one_error() {
    let line = r#"{"id":1900,"version":0,"payload":"01000000"}"#;
    let bytes: Vec<u8> = format!("\u{feff}{line}\r\n{line}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let run = smbetw(&["decode", "--jsonl", "-"], bytes);
    assert_eq!((run.code, run.answers.len()), (1, 1), "{}", run.text);
    assert!(run.text.contains("UTF-16"), "{}", run.text);
}
