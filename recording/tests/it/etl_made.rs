//! Traces of our own writer: cases that no public trace has, and damaged traces of every kind.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use etw_recording::etl::{
    self, DecodingSource, Extent, HeaderKind, ItemKind, LabSource, MapKind, PropertyKind, Schema, Stats, Trace,
};
use etw_recording::{ErrorKind, EventKey, FileTime, Filter, Guid, PointerSize};

use crate::etl_writer::{
    self, APPEND, CIRCULAR, COMPRESSED_MODE, Event, EventInfo, InfoProperty, METADATA, NO_PER_PROCESSOR, PROVIDER,
    RELOG, Session, classic, compress, message, system,
};

/// What was read of a trace: the ids of its events, what was wrong, and the stats.
#[derive(Debug, Default)]
struct Seen {
    ids: Vec<u16>,
    errors: Vec<String>,
    stats: Stats,
}

fn read(trace: &mut Trace<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut records = trace.records();
    while let Some(record) = records.next() {
        match record {
            Ok(record) => seen.ids.extend(record.key.map(|key| key.id)),
            Err(error) => seen.errors.push(error.to_string()),
        }
    }
    seen.stats = records.stats();
    seen
}

fn read_by_time(trace: &mut Trace<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut records = trace.records_by_time();
    while let Some(record) = records.next() {
        match record {
            Ok(record) => seen.ids.extend(record.key.map(|key| key.id)),
            Err(error) => seen.errors.push(error.to_string()),
        }
    }
    seen.stats = records.stats();
    seen
}

/// An event whose id is also its time.
fn event(id: u16) -> Vec<u8> {
    Event { id, raw: 5_000_000 + i64::from(id), ..Event::default() }.write()
}

fn events(ids: &[u16]) -> Vec<Vec<u8>> {
    ids.iter().map(|&id| event(id)).collect()
}

fn open(bytes: &[u8]) -> Trace<'_> {
    Trace::from_bytes(bytes).expect("a trace")
}

/// Four buffers of two processors whose times overlap.
fn two_processors(session: &Session) -> Vec<Vec<u8>> {
    vec![
        session.first(&[]),
        session.buffer(1, 1, &events(&[2, 3, 8])),
        session.buffer(0, 2, &events(&[1, 4, 5])),
        session.buffer(0, 3, &events(&[7, 9])),
        session.buffer(1, 4, &events(&[10])),
    ]
}

