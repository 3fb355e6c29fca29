//! Every value of a record that both readers show is equal.
//!
//! The logs were recorded by others and are beside the checkout. Without them the test is skipped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use etw_recording::evtx::{Log, LogRecord, Value};
use etw_recording::{FileTime, Guid};
use evtx::{EvtxParser, ParserSettings};
use serde_json::Value as Json;

/// The logs of the corpus; none if it is absent.
fn logs() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let mut logs = Vec::new();
    for folder in ["evtx", "made"] {
        let Ok(entries) = fs::read_dir(corpus.join(folder)) else {
            eprintln!("skipped: {} is absent", corpus.join(folder).display());
            continue;
        };
        let paths = entries.map(|entry| entry.expect("an entry").path());
        logs.extend(paths.filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.ends_with(".evtx") || name.ends_with(".evtx.gz")
        }));
    }
    logs.sort();
    logs
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("a file");
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).expect("gzip");
    unpacked
}

/// The number in a value's bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len();
    (number(bytes).cast_signed() << unused) >> unused
}

/// A value as text, by its type. `None` for types that the two show in different ways.
fn text(value: &Value<'_>) -> Option<String> {
    Some(match value.kind.0 {
        0x01 => value.text()?.to_string().trim_end_matches('\0').to_owned(),
        0x02 => String::from_utf8_lossy(value.bytes).trim_end_matches('\0').to_owned(),
        0x03 | 0x05 | 0x07 | 0x09 => signed(value.bytes).to_string(),
        0x04 | 0x06 | 0x08 | 0x0A => number(value.bytes).to_string(),
        0x0D => (number(value.bytes) != 0).to_string(),
        0x0E => value.bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02X}").expect("a string");
            text
        }),
        0x0F => bare(Guid::from_bytes(value.bytes.try_into().ok()?)),
        0x11 => micros(FileTime::from_ticks(number(value.bytes))),
        0x13 => etw_recording::Sid::new(value.bytes)?.to_string(),
        0x14 | 0x15 => format!("{:#x}", number(value.bytes)),
        _ => return None,
    })
}

fn bare(guid: Guid) -> String {
    guid.to_string().trim_matches(['{', '}']).to_uppercase()
}

/// The time to the microsecond, which is what the other reader keeps.
fn micros(time: FileTime) -> String {
    let text = time.to_string();
    text[..text.len() - 4].to_owned()
}

/// The other reader's value as text of the same form.
fn other_text(json: &Json, kind: u8) -> Option<String> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(truth) => truth.to_string(),
        // An element with attributes.
        Json::Object(element) => return element.get("#text").and_then(|text| other_text(text, kind)),
        Json::Null | Json::Array(_) => return None,
    };
    Some(match kind {
        0x01 | 0x02 => text.trim_end_matches('\0').to_owned(),
        // A Boolean other than 0 and 1 stays a number.
        0x0D => text.parse().map_or(text, |number: u32| (number != 0).to_string()),
        0x0F => text.trim_matches(['{', '}']).to_uppercase(),
        0x11 => {
            let digits = text.trim_end_matches('Z');
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            format!("{whole}.{:0<6.6}", fraction)
        }
        0x14 | 0x15 => text.to_lowercase(),
        _ => text,
    })
}

/// What was compared.
#[derive(Debug, Default)]
struct Counts {
    records: usize,
    system: usize,
    values: usize,
    /// By type, the values that the two show in different ways, or that one does not show.
    not_compared: BTreeMap<String, usize>,
}

/// An element's text, with or without attributes.
fn element<'j>(parent: &'j Json, name: &str) -> Option<&'j Json> {
    let element = parent.get(name)?;
    element.get("#text").or(Some(element)).filter(|element| !element.is_null() && !element.is_object())
}

