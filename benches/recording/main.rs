//! Reading recordings, beside what a machine can do with the same bytes: ratios of one run, which say more than times.
//!
//! `cargo bench -p smbserver-etw-benches --bench recording`

#![allow(clippy::cast_precision_loss, reason = "ratios are shown with two digits")]

use std::hint::black_box;
use std::time::Instant;

use etw_recording::etl::{Trace, TraceRecord, unpack_lz77};
use etw_recording::{Error, Filter, Guid};

#[allow(dead_code)]
#[path = "../../recording/tests/it/etl_writer.rs"]
mod etl_writer;

use etl_writer::{Event, Session};

/// Rounds of which the fastest counts.
const ROUNDS: usize = 9;
/// Buffers of the trace: 64 KiB each.
const BUFFERS: u16 = 512;
/// Processors that fill them.
const PROCESSORS: u16 = 8;

/// Seconds of the fastest round.
fn fastest(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

/// Payloads that repeat as those of a server do: numbers that count, GUIDs that come again.
fn payload(number: u32) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.extend(u64::from(number).to_le_bytes());
    payload.extend([0x5A; 16]);
    payload.extend((number % 37).to_le_bytes());
    payload.extend(number.wrapping_mul(2_654_435_761).to_le_bytes());
    payload.extend([u8::try_from(number % 11).unwrap_or_default(); 16]);
    payload.extend([0; 24]);
    payload
}

fn trace() -> Vec<u8> {
    let session = Session { buffer_size: 64 << 10, ..Session::default() };
    let mut bytes = session.first(&[]);
    let mut number = 0;
    for buffer in 0..BUFFERS {
        let mut records = Vec::new();
        while (records.len() + 1) * 152 + 0x48 <= 64 << 10 {
            // Processors take turns within a buffer's time, so that the order of time goes from one to the next.
            let step = i64::try_from(records.len()).unwrap_or_default() * i64::from(PROCESSORS);
            let raw = 5_000_000 + i64::from(buffer / PROCESSORS) * 100_000 + step + i64::from(buffer % PROCESSORS);
            records.push(Event { raw, id: 111, payload: payload(number), ..Event::default() }.write());
            number += 1;
        }
        bytes.extend(session.buffer(buffer % PROCESSORS, buffer.into(), &records));
    }
    bytes
}

/// Looks at a record as somebody does who wants some of them.
fn look(record: &Result<TraceRecord<'_>, Error>) -> u64 {
    match record {
        Ok(record) => black_box(record).record().payload.len() as u64 + u64::from(record.key.map_or(0, |key| key.id)),
        Err(_) => 0,
    }
}

fn headers(bytes: &[u8]) {
    let mut copy = vec![0; bytes.len()];
    let copying = fastest(|| black_box(&mut copy[..]).copy_from_slice(black_box(bytes)));
    let mut trace = Trace::from_bytes(bytes).expect("a trace");
    let mut count = 0_u64;
    let reading = fastest(|| {
        let mut records = trace.records();
        while let Some(record) = records.next() {
            black_box(look(&record));
        }
        count = records.stats().records;
    });
    let by_time = fastest(|| {
        let mut records = trace.records_by_time();
        while let Some(record) = records.next() {
            black_box(look(&record));
        }
    });
    trace.set_filter(Filter::new().provider(Guid::NIL));
    let filtering = fastest(|| {
        black_box(trace.records().next().is_some());
    });
    let gigabytes = bytes.len() as f64 / 1e9;
    let show = |what: &str, seconds: f64| {
        let nanos = seconds * 1e9 / count as f64;
        println!(
            "{what:<28}{:6.2} GB/s {nanos:7.1} ns a record {:6.2} of memcpy",
            gigabytes / seconds,
            copying / seconds
        );
    };
    println!("{count} records of {} MB", bytes.len() / 1_000_000);
    show("memcpy", copying);
    show("records in file order", reading);
    show("records in time order", by_time);
    show("records of another provider", filtering);
}

fn unpacking(bytes: &[u8]) {
    let blocks: Vec<&[u8]> = bytes.chunks(64 << 10).skip(1).take(8).map(|buffer| &buffer[0x48..]).collect();
    let packed: Vec<Vec<u8>> = blocks.iter().map(|block| etl_writer::compress(block)).collect();
    let lz4: Vec<Vec<u8>> = blocks.iter().map(|block| lz4_flex::block::compress(block)).collect();
    let mut out = Vec::new();
    let ours = fastest(|| {
        for (packed, block) in packed.iter().zip(&blocks) {
            out.clear();
            unpack_lz77(black_box(packed), block.len(), &mut out).expect("our own block");
            black_box(&out);
        }
    });
    assert_eq!(out, blocks[7]);
    let mut room = vec![0; 64 << 10];
    let theirs = fastest(|| {
        for packed in &lz4 {
            black_box(lz4_flex::block::decompress_into(black_box(packed), &mut room).expect("a block"));
        }
    });
    let unpacked: usize = blocks.iter().map(|block| block.len()).sum();
    let ratio = |packed: &[Vec<u8>]| unpacked as f64 / packed.iter().map(Vec::len).sum::<usize>() as f64;
    let speed = |seconds: f64| unpacked as f64 / 1e9 / seconds;
    println!("plain LZ77, packed 1:{:.1}       {:6.2} GB/s", ratio(&packed), speed(ours));
    println!(
        "lz4_flex, safe, packed 1:{:.1}   {:6.2} GB/s: ours is {:.2} of it",
        ratio(&lz4),
        speed(theirs),
        theirs / ours
    );
}

fn main() {
    let bytes = trace();
    headers(&bytes);
    unpacking(&bytes);
}