/// Every kind of compression with every kind of source.
fn each_way(session: &Session, check: impl Fn(&[u8], &mut Trace<'_>)) {
    for compressed in [false, true] {
        let session = Session {
            compressed,
            mode: session.mode | if compressed { COMPRESSED_MODE } else { 0 },
            ..session.clone()
        };
        let bytes = two_processors(&session).concat();
        check(&bytes, &mut open(&bytes));
        check(&bytes, &mut Trace::open(Cursor::new(&bytes)).expect("a trace"));
    }
}

#[test]
fn records_come_in_the_order_of_the_file_or_of_time() {
    each_way(&Session::default(), |_, trace| {
        let seen = read(trace);
        assert_eq!((&seen.ids[..], &seen.errors[..]), (&[2, 3, 8, 1, 4, 5, 7, 9, 10][..], &[][..]));
        assert_eq!((seen.stats.buffers, seen.stats.out_of_order), (5, 0));
        let seen = read_by_time(trace);
        assert_eq!((&seen.ids[..], &seen.errors[..]), (&[1, 2, 3, 4, 5, 7, 8, 9, 10][..], &[][..]));
        assert_eq!((seen.stats.records, seen.stats.unread_bytes), (10, 0));
    });
}

#[test]
fn the_header_tells_of_the_session() {
    for wide in [false, true] {
        let session = Session { wide, lost: (5, 6), clock: 3, ..Session::default() };
        let bytes = session.first(&[]);
        let trace = open(&bytes);
        let header = trace.header().expect("a header");
        assert_eq!((header.build, header.buffer_size, header.processors), (26100, 1024, 4));
        assert_eq!(header.pointer_size, if wide { PointerSize::Bits64 } else { PointerSize::Bits32 });
        assert_eq!((header.events_lost, header.buffers_lost), (5, 6));
        assert_eq!((&*header.logger_name, &*header.file_name), ("Session", "C:\\trace.etl"));
        assert_eq!(header.start, FileTime::from_ticks(session.start));
        assert_eq!(header.time_zone_bias, -60);
        assert_eq!(header.clock, etl::ClockType::CpuCycles);
        assert_eq!((trace.build(), header.is_merged()), (Some(26100), false));
    }
}

#[test]
fn times_follow_the_clock() {
    let time_of = |session: &Session, raw: i64| {
        let event = Event { raw, ..Event::default() }.write();
        let bytes = [session.first(&[]), session.buffer(0, 1, &[event])].concat();
        let mut trace = open(&bytes);
        let mut records = trace.records();
        records.next();
        let record = records.next().expect("an event").expect("an event");
        assert_eq!(record.clock, Some(raw));
        record.time.map(FileTime::ticks)
    };
    let session = Session { frequency: 1_818_300, ..Session::default() };
    let start = session.start;
    // 100 ticks are 549.96 units of 100 ns; rounded down, 549 after the start and 550 before it.
    assert_eq!(time_of(&session, session.raw0 + 100), Some(start + 549));
    assert_eq!(time_of(&session, session.raw0 - 100), Some(start - 550));
    let session = Session { clock: 2, ..session };
    assert_eq!(time_of(&session, 133_000_000_000_000_000), Some(133_000_000_000_000_000));
    let session = Session { clock: 3, cpu_mhz: 2000, ..session };
    assert_eq!(time_of(&session, session.raw0 + 1000), Some(start + 5));
    let session = Session { clock: 1, frequency: 0, ..session };
    assert_eq!(time_of(&session, session.raw0 + 1000), None);
}

#[test]
fn every_kind_of_header_is_read() {
    let session = Session { buffer_size: 4096, ..Session::default() };
    let class = [0x33; 16];
    let records = [
        system(1, 2, 11, 3, 5_000_001, b"system"),
        system(2, 2, 11, 3, 5_000_002, b"system"),
        system(3, 2, 12, 4, 5_000_003, b"compact"),
        system(4, 2, 12, 4, 5_000_004, b"compact"),
        classic(10, class, 13, 5_000_005, b"classic"),
        classic(20, class, 13, 5_000_006, b"classic"),
        classic(11, class, 14, 5_000_007, b"instance"),
        classic(21, class, 14, 5_000_008, b"instance"),
        system(16, 2, 15, 5, 5_000_009, b"perfinfo"),
        system(17, 0x8202, 15, 5, 5_000_010, b"index of 3 counters     perfinfo"),
        Event { wide: false, raw: 5_000_011, ..Event::default() }.write(),
        Event { wide: true, raw: 5_000_012, ..Event::default() }.write(),
        message(5_000_013, b"arguments"),
    ];
    let bytes = [session.first(&[]), session.buffer(3, 1, &records)].concat();
    let mut trace = open(&bytes);
    let mut seen = Vec::new();
    let mut all = trace.records();
    all.next();
    while let Some(record) = all.next() {
        let record = record.expect("a record");
        let bits = record.pointer_size.map(|size| if size == PointerSize::Bits32 { 32 } else { 64 });
        let payload = String::from_utf8(record.record().payload.to_vec()).expect("text");
        let clock = record.clock.expect("a time") - 5_000_000;
        seen.push(format!("{clock} {:?} {bits:?} {:?} {:?} {payload}", record.kind(), record.tid, record.pid));
        assert_eq!(record.cpu, Some(3));
        assert_eq!(record.time, Some(FileTime::from_ticks(session.start + u64::try_from(clock).expect("later"))));
    }
    let expected = [
        "1 System Some(32) Some(71) Some(17) system",
        "2 System Some(64) Some(71) Some(17) system",
        "3 Compact Some(32) Some(71) Some(17) compact",
        "4 Compact Some(64) Some(71) Some(17) compact",
        "5 Classic Some(32) Some(72) Some(18) classic",
        "6 Classic Some(64) Some(72) Some(18) classic",
        "7 Instance Some(32) Some(72) Some(18) instance",
        "8 Instance Some(64) Some(72) Some(18) instance",
        "9 PerfInfo Some(32) None None perfinfo",
        "10 PerfInfo Some(64) None None perfinfo",
        "11 Event Some(32) Some(73) Some(19) payload of an event",
        "12 Event Some(64) Some(73) Some(19) payload of an event",
        "13 Message Some(64) Some(74) Some(20) arguments",
    ];
    assert_eq!(seen, expected);
    assert_eq!((all.stats().errors, all.stats().unread_bytes), (0, 0));
}

#[test]
fn an_event_is_what_was_written() {
    let related = [0x44; 16];
    let user = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    let event = Event {
        wide: false,
        activity: [0x55; 16],
        items: vec![(1, related.to_vec()), (2, user.to_vec()), (11, b"\x05\0abc".to_vec())],
        ..Event::default()
    };
    let session = Session::default();
    let bytes = [session.first(&[]), session.buffer(2, 1, &[event.write()])].concat();
    let mut trace = open(&bytes);
    let mut records = trace.records();
    records.next();
    let record = records.next().expect("an event").expect("an event");
    assert_eq!(record.kind(), HeaderKind::Event);
    assert_eq!(record.key, Some(EventKey::new(551, 2)));
    assert_eq!(record.provider, Guid::from_bytes(PROVIDER));
    assert_eq!((record.channel, record.level, record.opcode, record.task), (Some(16), 4, 1, 77));
    assert_eq!(record.keywords, 0x8000_0000_0000_0001);
    assert_eq!(record.activity, Some(Guid::from_bytes([0x55; 16])));
    assert_eq!(record.related_activity, Some(Guid::from_bytes(related)));
    assert_eq!(record.user.map(|user| user.to_string()).as_deref(), Some("S-1-5-18"));
    assert_eq!((record.flags(), record.property(), record.processor_time()), (1, 2, Some(12)));
    assert_eq!(record.items().find(ItemKind::EVENT_SCHEMA_TL), Some(&b"\x05\0abc"[..]));
    assert_eq!(record.items().into_iter().count(), 3);
    assert!(record.is_self_describing() && !record.is_string_only());
    let raw = record.raw_event().expect("an event");
    assert_eq!((raw.pointer_size, raw.build, raw.payload), (PointerSize::Bits32, Some(26100), &event.payload[..]));
    let start = record.place.start + u64::from(record.place.within);
    assert_eq!((start, record.place.container), (1024 + 0x48, 1));
    assert_eq!(record.bytes(), &event.write()[..]);
}

#[test]
fn a_circular_file_begins_with_its_lowest_sequence_number() {
    let session = Session { mode: CIRCULAR, ..Session::default() };
    // The fourth and fifth buffer took the place of the first and second.
    let rotated = [
        session.first(&[]),
        session.buffer(0, 4, &events(&[6])),
        session.buffer(0, 5, &events(&[8])),
        session.buffer(0, 3, &events(&[4])),
    ];
    let bytes = rotated.concat();
    assert_eq!(read(&mut open(&bytes)).ids, [6, 8, 4]);
    let seen = read_by_time(&mut open(&bytes));
    assert_eq!((&seen.ids[..], seen.stats.out_of_order), (&[4, 6, 8][..], 0));
}

#[test]
fn a_clock_that_was_set_back_turns_no_stream_round() {
    let session = Session { mode: APPEND, clock: 2, ..Session::default() };
    let bytes = [
        session.first(&[]),
        session.buffer(0, 5, &events(&[10, 11])),
        session.buffer(1, 6, &events(&[12])),
        session.buffer(0, 1, &events(&[3, 4])),
    ]
    .concat();
    let seen = read_by_time(&mut open(&bytes));
    assert_eq!((&seen.ids[..], seen.stats.out_of_order), (&[10, 11, 3, 4, 12][..], 1));
}

#[test]
fn buffers_of_no_processor_are_one_stream() {
    let session = Session { mode: NO_PER_PROCESSOR, ..Session::default() };
    let buffers = [
        session.first(&[]),
        session.buffer(0, 1, &events(&[1])),
        session.buffer(1, 2, &events(&[2])),
        session.buffer(0, 3, &events(&[3])),
    ];
    let bytes = buffers.concat();
    let seen = read_by_time(&mut open(&bytes));
    assert_eq!((&seen.ids[..], seen.stats.out_of_order), (&[1, 2, 3][..], 0));
}

#[test]
fn records_without_a_time_stay_behind_the_one_before() {
    let session = Session::default();
    let mut untimed = message(0, b"");
    // Without the time and the parts after it.
    untimed.truncate(28);
    untimed[0] = 28;
    untimed[6] = 1 | 2;
    let bytes = [
        session.first(&[]),
        session.buffer(0, 1, &[event(3), untimed, event(9)]),
        session.buffer(1, 2, &events(&[2, 4])),
    ]
    .concat();
    let mut trace = open(&bytes);
    let mut records = trace.records_by_time();
    let mut seen = Vec::new();
    while let Some(record) = records.next() {
        let record = record.expect("a record");
        seen.push(record.key.map_or(format!("{:?}", record.kind()), |key| key.id.to_string()));
    }
    assert_eq!(seen, ["System", "2", "3", "Message", "4", "9"]);
}

#[test]
fn filters_hold_back_and_skip() {
    each_way(&Session::default(), |_, trace| {
        trace.set_filter(Filter::new().provider(Guid::from_bytes(PROVIDER)).ids(3..=4).ids(9..=9));
        let seen = read(trace);
        assert_eq!((&seen.ids[..], seen.stats.records, seen.stats.filtered), (&[3, 4, 9][..], 3, 7));
        assert_eq!(read_by_time(trace).ids, [3, 4, 9]);
        trace.set_filter(Filter::new().provider(Guid::NIL));
        assert_eq!((read(trace).ids.len(), read(trace).stats.filtered), (0, 10));
        let start = Session::default().start;
        trace.set_filter(Filter::new().since(FileTime::from_ticks(start + 7)).until(FileTime::from_ticks(start + 10)));
        let seen = read(trace);
        assert_eq!((&seen.ids[..], seen.stats.skipped_buffers, seen.stats.unread_bytes), (&[8, 7, 9][..], 1, 0));
        assert_eq!(read_by_time(trace).ids, [7, 8, 9]);
    });
    // If the clock can be set, the time of a buffer proves nothing.
    each_way(&Session { clock: 2, ..Session::default() }, |_, trace| {
        trace.set_filter(Filter::new().since(FileTime::from_ticks(5_000_007)));
        let seen = read(trace);
        assert_eq!((&seen.ids[..], seen.stats.skipped_buffers), (&[8, 7, 9, 10][..], 0));
    });
}

/// The header says four processors; more than that is a number like any other.
#[test]
fn a_processor_beyond_those_of_the_header_is_one() {
    let session = Session::default();
    let parts =
        [session.first(&[]), session.buffer(u16::MAX, 1, &events(&[2, 4])), session.buffer(9, 2, &events(&[1, 3]))];
    let bytes = parts.concat();
    let mut trace = open(&bytes);
    assert_eq!(trace.header().map(|header| header.processors), Some(4));
    let mut cpus = Vec::new();
    let mut records = trace.records();
    while let Some(record) = records.next() {
        cpus.extend(record.expect("a record").cpu);
    }
    assert_eq!(cpus, [0, u16::MAX, u16::MAX, 9, 9]);
    assert_eq!(read_by_time(&mut trace).ids, [1, 2, 3, 4]);
}

#[test]
fn every_byte_of_a_plain_file_is_of_something() {
    let mut bytes = two_processors(&Session::default()).concat();
    bytes.extend([0; 3000]);
    for since in [0, 7] {
        let mut trace = open(&bytes);
        trace.set_filter(Filter::new().since(FileTime::from_ticks(Session::default().start + since)));
        for stats in [read(&mut trace).stats, read_by_time(&mut trace).stats] {
            let Stats { header_bytes, record_bytes, filler_bytes, skipped_bytes, .. } = stats;
            let sum = header_bytes + record_bytes + filler_bytes + skipped_bytes + stats.preallocated_bytes;
            assert_eq!((sum, stats.preallocated_bytes), (bytes.len() as u64, 3000), "{stats:?}");
        }
    }
}

#[test]
fn a_merged_file_tells_of_its_schema_and_of_its_build() {
    const CONFIG: [u8; 16] = Guid::from_u128(0x9b79ee91_b5fd_41c0_a243_4248e266e9d0).to_bytes();
    let mut info = vec![0; 8];
    info.extend("22621.1.amd64fre.ni_release\0Windows\0".encode_utf16().flat_map(u16::to_le_bytes));
    let last = [
        classic(20, METADATA, 32, 5_000_020, b"event"),
        classic(20, METADATA, 33, 5_000_020, b"map"),
        classic(20, METADATA, 31, 5_000_020, b"other"),
        classic(20, CONFIG, 32, 5_000_021, &info),
    ];
    for (build, mode, doubtful) in [(22631, RELOG, false), (26100, RELOG, true), (26100, 0, false)] {
        let session = Session { build, mode, ..Session::default() };
        let lab = system(2, 2, 66, 0, 5_000_000, b"22621.1.amd64fre.ni_release\0");
        let bytes = [session.first(&[lab]), session.buffer(0, 1, &last)].concat();
        let mut trace = open(&bytes);
        let report = trace.build_report().expect("a report");
        assert_eq!((report.build, report.merged, report.is_doubtful()), (Some(build), mode == RELOG, doubtful));
        let sources: Vec<_> = report.labs.iter().map(|lab| (lab.source, lab.number)).collect();
        let both = [(LabSource::Logger, Some(22621)), (LabSource::Merger, Some(22621))];
        assert_eq!(sources, both[..if mode == RELOG { 2 } else { 1 }]);
        assert_eq!(report.labs[0].text, "22621.1.amd64fre.ni_release");

        let mut schemas = Vec::new();
        let mut records = trace.records();
        while let Some(record) = records.next() {
            schemas.extend(record.expect("a record").schema().map(|schema| format!("{schema:?}")));
        }
        let expected = [Schema::EventInfo(b"event"), Schema::MapInfo(b"map")].map(|schema| format!("{schema:?}"));
        assert_eq!(schemas, expected);
    }
}

/// An event with an array, a string with a length, a struct and a map.
fn described() -> EventInfo<'static> {
    let property = |flags, name, in_type, out_type, map, count, length| InfoProperty {
        flags,
        name,
        in_type,
        out_type,
        map,
        count,
        length,
    };
    EventInfo {
        provider: PROVIDER,
        id: 9,
        version: 3,
        numbers: [16, 4, 10],
        task: 7,
        mask: 0x8000_0000_0000_0005,
        source: 0,
        names: ["A-Provider", "win:Informational ", "A-Provider/Operational"],
        keywords: vec!["One", "Other"],
        texts: ["Task", "Opcode", "%1 and %2 ", ""],
        top_level: 4,
        properties: vec![
            property(0, "Length", 6, 6, "Map", 1, 2),
            property(2, "Text", 1, 1, "", 1, 0),
            property(4, "Array", 8, 0, "", 0, 4),
            property(0x21, "Struct", 4, 1, "", 1, 0),
            property(0, "Member", 13, 0, "", 1, 4),
        ],
    }
}

