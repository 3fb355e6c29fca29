//! Event logs of our own writer: cases that no public log has, and damaged logs of every kind.

use std::io::Cursor;

use etw_recording::evtx::{BuildSource, Log, Shape, Stats, SystemBuilds, ValueType};
use etw_recording::{EventKey, FileTime, Filter, Guid, PointerSize};

use crate::evtx_writer::{Chunk, Content, Event, Outer, Value, element, event_data, leaf, log, sign, user_data, utf16};

/// What was read of a log: the numbers of its records, what was wrong, and the stats.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    ids: Vec<u64>,
    errors: Vec<String>,
    stats: Stats,
}

fn read(log: &mut Log<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut records = log.records();
    while let Some(record) = records.next() {
        match record {
            Ok(record) => seen.ids.push(record.id()),
            Err(error) => seen.errors.push(error.to_string()),
        }
    }
    seen.stats = records.stats();
    assert_eq!(seen.stats.records, seen.ids.len() as u64);
    assert_eq!(seen.stats.errors, seen.errors.len() as u64);
    seen
}

/// The same from memory and from a reader.
fn read_both(bytes: &[u8], recover: bool) -> Seen {
    let mut of_bytes = Log::from_bytes(bytes).expect("a log");
    of_bytes.set_recover(recover);
    let mut of_reader = Log::open(Cursor::new(bytes)).expect("a log");
    of_reader.set_recover(recover);
    let seen = read(&mut of_bytes);
    assert_eq!(seen, read(&mut of_reader));
    seen
}

/// FILETIME ticks.
const HOUR: u64 = 3600 * 10_000_000;

fn chunk(ids: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut chunk = Chunk::new();
    for id in ids {
        chunk.push(id, &Event::default());
    }
    chunk.finish()
}

#[test]
fn a_record_is_what_was_written_in_both_templates_and_shapes() {
    let fields = [("Length", 6), ("Text", 1), ("Ends", 1), ("Ansi", 2), ("Size", 16), ("Nothing", 1)];
    let values = vec![
        Value::u16(3),
        Value::string("abc"),
        Value::string("ends"),
        Value::Bytes(2, b"ansi".to_vec()),
        Value::Bytes(20, vec![1, 2, 3, 4]),
        Value::null(),
    ];
    for (outer, template, shape) in
        [(Outer::Values, user_data(&fields), Shape::UserData), (Outer::Texts, event_data(&fields), Shape::EventData)]
    {
        let mut chunk = Chunk::new();
        // The second time, names and templates are at other offsets.
        for id in [7, 8] {
            let data = Value::Instance(template.clone(), values.clone());
            chunk.push(id, &Event { outer, data, ..Event::default() });
        }
        let bytes = log(&[chunk.finish()]);
        let mut log = Log::from_bytes(&bytes).expect("a log");
        assert_eq!(log.header().map(|header| (header.version, header.chunks)), Some(((3, 1), 1)));
        let mut records = log.records();
        for id in [7, 8] {
            let record = records.next().expect("a record").expect("a record");
            assert_eq!((record.id(), record.event_record_id(), record.is_live()), (id, Some(99), true));
            assert_eq!(record.key, Some(EventKey::new(551, 2)));
            assert_eq!(record.provider.to_string(), crate::evtx_writer::PROVIDER);
            assert_eq!((record.level, record.opcode, record.task), (3, 5, 551));
            assert_eq!((record.keywords, record.qualifiers()), (0x810_0000_0000_0008, None));
            assert_eq!(record.time, Some(FileTime::from_ticks(133_780_036_187_975_099)));
            assert_eq!(record.written(), FileTime::from_ticks(133_780_036_187_975_599));
            assert_eq!((record.pid, record.tid, record.cpu), (Some(4), Some(340), None));
            assert_eq!(record.activity, Some(Guid::from_bytes([0x55; 16])));
            let related = (outer == Outer::Texts).then_some(Guid::from_bytes([0x66; 16]));
            assert_eq!(record.related_activity, related);
            assert_eq!(record.user.map(|user| user.to_string()).as_deref(), Some("S-1-5-18"));
            assert!(record.provider_name().is_some_and(|name| name == "Provider"));
            assert!(record.channel_name().is_some_and(|name| name == "A/Channel"));
            assert!(record.computer().is_some_and(|name| name == "machine.example"));
            assert_eq!((record.shape(), record.pointer_size), (shape, Some(PointerSize::Bits32)));

            let seen: Vec<_> = record.values().into_iter().collect();
            let names: Vec<_> = seen.iter().map(|value| value.name.expect("a name").to_string()).collect();
            assert_eq!(names, fields.map(|(name, _)| name));
            let declared: Vec<_> = seen.iter().map(|value| value.declared.expect("a type").0).collect();
            assert_eq!(declared, fields.map(|(_, kind)| kind));
            assert_eq!(seen[4].kind, ValueType::HEX_INT32);
            assert_eq!(record.values().get(1), Some(seen[1]));
            assert_eq!(record.values().find("Ansi"), Some(seen[3]));

            let plain = [&[3, 0][..], &utf16("abc"), &utf16("ends"), b"ansi", &[1, 2, 3, 4]].concat();
            assert_eq!(record.record().payload, plain);
            assert_eq!(&*record.payload(|_| false), plain);
            let with_nuls = [&[3, 0][..], &utf16("abc"), &utf16("ends\0"), b"ansi\0", &[1, 2, 3, 4, 0, 0]].concat();
            assert_eq!(&*record.payload(|index| index != 1), with_nuls);
        }
        assert!(records.next().is_none());
    }
}

