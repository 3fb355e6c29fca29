//! Event logs that others recorded, or a simulator wrote, compared record by record with the output of an independent
//! reader.

use std::path::Path;

use etw_recording::evtx::{Log, LogRecord, Shape, Stats};
use etw_recording::{FileTime, Guid};
use serde_json::{Value as Json, json};

use crate::corpus::{files, folder, hex, json_lines, read};

/// Compares what is in `described` with the expected record.
fn check(described: &Json, expected: &Json, about: &str) {
    for (key, value) in described.as_object().expect("an object") {
        assert_eq!(value, &expected[key], "{key} of {about}: {expected}");
    }
}

fn bare(guid: Guid) -> String {
    guid.to_string().trim_matches(['{', '}']).to_owned()
}

/// A time as the independent reader writes it: seven digits.
fn seven(time: FileTime) -> String {
    time.to_string().replace("00Z", "Z")
}

/// The values as the independent reader writes them.
fn values(record: &LogRecord<'_>) -> Json {
    let values = record.values().into_iter().enumerate().map(|(index, value)| {
        json!({
            "index": index,
            "name": value.name.map(|name| name.to_string()),
            "type": value.kind.to_string(),
            "type_code": value.kind.0,
            "declared_type": value.declared.map(|kind| kind.to_string()),
            "hex": hex(value.bytes),
        })
    });
    values.collect::<Vec<_>>().into()
}

