//! A writer of traces, written from the description of the format. It shares no code with the reader.

/// `BufferFlag`s.
const FLUSH_MARKER: u16 = 1;
const PROC_INDEX: u16 = 0x20;
const COMPRESSED: u16 = 0x40;

/// `LogFileMode`s.
pub(crate) const CIRCULAR: u32 = 2;
pub(crate) const APPEND: u32 = 4;
pub(crate) const RELOG: u32 = 0x10000;
pub(crate) const COMPRESSED_MODE: u32 = 0x0400_0000;
pub(crate) const NO_PER_PROCESSOR: u32 = 0x1000_0000;

/// What a trace says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) buffer_size: u32,
    pub(crate) compressed: bool,
    pub(crate) wide: bool,
    pub(crate) layout: (u8, u8),
    pub(crate) build: u32,
    pub(crate) mode: u32,
    pub(crate) clock: u32,
    pub(crate) frequency: i64,
    pub(crate) cpu_mhz: u32,
    pub(crate) raw0: i64,
    pub(crate) start: u64,
    pub(crate) lost: (u32, u32),
    pub(crate) names: (&'static str, &'static str),
}

impl Default for Session {
    fn default() -> Self {
        Self {
            buffer_size: 1024,
            compressed: false,
            wide: true,
            layout: (1, 5),
            build: 26100,
            mode: 0,
            clock: 1,
            frequency: 10_000_000,
            cpu_mhz: 3000,
            raw0: 5_000_000,
            start: 133_780_036_187_975_099,
            lost: (0, 0),
            names: ("Session", "C:\\trace.etl"),
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// UTF-16 with a NUL.
fn wide_text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A SYSTEM, COMPACT or PERFINFO record.
pub(crate) fn system(kind: u8, version: u16, opcode: u8, group: u8, raw: i64, payload: &[u8]) -> Vec<u8> {
    let fixed = match kind {
        1 | 2 => 32,
        3 | 4 => 24,
        16 | 17 => 16,
        other => panic!("{other} is another kind"),
    };
    let mut record = vec![0; fixed];
    put(&mut record, 0, &version.to_le_bytes());
    put(&mut record, 2, &[kind, 0xC0]);
    put(&mut record, 6, &[opcode, group]);
    if fixed == 16 {
        put(&mut record, 8, &raw.to_le_bytes());
    } else {
        put(&mut record, 8, &71_u32.to_le_bytes());
        put(&mut record, 12, &17_u32.to_le_bytes());
        put(&mut record, 16, &raw.to_le_bytes());
    }
    record.extend(payload);
    let size = u16::try_from(record.len()).expect("small");
    put(&mut record, 4, &size.to_le_bytes());
    record
}

/// A classic event, or one of an instance.
pub(crate) fn classic(kind: u8, class: [u8; 16], opcode: u8, raw: i64, payload: &[u8]) -> Vec<u8> {
    let mut record = vec![0; if matches!(kind, 11 | 21) { 72 } else { 48 }];
    put(&mut record, 2, &[kind, 0xC0, opcode, 4]);
    put(&mut record, 6, &3_u16.to_le_bytes());
    put(&mut record, 8, &72_u32.to_le_bytes());
    put(&mut record, 12, &18_u32.to_le_bytes());
    put(&mut record, 16, &raw.to_le_bytes());
    put(&mut record, 0x18, &class);
    put(&mut record, 0x28, &0x1_0000_0002_u64.to_le_bytes());
    record.extend(payload);
    let size = u16::try_from(record.len()).expect("small");
    put(&mut record, 0, &size.to_le_bytes());
    record
}

/// An event of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) wide: bool,
    pub(crate) provider: [u8; 16],
    pub(crate) id: u16,
    pub(crate) version: u8,
    pub(crate) raw: i64,
    pub(crate) activity: [u8; 16],
    pub(crate) items: Vec<(u16, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const PROVIDER: [u8; 16] = [0x11; 16];

impl Default for Event {
    fn default() -> Self {
        Self {
            wide: true,
            provider: PROVIDER,
            id: 551,
            version: 2,
            raw: 5_000_100,
            activity: [0; 16],
            items: Vec::new(),
            payload: b"payload of an event".to_vec(),
        }
    }
}

impl Event {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut record = vec![0; 80];
        put(&mut record, 2, &[if self.wide { 19 } else { 18 }, 0xC0]);
        put(&mut record, 4, &u16::from(!self.items.is_empty()).to_le_bytes());
        put(&mut record, 6, &2_u16.to_le_bytes());
        put(&mut record, 8, &73_u32.to_le_bytes());
        put(&mut record, 12, &19_u32.to_le_bytes());
        put(&mut record, 16, &self.raw.to_le_bytes());
        put(&mut record, 0x18, &self.provider);
        put(&mut record, 0x28, &self.id.to_le_bytes());
        put(&mut record, 0x2A, &[self.version, 16, 4, 1]);
        put(&mut record, 0x2E, &77_u16.to_le_bytes());
        put(&mut record, 0x30, &0x8000_0000_0000_0001_u64.to_le_bytes());
        put(&mut record, 0x38, &12_u64.to_le_bytes());
        put(&mut record, 0x40, &self.activity);
        for (place, (kind, data)) in self.items.iter().enumerate() {
            let size = (8 + data.len()).next_multiple_of(8);
            let linked = place + 1 < self.items.len();
            let length = u16::try_from(data.len()).expect("small");
            for word in [u16::try_from(size).expect("small"), *kind, u16::from(linked), length] {
                record.extend(word.to_le_bytes());
            }
            record.extend(data);
            record.resize(record.len() + size - 8 - data.len(), 0);
        }
        record.extend(&self.payload);
        let size = u16::try_from(record.len()).expect("small");
        put(&mut record, 0, &size.to_le_bytes());
        record
    }
}

/// A WPP message with all of its optional parts.
pub(crate) fn message(raw: i64, arguments: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0, 0, 0x90, 33, 0];
    record.extend((1_u16 | 2 | 8 | 0x20 | 0x80).to_le_bytes());
    record.extend(9_u32.to_le_bytes());
    record.extend([0x22; 16]);
    record.extend(raw.to_le_bytes());
    record.extend(74_u32.to_le_bytes());
    record.extend(20_u32.to_le_bytes());
    record.extend(arguments);
    let size = u16::try_from(record.len()).expect("small");
    put(&mut record, 0, &size.to_le_bytes());
    record
}

/// What a merged file says of an event: `TRACE_EVENT_INFO`.
#[derive(Clone, Debug)]
pub(crate) struct EventInfo<'a> {
    pub(crate) provider: [u8; 16],
    pub(crate) id: u16,
    pub(crate) version: u8,
    /// Channel, level and opcode.
    pub(crate) numbers: [u8; 3],
    pub(crate) task: u16,
    pub(crate) mask: u64,
    /// `DECODING_SOURCE`.
    pub(crate) source: u32,
    /// Provider, level and channel.
    pub(crate) names: [&'a str; 3],
    pub(crate) keywords: Vec<&'a str>,
    /// Task, opcode, message and the provider's message.
    pub(crate) texts: [&'a str; 4],
    pub(crate) top_level: usize,
    pub(crate) properties: Vec<InfoProperty<'a>>,
}

/// `EVENT_PROPERTY_INFO`.
#[derive(Clone, Debug, Default)]
pub(crate) struct InfoProperty<'a> {
    pub(crate) flags: u32,
    pub(crate) name: &'a str,
    /// The inType, or the index of a struct's first member.
    pub(crate) in_type: u16,
    /// The outType, or the number of a struct's members.
    pub(crate) out_type: u16,
    pub(crate) map: &'a str,
    pub(crate) count: u16,
    pub(crate) length: u16,
}

impl EventInfo<'_> {
    /// The bytes of the record's payload.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![0; 112 + 24 * self.properties.len()];
        put(&mut bytes, 0, &self.provider);
        put(&mut bytes, 32, &self.id.to_le_bytes());
        put(&mut bytes, 34, &[self.version]);
        put(&mut bytes, 35, &self.numbers);
        put(&mut bytes, 38, &self.task.to_le_bytes());
        put(&mut bytes, 40, &self.mask.to_le_bytes());
        put(&mut bytes, 48, &self.source.to_le_bytes());
        let [provider, level, channel] = self.names;
        let [task, opcode, message, provider_message] = self.texts;
        let texts = [(52, provider), (56, level), (60, channel), (68, task), (72, opcode), (76, message)];
        for (at, text) in texts.into_iter().chain([(80, provider_message)]) {
            put_text(&mut bytes, at, text);
        }
        if !self.keywords.is_empty() {
            let offset = u32::try_from(bytes.len()).expect("small");
            put(&mut bytes, 64, &offset.to_le_bytes());
            for name in &self.keywords {
                bytes.extend(wide_text(name));
            }
            bytes.extend([0, 0]);
        }
        put(&mut bytes, 100, &u32::try_from(self.properties.len()).expect("small").to_le_bytes());
        put(&mut bytes, 104, &u32::try_from(self.top_level).expect("small").to_le_bytes());
        for (index, property) in self.properties.iter().enumerate() {
            let at = 112 + 24 * index;
            put(&mut bytes, at, &property.flags.to_le_bytes());
            put_text(&mut bytes, at + 4, property.name);
            put(&mut bytes, at + 8, &property.in_type.to_le_bytes());
            put(&mut bytes, at + 10, &property.out_type.to_le_bytes());
            put_text(&mut bytes, at + 12, property.map);
            put(&mut bytes, at + 16, &property.count.to_le_bytes());
            put(&mut bytes, at + 18, &property.length.to_le_bytes());
        }
        bytes
    }
}

