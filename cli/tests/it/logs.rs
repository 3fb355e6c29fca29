//! Event logs that are made here: what the names of their fields and a `System.evtx` in the same folder settle.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::{
    Run,
    evtx_writer::{Chunk, Event, Value, event_data, log, sign, user_data},
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
fn a_log_of_several_builds_names_them_all() {
    let folder = Folder::new("builds");
    let later = Event { time: Event::default().time + 20 * 60 * 10_000_000, ..tdi("IsTdiEnabled", BOOLEAN) };
    let updated = Event { time: Event::default().time + 11 * 60 * 10_000_000, ..started("26100") };
    folder.write("log.evtx", &[tdi("IsTdiEnabled", BOOLEAN), later]);
    folder.write("System.evtx", &[started("20348"), updated]);
    let run = folder.read("log.evtx", &[]);
    assert_eq!(run.answers.iter().map(|answer| answer["build"].clone()).collect::<Vec<_>>(), [20348, 26100]);
    let log = folder.0.join("log.evtx");
    let info = smbetw(&["info", "--format", "json", log.to_str().unwrap()], "").answers.remove(0);
    assert_eq!(info["builds"], json!([{ "build": 20348, "events": 1 }, { "build": 26100, "events": 1 }]));
    let text = smbetw(&["info", log.to_str().unwrap()], "").text;
    assert!(text.contains("20348 (1 events), 26100 (1 events), by the System.evtx in the same folder"), "{text}");
}

/// What is not as Windows wrote it is told with its place, and read all the same.
#[test]
fn a_wrong_checksum_is_told_and_costs_nothing() {
    let folder = Folder::new("sums");
    folder.write("log.evtx", &[tdi("IsTdiEnabled", BOOLEAN), tdi("IsTdiEnabled", BOOLEAN)]);
    let path = folder.0.join("log.evtx");
    let mut bytes = std::fs::read(&path).unwrap();
    sign(&mut bytes);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(folder.read("log.evtx", &[]).code, 0);
    bytes[4096 + 512 + 16] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let run = folder.read("log.evtx", &[]);
    assert_eq!((run.code, run.answers.len()), (1, 3), "{}", run.text);
    let error = &run.answers[0]["error"];
    assert_eq!(
        (&error["kind"], &error["offset"], &error["offset_within"]),
        (&json!("wrong_checksum"), &json!(4096), &json!(52))
    );
    let info = smbetw(&["info", path.to_str().unwrap()], "");
    assert!(info.text.contains("the checksum of the records of a chunk"), "{}", info.text);
}

/// The driver was newer than the manifest that its machine had: the log has the payload as it was written.
#[test]
fn an_event_that_the_log_service_could_not_read_is_decoded_all_the_same() {
    let folder = Folder::new("processing");
    let fields = [("ErrorCode", 8), ("DataItemName", STRING), ("EventPayload", 14)];
    let mut template = user_data(&fields);
    template.root.name = "ProcessingErrorData".to_owned();
    let data = Value::Instance(
        template,
        vec![Value::u32(15005), Value::string("IsTdiEnabled"), Value::Bytes(14, vec![1, 0, 0, 0])],
    );
    folder.write("log.evtx", &[Event { id: 1900, version: 0, data, ..Event::default() }]);
    let run = folder.read("log.evtx", &["--build", "26100"]);
    assert_eq!((run.code, &run.answers[0]["fields"]), (0, &json!({ "IsTdiEnabled": true })), "{}", run.text);
    assert!(run.answers[0]["notes"][0].as_str().unwrap().contains("(error 15005)"), "{}", run.answers[0]);
}

/// `<EventData><Data Name="…">`, as most providers have it.
#[test]
fn both_shapes_of_data_are_read() {
    let folder = Folder::new("shapes");
    let value = || vec![Value::Bytes(BOOLEAN, vec![1, 0, 0, 0])];
    let data = Value::Instance(event_data(&[("IsTdiEnabled", BOOLEAN)]), value());
    let other = Value::Instance(user_data(&[("IsTdiEnabled", BOOLEAN)]), value());
    let events = [data, other].map(|data| Event { id: 1900, version: 0, data, ..Event::default() });
    folder.write("log.evtx", &events);
    let run = folder.read("log.evtx", &[]);
    assert_eq!((run.code, run.answers.len()), (0, 2), "{}", run.text);
    assert!(
        run.answers
            .iter()
            .all(|answer| answer["fields"] == json!({ "IsTdiEnabled": true }) && answer["notes"].is_null())
    );
}

/// Records behind the end of a chunk's records, which the log has given up.
#[test]
fn records_that_were_given_up_come_if_they_are_asked_for() {
    let folder = Folder::new("slack");
    folder.write("log.evtx", &[tdi("IsTdiEnabled", BOOLEAN), tdi("IsTdiEnabled", BOOLEAN)]);
    let path = folder.0.join("log.evtx");
    let mut bytes = std::fs::read(&path).unwrap();
    // The second record is no longer the log's.
    let first = u32::from_le_bytes(bytes[4096 + 516..4096 + 520].try_into().unwrap());
    bytes[4096 + 48..4096 + 52].copy_from_slice(&(512 + first).to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(folder.read("log.evtx", &[]).answers.len(), 1);
    let run = folder.read("log.evtx", &["--recover"]);
    assert_eq!((run.code, run.answers.len()), (0, 2), "{}", run.text);
    assert_eq!(run.answers[1]["fields"], json!({ "IsTdiEnabled": true }));
}

#[test]
fn a_broken_file_among_good_ones_costs_only_itself() {
    let folder = Folder::new("broken");
    folder.write("good.evtx", &[tdi("IsTdiEnabled", BOOLEAN)]);
    std::fs::write(folder.0.join("broken.etl"), [0x5A; 5000]).unwrap();
    let path = folder.0.to_str().unwrap();
    for args in [&["read", "--format", "jsonl", path][..], &["info", "--format", "json", path]] {
        let run = smbetw(args, "");
        assert_eq!((run.code, run.answers.len()), (1, 1), "{args:?}: {}", run.text);
        assert!(
            run.stderr.ends_with("broken.etl: neither a trace (.etl) nor an event log (.evtx)\n"),
            "{}",
            run.stderr
        );
        assert_eq!(run.stderr.lines().count(), 1, "no progress where there is no terminal: {}", run.stderr);
    }
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