#[test]
fn an_event_that_the_service_could_not_read_gives_its_raw_payload() {
    let mut template = user_data(&[("ErrorCode", 8), ("DataItemName", 1), ("EventPayload", 14)]);
    template.root.name = "ProcessingErrorData".to_owned();
    let values = vec![Value::u32(15005), Value::string("Url"), Value::Bytes(14, vec![9, 8, 7])];
    let mut chunk = Chunk::new();
    chunk.push(1, &Event { data: Value::Instance(template, values), ..Event::default() });
    let bytes = log(&[chunk.finish()]);
    let mut log = Log::from_bytes(&bytes).expect("a log");
    let mut records = log.records();
    let record = records.next().expect("a record").expect("a record");
    let error = record.processing_error().expect("an error");
    assert_eq!((error.code, error.payload), (Some(15005), &[9, 8, 7][..]));
    assert!(error.item.is_some_and(|item| item == "Url"));
    assert_eq!((record.record().payload, &*record.payload(|_| true)), (&[9, 8, 7][..], &[9, 8, 7][..]));
}

#[test]
fn data_that_are_texts_are_no_payload() {
    let texts = vec![leaf("Name", Content::Text("one".into())), leaf("Other", Content::Text("two".into()))];
    let mut chunk = Chunk::new();
    chunk.push(1, &Event { data: Value::Fragment(element("EventData", &[], texts)), ..Event::default() });
    let bytes = log(&[chunk.finish()]);
    let mut log = Log::from_bytes(&bytes).expect("a log");
    let mut records = log.records();
    let record = records.next().expect("a record").expect("a record");
    assert_eq!((record.shape(), record.values().len(), record.record().payload), (Shape::Text, 0, &[][..]));
    let texts: Vec<_> = record.texts().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    assert_eq!(texts, [("Name".into(), "one".into()), ("Other".into(), "two".into())]);
}

#[test]
fn a_log_that_began_anew_comes_oldest_first() {
    let chunks = [chunk(50..52), chunk(60..61), vec![0; 1 << 16], chunk(30..32), chunk(40..42)];
    let seen = read_both(&log(&chunks), false);
    assert_eq!((&seen.ids[..], &seen.errors[..]), (&[30, 31, 40, 41, 50, 51, 60][..], &[][..]));
    assert_eq!((seen.stats.chunks, seen.stats.empty_bytes), (5, 1 << 16));
}

#[test]
fn filters_hold_back() {
    let mut chunk = Chunk::new();
    for id in 1..=9 {
        let time = 1000 * id;
        chunk.push(id, &Event { id: u16::try_from(id).expect("small"), time, ..Event::default() });
    }
    let bytes = log(&[chunk.finish()]);
    let mut log = Log::from_bytes(&bytes).expect("a log");
    let provider = crate::evtx_writer::PROVIDER.parse().expect("a GUID");
    log.set_filter(Filter::new().provider(provider).ids(2..=3).ids(7..=7));
    let seen = read(&mut log);
    assert_eq!((&seen.ids[..], seen.stats.filtered), (&[2, 3, 7][..], 6));
    // The time is that of the event, not of the record.
    log.set_filter(Filter::new().since(FileTime::from_ticks(3000)).until(FileTime::from_ticks(6000)));
    assert_eq!(read(&mut log).ids, [3, 4, 5]);
    log.set_filter(Filter::new().provider(Guid::NIL));
    assert!(read(&mut log).ids.is_empty());
}

