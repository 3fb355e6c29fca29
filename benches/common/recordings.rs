//! Recordings of SMBServer's events. A trace and lines of JSON are written piece by piece; a log is made in memory.

use std::io::{self, Write};

use smbserver_etw::schema::PROVIDER;
use smbserver_etw::{Build, Event, LayoutInfo, Record as _, Value};

#[allow(dead_code)]
#[path = "../../recording/tests/it/etl_writer.rs"]
mod etl_writer;
#[allow(dead_code)]
#[path = "../../recording/tests/it/evtx_writer.rs"]
mod evtx_writer;

use super::payload;

/// The build that wrote them.
const BUILD: Build = Build::B26100;
/// The size of a trace's buffers.
const BUFFER: usize = 64 << 10;
/// The processors that fill them.
const PROCESSORS: u16 = 4;

/// What a busy server records, by how often: reads and writes first, each a request and its response.
const BUSY: [(u16, usize); 16] = [
    (11, 6),
    (111, 6),
    (12, 3),
    (112, 3),
    (8, 2),
    (108, 2),
    (9, 2),
    (109, 2),
    (18, 1),
    (118, 1),
    (20, 1),
    (120, 1),
    (201, 2),
    (202, 2),
    (552, 1),
    (650, 1),
];

/// Which events a recording is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Those of a busy server.
    Busy,
    /// One of each layout.
    All,
    /// One of each layout that goes to an event log.
    Logged,
}

/// An event of the mix.
struct Made {
    layout: &'static LayoutInfo,
    payload: Vec<u8>,
}

fn events(mix: Mix) -> Vec<Made> {
    let of_build = || PROVIDER.layouts().filter(|layout| layout.holds_in(BUILD.number()));
    let layouts: Vec<_> = match mix {
        Mix::Busy => BUSY
            .iter()
            .flat_map(|&(id, often)| of_build().filter(move |layout| layout.id == id).flat_map(move |l| vec![l; often]))
            .collect(),
        Mix::All => of_build().collect(),
        Mix::Logged => of_build().filter(|layout| channel(layout).is_some_and(|channel| channel > 17)).collect(),
    };
    layouts.into_iter().map(|layout| Made { layout, payload: payload::of_layout(layout) }).collect()
}

fn channel(layout: &LayoutInfo) -> Option<u8> {
    layout.header(BUILD.number())?.channel
}

/// A record of a trace.
fn record(made: &Made, raw: i64) -> Vec<u8> {
    let Made { layout, payload } = made;
    let mut record = etl_writer::Event {
        provider: PROVIDER.guid.to_bytes(),
        id: layout.id,
        version: layout.version,
        raw,
        payload: payload.clone(),
        ..etl_writer::Event::default()
    }
    .write();
    if let Some(header) = layout.header(BUILD.number()) {
        let channel = header.channel.unwrap_or(16);
        record[0x2B..0x2E].copy_from_slice(&[channel, header.level, header.opcode]);
        record[0x2E..0x30].copy_from_slice(&header.task.to_le_bytes());
        let keywords = header.keywords | 1 << (63 - (u32::from(channel) - 16));
        record[0x30..0x38].copy_from_slice(&keywords.to_le_bytes());
    }
    record
}

/// Writes a trace of so many events.
pub(crate) fn write_trace(out: &mut impl Write, mix: Mix, count: u64) -> io::Result<()> {
    let size = u32::try_from(BUFFER).expect("a constant");
    let session = etl_writer::Session { buffer_size: size, ..etl_writer::Session::default() };
    out.write_all(&session.first(&[]))?;
    let made = events(mix);
    let mut events = made.iter().cycle();
    let mut written = 0;
    // Each processor's buffer of one moment, so that the order of time goes to and fro between them.
    for sequence in 1.. {
        let mut records = vec![Vec::new(); PROCESSORS.into()];
        let mut held = vec![0x48; PROCESSORS.into()];
        'full: while written < count {
            for (records, held) in records.iter_mut().zip(&mut held) {
                if written >= count {
                    break 'full;
                }
                let raw = session.raw0 + i64::try_from(written).unwrap_or(i64::MAX);
                let Some(record) = events.next().map(|made| record(made, raw)) else { break 'full };
                *held += record.len().next_multiple_of(8);
                records.push(record);
                written += 1;
            }
            if held.iter().any(|&held| held > BUFFER - (8 << 10)) {
                break;
            }
        }
        for (cpu, records) in (0..).zip(&records) {
            out.write_all(&session.buffer(cpu, sequence, records))?;
        }
        if written >= count {
            break;
        }
    }
    out.flush()
}