/// Adds a text at the end, and its offset at `at`; the offset 0 for none.
fn put_text(bytes: &mut Vec<u8>, at: usize, text: &str) {
    if !text.is_empty() {
        let offset = u32::try_from(bytes.len()).expect("small");
        put(bytes, at, &offset.to_le_bytes());
        bytes.extend(wide_text(text));
    }
}

/// A map in a merged file: the provider's GUID and `EVENT_MAP_INFO`.
pub(crate) fn map_info(provider: [u8; 16], name: &str, flags: u32, entries: &[(u32, &str)]) -> Vec<u8> {
    // Behind the entries there is room for one more.
    let mut map = vec![0; 16 + 8 * entries.len() + 8];
    put(&mut map, 4, &flags.to_le_bytes());
    put(&mut map, 8, &u32::try_from(entries.len()).expect("small").to_le_bytes());
    put_text(&mut map, 0, name);
    for (index, (value, text)) in entries.iter().enumerate() {
        put_text(&mut map, 16 + 8 * index, text);
        put(&mut map, 20 + 8 * index, &value.to_le_bytes());
    }
    [&provider[..], &map].concat()
}

/// The class of records that hold the schema of a merged file's events: opcode 32 for an event, 33 for a map.
pub(crate) const METADATA: [u8; 16] =
    [0xC1, 0xF6, 0xCC, 0xBB, 0xD1, 0x6C, 0xC4, 0x48, 0x80, 0xFF, 0x83, 0x94, 0x82, 0xE3, 0x76, 0x71];