#[test]
fn records_that_the_log_gave_up_are_found_if_asked_for() {
    let mut bytes = chunk(1..6);
    // The log was overwritten from its start: the new record covers the first two and their templates.
    let mut new = Chunk::new();
    new.push(9, &Event { outer: Outer::Texts, ..Event::default() });
    let end = new.at();
    let new = new.finish();
    bytes[..end].copy_from_slice(&new[..end]);
    let file = log(&[bytes]);
    let seen = read_both(&file, false);
    assert_eq!((&seen.ids[..], &seen.errors[..]), (&[9][..], &[][..]));
    let seen = read_both(&file, true);
    assert_eq!((&seen.ids[..], seen.stats.recovered, &seen.errors[..]), (&[9, 3, 4, 5][..], 3, &[][..]));

    let mut log = Log::from_bytes(&file).expect("a log");
    log.set_recover(true);
    let mut records = log.records();
    records.next();
    let record = records.next().expect("a record").expect("a record");
    assert!(!record.is_live());
    // The template is lost, but the order of its values is known.
    assert_eq!(record.key, Some(EventKey::new(551, 2)));
    assert_eq!(record.provider.to_string(), crate::evtx_writer::PROVIDER);
    assert!(record.channel_name().is_some_and(|name| name == "A/Channel"));
    assert_eq!((record.computer(), record.pid), (None, Some(4)));
    assert_eq!(record.values().get(0).map(|value| (value.name, value.declared)), Some((None, None)));
    assert_eq!((record.record().payload, record.shape()), (&utf16("value")[..], Shape::Unknown));
}

#[test]
fn what_is_spoiled_costs_itself() {
    let good = [chunk(1..4), chunk(4..7)];
    let spoil = |spoil: &dyn Fn(&mut Vec<u8>)| {
        let mut chunks = good.clone();
        spoil(&mut chunks[0]);
        let seen = read_both(&log(&chunks), false);
        (seen.ids, seen.errors.join("\n"))
    };
    let first = u32::from_le_bytes(good[0][516..520].try_into().expect("4 bytes")) as usize;
    let second = 512 + first;

    let (ids, errors) = spoil(&|chunk| chunk[0] = b'X');
    assert_eq!(ids, [4, 5, 6]);
    assert_eq!(errors, "offset 0x1000: a chunk begins with XlfChnk\\x00; expected ElfChnk");
    let (ids, errors) = spoil(&|chunk| chunk[second] = b'X');
    assert_eq!(ids, [1, 3, 4, 5, 6]);
    assert_eq!(errors, format!("offset 0x1000+{second:#x}: a record begins with X*\\x00\\x00; expected **"));
    let (ids, errors) = spoil(&|chunk| chunk[second + 4] += 1);
    assert_eq!(ids, [1, 3, 4, 5, 6]);
    assert!(errors.contains("ends with the size"), "{errors}");
    let (ids, errors) = spoil(&|chunk| chunk[second + 6] = 1);
    assert_eq!(ids, [1, 3, 4, 5, 6]);
    assert!(errors.contains(": a record of "), "{errors}");
    // The header's offset of the free space is wrong: the records themselves count.
    assert_eq!(spoil(&|chunk| chunk[48..52].fill(0)), (vec![1, 2, 3, 4, 5, 6], String::new()));
    // An unknown token in the template that all records of the chunk share.
    let (ids, errors) = spoil(&|chunk| chunk[512 + 24 + 4 + 10 + 24 + 4] = 0x1F);
    assert_eq!(ids, [4, 5, 6]);
    assert!(errors.lines().all(|line| line.ends_with("binary XML has token 0x1f; expected another")), "{errors}");
    assert_eq!(errors.lines().count(), 3);
}