/// Writes so many events as lines of JSON for `smbetw decode --jsonl`.
pub(crate) fn write_lines(out: &mut impl Write, mix: Mix, count: u64) -> io::Result<()> {
    let lines: Vec<_> = events(mix)
        .iter()
        .map(|Made { layout, payload }| {
            let hex = etw_runtime::Binary::new(payload);
            let (build, id, version) = (BUILD.number(), layout.id, layout.version);
            format!("{{\"build\":{build},\"id\":{id},\"version\":{version},\"payload\":\"{hex}\"}}\n")
        })
        .collect();
    for (_, line) in (0..count).zip(lines.iter().cycle()) {
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

/// Writes an event log of so many events.
pub(crate) fn write_log(out: &mut impl Write, count: u64) -> io::Result<()> {
    let events: Vec<_> = events(Mix::Logged)
        .iter()
        .map(|made| evtx_writer::Event {
            id: made.layout.id,
            version: made.layout.version,
            provider_name: "Microsoft-Windows-SMBServer",
            data: logged(made),
            ..evtx_writer::Event::default()
        })
        .collect();
    let mut chunks = Vec::new();
    let mut chunk = evtx_writer::Chunk::new();
    for (id, event) in (1..=count).zip(events.iter().cycle()) {
        if chunk.at() > 55_000 {
            chunks.push(std::mem::replace(&mut chunk, evtx_writer::Chunk::new()).finish());
        }
        chunk.push(id, event);
    }
    chunks.push(chunk.finish());
    out.write_all(&evtx_writer::log(&chunks))?;
    out.flush()
}

/// The event as the event service takes it apart.
fn logged(made: &Made) -> evtx_writer::Value {
    let decoded =
        Event::decode(BUILD, made.layout.id, made.layout.version, &made.payload).expect("a payload that fits");
    let values = decoded.event.fields().map(|(field, value)| {
        let (kind, bytes) = logged_value(value);
        (field.name, kind | if field.count.is_some() { 0x80 } else { 0 }, bytes)
    });
    let values: Vec<_> = values.collect();
    let names: Vec<_> = values.iter().map(|&(name, kind, _)| (name, kind)).collect();
    let template = evtx_writer::user_data(&names);
    let values = values.into_iter().map(|(_, kind, bytes)| evtx_writer::Value::Bytes(kind, bytes));
    evtx_writer::Value::Instance(template, values.collect())
}

/// The type that a value has in a log, and its bytes there.
fn logged_value(value: Value<'_>) -> (u8, Vec<u8>) {
    match value {
        Value::Utf16(text) => (1, text.as_bytes().into()),
        Value::Ansi(text) => (2, text.as_bytes().into()),
        Value::I8(number) => (3, number.to_le_bytes().into()),
        Value::U8(number) => (4, number.to_le_bytes().into()),
        Value::I16(number) => (5, number.to_le_bytes().into()),
        Value::U16(number) => (6, number.to_le_bytes().into()),
        Value::I32(number) => (7, number.to_le_bytes().into()),
        Value::U32(number) => (8, number.to_le_bytes().into()),
        Value::I64(number) => (9, number.to_le_bytes().into()),
        Value::U64(number) => (10, number.to_le_bytes().into()),
        Value::Bool(is_true) => (13, u32::from(is_true).to_le_bytes().into()),
        Value::Guid(guid) => (15, guid.to_bytes().into()),
        Value::FileTime(time) => (17, time.ticks().to_le_bytes().into()),
        Value::Sid(sid) => (19, sid.as_bytes().into()),
        Value::HexInt32(number) => (20, number.to_le_bytes().into()),
        Value::HexInt64(number) | Value::Pointer(number) => (21, number.to_le_bytes().into()),
        Value::Binary(bytes) => (14, bytes.as_bytes().into()),
        Value::SocketAddr(address) => (14, address.as_bytes().into()),
        Value::Array(elements) => {
            let kind = elements.iter().next().map_or(4, |element| logged_value(element).0);
            (kind, elements.as_bytes().into())
        }
        other => panic!("no event that goes to a log has {other:?}"),
    }
}
