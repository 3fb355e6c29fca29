//! Merged traces: they hold the layouts of their events and the build of the machine that merged them, and both are compared with
//! what is known.

use std::path::PathBuf;

use etw_runtime::Size;
use serde_json::Value as Json;
use smbserver_etw::{LayoutInfo, schema::PROVIDER};

use super::{
    Run,
    etl_writer::{Event, EventInfo, InfoProperty, METADATA, RELOG, Session, classic, system},
    layout, numbered, smbetw,
};

/// What a merger says of a layout.
fn described(layout: &LayoutInfo) -> EventInfo<'_> {
    let extent = |size: Option<Size>, flag: u32, none: u16| match size {
        None => (0, none),
        Some(Size::Fixed(number)) => (0, number),
        Some(Size::Field(index)) => (flag, index),
    };
    let properties = layout.fields.iter().map(|field| {
        let length = extent(field.length, 2, u16::try_from(field.fixed_size().unwrap_or(0)).unwrap());
        let count = extent(field.count, 4, 1);
        InfoProperty {
            flags: length.0 | count.0,
            name: field.name,
            in_type: field.in_type.value().into(),
            out_type: 0,
            map: "",
            count: count.1,
            length: length.1,
        }
    });
    let properties: Vec<_> = properties.collect();
    EventInfo {
        provider: PROVIDER.guid.to_bytes(),
        id: layout.id,
        version: layout.version,
        numbers: [16, 4, 0],
        task: 0,
        mask: 0,
        source: 0,
        names: [PROVIDER.name, "win:Informational", ""],
        keywords: Vec::new(),
        texts: ["", "", "", ""],
        top_level: properties.len(),
        properties,
    }
}

fn event(layout: &LayoutInfo, ticks: i64) -> Vec<u8> {
    let key = layout.key();
    let raw = Session::default().raw0 + ticks;
    let payload = numbered(layout);
    Event { provider: PROVIDER.guid.to_bytes(), id: key.id, version: key.version, raw, payload, ..Event::default() }
        .write()
}

