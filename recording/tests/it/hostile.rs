//! Files that were cut or have wrong numbers. Reading them must give records and errors, soon, and with memory in
//! proportion to the file.

use std::io::Cursor;
use std::time::Instant;

use allocation_counter::measure;
use etw_recording::Error;
use etw_recording::etl::Trace;
use etw_recording::evtx::{Log, SystemBuilds};

use crate::etl_writer::{COMPRESSED_MODE, Event, Session, classic, message, system};
use crate::evtx_writer::{self, Outer, Value, event_data, user_data};

/// The most memory that reading may use: a multiple of the file's size, plus a constant.
const TIMES: u64 = 40;
const BESIDES: u64 = 128 << 10;

/// A small trace with each kind of header, of two processors.
fn trace(session: &Session) -> Vec<u8> {
    let items = vec![(1, vec![0x44; 16]), (2, vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0])];
    let with_items = Event { items, ..Event::default() };
    let records = [
        system(2, 2, 66, 0, 5_000_001, b"22621.1.amd64fre"),
        Event { wide: false, ..Event::default() }.write(),
        with_items.write(),
        classic(20, [0x33; 16], 32, 5_000_200, b"classic classic classic"),
    ];
    let more = [message(5_000_030, b"arguments"), system(17, 0x8202, 15, 5, 5_000_400, &[0; 40])];
    [session.first(&[]), session.buffer(0, 1, &records), session.buffer(1, 2, &more)].concat()
}

/// Reads a trace in both orders. Returns the number of records and of errors.
fn read_trace(opened: Result<Trace<'_>, Error>) -> Result<(u64, u64), Error> {
    let mut trace = opened?;
    let limit = trace.file_size() * 20;
    let mut records = trace.records();
    let mut steps = 0;
    while let Some(record) = records.next() {
        steps += 1;
        assert!(steps <= limit, "no end");
        if let Ok(record) = record {
            std::hint::black_box((record.items().into_iter().count(), record.version(), record.raw_event()));
        }
    }
    let stats = records.stats();
    assert_eq!(stats.records + stats.errors, steps);
    let mut by_time = trace.records_by_time();
    let mut count = 0;
    while let Some(record) = by_time.next() {
        count += u64::from(record.is_ok());
    }
    assert_eq!(count, stats.records);
    assert_eq!(by_time.stats().errors, stats.errors);
    assert_eq!(by_time.stats().unread_bytes, stats.unread_bytes);
    trace.build_report().expect("no reader fails");
    Ok((stats.records, stats.errors))
}

/// Reads within the bounds of memory.
fn bounded(bytes: &[u8], read: impl Fn(&[u8]) -> Result<(u64, u64), Error>) -> Option<(u64, u64)> {
    let mut result = None;
    let held = measure(|| result = read(bytes).ok());
    let bound = bytes.len() as u64 * TIMES + BESIDES;
    assert!(held.bytes_max <= bound, "{} bytes held for a file of {}", held.bytes_max, bytes.len());
    result
}

fn of_bytes(bytes: &[u8]) -> Result<(u64, u64), Error> {
    read_trace(Trace::from_bytes(bytes))
}

fn of_reader(bytes: &[u8]) -> Result<(u64, u64), Error> {
    read_trace(Trace::open(Cursor::new(bytes)))
}

fn both() -> [(Vec<u8>, u64); 2] {
    let plain = trace(&Session::default());
    let packed = trace(&Session { compressed: true, mode: COMPRESSED_MODE, ..Session::default() });
    [(plain, 7), (packed, 7)]
}

#[test]
fn a_trace_is_read_as_far_as_it_goes_wherever_it_is_cut() {
    for (bytes, whole) in both() {
        assert_eq!(bounded(&bytes, of_bytes), Some((whole, 0)));
        let mut last = 0;
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            let Some((records, errors)) = bounded(cut, of_bytes) else {
                assert!(length < 72 + 4, "{length} bytes are a trace");
                continue;
            };
            assert_eq!(bounded(cut, of_reader), Some((records, errors)));
            assert!(records >= last, "{length} bytes hold {records} records, and one byte less {last}");
            assert!(errors <= 1, "{length} bytes: {errors} errors");
            last = records;
        }
        assert!(last >= whole - 1);
    }
}

#[test]
fn a_trace_is_read_whatever_the_fields_of_a_buffers_header_say() {
    // Offset and size of each field.
    let fields =
        [(0, 4), (4, 4), (8, 4), (12, 4), (16, 8), (24, 8), (32, 8), (40, 2), (42, 2), (44, 4), (48, 4), (52, 2)];
    let fields = fields.into_iter().chain([(54, 2), (56, 8), (64, 8)]);
    for (bytes, whole) in both() {
        let first = u32::from_le_bytes(bytes[..4].try_into().expect("4 bytes")) as usize;
        for (at, size) in fields.clone() {
            for value in [0_u64, 1, u64::MAX, u64::MAX >> 1] {
                for start in [0, first] {
                    let mut spoiled = bytes.clone();
                    spoiled[start + at..start + at + size].copy_from_slice(&value.to_le_bytes()[..size]);
                    let of_bytes = bounded(&spoiled, of_bytes);
                    assert_eq!(of_bytes, bounded(&spoiled, of_reader));
                    let Some((records, errors)) = of_bytes else {
                        assert_eq!(start, 0, "the field at {at} with {value:#x}");
                        continue;
                    };
                    assert!(
                        records == whole || errors > 0 || at == 48 || at == 4,
                        "{at} with {value:#x} in {start:#x}"
                    );
                }
            }
        }
    }
}