fn check_all(path: &Path, expected: &Path, check: impl Fn(&LogRecord<'_>, &Json, &str)) -> Stats {
    let expected = json_lines(expected);
    let bytes = read(path);
    let of_bytes = Log::from_bytes(&bytes).expect("a log");
    let of_reader = Log::open(std::io::Cursor::new(&bytes)).expect("a log");
    let mut stats = Stats::default();
    for mut log in [of_bytes, of_reader] {
        let mut records = log.records();
        let mut count = 0;
        while let Some(record) = records.next() {
            let record = record.expect("a record");
            check(&record, &expected[count], &format!("record {count} of {}", path.display()));
            count += 1;
        }
        stats = records.stats();
        assert_eq!((count, stats.records), (expected.len(), count as u64), "{}", path.display());
        assert_eq!((stats.errors, stats.unread_bytes), (0, 0), "{}", path.display());
    }
    println!("| {} | {} | {} | {} |", path.display(), stats.records, stats.records, stats.unread_bytes);
    stats
}

/// Records of Windows.
fn check_of_windows(record: &LogRecord<'_>, expected: &Json, about: &str) {
    let described = json!({
        "record_id": record.id(),
        "chunk": record.place.container,
        "offset": record.place.start + u64::from(record.place.within),
        "written": seven(record.written()),
        "live": record.is_live(),
        "template_guid": record.template().map(bare),
    });
    check(&described, expected, about);
    let key = record.key.expect("an event");
    let system = json!({
        "computer": record.computer().map(|text| text.to_string()),
        "level": record.level,
        "opcode": record.opcode,
        "task": record.task,
        "id": key.id,
        "version": key.version,
        "qualifiers": record.qualifiers(),
        "keywords": format!("{:#018x}", record.keywords),
        "time_created": record.time.map(seven),
        "activity": record.activity,
        "related_activity": record.related_activity,
        "pid": record.pid,
        "tid": record.tid,
        "record_id": record.event_record_id(),
        "user": record.user.map(|user| user.to_string()),
        "provider": record.provider,
        "provider_name": record.provider_name().map(|text| text.to_string()),
    });
    let system = system.as_object().expect("an object").iter().map(|(key, value)| (key.clone(), value.clone()));
    check(&system.collect::<serde_json::Map<_, _>>().into(), &expected["system"], about);
    let there = expected["values"].as_array().expect("values").iter().map(|value| {
        let mut value = value.clone();
        value.as_object_mut().expect("an object").remove("value");
        value
    });
    assert_eq!(values(record), Json::from(there.collect::<Vec<_>>()), "values of {about}");
    if let Some(payload) = expected["payload_hex"].as_str() {
        assert_eq!(hex(record.record().payload), payload, "payload of {about}");
    }
}

#[test]
fn records_of_windows_are_the_independent_readers() {
    let Some(folder) = folder("evtx") else { return };
    for name in ["fukusuket-SMBServer-Operational-22000.evtx", "tx-HTTP_Server.evtx.gz"] {
        let expected = name.replace(".gz", "") + ".jsonl" + if name.ends_with("gz") { ".gz" } else { "" };
        check_all(&folder.join(name), &folder.join(expected), check_of_windows);
    }
}

/// Records of the simulator. A string is NUL-terminated if no field before it is its length.
fn check_of_simulator(record: &LogRecord<'_>, expected: &Json, about: &str) {
    let key = record.key.expect("an event");
    let names: Vec<String> =
        record.values().into_iter().map(|value| value.name.map(|name| name.to_string()).unwrap_or_default()).collect();
    let ends_at_nul = |index: usize| index == 0 || !names[index - 1].ends_with("Length");
    let described = json!({
        "chunk": record.place.container,
        "record_id": record.id(),
        "written": record.written().ticks(),
        "time_created": record.time.map(FileTime::ticks),
        "live": record.is_live(),
        "provider": bare(record.provider),
        "id": key.id,
        "version": key.version,
        "channel": record.channel_name().map(|text| text.to_string()),
        "level": record.level,
        "task": record.task,
        "opcode": record.opcode,
        "keywords": format!("{:#x}", record.keywords),
        "pid": record.pid,
        "tid": record.tid,
        "activity": record.activity.map(bare),
        "related_activity": record.related_activity.map(bare),
        "user": record.user.map(|user| user.to_string()),
        "computer": record.computer().map(|text| text.to_string()),
        "payload": hex(&record.payload(ends_at_nul)),
        "processing_error": record.processing_error().is_some(),
    });
    check(&described, expected, about);
    if record.processing_error().is_none() {
        let there = match &expected["names"] {
            Json::Null => expected["fields"].as_object().expect("fields").keys().cloned().collect(),
            names => {
                names.as_array().expect("names").iter().map(|name| name.as_str().expect("a name").into()).collect()
            }
        };
        let there: Vec<String> = there;
        assert_eq!(names, there, "names of {about}");
        let shape = match expected["shape"].as_str() {
            _ if names.is_empty() => Shape::Unknown,
            Some("UserData") => Shape::UserData,
            _ => Shape::EventData,
        };
        assert_eq!(record.shape(), shape, "shape of {about}");
    }
}

#[test]
fn records_of_the_simulator_are_what_it_wrote() {
    for path in files("made", "evtx") {
        check_all(&path, &path.with_extension("jsonl"), check_of_simulator);
    }
}

#[test]
fn a_log_that_windows_made_of_a_trace_has_its_times_and_payloads() {
    use etw_recording::etl::Trace;

    let (Some(logs), Some(traces)) = (folder("evtx"), folder("etl")) else { return };
    let log = read(&logs.join("tx-HTTP_Server.evtx.gz"));
    let trace = read(&traces.join("tx-HTTP_Server.etl"));
    let mut log = Log::from_bytes(&log).expect("a log");
    let mut trace = Trace::from_bytes(&trace).expect("a trace");
    let mut from_trace = Vec::new();
    let mut records = trace.records_by_time();
    while let Some(record) = records.next() {
        let record = record.expect("a record");
        if let Some(key) = record.key {
            from_trace.push((record.time, key, record.provider, record.record().payload.to_vec()));
        }
    }
    let mut equal = 0;
    let mut records = log.records();
    while let Some(record) = records.next() {
        let record = record.expect("a record");
        let (time, key, provider, payload) = &from_trace[equal];
        assert_eq!((record.time, record.key, record.provider), (*time, Some(*key), *provider), "record {equal}");
        // All strings of this provider's events are NUL-terminated, and Windows wrote none of the NULs.
        assert_eq!(&*record.payload(|_| true), payload, "record {equal}");
        equal += 1;
    }
    assert_eq!((equal, from_trace.len()), (2041, 2041));
}
