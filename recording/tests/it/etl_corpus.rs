//! Traces that others recorded, compared record by record with the output of an independent reader.

use std::fs::File;
use std::path::Path;

use etw_recording::etl::{HeaderKind, Stats, Trace, TraceRecord};
use etw_recording::{FileTime, Guid};
use serde_json::{Value as Json, json};

use crate::corpus::{files, hex, json_lines, read};

/// The reader's name for a record's header.
fn header(record: &TraceRecord<'_>) -> String {
    let name = match record.kind() {
        HeaderKind::System => "SYSTEM",
        HeaderKind::Compact => "COMPACT",
        HeaderKind::Classic => "FULL",
        HeaderKind::Instance => "INSTANCE",
        HeaderKind::PerfInfo => "PERFINFO",
        HeaderKind::Event => "EVENT",
        other => panic!("{other:?} in the corpus"),
    };
    format!("{name}{}", if record.pointer_size == Some(etw_recording::PointerSize::Bits32) { 32 } else { 64 })
}

fn guid(guid: Guid) -> String {
    guid.to_string().trim_matches(['{', '}']).to_owned()
}

/// A record as the independent reader writes it.
fn describe(record: &TraceRecord<'_>) -> Json {
    let mut all = json!({
        "ts_100ns": record.time.map(FileTime::ticks),
        "ts_raw": record.clock,
        "pid": record.pid,
        "tid": record.tid,
        "cpu": record.cpu,
        "provider": guid(record.provider),
        "header": header(record),
        "opcode": record.opcode,
        "version": record.version(),
        "pointer_size": if header(record).ends_with("32") { 4 } else { 8 },
        "payload_hex": hex(record.payload),
        "size": record.bytes().len(),
        "buffer": record.place.container,
        "offset": record.place.within,
    });
    let more = match record.key {
        Some(key) => json!({
            "id": key.id,
            "channel": record.channel,
            "level": record.level,
            "task": record.task,
            "keyword": format!("{:#018x}", record.keywords),
            "activity": guid(record.activity.unwrap_or_default()),
            "flags": record.flags(),
            "property": record.property(),
            "processor_time": record.processor_time(),
        }),
        None => json!({ "group": record.group() }),
    };
    let more = more.as_object().expect("an object").clone();
    all.as_object_mut().expect("an object").extend(more);
    if record.kind() == HeaderKind::Classic {
        all["level"] = record.level.into();
        all["processor_time"] = record.processor_time().into();
    }
    all
}

/// Compares what is in `described` with the expected record, and the extended items.
fn check(record: &TraceRecord<'_>, expected: &Json, about: &str) {
    let described = describe(record);
    for (key, value) in described.as_object().expect("an object") {
        assert_eq!(value, &expected[key], "{key} of {about}: {expected}");
    }
    let items: Vec<_> = record.items().into_iter().map(|item| json!([item.kind.0, hex(item.data)])).collect();
    let there = expected["ext"].as_array().expect("items").iter();
    let there: Vec<_> = there.map(|item| json!([item["type"], item["hex"]])).collect();
    assert_eq!(items, there, "items of {about}");
}

/// Every byte of the file is counted once.
fn check_stats(stats: &Stats, path: &Path, records: usize) {
    let about = path.display();
    assert_eq!(stats.records, records as u64, "{about}");
    assert_eq!((stats.errors, stats.unread_bytes, stats.skipped_bytes), (0, 0, 0), "{about}");
    let sum = stats.header_bytes + stats.record_bytes + stats.filler_bytes + stats.preallocated_bytes;
    // Of compressed buffers the records are counted unpacked: there, what is unread is what counts.
    let size = if stats.compressed_buffers == 0 { path.metadata().expect("a file").len() } else { sum };
    let unaccounted = size.abs_diff(sum) + stats.unread_bytes;
    assert_eq!(unaccounted, 0, "{about}");
    println!("| {about} | {records} | {records} | {unaccounted} |");
}

