//! Every layout of every build, from values to a file and through `smbetw read` back to the same values.
//!
//! Values, payloads and expected texts come from the tests' own encoder, the files from the tests' own writers. No code
//! is shared with the readers.

use std::path::PathBuf;

use etw_runtime::InType;
use serde_json::{Value as Json, json};
use smbserver_etw::schema::PROVIDER;
use smbserver_etw_tests::{
    encoder::{self, Value},
    manifests::{Layout, captures, layouts},
    random::{Lengths, samples},
};

use super::{Run, etl_writer, evtx_writer, smbetw};

/// Sets of values for each layout of a build.
const SAMPLES: usize = 2;

/// An event that was written and will be read.
struct Written {
    layout: &'static Layout,
    values: Vec<Value>,
}

impl Written {
    fn payload(&self) -> Vec<u8> {
        encoder::encode(self.layout.fields(), &self.values)
    }

    fn fields(&self) -> Json {
        let fields = self.layout.fields().iter().zip(&self.values);
        Json::Object(fields.map(|(field, value)| (field.name.clone(), encoder::json(field, value))).collect())
    }
}

/// The events of a build: each of its layouts, with random values.
fn events(build: u32) -> Vec<Written> {
    let of_build = layouts().iter().filter(|layout| layout.holds_in(build));
    of_build
        .flat_map(|layout| {
            samples(layout, Lengths::Short, SAMPLES).into_iter().map(move |values| Written { layout, values })
        })
        .collect()
}

/// A file that is removed at the end.
struct File(PathBuf);

impl File {
    fn write(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("smbetw-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn read(&self, more: &[&str]) -> Run {
        let arguments = ["read", "--format", "jsonl", self.0.to_str().unwrap()];
        smbetw(&arguments.iter().chain(more).copied().collect::<Vec<_>>(), "")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn check(run: &Run, written: &[Written], build: u32) {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "build {build}: {}", first_error(run));
    assert_eq!(run.answers.len(), written.len(), "build {build}");
    for (answer, written) in run.answers.iter().zip(written) {
        let about = format!("{} of build {build}", written.layout.name);
        assert_eq!(answer["id"], json!(written.layout.id), "{about}");
        assert_eq!(answer["version"], json!(written.layout.version), "{about}");
        assert_eq!(answer["layout"], json!(written.layout.name), "{about}");
        assert_eq!(answer["build"], json!(build), "{about}");
        // An event without fields does not have the key.
        let fields = answer.get("fields").cloned().unwrap_or_else(|| json!({}));
        assert_eq!(fields, written.fields(), "{about}");
    }
}

fn first_error(run: &Run) -> String {
    run.answers.iter().find(|answer| answer.get("error").is_some()).map(Json::to_string).unwrap_or_default()
}

/// A trace with these events, one after the other, as many in a buffer as it holds.
fn trace(build: u32, compressed: bool, events: &[Written]) -> Vec<u8> {
    const BUFFER: usize = 16 << 10;
    let session = etl_writer::Session {
        build,
        compressed,
        buffer_size: u32::try_from(BUFFER).unwrap(),
        ..etl_writer::Session::default()
    };
    let mut trace = session.first(&[]);
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut sequence = 0;
    for (ticks, event) in (1..).zip(events) {
        let record = etl_writer::Event {
            provider: PROVIDER.guid.to_bytes(),
            id: event.layout.id,
            version: event.layout.version,
            raw: session.raw0 + ticks,
            payload: event.payload(),
            ..etl_writer::Event::default()
        }
        .write();
        let held: usize = records.iter().map(|record| record.len().next_multiple_of(8)).sum();
        if held + record.len() > BUFFER - 256 {
            sequence += 1;
            trace.extend(session.buffer(0, sequence, &std::mem::take(&mut records)));
        }
        records.push(record);
    }
    trace.extend(session.buffer(0, sequence + 1, &records));
    trace
}

#[test]
fn every_layout_comes_back_from_a_trace() {
    for build in captures().iter().copied() {
        let events = events(build);
        // The writer packs slowly: one build is enough.
        let compressed = Some(&build) == captures().first();
        let file = File::write(&format!("{build}.etl"), &trace(build, compressed, &events));
        check(&file.read(&[]), &events, build);
        println!("{build}: {} events from a trace, compressed: {compressed}", events.len());
    }
}

/// The type that a field has in a log, as the event service writes it.
fn kind(in_type: InType) -> u8 {
    match in_type {
        InType::UnicodeString | InType::CountedUnicodeString => 1,
        InType::AnsiString | InType::CountedAnsiString => 2,
        InType::Int8 => 3,
        InType::UInt8 => 4,
        InType::Int16 => 5,
        InType::UInt16 => 6,
        InType::Int32 => 7,
        InType::UInt32 => 8,
        InType::Int64 => 9,
        InType::UInt64 => 10,
        InType::Float => 11,
        InType::Double => 12,
        InType::Boolean => 13,
        InType::Guid => 15,
        InType::FileTime => 17,
        InType::SystemTime => 18,
        InType::Sid => 19,
        InType::HexInt32 => 20,
        InType::HexInt64 | InType::Pointer => 21,
        _ => 14,
    }
}

/// The event as the event service logs it: a value for each field, strings without their NUL.
fn logged(written: &Written) -> evtx_writer::Value {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (field, value) in written.layout.fields().iter().zip(&written.values) {
        let kind = kind(field.in_type) | if field.count.is_some() { 0x80 } else { 0 };
        let bytes = match value {
            Value::Text16(units) => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            Value::Text8(bytes) | Value::Bytes(bytes) => bytes.clone(),
            _ => {
                // Without a field before it, the count is that of the values.
                let mut alone = field.clone();
                alone.count = None;
                let elements = if let Value::Array(elements) = value { elements } else { std::slice::from_ref(value) };
                elements
                    .iter()
                    .flat_map(|value| encoder::encode(std::slice::from_ref(&alone), std::slice::from_ref(value)))
                    .collect()
            }
        };
        names.push((field.name.as_str(), kind));
        values.push(evtx_writer::Value::Bytes(kind, bytes));
    }
    evtx_writer::Value::Instance(evtx_writer::user_data(&names), values)
}

fn log(events: &[Written]) -> Vec<u8> {
    let mut chunks = Vec::new();
    let mut chunk = evtx_writer::Chunk::new();
    for (id, written) in (1..).zip(events) {
        // A record and its template fit into the rest of the chunk.
        if chunk.at() > 40_000 {
            chunks.push(std::mem::replace(&mut chunk, evtx_writer::Chunk::new()).finish());
        }
        let event = evtx_writer::Event {
            id: written.layout.id,
            version: written.layout.version,
            data: logged(written),
            ..evtx_writer::Event::default()
        };
        chunk.push(id, &event);
    }
    chunks.push(chunk.finish());
    evtx_writer::log(&chunks)
}

#[test]
fn every_layout_comes_back_from_a_log() {
    for build in captures().iter().copied() {
        // No event of SMBServer that goes to a log has a struct.
        let mut events = events(build);
        events.retain(|event| event.layout.fields().iter().all(|field| field.members.is_empty()));
        let file = File::write(&format!("{build}.evtx"), &log(&events));
        check(&file.read(&["--build", &build.to_string()]), &events, build);
        println!("{build}: {} events from a log", events.len());
    }
}