#[test]
fn the_schema_of_an_event_is_taken_apart() {
    let bytes = described().write();
    let info = etl::EventInfo::parse(&bytes).expect("a description");
    assert_eq!((info.provider(), info.event_guid()), (Guid::from_bytes(PROVIDER), None));
    assert_eq!((info.key(), info.decoding_source()), (EventKey::new(9, 3), DecodingSource::Manifest));
    assert_eq!([info.channel(), info.level(), info.opcode()], [16, 4, 10]);
    assert_eq!((info.task(), info.keywords(), info.top_level()), (7, 0x8000_0000_0000_0005, 4));
    let texts = [info.provider_name(), info.level_name(), info.channel_name(), info.task_name(), info.opcode_name()];
    let texts = texts.into_iter().chain([info.message(), info.provider_message()]);
    let texts: Vec<_> = texts.map(|text| text.map(|text| text.to_string())).collect();
    let expected = ["A-Provider", "win:Informational ", "A-Provider/Operational", "Task", "Opcode", "%1 and %2 "];
    assert_eq!(texts, expected.map(|text| Some(text.to_owned())).into_iter().chain([None]).collect::<Vec<_>>());
    assert_eq!(info.keyword_names().map(|name| name.to_string()).collect::<Vec<_>>(), ["One", "Other"]);
    let properties: Vec<_> = info.properties().collect();
    let names = properties.iter().map(|property| property.name.map(|name| name.to_string()).expect("a name"));
    assert_eq!(names.collect::<Vec<_>>(), ["Length", "Text", "Array", "Struct", "Member"]);
    let PropertyKind::Value { in_type: 6, out_type: 6, map: Some(map) } = properties[0].kind else {
        panic!("{:?}", properties[0]);
    };
    assert!(map == "Map" && !properties[0].is_array);
    assert_eq!((properties[1].length, properties[1].count), (Extent::Property(0), Extent::Fixed(1)));
    assert_eq!((properties[2].count, properties[2].is_array), (Extent::Property(0), true));
    assert_eq!((properties[3].kind, properties[3].is_array), (PropertyKind::Struct { first: 4, members: 1 }, true));
}