impl Session {
    /// The log file header.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut p = Vec::new();
        p.extend(self.buffer_size.to_le_bytes());
        p.extend([10, 0, self.layout.0, self.layout.1]);
        p.extend(self.build.to_le_bytes());
        p.extend(4_u32.to_le_bytes());
        p.extend((self.start + 99_000_000).to_le_bytes());
        p.extend(156_250_u32.to_le_bytes());
        p.extend(100_u32.to_le_bytes());
        p.extend(self.mode.to_le_bytes());
        p.extend(3_u32.to_le_bytes());
        p.extend(1_u32.to_le_bytes());
        p.extend(if self.wide { 8_u32 } else { 4 }.to_le_bytes());
        p.extend(self.lost.0.to_le_bytes());
        p.extend(self.cpu_mhz.to_le_bytes());
        p.extend(vec![7; if self.wide { 16 } else { 8 }]);
        p.extend((-60_i32).to_le_bytes());
        p.extend([0; 168]);
        p.extend([0; 4]);
        p.extend((self.start - 1_000_000).to_le_bytes());
        p.extend(self.frequency.to_le_bytes());
        p.extend(self.start.to_le_bytes());
        p.extend(self.clock.to_le_bytes());
        p.extend(self.lost.1.to_le_bytes());
        p.extend(wide_text(self.names.0));
        p.extend(wide_text(self.names.1));
        system(if self.wide { 2 } else { 1 }, 2, 0, 0, self.raw0, &p)
    }

    /// The first buffer: the log file header, and more records.
    pub(crate) fn first(&self, more: &[Vec<u8>]) -> Vec<u8> {
        let mut records = vec![self.header()];
        records.extend_from_slice(more);
        let mut buffer = self.buffer(0, 0, &records);
        put(&mut buffer, 0x36, &4_u16.to_le_bytes());
        // The first buffers of other traces have garbage and zeros here.
        put(&mut buffer, 8, &u32::MAX.to_le_bytes());
        put(&mut buffer, 0x10, &0_i64.to_le_bytes());
        if self.mode & COMPRESSED_MODE != 0 {
            put(&mut buffer, 0x2C, &3_u32.to_le_bytes());
        }
        buffer
    }

    /// A buffer with records, of the session's size unless it is compressed.
    pub(crate) fn buffer(&self, cpu: u16, sequence: i64, records: &[Vec<u8>]) -> Vec<u8> {
        let mut data = Vec::new();
        for record in records {
            data.extend(record);
            data.resize(data.len().next_multiple_of(8), 0xAA);
        }
        let end = u32::try_from(0x48 + data.len()).expect("small");
        assert!(end <= self.buffer_size, "the records take {end} bytes");
        let last = records.iter().filter_map(|record| raw_time(record)).max().unwrap_or(0);
        let mut flags = FLUSH_MARKER | PROC_INDEX;
        let mut buffer = vec![0; 0x48];
        if self.compressed {
            flags |= COMPRESSED;
            buffer.extend(compress(&data));
        } else {
            buffer.extend(data);
            buffer.resize(self.buffer_size as usize, 0xFF);
        }
        let size = u32::try_from(buffer.len()).expect("small");
        put(&mut buffer, 0, &size.to_le_bytes());
        put(&mut buffer, 4, &end.to_le_bytes());
        put(&mut buffer, 8, &0xDEAD_BEEF_u32.to_le_bytes());
        put(&mut buffer, 0x10, &last.to_le_bytes());
        put(&mut buffer, 0x18, &sequence.to_le_bytes());
        put(&mut buffer, 0x20, &0xFFFF_F801_2345_6780_u64.to_le_bytes());
        put(&mut buffer, 0x28, &cpu.to_le_bytes());
        put(&mut buffer, 0x2A, &7_u16.to_le_bytes());
        put(&mut buffer, 0x2C, &3_u32.to_le_bytes());
        put(&mut buffer, 0x30, &end.to_le_bytes());
        put(&mut buffer, 0x34, &flags.to_le_bytes());
        put(&mut buffer, 0x38, &[0x99; 16]);
        buffer
    }
}