#[test]
fn wrong_checksums_are_told_and_cost_nothing() {
    let mut whole = log(&[chunk(1..4), chunk(4..7)]);
    sign(&mut whole);
    let clean = read_both(&whole, false);
    assert_eq!((clean.ids.len(), clean.errors.len(), clean.stats.wrong_checksums), (6, 0, 0));
    let spoil = |places: &[usize]| {
        let mut bytes = whole.clone();
        for &at in places {
            bytes[at] ^= 0x40;
        }
        let seen = read_both(&bytes, false);
        assert_eq!(seen.ids, [1, 2, 3, 4, 5, 6]);
        assert_eq!((seen.stats.wrong_checksums, seen.stats.unread_bytes), (seen.errors.len() as u64, 0));
        seen.errors
    };
    // The log's header, a chunk's list of names, and the time at which a record was written.
    let errors = spoil(&[100]);
    assert!(errors[0].starts_with("offset 0x0+0x7c: the checksum of the log's header is 0x"), "{errors:?}");
    let errors = spoil(&[4096 + 300]);
    assert!(errors[0].starts_with("offset 0x1000+0x7c: the checksum of the header of a chunk is 0x"), "{errors:?}");
    let errors = spoil(&[4096 + 65536 + 512 + 16]);
    assert!(errors[0].starts_with("offset 0x11000+0x34: the checksum of the records of a chunk is 0x"), "{errors:?}");
    assert!(errors[0].ends_with("something was changed or lost"), "{errors:?}");
    assert_eq!(spoil(&[100, 4096 + 300, 4096 + 512 + 16]).len(), 3);
}

#[test]
fn of_many_wrong_checksums_the_first_are_told_and_all_are_counted() {
    let mut bytes = log(&(0..30).map(|number| chunk([number])).collect::<Vec<_>>());
    sign(&mut bytes);
    for start in (4096..bytes.len()).step_by(65536) {
        bytes[start + 300] ^= 1;
    }
    let seen = read_both(&bytes, false);
    assert_eq!((seen.ids.len(), seen.errors.len(), seen.stats.wrong_checksums), (30, 16, 30));
    // A chunk that says that it has none, and sums that were never made, are no fault.
    for start in (4096..bytes.len()).step_by(65536) {
        bytes[start + 120] = 4;
    }
    assert_eq!(read_both(&bytes, false).stats.wrong_checksums, 0);
}

#[test]
fn a_spoiled_file_header_does_not_matter_and_what_is_no_log_is_refused() {
    let mut bytes = log(&[chunk(1..4)]);
    bytes[0] = b'X';
    assert_eq!(read_both(&bytes, false).ids, [1, 2, 3]);
    assert_eq!(Log::from_bytes(&bytes).expect("a log").header(), None);
    bytes[4096] = b'X';
    for bytes in [&bytes[..], b"", b"ElfFile", &[0; 8192]] {
        let error = Log::from_bytes(bytes).expect_err("no log");
        assert_eq!(error.to_string(), "offset 0x0: not an event log: expected ElfFile or a chunk");
    }
}

#[test]
fn the_builds_of_a_machine_are_in_its_system_log() {
    let general = Guid::from_u128(0xa68ca8b7_004f_d7b6_a698_07e2de0f1f5d).to_bytes();
    let started = |build: u32, time: u64| {
        let fields = [("MajorVersion", 8), ("BuildVersion", 8)];
        let data = Value::Instance(event_data(&fields), vec![Value::u32(10), Value::u32(build)]);
        Event { id: 12, provider: general, time, data, ..Event::default() }
    };
    let version = |build: &str, time: u64, is_array: bool| {
        let data = if is_array {
            let texts = utf16(&format!("10.00.\0{build}\0\0Multiprocessor\0"));
            Value::Instance(event_data(&[("", 0x81)]), vec![Value::Bytes(0x81, texts)])
        } else {
            let fields = [("", 1), ("", 1)];
            Value::Instance(event_data(&fields), vec![Value::string("10.00."), Value::string(build)])
        };
        Event { id: 6009, provider: [0; 16], provider_name: "EventLog", time, data, ..Event::default() }
    };
    let mut chunk = Chunk::new();
    chunk.push(1, &started(19041, 10 * HOUR));
    chunk.push(2, &version("19045", 10 * HOUR + 100_000_000, true));
    chunk.push(3, &started(26100, 20 * HOUR));
    chunk.push(4, &Event::default());
    chunk.push(5, &version("26200", 20 * HOUR + 100_000_000, false));
    let bytes = log(&[chunk.finish()]);
    let builds = SystemBuilds::read(&mut Log::from_bytes(&bytes).expect("a log")).expect("a log");
    let boots: Vec<_> = builds.boots().iter().map(|boot| (boot.build, boot.source)).collect();
    let (kernel, log) = (BuildSource::KernelGeneral, BuildSource::EventLog);
    assert_eq!(boots, [(19041, kernel), (19045, log), (26100, kernel), (26200, log)]);
    let at = |hours: u64| builds.at(FileTime::from_ticks(hours * HOUR));
    assert_eq!([at(1), at(10), at(15), at(20), at(99)], [19045, 19045, 19045, 26200, 26200].map(Some));
    assert_eq!(SystemBuilds::default().at(FileTime::from_ticks(1)), None);
}