#[test]
fn the_map_of_a_merged_file_is_taken_apart() {
    let bytes = etl_writer::map_info(PROVIDER, "Map", 2, &[(1, "One "), (8, "")]);
    let map = etl::MapInfo::parse(&bytes).expect("a map");
    assert_eq!((map.provider(), map.kind()), (Guid::from_bytes(PROVIDER), MapKind::Bits));
    assert!(map.name().is_some_and(|name| name == "Map"));
    let entries: Vec<_> = map.entries().map(|(value, text)| (value, text.map(|text| text.to_string()))).collect();
    assert_eq!(entries, [(1, Some("One ".to_owned())), (8, None)]);
}

/// Whatever stands in them, and wherever they are cut.
#[test]
fn spoiled_schemas_do_no_harm() {
    let whole = described().write();
    let visit = |bytes: &[u8]| {
        let Some(info) = etl::EventInfo::parse(bytes) else { return false };
        let names = info.keyword_names().chain(info.message()).chain(info.provider_name());
        std::hint::black_box((names.count(), info.properties().filter_map(|property| property.name).count()));
        true
    };
    let least = 112 + 24 * 5;
    for length in 0..=whole.len() {
        assert_eq!(visit(&whole[..length]), length >= least, "{length} bytes");
    }
    for at in 0..whole.len() {
        for byte in [0, 1, 0x7F, 0xFF] {
            let mut spoiled = whole.clone();
            spoiled[at] = byte;
            visit(&spoiled);
            etl::MapInfo::parse(&spoiled).map(|map| map.entries().filter_map(|(_, text)| text).count());
        }
    }
}

