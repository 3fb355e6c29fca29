//! Event logs that are made here: what the names of their fields and a `System.evtx` in the same folder settle.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::{
    Run,
    evtx_writer::{Chunk, Event, Value, event_data, log, user_data},
    smbetw,
};

/// `win:Boolean`, `win:UnicodeString` and `win:GUID` in a log.
const BOOLEAN: u8 = 13;
const STRING: u8 = 1;
const GUID: u8 = 15;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smbetw-logs-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, events: &[Event]) {
        let mut chunk = Chunk::new();
        for (id, event) in (1..).zip(events) {
            chunk.push(id, event);
        }
        std::fs::write(self.0.join(name), log(&[chunk.finish()])).unwrap();
    }

    fn read(&self, name: &str, more: &[&str]) -> Run {
        let path = self.0.join(name);
        let args: Vec<&str> =
            ["read", "--format", "jsonl", path.to_str().unwrap()].iter().chain(more).copied().collect();
        smbetw(&args, "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Event 1900, with this name for its only field.
fn tdi(name: &str, kind: u8) -> Event {
    let bytes = if kind == BOOLEAN { vec![1, 0, 0, 0] } else { vec![0; 16] };
    let data = Value::Instance(user_data(&[(name, kind)]), vec![Value::Bytes(kind, bytes)]);
    Event { id: 1900, version: 0, data, ..Event::default() }
}

/// The event of EventLog that has the build.
fn started(build: &str) -> Event {
    let values = ["10.00.", build, "", "Multiprocessor Free", "0"].map(Value::string);
    let names = ["1", "2", "3", "4", "5"].map(|name| (name, STRING));
    let data = Value::Instance(event_data(&names), values.into());
    let time = Event::default().time - 1;
    Event { id: 6009, version: 0, provider: [0; 16], provider_name: "EventLog", time, data, ..Event::default() }
}

#[test]
fn names_settle_the_layout_without_a_build() {
    let folder = Folder::new("names");
    folder.write("log.evtx", &[tdi("IsTdiEnabled", BOOLEAN), tdi("Enabled", BOOLEAN), tdi("IsTdiEnabled", GUID)]);
    let run = folder.read("log.evtx", &[]);
    assert_eq!((run.code, run.answers.len()), (1, 3), "{}", run.stderr);
    let fields = json!({ "IsTdiEnabled": true });
    assert_eq!((&run.answers[0]["fields"], run.answers[0].get("notes")), (&fields, None));
    assert_eq!(run.answers[0].get("build"), None);
    assert_eq!(run.answers[1]["fields"], fields);
    assert!(run.answers[1]["notes"][0].as_str().unwrap().ends_with("Enabled for IsTdiEnabled"), "{}", run.answers[1]);
    let error = &run.answers[2]["error"];
    assert_eq!(error["kind"], "names_differ", "{error}");
    assert_eq!(error["found"], json!([{ "name": "IsTdiEnabled", "type": "Guid" }]));
    assert_eq!(error["layouts"][0]["fields"], json!([{ "name": "IsTdiEnabled", "type": "win:Boolean" }]));
    assert!(error["record"].is_u64() && error["time"].is_string() && error["file"].is_string(), "{error}");
}

#[test]
fn a_string_gets_the_nul_that_its_field_has() {
    let folder = Folder::new("nul");
    let event = |text: Value| Event {
        id: 1029,
        version: 0,
        data: Value::Instance(user_data(&[("CipherSuiteOrder", STRING)]), vec![text]),
        ..Event::default()
    };
    let text: Vec<u8> = "AES".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_nul: Vec<u8> = text.iter().copied().chain([0, 0]).collect();
    folder.write("log.evtx", &[event(Value::Bytes(STRING, text)), event(Value::Bytes(STRING, with_nul))]);
    let run = folder.read("log.evtx", &[]);
    assert_eq!((run.code, run.answers.len()), (0, 2), "{}", run.text);
    assert!(run.answers.iter().all(|answer| answer["fields"] == json!({ "CipherSuiteOrder": "AES" })));
}

#[test]
fn a_system_log_of_another_time_is_overruled_by_names() {
    let folder = Folder::new("disagree");
    // The layout of builds before 17763 has neither of the last two fields.
    let fields = [("ConnectionGUID", GUID), ("AddressLength", 8), ("Address", 14), ("TransportLength", 8)];
    let names: Vec<(&str, u8)> = fields.into_iter().chain([("TransportName", STRING)]).collect();
    let bytes = [
        vec![7; 16],
        vec![2, 0, 0, 0],
        vec![1, 2],
        vec![3, 0, 0, 0],
        "Tcp".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    let values = names.iter().zip(bytes).map(|((_, kind), bytes)| Value::Bytes(*kind, bytes));
    let data = Value::Instance(user_data(&names), values.collect());
    folder.write("log.evtx", &[Event { id: 500, version: 0, data, ..Event::default() }]);
    folder.write("System.evtx", &[started("10240")]);
    let run = folder.read("log.evtx", &[]);
    let answer = &run.answers[0];
    assert_eq!((run.code, answer["fields"]["TransportName"].as_str()), (0, Some("Tcp")), "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().contains("has build 10240"), "{answer}");
    assert_eq!(answer.get("build"), None, "{answer}");
    // The command line has precedence.
    let run = folder.read("log.evtx", &["--build", "10240"]);
    assert_eq!((run.code, &run.answers[0]["error"]["kind"]), (1, &json!("names_differ")), "{}", run.text);
}

#[test]
fn a_log_that_grows_is_read_as_far_as_it_is_written() {
    let folder = Folder::new("grows");
    let events = [tdi("IsTdiEnabled", BOOLEAN), tdi("IsTdiEnabled", BOOLEAN)];
    folder.write("log.evtx", &events[..1]);
    assert_eq!(folder.read("log.evtx", &[]).answers.len(), 1);
    folder.write("log.evtx", &events);
    let whole = std::fs::read(folder.0.join("log.evtx")).unwrap();
    assert_eq!(folder.read("log.evtx", &[]).answers.len(), 2);
    // The header counts a chunk that is missing.
    std::fs::write(folder.0.join("log.evtx"), log(&[whole[4096..].to_vec(), Vec::new()])).unwrap();
    let run = folder.read("log.evtx", &[]);
    assert_eq!(run.answers.iter().filter(|answer| answer.get("fields").is_some()).count(), 2, "{}", run.text);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn the_build_is_that_of_the_command_line_or_of_the_system_log() {
    let folder = Folder::new("system");
    folder.write("log.evtx", &[tdi("IsTdiEnabled", BOOLEAN)]);
    folder.write("System.evtx", &[started("20348")]);
    let build = |more: &[&str]| {
        let mut run = folder.read("log.evtx", more);
        assert_eq!(run.code, 0, "{}{}", run.text, run.stderr);
        run.answers[0]["build"].take()
    };
    assert_eq!(build(&[]), json!(20348));
    assert_eq!(build(&["--build", "26100"]), json!(26100));
    let log = folder.0.join("log.evtx");
    let info = smbetw(&["info", "--format", "json", log.to_str().unwrap()], "");
    let known: Json = serde_json::from_str(&info.text).unwrap();
    assert_eq!(
        (&known["build"], &known["build_known_by"]),
        (&json!(20348), &json!("the System.evtx in the same folder"))
    );
}