struct Random(test_support::XorShift);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    /// Damages a few places: a bit, a byte, or a number, which is replaced by one that readers often fail on.
    fn spoil(&mut self, bytes: &mut [u8]) {
        const NUMBERS: [u32; 8] = [0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000];
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                _ => {
                    let number = NUMBERS[self.below(NUMBERS.len())].to_le_bytes();
                    let width = [1, 2, 4][self.below(3)];
                    for (byte, value) in bytes[at..].iter_mut().zip(&number[..width]) {
                        *byte = *value;
                    }
                }
            }
        }
    }
}

#[test]
fn spoiled_traces_are_read_soon_and_in_little_memory() {
    const ROUNDS: usize = 40_000;
    let start = Instant::now();
    let mut random = Random(test_support::XorShift::new(0x5EED));
    let mut clean = 0;
    for (bytes, whole) in both() {
        let mut spoiled = bytes.clone();
        for _ in 0..ROUNDS {
            spoiled.copy_from_slice(&bytes);
            random.spoil(&mut spoiled);
            let of_bytes = bounded(&spoiled, of_bytes);
            assert_eq!(of_bytes, bounded(&spoiled, of_reader));
            clean += usize::from(of_bytes == Some((whole, 0)));
        }
    }
    println!("{} spoiled traces, {clean} of them harmlessly, in {:?}", 2 * ROUNDS, start.elapsed());
    assert!(clean > ROUNDS / 10 && clean < 2 * ROUNDS);
}

/// A log with both templates and shapes, as short as possible: its chunk ends with its records.
fn log() -> Vec<u8> {
    let mut chunk = evtx_writer::Chunk::new();
    let fields = [("Length", 6), ("Text", 1), ("Size", 16)];
    let values = vec![Value::u16(3), Value::string("abc"), Value::Bytes(20, vec![1, 2, 3, 4])];
    for (id, outer) in [(1, Outer::Values), (2, Outer::Texts), (3, Outer::Values)] {
        let template = if id == 2 { event_data(&fields) } else { user_data(&fields) };
        let data = Value::Instance(template, values.clone());
        chunk.push(id, &evtx_writer::Event { outer, data, ..evtx_writer::Event::default() });
    }
    let end = chunk.at();
    let mut bytes = evtx_writer::log(&[chunk.finish()]);
    bytes.truncate(4096 + end);
    bytes
}

/// Reads a log and its deleted records. Returns the number of records and of errors.
fn read_log(opened: Result<Log<'_>, Error>) -> Result<(u64, u64), Error> {
    let mut log = opened?;
    let limit = log.file_size();
    let mut count = 0;
    for recover in [true, false] {
        log.set_recover(recover);
        let mut records = log.records();
        let mut steps = 0;
        while let Some(record) = records.next() {
            steps += 1;
            assert!(steps <= limit, "no end");
            if let Ok(record) = record {
                let values = record.values().into_iter().map(|value| value.bytes.len()).sum::<usize>();
                assert!(values <= 1 << 16 && record.payload(|_| true).len() <= 1 << 17);
                std::hint::black_box((record.shape(), record.texts().count(), record.raw_event()));
            }
        }
        count = records.stats().records;
        assert_eq!(count + records.stats().errors, steps);
        if !recover {
            SystemBuilds::read(&mut log).expect("no reader fails");
            return Ok((count, steps - count));
        }
    }
    Ok((count, 0))
}

#[test]
fn a_log_is_read_as_far_as_it_goes_wherever_it_is_cut() {
    let bytes = log();
    let mut last = 0;
    for length in 0..=bytes.len() {
        let cut = &bytes[..length];
        let of_bytes = bounded(cut, |bytes| read_log(Log::from_bytes(bytes)));
        assert_eq!(of_bytes, bounded(cut, |bytes| read_log(Log::open(Cursor::new(bytes)))));
        let Some((records, errors)) = of_bytes else {
            assert!(length < 128, "{length} bytes are a log");
            continue;
        };
        assert!(records >= last && errors <= 1, "{length} bytes: {records} records, {errors} errors");
        last = records;
    }
    assert_eq!(last, 3);
}

#[test]
fn spoiled_logs_are_read_soon_and_in_little_memory() {
    const ROUNDS: usize = 20_000;
    let start = Instant::now();
    let mut random = Random(test_support::XorShift::new(0xFACE));
    let mut clean = 0;
    let bytes = log();
    let mut spoiled = bytes.clone();
    for _ in 0..ROUNDS {
        spoiled.copy_from_slice(&bytes);
        // Of the file's header only the signature matters.
        random.spoil(&mut spoiled[4096..]);
        let of_bytes = bounded(&spoiled, |bytes| read_log(Log::from_bytes(bytes)));
        assert_eq!(of_bytes, bounded(&spoiled, |bytes| read_log(Log::open(Cursor::new(bytes)))));
        clean += usize::from(of_bytes == Some((3, 1)));
    }
    println!("{ROUNDS} spoiled logs, {clean} of them harmlessly, in {:?}", start.elapsed());
    assert!(clean > ROUNDS / 10 && clean < ROUNDS);
}