/// A file that a session still writes to.
#[derive(Clone, Default)]
struct Growing {
    bytes: Arc<Mutex<Vec<u8>>>,
    at: u64,
}

impl Growing {
    fn write(&self, bytes: &[u8]) {
        self.bytes.lock().expect("no panic").extend(bytes);
    }
}

impl Read for Growing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.lock().expect("no panic");
        let mut cursor = Cursor::new(bytes.as_slice());
        cursor.set_position(self.at);
        let read = cursor.read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Growing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let bytes = self.bytes.lock().expect("no panic");
        let mut cursor = Cursor::new(bytes.as_slice());
        cursor.set_position(self.at);
        self.at = cursor.seek(to)?;
        Ok(self.at)
    }
}

/// What was not there, or not whole, when the file was opened, and when its buffers were listed.
#[test]
fn a_file_that_grows_is_read_to_its_end() {
    let session = Session::default();
    let parts = two_processors(&session);
    let last = session.buffer(2, 5, &events(&[11, 12]));
    for by_time in [false, true] {
        let file = Growing::default();
        file.write(&parts[..3].concat());
        file.write(&parts[3][..500]);
        let mut trace = Trace::open(file.clone()).expect("a trace");
        let mut ids = Vec::new();
        let mut steps = 0;
        let mut grow = || {
            match steps {
                1 => file.write(&parts[3][500..]),
                3 => file.write(&parts[4]),
                8 => file.write(&last),
                _ => {}
            }
            steps += 1;
        };
        if by_time {
            let mut records = trace.records_by_time();
            while let Some(record) = records.next() {
                ids.extend(record.expect("whole").key.map(|key| key.id));
                grow();
            }
            assert_eq!(ids, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]);
            assert_eq!(records.stats().unread_bytes, 0);
        } else {
            let mut records = trace.records();
            while let Some(record) = records.next() {
                ids.extend(record.expect("whole").key.map(|key| key.id));
                grow();
            }
            assert_eq!(ids, [2, 3, 8, 1, 4, 5, 7, 9, 10, 11, 12]);
            let stats = records.stats();
            assert_eq!((stats.buffers, stats.unread_bytes), (6, 0));
        }
    }
}