fn compare_system(record: &LogRecord<'_>, system: &Json, counts: &mut Counts, about: &str) {
    let key = record.key.expect("an event");
    let execution = &system["Execution"]["#attributes"];
    let ours = [
        (element(system, "EventID"), Some(key.id.to_string())),
        (element(system, "Version"), Some(key.version.to_string())),
        (element(system, "Level"), Some(record.level.to_string())),
        (element(system, "Task"), Some(record.task.to_string())),
        (element(system, "Opcode"), Some(record.opcode.to_string())),
        (element(system, "EventRecordID"), record.event_record_id().map(|id| id.to_string())),
        (element(system, "Keywords"), Some(format!("{:#x}", record.keywords))),
        (element(system, "Channel"), record.channel_name().map(|name| name.to_string())),
        (element(system, "Computer"), record.computer().map(|name| name.to_string())),
        (execution.get("ProcessID"), record.pid.map(|id| id.to_string())),
        (execution.get("ThreadID"), record.tid.map(|id| id.to_string())),
        (system["Provider"]["#attributes"].get("Guid"), Some(bare(record.provider))),
        (system["Security"]["#attributes"].get("UserID"), record.user.map(|user| user.to_string())),
        (system["Correlation"]["#attributes"].get("ActivityID"), record.activity.map(bare)),
    ];
    for (at, (other, ours)) in ours.into_iter().enumerate() {
        let (Some(other), Some(ours)) = (other, ours) else { continue };
        let kind = match at {
            6 => 0x15,
            11 | 13 => 0x0F,
            _ => 0x01,
        };
        let other = other_text(other, kind).expect("a value");
        // One of them pads keywords with zeros.
        let same = if at == 6 { hex(&other) == hex(&ours) } else { other == ours };
        assert!(same, "{about}, number {at}: the other reader has {other}, this one {ours}\n{system}");
        counts.system += 1;
    }
    let time = &system["TimeCreated"]["#attributes"]["SystemTime"];
    if let (Some(time), Some(ours)) = (other_text(time, 0x11), record.time) {
        assert_eq!(time, micros(ours), "{about}: the time");
        counts.system += 1;
    }
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("hex digits")
}

/// The fields that the other reader shows, by name.
fn fields(event: &Json) -> Option<&serde_json::Map<String, Json>> {
    let data = event.get("EventData").or_else(|| event.get("UserData"))?.as_object()?;
    // In UserData the fields are one element deeper.
    match event.get("UserData") {
        Some(_) => data.iter().find(|(name, _)| *name != "#attributes")?.1.as_object(),
        None => Some(data),
    }
}

fn compare_values(record: &LogRecord<'_>, event: &Json, counts: &mut Counts, about: &str) {
    if record.processing_error().is_some() {
        return;
    }
    let Some(fields) = fields(event) else { return };
    for value in record.values().into_iter() {
        let name = value.name.map(|name| name.to_string()).unwrap_or_default();
        // The other reader renames the second of two elements with one name.
        let is_alone = record.values().into_iter().filter(|other| other.name == value.name).count() == 1;
        let other = fields.get(&name).filter(|_| is_alone).and_then(|other| other_text(other, value.kind.0));
        match (text(&value), other) {
            (Some(ours), Some(other)) => {
                assert_eq!(ours, other, "{about}: {name} of type {}", value.kind);
                counts.values += 1;
            }
            // For the other reader an empty text is no text.
            (Some(ours), None) if ours.is_empty() => counts.values += 1,
            _ => *counts.not_compared.entry(value.kind.to_string()).or_default() += 1,
        }
    }
}

/// Compares the records of a log that both readers read.
fn compare(path: &Path) -> Counts {
    let bytes = read(path);
    let settings = ParserSettings::default().num_threads(1);
    let mut others = EvtxParser::from_read_seek(Cursor::new(bytes.clone())).expect("a log").with_configuration(settings);
    let mut by_id = BTreeMap::new();
    for other in others.records_json_value() {
        // Records that one of the two cannot read are not compared.
        let Ok(other) = other else { continue };
        by_id.insert(other.event_record_id, other.data);
    }
    let mut counts = Counts::default();
    let mut log = Log::from_bytes(&bytes).expect("a log");
    let mut records = log.records();
    while let Some(record) = records.next() {
        let Ok(record) = record else { continue };
        let Some(other) = by_id.get(&record.id()) else { continue };
        let about = format!("record {} of {}", record.id(), path.display());
        compare_system(&record, &other["Event"]["System"], &mut counts, &about);
        compare_values(&record, &other["Event"], &mut counts, &about);
        counts.records += 1;
    }
    counts
}

#[test]
fn every_value_that_both_readers_show_is_equal() {
    for path in logs() {
        let counts = compare(&path);
        println!("{}: {counts:?}", path.display());
        assert!(counts.records > 0 && counts.system >= counts.records, "{}: {counts:?}", path.display());
    }
}