#[test]
fn every_record_is_the_independent_readers() {
    for path in files("etl", "etl") {
        let expected = json_lines(&path.with_extension("etl.jsonl.gz"));
        let bytes = read(&path);
        let of_file = Trace::open(File::open(&path).expect("a file")).expect("a trace");
        let of_bytes = Trace::from_bytes(&bytes).expect("a trace");
        for mut trace in [of_file, of_bytes] {
            let mut records = trace.records();
            let mut count = 0;
            while let Some(record) = records.next() {
                let record = record.expect("a record");
                check(&record, &expected[count], &format!("record {count} of {}", path.display()));
                count += 1;
            }
            assert_eq!(count, expected.len());
            check_stats(&records.stats(), &path, count);
        }
    }
}

#[test]
fn the_order_of_time_is_that_of_the_clock_and_then_of_the_file() {
    for path in files("etl", "etl") {
        let mut trace = Trace::open(File::open(&path).expect("a file")).expect("a trace");
        let mut by_file = Vec::new();
        let mut records = trace.records();
        while let Some(record) = records.next() {
            let record = record.expect("a record");
            by_file.push((record.clock.expect("a time"), record.place, record.record().payload.len()));
        }
        let mut by_time = Vec::new();
        let mut records = trace.records_by_time();
        while let Some(record) = records.next() {
            let record = record.expect("a record");
            by_time.push((record.clock.expect("a time"), record.place, record.record().payload.len()));
        }
        let mut stats = records.stats();
        stats.out_of_order = 0;
        check_stats(&stats, &path, by_file.len());
        by_file.sort_unstable();
        assert!(by_file == by_time, "{}", path.display());
    }
}

/// The parts of the simulator's description that are in the file, whatever the payload means.
fn describe_made(record: &TraceRecord<'_>) -> Json {
    let key = record.key.expect("an event");
    json!({
        "ts_100ns": record.time.map(FileTime::ticks),
        "cpu": record.cpu,
        "pid": record.pid,
        "tid": record.tid,
        "id": key.id,
        "version": key.version,
        "channel": record.channel,
        "level": record.level,
        "opcode": record.opcode,
        "task": record.task,
        "keyword": format!("{:#x}", record.keywords),
        "activity": guid(record.activity.unwrap_or_default()),
        "related_activity": record.related_activity.map(guid),
    })
}

#[test]
fn the_simulators_traces_come_in_the_order_of_time() {
    let provider = Guid::from_u128(0xd48ce617_33a2_4bc3_a5c7_11aa4f29619e);
    for path in files("made", "etl") {
        let about = path.display();
        let expected = json_lines(&path.with_extension("events.jsonl.gz"));
        let results = &json_lines(&path.with_extension("oracle.json.gz"))[0];
        let mut trace = Trace::open(File::open(&path).expect("a file")).expect("a trace");
        assert_eq!(trace.build().map(Json::from), results["build"].as_u64().map(Json::from), "{about}");
        assert!(!trace.build_report().expect("a report").is_doubtful(), "{about}");
        // The file also has events that cannot be decoded, which are not expected. The expected ones come in the same
        // order.
        let mut wanted = expected.iter().peekable();
        let mut count = 0;
        let mut records = trace.records_by_time();
        while let Some(record) = records.next() {
            let record = record.expect("a record");
            if record.provider == provider {
                count += 1;
                let there = describe_made(&record);
                let keys = there.as_object().expect("an object").iter();
                wanted.next_if(|wanted| keys.into_iter().all(|(key, value)| wanted[key] == *value));
            }
        }
        assert_eq!(wanted.next(), None, "{about}");
        assert_eq!(Json::from(count), results["events"]["smbserver"], "{about}");
        let stats = records.stats();
        assert_eq!((stats.errors, stats.unread_bytes, stats.out_of_order), (0, 0, 0), "{about}");
        assert_eq!(Json::from(stats.buffers), results["file"]["buffers"], "{about}");
        assert_eq!(Json::from(stats.events_lost), results["file"]["lost"], "{about}");
        println!("| {about}, by time | {count} | {} | {} |", expected.len(), stats.unread_bytes);
    }
}