#[test]
fn compression_unpacks_whatever_its_lengths() {
    let mut random = 1_u32;
    let mut noise = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random.to_be_bytes()[0]
    };
    let mut payload: Vec<u8> = (0..300).map(|_| noise()).collect();
    for length in [3, 9, 10, 11, 24, 25, 26, 279, 280, 281, 5000] {
        payload.push(noise());
        payload.extend(vec![b'x'; length]);
        payload.extend_from_within(..40);
    }
    let session = Session { buffer_size: 16 << 10, compressed: true, ..Session::default() };
    let event = Event { payload: payload.clone(), ..Event::default() };
    let bytes = [session.first(&[]), session.buffer(0, 1, &[event.write()])].concat();
    let mut trace = open(&bytes);
    let mut records = trace.records();
    records.next();
    let record = records.next().expect("an event").expect("an event");
    assert_eq!(record.record().payload, payload);
    assert!(compress(&b"x".repeat(70_000)).len() < 32);
}

/// The errors of a trace, one a line, and the ids of the events that were read nevertheless.
fn spoiled(bytes: &[u8]) -> (Vec<u16>, String) {
    let seen = read(&mut open(bytes));
    let by_time = read_by_time(&mut open(bytes));
    let mut sorted = seen.ids.clone();
    sorted.sort_unstable();
    assert_eq!(by_time.ids, sorted, "{:?}", seen.errors);
    assert_eq!(by_time.errors.len(), seen.errors.len());
    assert_eq!(seen.stats.errors, seen.errors.len() as u64);
    assert_eq!(by_time.stats.errors, seen.stats.errors);
    assert_eq!(by_time.stats.unread_bytes, seen.stats.unread_bytes);
    (seen.ids, seen.errors.join("\n"))
}