/// A trace with events of these layouts, and with those descriptions behind them.
fn merged(session: &Session, layouts: &[&LayoutInfo], infos: &[EventInfo<'_>]) -> Vec<u8> {
    let session = Session { buffer_size: 64 << 10, ..session.clone() };
    let events: Vec<_> = (1..).zip(layouts).map(|(ticks, layout)| event(layout, ticks)).collect();
    let infos: Vec<_> = infos.iter().map(|info| classic(20, METADATA, 32, session.raw0 + 100, &info.write())).collect();
    [session.first(&[]), session.buffer(0, 1, &events), session.buffer(0, 2, &infos)].concat()
}

fn read(trace: &[u8], more: &[&str]) -> Run {
    let args: Vec<&str> = ["read", "--format", "jsonl", "-"].iter().chain(more).copied().collect();
    smbetw(&args, trace)
}

fn info(trace: &[u8], more: &[&str]) -> Json {
    let args: Vec<&str> = ["info", "--format", "json", "-"].iter().chain(more).copied().collect();
    smbetw(&args, trace).answers.remove(0)
}

fn of_build(build: u32) -> Session {
    Session { build, mode: RELOG, names: ("Relogger", "[multiple files]"), ..Session::default() }
}

/// Two layouts of one id and version.
const OLD: &str = "Smb2ResponseReadV2";
const NEW: &str = "Smb2ResponseReadV2Build26100";

#[test]
fn a_layout_that_the_trace_describes_as_it_is_known_is_no_news() {
    for (build, name) in [(20348, OLD), (26100, NEW)] {
        let layout = layout(name);
        let trace = merged(&of_build(build), &[layout], &[described(layout)]);
        let run = read(&trace, &[]);
        assert_eq!((run.code, run.answers.len(), run.stderr.as_str()), (0, 1, ""), "{}", run.text);
        assert_eq!((&run.answers[0]["layout"], run.answers[0].get("notes")), (&Json::from(name), None));
        let info = info(&trace, &[]);
        assert_eq!(info["described"], 1, "{info}");
        assert_eq!(info["notes"].as_array().unwrap().len(), 1, "that it was merged: {info}");
    }
}

/// The machine that merged says one build, the events and their description are another's.
#[test]
fn a_layout_that_the_trace_describes_otherwise_is_told() {
    let trace = merged(&of_build(26100), &[layout(OLD)], &[described(layout(OLD))]);
    let run = read(&trace, &["--build", "26100"]);
    assert_eq!((run.code, &run.answers[0]["error"]["kind"]), (1, &Json::from("other_layout")), "{}", run.text);
    // Of the right size, under the wrong layout: nothing else would tell.
    let mut odd = described(layout(NEW));
    odd.properties.swap(9, 11);
    let trace = merged(&of_build(26100), &[layout(NEW)], &[odd]);
    let run = read(&trace, &[]);
    assert_eq!((run.code, run.answers.len()), (0, 1), "{}", run.text);
    let note = run.answers[0]["notes"][0].as_str().unwrap();
    let fields = layout(NEW).fields;
    let expected = format!(
        "the trace describes this event with other fields than {NEW}: field 10 is {} ({}), not {} ({}); no known layout has \
         these fields",
        fields[11].name, fields[11].in_type, fields[9].name, fields[9].in_type
    );
    assert_eq!(note, expected);
    let info = info(&trace, &[]);
    assert!(info["notes"].to_string().contains("event 111 version 2: the trace describes"), "{info}");
    let known = merged(&of_build(26100), &[layout(NEW)], &[described(layout(OLD))]);
    let note = read(&known, &[]).answers[0]["notes"][0].as_str().unwrap().to_owned();
    assert!(note.ends_with(&format!("; they are those of {OLD}")), "{note}");
}

/// Without the log file header no build is known: the description settles the layout.
#[test]
fn a_description_settles_the_layout_of_a_trace_without_its_header() {
    let [old, new] = [OLD, NEW].map(layout);
    let short = layout("Smb2RequestReadV2");
    let whole = merged(&of_build(26100), &[new, short], &[described(new)]);
    let without = &whole[64 << 10..];
    let run = read(without, &[]);
    assert_eq!((run.code, run.answers.len()), (0, 2), "{}{}", run.text, run.stderr);
    assert_eq!(run.answers[0]["layout"], NEW);
    assert_eq!((run.answers[0].get("build"), run.answers[1].get("build")), (None, None));
    assert_ne!(old.fields.len(), new.fields.len());
}

/// A file that was merged has the build of the machine that did it: other words for it in the file say so.
#[test]
fn a_build_that_may_be_of_another_machine_is_told() {
    let config: [u8; 16] = smbserver_etw::Guid::from_u128(0x9b79ee91_b5fd_41c0_a243_4248e266e9d0).to_bytes();
    let lab = |text: &str| {
        let units = text.encode_utf16().chain([0, 0]).flat_map(u16::to_le_bytes);
        let payload: Vec<u8> = [0; 8].into_iter().chain(units).collect();
        classic(20, config, 32, 5_000_021, &payload)
    };
    let trace = |session: &Session, lab: Vec<u8>| {
        let event = event(layout("Smb2RequestReadV2"), 1);
        [session.first(&[]), session.buffer(0, 1, &[event, lab])].concat()
    };
    let doubtful = trace(&of_build(26100), lab("20348.1.amd64fre.fe_release"));
    let run = read(&doubtful, &[]);
    assert_eq!((run.code, run.answers.len()), (0, 1), "{}", run.text);
    assert_eq!(
        run.stderr,
        "note: standard input: the build is 26100 by its header, but the file was merged from others and also has \
         20348.1.amd64fre.fe_release; choose with --build\n"
    );
    let notes = info(&doubtful, &[])["notes"].to_string();
    assert!(notes.contains("the file also has other builds: 20348.1.amd64fre.fe_release"), "{notes}");
    // Whoever says the build knows it, and -q wants no words.
    for args in [&["--build", "20348"][..], &["-q"]] {
        assert_eq!(read(&doubtful, args).stderr, "");
    }
    // An enablement package is no other build, and a file that was not merged tells its own.
    let sure = trace(&of_build(26200), lab("26100.1.amd64fre.ge_release"));
    assert_eq!(read(&sure, &[]).stderr, "");
    let own = Session { mode: 0, names: ("smb", "C:\\smb.etl"), ..of_build(26100) };
    assert_eq!(read(&trace(&own, lab("20348.1.amd64fre")), &[]).stderr, "");
}

/// A trace that is still being written: what is whole is read, and the rest of its file is said to be missing.
#[test]
fn a_trace_that_grows_is_read_as_far_as_it_is_written() {
    let session = Session { buffer_size: 4096, ..Session::default() };
    let buffer = |number: i64| {
        let request = event(layout("Smb2RequestReadV2"), number);
        session.buffer(u16::try_from(number % 2).unwrap(), number, &[request])
    };
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("grows-{}.etl", std::process::id()));
    let mut written = session.first(&[]);
    for number in 1..5 {
        written.extend(buffer(number));
        std::fs::write(&path, &written).unwrap();
        let run = smbetw(&["read", "--format", "jsonl", path.to_str().unwrap()], "");
        assert_eq!((run.code, run.answers.len()), (0, usize::try_from(number).unwrap()), "{}", run.stderr);
        // In the middle of the next one.
        let cut = [&written[..], &buffer(number + 1)[..100]].concat();
        std::fs::write(&path, cut).unwrap();
        let run = smbetw(&["read", "--format", "jsonl", path.to_str().unwrap()], "");
        assert_eq!(run.code, 1);
        let events = run.answers.iter().filter(|answer| answer.get("fields").is_some()).count();
        assert_eq!(events, usize::try_from(number).unwrap());
        assert!(run.text.contains("the file ends in a buffer, after 100 bytes; expected 4096"), "{}", run.text);
    }
    std::fs::remove_file(&path).unwrap();
}

/// What Windows wrote of itself, and messages of programs, are other providers' records.
#[test]
fn records_of_others_are_counted() {
    let session = of_build(26100);
    let records = [
        event(layout("Smb2RequestReadV2"), 1),
        system(2, 2, 66, 0, 5_000_010, b"26100.1.amd64fre\0"),
        classic(20, [9; 16], 7, 5_000_011, b"classic"),
    ];
    let trace = [session.first(&[]), session.buffer(0, 1, &records)].concat();
    let info = info(&trace, &[]);
    assert_eq!((&info["records"], &info["events"]), (&Json::from(4), &Json::from(1)), "{info}");
    let others: Vec<_> = info["others"].as_array().unwrap().iter().map(|other| other["records"].clone()).collect();
    assert_eq!(others, [2, 1]);
}