/// The time of a record that one of the functions above made; `None` for messages.
fn raw_time(record: &[u8]) -> Option<i64> {
    let at = match (record[2], record[3]) {
        (16 | 17, 0xC0) => 8,
        (_, 0xC0) => 16,
        _ => return None,
    };
    Some(i64::from_le_bytes(record[at..at + 8].try_into().expect("8 bytes")))
}

/// Plain LZ77: the longest match at each place, found the slow way.
pub(crate) fn compress(data: &[u8]) -> Vec<u8> {
    let mut packer = Packer { out: vec![0; 4], flags_at: 0, flags: 0, count: 0, half: None };
    let mut at = 0;
    while at < data.len() {
        let best = (1..=at.min(8192))
            .map(|back| (data[at..].iter().zip(&data[at - back..]).take_while(|(a, b)| a == b).count(), back))
            .max_by_key(|&(length, back)| (length, usize::MAX - back));
        match best {
            Some((length, back)) if length >= 3 => {
                packer.flag(true);
                packer.put_match(length, back);
                at += length;
            }
            _ => {
                packer.flag(false);
                packer.out.push(data[at]);
                at += 1;
            }
        }
    }
    packer.finish()
}

struct Packer {
    out: Vec<u8>,
    flags_at: usize,
    flags: u32,
    count: u32,
    half: Option<usize>,
}

impl Packer {
    fn flag(&mut self, is_match: bool) {
        if self.count == 32 {
            put(&mut self.out, self.flags_at, &self.flags.to_le_bytes());
            self.flags_at = self.out.len();
            self.out.extend([0; 4]);
            self.count = 0;
        }
        self.flags = self.flags << 1 | u32::from(is_match);
        self.count += 1;
    }

    fn put_match(&mut self, length: usize, back: usize) {
        let length = length - 3;
        let token = u16::try_from((back - 1) << 3 | length.min(7)).expect("13 bits");
        self.out.extend(token.to_le_bytes());
        if length < 7 {
            return;
        }
        let nibble = u8::try_from((length - 7).min(15)).expect("4 bits");
        if let Some(at) = self.half.take() {
            self.out[at] |= nibble << 4;
        } else {
            self.half = Some(self.out.len());
            self.out.push(nibble);
        }
        if length < 7 + 15 {
            return;
        }
        match (u8::try_from(length - 7 - 15), u16::try_from(length)) {
            (Ok(byte), _) if byte < 255 => self.out.push(byte),
            (_, Ok(word)) => {
                self.out.push(255);
                self.out.extend(word.to_le_bytes());
            }
            _ => {
                self.out.extend([255, 0, 0]);
                self.out.extend(u32::try_from(length).expect("small").to_le_bytes());
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // Unused flags are ones.
        let rest = 32 - self.count;
        let flags = (u64::from(self.flags) << rest | ((1 << rest) - 1)) & u64::from(u32::MAX);
        put(&mut self.out, self.flags_at, &u32::try_from(flags).expect("32 bits").to_le_bytes());
        self.out
    }
}