#[test]
fn a_bad_record_costs_the_rest_of_its_buffer() {
    let session = Session::default();
    let place = 1024 + 0x48 + 104;
    let mut bytes = two_processors(&session).concat();
    bytes[place] = 79;
    let (ids, errors) = spoiled(&bytes);
    assert_eq!(
        (&ids[..], &*errors),
        (&[2, 1, 4, 5, 7, 9, 10][..], "offset 0x400+0xb0: a record of 79 bytes; expected 80 to 208")
    );
    bytes[place..place + 2].copy_from_slice(&209_u16.to_le_bytes());
    let (ids, errors) = spoiled(&bytes);
    assert_eq!((ids.len(), &*errors), (7, "offset 0x400+0xb0: a record of 209 bytes; expected 80 to 208"));
    bytes[place + 2] = 12;
    assert_eq!(spoiled(&bytes).1, "offset 0x400+0xb0: a record of header type 12, which is not known");
    bytes[place + 3] = 0xB0;
    assert_eq!(spoiled(&bytes).1, "offset 0x400+0xb0: a record begins with 0xb00c00d1; expected a marker");
}

#[test]
fn an_item_past_its_record_is_an_error() {
    let session = Session::default();
    let event = Event { items: vec![(1, vec![0x44; 16])], payload: Vec::new(), ..Event::default() };
    let mut bytes = [session.first(&[]), session.buffer(0, 1, &[event.write()])].concat();
    let item = 1024 + 0x48 + 80;
    bytes[item] = 32;
    assert_eq!(spoiled(&bytes).1, "offset 0x400+0x98: an extended item of 32 bytes; expected 24 to 24");
    bytes[item] = 24;
    bytes[item + 4] = 1;
    assert_eq!(
        spoiled(&bytes).1,
        "offset 0x400+0xb0: an extended item of which 0 bytes are there; expected at least 8"
    );
}

