//! A million pairs through the analysis, beside decoding alone, and the memory that it takes.
//!
//! `cargo bench --package smbserver-etw-benches --bench analysis [pairs]`

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use smbserver_analysis::{Analysis, Settings};
use smbserver_etw::{
    Build, Encode, Event, FileTime, Guid,
    encode::{open::Smb2FileOpenV0, request::Smb2RequestReadV2, response::Smb2ResponseReadV2Build26100},
};

/// Pairs that are open at one time.
const DEPTH: u64 = 16;
/// Open files, each of a session, a tree and a connection of a few.
const FILES: u64 = 1000;
/// Where `MessageId` is in both payloads.
const MESSAGE: std::ops::Range<usize> = 16..24;

/// A file's payloads: its request and its response.
struct File {
    request: Vec<u8>,
    response: Vec<u8>,
}

fn guid(kind: u128, number: u64) -> Guid {
    Guid::from_u128(kind << 120 | u128::from(number + 1))
}

fn file(number: u64) -> File {
    let request = Smb2RequestReadV2 {
        command: 8,
        file_id: number + 1,
        session_id: number % 50 + 1,
        connection_guid: guid(1, number % 50),
        session_guid: guid(2, number % 50),
        tree_connect_guid: guid(3, number % 100),
        file_guid: guid(4, number),
        length: 4096,
        ..Default::default()
    };
    let response = Smb2ResponseReadV2Build26100 {
        command: 8,
        session_id: request.session_id,
        connection_guid: request.connection_guid,
        session_guid: request.session_guid,
        tree_connect_guid: request.tree_connect_guid,
        file_guid: request.file_guid,
        length_read: 4096,
        file_system_slow_hits: 1,
        file_system_slow_time: 5000,
        total_time: 5100,
        ..Default::default()
    };
    let made = "the fields of these events are of fixed size";
    File { request: request.encode().expect(made), response: response.encode().expect(made) }
}

fn opened(number: u64) -> Vec<u8> {
    let name = format!("folder{}\\file{number}", number % 10);
    let event = Smb2FileOpenV0 { open_guid: guid(4, number), name: name.as_str().into(), ..Default::default() };
    event.encode().expect("a short name fits")
}

/// Hands out requests, and responses so many requests later.
fn run(files: &mut [File], pairs: u64, mut each: impl FnMut(u64, &Event<'_>)) -> Duration {
    let begun = Instant::now();
    let count = files.len() as u64;
    let mut give = |id: u16, message: u64, ticks: u64| {
        let Some(file) = files.get_mut(usize::try_from(message * 7 % count).unwrap_or(0)) else { return };
        let payload = if id == 11 { &mut file.request } else { &mut file.response };
        payload[MESSAGE].copy_from_slice(&message.to_le_bytes());
        match Event::decode(Build::B26100, id, 2, payload) {
            Ok(decoded) => each(ticks, &decoded.event),
            Err(error) => panic!("{error}"),
        }
    };
    for message in 0..pairs + DEPTH {
        if message < pairs {
            give(11, message, message * 400);
        }
        if let Some(answered) = message.checked_sub(DEPTH) {
            give(111, answered, message * 400 + answered % 397);
        }
    }
    begun.elapsed()
}

/// The most memory that the process ever had, in MiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[expect(clippy::cast_precision_loss, reason = "rates are shown with a few digits")]
fn main() {
    let pairs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let mut files: Vec<_> = (0..FILES).map(file).collect();
    let alone = run(&mut files, pairs, |ticks, event| {
        black_box((ticks, event));
    });
    let mut analysis = Analysis::new(Settings::new());
    for number in 0..FILES {
        let payload = opened(number);
        let decoded = Event::decode(Build::B26100, 650, 0, &payload).expect("it was made so");
        analysis.add(FileTime::from_ticks(0), &decoded.event);
    }
    let taken = run(&mut files, pairs, |ticks, event| analysis.add(FileTime::from_ticks(ticks), event));
    let begun = Instant::now();
    let report = analysis.finish();
    assert_eq!(report.total.pairs(), pairs);
    let rate = |taken: Duration| 2.0 * pairs as f64 / taken.as_secs_f64() / 1e6;
    println!("{pairs} pairs, {FILES} files, {DEPTH} open at one time");
    println!("decoding alone       {:>7.2} million events a second", rate(alone));
    println!(
        "decoding, analysis   {:>7.2} million events a second, {:.1} times as long",
        rate(taken),
        taken.as_secs_f64() / alone.as_secs_f64()
    );
    println!("the end              {:>7.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    if let Some(peak) = peak_memory() {
        println!("memory at most       {peak:>7} MiB");
    }
}
