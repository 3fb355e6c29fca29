//! Binaries that somebody cut, or filled with other numbers: what comes is a manifest or an error, soon, and without
//! holding more than a small multiple of the file's size.

use std::fs;
use std::path::Path;
use std::time::Instant;

use allocation_counter::measure;
use etw_schema::compile::{compile, wrap};
use etw_schema::source::{self, File};
use test_support::XorShift;

/// A manifest with each construct.
const MANIFEST: &[u8] = include_bytes!("../../../tests/fixtures/constructs.man");

/// The most that reading may hold: so many times the file's size, and so much besides for its diagnostics.
const TIMES: u64 = 64;
const BESIDES: u64 = 64 << 10;

/// The files to spoil: a resource, a message table in a binary, both in one.
fn own() -> Vec<(String, Vec<u8>)> {
    let (mut sources, diagnostics) = source::read_all(&[File { name: "constructs.man", bytes: MANIFEST }]);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let (compiled, diagnostics) = compile(&sources.remove(0).manifest);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    vec![("own resource".to_owned(), compiled.template), ("own binary".to_owned(), binary)]
}

/// Resources of real binaries, bare and wrapped.
fn real() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/pe");
    if !folder.is_dir() {
        eprintln!("skipped: {} is absent", folder.display());
        return Vec::new();
    }
    let read = |name: &str| fs::read(folder.join(name)).expect("a resource");
    let mut files = Vec::new();
    for name in ["node-18.20.8", "node-7.10.1", "chakra-2.1.3", "chakracore-0.2.0"] {
        let (resource, messages) = (read(&format!("{name}.wevt.bin")), read(&format!("{name}.msgtable.bin")));
        files.push((format!("{name} binary"), wrap(Some(&resource), Some(&messages)).expect("small")));
        files.push((name.to_owned(), resource));
    }
    files
}

/// Reads a file and holds it to its bounds. Returns whether it was read without an error.
fn read(name: &str, bytes: &[u8]) -> bool {
    let mut clean = false;
    let held = measure(|| {
        let (_, diagnostics) = source::read_all(&[File { name, bytes }]);
        clean = !diagnostics.has_errors();
    });
    let bound = u64::try_from(bytes.len()).expect("small") * TIMES + BESIDES;
    assert!(held.bytes_max <= bound, "{name}: {} bytes held for a file of {}", held.bytes_max, bytes.len());
    clean
}

/// Numbers that break readers.
const NUMBERS: [u32; 8] = [0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000];

/// Spoils a few places: a bit, a byte, a number by one that breaks readers or by an offset into the file.
fn spoil_once(random: &mut XorShift, bytes: &mut [u8]) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = u8::try_from(random.below(256)).expect("a byte"),
            kind => {
                let at = at & !3;
                let number = if kind == 2 {
                    NUMBERS[random.below(8)]
                } else {
                    u32::try_from(random.below(bytes.len())).expect("small")
                };
                if let Some(four) = bytes.get_mut(at..at + 4) {
                    four.copy_from_slice(&number.to_le_bytes());
                }
            }
        }
    }
}

/// Cuts a file at every `step`th byte.
fn cut(name: &str, bytes: &[u8], step: usize) {
    let start = Instant::now();
    let lengths = (0..bytes.len()).step_by(step);
    let tried = lengths.len();
    let clean = lengths.filter(|length| read(name, &bytes[..*length])).count();
    println!("{name}: cut at {tried} of {} bytes, {clean} without an error, {:.1?}", bytes.len(), start.elapsed());
    assert!(read(name, bytes), "the whole file has no error");
}

fn spoil(name: &str, bytes: &[u8], times: usize) {
    let start = Instant::now();
    let mut random = XorShift::new(0x2545_F491_4F6C_DD1D);
    let mut clean = 0;
    for _ in 0..times {
        let mut spoilt = bytes.to_vec();
        spoil_once(&mut random, &mut spoilt);
        clean += usize::from(read(name, &spoilt));
    }
    println!("{name}: spoilt {times} times, {clean} without an error, {:.1?}", start.elapsed());
    assert!(clean < times);
}

/// What is a file of tens of kilobytes: cutting it at each byte takes half a minute.
fn is_large(bytes: &[u8]) -> bool {
    bytes.len() > 10_000
}

#[test]
fn cut_files_are_read_or_refused() {
    for (name, bytes) in own().iter().chain(&real()) {
        cut(name, bytes, if is_large(bytes) { 13 } else { 1 });
    }
}

#[test]
#[ignore = "more than half a minute"]
fn large_files_cut_at_any_byte_are_read_or_refused() {
    for (name, bytes) in real().iter().filter(|(_, bytes)| is_large(bytes)) {
        cut(name, bytes, 1);
    }
}

#[test]
fn spoilt_files_are_read_or_refused() {
    for (name, bytes) in own() {
        spoil(&name, &bytes, 50_000);
    }
    for (name, bytes) in real() {
        spoil(&name, &bytes, if is_large(&bytes) { 2_000 } else { 20_000 });
    }
}

#[test]
#[ignore = "more than half a minute"]
fn files_spoilt_more_often_are_read_or_refused() {
    for (name, bytes) in own().iter().chain(&real()) {
        spoil(name, bytes, if is_large(bytes) { 10_000 } else { 200_000 });
    }
}