#[test]
fn a_bad_buffer_costs_itself() {
    let plain = two_processors(&Session::default());
    let spoil = |at: usize, value: u32| {
        let mut buffers = plain.clone();
        buffers[1][at..at + 4].copy_from_slice(&value.to_le_bytes());
        spoiled(&buffers.concat())
    };
    let rest = [1, 4, 5, 7, 9, 10];
    let expected = "offset 0x400: the records of a buffer end at 2000; expected 72 to 1024";
    assert_eq!(spoil(0x30, 2000), (rest.to_vec(), expected.to_owned()));
    let expected = "offset 0x400: a buffer of 71 bytes; expected 72 to 16777288";
    assert_eq!(spoil(0, 71), (rest.to_vec(), expected.to_owned()));
    // A size that is possible, but does not lead to another buffer.
    let expected = "offset 0x400: a buffer of 1025 bytes; expected 1024 to 1024";
    assert_eq!(spoil(0, 1025), (rest.to_vec(), expected.to_owned()));
    // Zeros in the middle of the file.
    let mut zeros = plain.clone();
    zeros[1].fill(0);
    let expected = "offset 0x400: a buffer of 0 bytes; expected 72 to 16777288";
    assert_eq!(spoiled(&zeros.concat()), (rest.to_vec(), expected.to_owned()));
}

#[test]
fn a_bad_block_is_told_with_its_format() {
    let session = Session { compressed: true, mode: COMPRESSED_MODE, ..Session::default() };
    let buffers = two_processors(&session);
    let start = buffers[0].len();
    let mut short = buffers.clone();
    short[1][4..8].copy_from_slice(&400_u32.to_le_bytes());
    let (ids, errors) = spoiled(&short.concat());
    assert_eq!(ids, [1, 4, 5, 7, 9, 10]);
    let expected = "a compressed buffer is not plain LZ77 (format 3 in the file): ";
    assert!(errors.starts_with(&format!("offset {start:#x}: {expected}")), "{errors}");
    let mut large = buffers.clone();
    large[1][4..8].copy_from_slice(&1025_u32.to_le_bytes());
    let expected = format!("offset {start:#x}: the records of a buffer end at 1025; expected 72 to 1024");
    assert_eq!(spoiled(&large.concat()).1, expected);
    let mut huffman = buffers;
    huffman[0][0x2C] = 4;
    let (ids, errors) = spoiled(&huffman.concat());
    assert_eq!((ids.len(), errors.lines().count()), (0, 5));
    assert!(errors.contains("a buffer in compression format 4; expected 3, plain LZ77"), "{errors}");
}

#[test]
fn a_file_without_its_first_buffer_has_raw_times_and_no_build() {
    let bytes = two_processors(&Session::default())[1..].concat();
    let mut trace = open(&bytes);
    assert_eq!((trace.header(), trace.build()), (None, None));
    let mut records = trace.records_by_time();
    let record = records.next().expect("an event").expect("an event");
    assert_eq!((record.time, record.clock, record.build), (None, Some(5_000_001), None));
    assert_eq!(read_by_time(&mut trace).ids, [1, 2, 3, 4, 5, 7, 8, 9, 10]);
}

#[test]
fn what_is_no_trace_is_refused() {
    let kind = |bytes: &[u8]| match Trace::from_bytes(bytes) {
        Ok(trace) => panic!("{trace:?}"),
        Err(error) => format!("{:?}", error.kind()),
    };
    for bytes in [&b""[..], b"ElfFile\0", &[0; 4096], &[0xFF; 4096], &[b'x'; 100]] {
        assert_eq!(kind(bytes), "NotATrace");
    }
    let old = Session { layout: (1, 4), ..Session::default() };
    assert_eq!(kind(&old.first(&[])), "OldLayout { major: 1, minor: 4 }");
}

#[test]
fn the_order_of_time_keeps_to_its_memory() {
    let session = Session { compressed: true, mode: COMPRESSED_MODE, ..Session::default() };
    let bytes = two_processors(&session).concat();
    let mut trace = Trace::open(Cursor::new(&bytes)).expect("a trace");
    trace.set_memory_limit(100);
    let mut records = trace.records_by_time();
    let mut count = 0;
    while let Some(record) = records.next() {
        let error = record.expect_err("too little memory");
        assert!(matches!(error.kind(), ErrorKind::Memory { limit: 100, .. }), "{error}");
        count += 1;
    }
    assert_eq!(count, 5);
    let unread = bytes.len() as u64 - 5 * 72;
    assert_eq!((records.stats().errors, records.stats().unread_bytes), (5, unread));
}
