//! The vector table: what Windows prints for the bytes of a value, or for a template, compared with code generated from
//! `fixtures/vectors.man`, which has an event for each combination of types in the table. Also forms of values that the
//! table lacks.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::hint::black_box;
use std::sync::OnceLock;

use allocation_counter::measure;
use etw_codegen::Generator;
use etw_runtime::glue::Reader;
use etw_runtime::status::{BuiltIn, FromFn, StatusKind};
use etw_runtime::{Events as _, LayoutInfo, PointerSize, Record, Size};
use etw_schema::model::schema;
use etw_schema::model::{Field, InType, OutType};
use smbserver_etw::Build;
use smbserver_etw_tests::encoder::{Value, encode, with_counts};
use smbserver_etw_tests::manifests::{Layout, layout};
use smbserver_etw_tests::random::{self, Lengths};

use self::fixture::{Build as FixtureBuild, Decoder, Event};

/// The module that `build.rs` made from `fixtures/vectors.man`.
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::pedantic)]
mod fixture {
    include!(concat!(env!("OUT_DIR"), "/vectors.rs"));
}

const TABLE: &str = include_str!("../../data/vectors.tsv");

/// The number of rows in the table, so that none gets lost.
const ROWS: usize = 71;

/// The first id of the fixture's events that do not belong to a row.
const FIRST_OTHER: u16 = 100;

/// The texts of ntdll.dll that the rows need. The whole table of Windows may not be redistributed.
fn nt_dll(kind: StatusKind, code: u32) -> Option<&'static str> {
    if kind != StatusKind::NtStatus {
        return None;
    }
    Some(match code {
        0 => "STATUS_WAIT_0",
        0xC000_0022 => {
            "{Access Denied}\r\n\
             A process has requested access to an object, but has not been granted those access rights."
        }
        0xC000_0034 => "Object Name not found.",
        0xC000_006D => {
            "The attempted logon is invalid. This is either due to a bad username or authentication information."
        }
        0xC000_00B5 => {
            "{Device Timeout}\r\n\
             The specified I/O operation on %hs was not completed before the time-out period expired."
        }
        0xC000_00BB => "The request is not supported.",
        _ => return None,
    })
}

// ---- the table -----------------------------------------------------------------------------------------------------

/// A row of the table.
struct Row {
    number: usize,
    api: &'static str,
    in_type: &'static str,
    out_type: &'static str,
    context: &'static str,
    /// The value's bytes in hexadecimal, or a template.
    input: &'static str,
    expected: String,
    evidence: &'static str,
}

fn rows() -> Vec<Row> {
    let mut lines = TABLE.lines();
    let header = lines.next().expect("a line of titles");
    assert!(header.starts_with("#\tapi\tinType\toutType\tcontext\t"), "{header}");
    lines.map(row).collect()
}

fn row(line: &'static str) -> Row {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let [number, api, in_type, out_type, context, input, expected, evidence, _source] = columns[..] else {
        panic!("{} columns: {line}", columns.len());
    };
    assert!(["observed", "documented", "inferred"].contains(&evidence), "row {number}: {evidence}");
    let number = number.parse().expect("a row's number");
    Row { number, api, in_type, out_type, context, input, expected: unescape(expected), evidence }
}

/// `\r`, `\n`, `\t` and `\uXXXX` are escapes as in JSON; any other backslash is a backslash.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (shown, length) = match escape.chars().next() {
            Some('r') => ('\r', 1),
            Some('n') => ('\n', 1),
            Some('t') => ('\t', 1),
            Some('u') => {
                let digits = u32::from_str_radix(&escape[1..5], 16).expect("four digits");
                (char::from_u32(digits).expect("a character"), 5)
            }
            _ => ('\\', 0),
        };
        out.push(shown);
        rest = &escape[length..];
    }
    out + rest
}

fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "{digits}");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits")).collect()
}

/// The text after `key` in a row's context, up to the end of the word.
fn after<'c>(context: &'c str, key: &str) -> Option<&'c str> {
    let rest = &context[context.find(key)? + key.len()..];
    rest.split([' ', ',', ';']).next()
}

/// The first number in a text.
fn number_in(text: &str) -> Option<usize> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A row that fails: which part, what the table has, what was printed.
struct Failure {
    what: &'static str,
    expected: String,
    got: String,
}

#[derive(Default)]
struct Checks(Vec<Failure>);

impl Checks {
    fn text(&mut self, what: &'static str, expected: &str, got: &impl ToString) {
        let got = got.to_string();
        if got != expected {
            self.0.push(Failure { what, expected: expected.to_owned(), got });
        }
    }
}

fn check(row: &Row) -> Vec<Failure> {
    let mut checks = Checks::default();
    match row.api {
        "evtmsg" | "xml" | "all" | "fieldvalue" | "tdh" | "decoder-policy" => check_value(row, &mut checks),
        "message" if row.context.starts_with("1034:") => check_1034(row, &mut checks),
        "message" => check_template(row, &mut checks),
        other => panic!("row {}: nothing here checks {other}", row.number),
    }
    checks.0
}

// ---- rows with a value ---------------------------------------------------------------------------------------------

/// The position of a row's value among the fields of the fixture's event: there may be a length before it.
fn value_at(row: &Row) -> usize {
    usize::from(row.context.contains("length="))
}

/// The fixture's event with the row's types, whose message is one field alone.
fn layout_of(row: &Row) -> &'static LayoutInfo {
    let counted = row.context.contains("length=");
    let map = after(row.context, "map=").or(after(row.context, "bitMap "));
    let fits = |layout: &&'static LayoutInfo| {
        let alone = if counted { "%2" } else { "%1" };
        let message = layout.newest_header().and_then(|header| header.message);
        let Some(field) =
            layout.fields.get(value_at(row)).filter(|_| layout.id < FIRST_OTHER && message == Some(alone))
        else {
            return false;
        };
        // A generated field has no outType if it is the default of its inType.
        let default = || InType::from_name(row.in_type).and_then(InType::default_out_type).map(OutType::name);
        let out_type = field.out_type.map(OutType::name).or_else(default).unwrap_or_default();
        (field.in_type.name(), out_type, field.map.map(|map| map.name)) == (row.in_type, row.out_type, map)
            && matches!(field.length, Some(Size::Field(0))) == counted
    };
    let mut fitting = fixture::schema::PROVIDER.layouts().filter(fits);
    let found = fitting.next().unwrap_or_else(|| panic!("row {}: the fixture has no such event", row.number));
    assert!(fitting.next().is_none(), "row {}: the fixture has two such events", row.number);
    found
}

fn check_value(row: &Row, checks: &mut Checks) {
    let layout = layout_of(row);
    let value = unhex(row.input);
    let mut payload = Vec::new();
    if row.context.contains("length=") {
        let units = if row.in_type == "win:UnicodeString" { value.len() / 2 } else { value.len() };
        let said = after(row.context, "length=").and_then(number_in);
        assert_eq!(said, Some(units), "row {}: the table's own length", row.number);
        payload.extend(u32::try_from(units).expect("a length").to_le_bytes());
    }
    payload.extend(value);
    // The fields after the value, of one byte each.
    payload.extend(layout.fields[value_at(row) + 1..].iter().map(|_| 0));
    let size = payload.len();
    let policy = row.api == "decoder-policy";
    if !policy {
        // Bytes after the fields must not be read.
        payload.extend([0xAA, 0xAA, 0xAA]);
    }

    let pointers = if row.context.contains("32-bit header") { PointerSize::Bits32 } else { PointerSize::Bits64 };
    let reader = Reader::new(&payload).with_pointers(pointers);
    let mut reader = if policy { reader.tolerant() } else { reader };
    let event = match Event::read(layout.index, &mut reader) {
        Ok(event) => event,
        Err(fault) => return checks.text("decoding", &row.expected, &format!("{fault:?}")),
    };
    checks.text("bytes consumed", &size.to_string(), &reader.offset());
    if let Some(consumed) = after(row.context, "consumed=") {
        checks.text("bytes consumed, as the table says", consumed, &reader.offset());
    }
    if policy {
        let lenient = Decoder::new(FixtureBuild::B1).lenient().decode_payload(layout.key(), &payload);
        checks.text(
            "refused by strict decoding",
            "true",
            &Event::decode(FixtureBuild::B1, layout.id, 0, &payload).is_err(),
        );
        checks.text("marked as unterminated", "true", &lenient.is_ok_and(|lenient| lenient.unterminated()));
    }

    if row.api != "xml" {
        checks.text("message", &row.expected, &event.message(&FromFn(nt_dll)));
    }
    if ["xml", "all", "fieldvalue", "decoder-policy"].contains(&row.api) {
        checks.text("XML", &row.expected, &event.value(value_at(row)).expect("the field has a value"));
    }
}

// ---- rows with a template ------------------------------------------------------------------------------------------

/// A template: the fixture's event of the row's number has it as its message.
fn check_template(row: &Row, checks: &mut Checks) {
    let layout = fixture::schema::PROVIDER.layouts().find(|layout| usize::from(layout.id) == row.number);
    let layout = layout.unwrap_or_else(|| panic!("row {}: the fixture has no such event", row.number));
    let template = layout.newest_header().and_then(|header| header.message);
    // Row 70 describes its template in words.
    assert_eq!(template, Some(unescape(row.input).as_str()), "row {}: the fixture's template", row.number);
    let args = row.context.strip_prefix("args=[").and_then(|args| args.strip_suffix(']')).unwrap_or_default();
    let mut payload = Vec::new();
    for (field, arg) in layout.fields.iter().zip(args.split(',')) {
        match field.in_type {
            fixture_type if fixture_type.name() == "win:UInt32" => {
                payload.extend(arg.parse::<u32>().expect("a number").to_le_bytes());
            }
            _ => payload.extend(arg.encode_utf16().chain([0]).flat_map(u16::to_le_bytes)),
        }
    }
    match Event::decode(FixtureBuild::B1, layout.id, 0, &payload) {
        Ok(decoded) => checks.text("message", &row.expected, &decoded.message(&FromFn(nt_dll))),
        Err(error) => checks.text("decoding", &row.expected, &error),
    }
}

/// SMBServer's own event, whose map has texts with inserts.
fn check_1034(row: &Row, checks: &mut Checks) {
    let given: BTreeMap<&str, &str> =
        row.context["1034:".len()..].split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let layout = layout("Srv2RdmaSendEndpointNotificationFailureV0");
    let value = |field: &Field| match (field.name.as_str(), given.get(field.name.as_str())) {
        ("DeviceName", Some(name)) => Value::text16(name),
        (_, Some(number)) => Value::Unsigned(match number.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).expect("a number"),
            None => number.parse().expect("a number"),
        }),
        (_, None) => Value::Unsigned(0),
    };
    let values: Vec<Value> = layout.fields().iter().map(value).collect();
    let payload = encode(layout.fields(), &values);
    for build in [Build::B20348, Build::B26100] {
        let decoded = smbserver_etw::Event::decode(build, 1034, 0, &payload).expect("an event of both builds");
        let template = Record::layout(&decoded.event).header(build.number()).and_then(|header| header.message);
        checks.text("template", row.input, &template.unwrap_or_default());
        checks.text("message", &row.expected, &decoded.message(&FromFn(nt_dll)));
    }
}

#[test]
fn every_vector_holds() {
    let rows = rows();
    assert!(rows.iter().map(|row| row.number).eq(1..=ROWS), "the table's rows");
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    for row in &rows {
        let failures = check(row);
        let Row { number, api, in_type, out_type, expected, evidence, .. } = row;
        let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
        println!("{number:>2} {verdict:<6} {evidence:<10} {api:<14} {in_type:<24} {out_type:<30} {expected:?}");
        if failures.is_empty() {
            *passed.entry(evidence).or_default() += 1;
        }
        failed.extend(failures.into_iter().map(|Failure { what, expected, got }| {
            format!("row {number} ({evidence}), {what}:\n  the table: {expected:?}\n  here:      {got:?}")
        }));
    }
    println!("{} of {}: {passed:?}", passed.values().sum::<usize>(), rows.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_built_in_texts_are_windows_own_or_marked() {
    let event = |code: u32| {
        let payload = code.to_le_bytes();
        Event::decode(FixtureBuild::B1, 9, 0, &payload).expect("a code").event.message(&BuiltIn).to_string()
    };
    for row in rows().iter().filter(|row| row.out_type == "win:NTSTATUS" && row.api == "evtmsg") {
        let code = u32::from_le_bytes(unhex(row.input).try_into().expect("four bytes"));
        let shown = event(code);
        assert!(
            shown == row.expected || (shown.starts_with('[') && shown.ends_with(']')),
            "row {}: {shown}",
            row.number
        );
    }
}

// ---- forms that the table lacks ------------------------------------------------------------------------------------

/// The fixture's layouts, one of each event.
fn fixture_layouts() -> &'static [Layout] {
    static LAYOUTS: OnceLock<Vec<Layout>> = OnceLock::new();
    LAYOUTS.get_or_init(|| {
        let mut generator = Generator::new();
        generator.add_manifest("vectors.man", 1, include_bytes!("../../fixtures/vectors.man"));
        let (schema, diagnostics) = generator.merge();
        assert!(!diagnostics.has_errors(), "{diagnostics}");
        let layout = |(id, version, layout): (u16, u8, &schema::Layout)| Layout {
            name: format!("event {id}"),
            id,
            version,
            builds: vec![1],
            schema: layout.clone(),
        };
        schema.layouts().map(layout).collect()
    })
}

/// The message of a fixture's event with these values.
fn shown(id: u16, values: &[Value]) -> String {
    let layout = fixture_layouts().iter().find(|layout| layout.id == id).expect("the event is in the schema");
    let payload = encode(layout.fields(), &with_counts(layout.fields(), values));
    let decoded = Event::decode(FixtureBuild::B1, id, 0, &payload).unwrap_or_else(|error| panic!("{id}: {error}"));
    let text = decoded.to_string();
    assert_eq!(text, decoded.event.to_string(), "one build has one message");
    text
}

/// The message of the event for a value that a length field precedes.
fn shown_counted(id: u16, value: Value) -> String {
    shown(id, &[Value::Unsigned(0), value])
}

fn unsigned(number: impl Into<u64>) -> Value {
    Value::Unsigned(number.into())
}

fn signed(number: impl Into<i64>) -> Value {
    Value::Signed(number.into())
}

#[test]
fn integers_print_whole_at_their_limits() {
    let values = |[i8, i16, i32, i64]: [Value; 4], [u8, u16, u32, u64, h32, h64]: [Value; 6]| {
        shown(100, &[i8, i16, i32, i64, u8, u16, u32, u64, h32, h64])
    };
    let lowest = [signed(i8::MIN), signed(i16::MIN), signed(i32::MIN), signed(i64::MIN)];
    assert_eq!(values(lowest, [0_u8; 6].map(unsigned)), "-128 -32768 -2147483648 -9223372036854775808 0 0 0 0 0x0 0x0");
    let highest = [signed(i8::MAX), signed(i16::MAX), signed(i32::MAX), signed(i64::MAX)];
    let all_bits = [u8::MAX.into(), u16::MAX.into(), u32::MAX.into(), u64::MAX, u32::MAX.into(), u64::MAX];
    assert_eq!(
        values(highest, all_bits.map(unsigned)),
        "127 32767 2147483647 9223372036854775807 255 65535 4294967295 18446744073709551615 \
         0xFFFFFFFF 0xFFFFFFFFFFFFFFFF"
    );
}

#[test]
fn hexadecimal_is_upper_case_and_as_wide_as_the_type() {
    let all = [unsigned(0xA_u8), unsigned(0xABC_u16), unsigned(0xC000_0022_u32), unsigned(u64::MAX), signed(-1)];
    assert_eq!(shown(101, &all), "0xA 0xABC 0xC0000022 0xFFFFFFFFFFFFFFFF 0xFFFFFFFF");
}

#[test]
fn small_integers_may_be_truths_and_characters() {
    assert_eq!(shown(102, &[unsigned(0_u8), unsigned(b'A'), unsigned(0x20AC_u16)]), "false A €");
    // Half of a surrogate pair is not a character.
    assert_eq!(shown(102, &[unsigned(2_u8), unsigned(0xE9_u8), unsigned(0xD83D_u16)]), "true é \u{FFFD}");
}

#[test]
fn dates_have_marks_unless_the_manifest_forbids_them() {
    let time = Value::SystemTime([2020, 6, 3, 24, 15, 57, 30, 511]);
    assert_eq!(
        shown(103, &[time.clone(), time]),
        "\u{200E}2020\u{200E}-\u{200E}06\u{200E}-\u{200E}24T15:57:30.511000000Z 2020-06-24T15:57:30.511000000Z"
    );
    // A recorded value that is not a date; and the last date that FILETIME can hold.
    let odd = Value::SystemTime([0, 99, 7, 0, 65_535, 60, 61, 1000]);
    assert!(shown(103, &[odd.clone(), odd]).ends_with(" 0000-99-00T65535:60:61.1000000000Z"));
    assert_eq!(shown(35, &[Value::FileTime(0)]), "1601-01-01T00:00:00.000000000Z");
    assert_eq!(shown(35, &[Value::FileTime(u64::MAX)]), "60056-05-28T05:36:10.955161500Z");
}

#[test]
fn ipv6_addresses_have_the_text_of_windows() {
    let parsed = |text: &str| text.parse::<std::net::Ipv6Addr>().expect("an address").octets().to_vec();
    for (address, expected) in [
        ("::", "::"),
        ("::1", "::1"),
        ("2001:db8::1", "2001:db8::1"),
        // The first of two zero runs of the same length; a single zero group stays.
        ("2001:0:0:1:0:0:2:3", "2001::1:0:0:2:3"),
        ("2001:0:1:2:3:4:5:6", "2001:0:1:2:3:4:5:6"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        // Mapped, compatible, translated, ISATAP with and without the universal bit.
        ("::ffff:102:304", "::ffff:1.2.3.4"),
        ("::102:304", "::1.2.3.4"),
        ("::ffff:0:102:304", "::ffff:0:1.2.3.4"),
        ("fe80::5efe:102:304", "fe80::5efe:1.2.3.4"),
        ("fe80::200:5efe:102:304", "fe80::200:5efe:1.2.3.4"),
        // A tail whose upper half is zero is not an IPv4 address.
        ("::304", "::304"),
    ] {
        assert_eq!(shown(104, &[Value::Bytes(parsed(address))]), expected, "{address} without a length");
        assert_eq!(shown_counted(45, Value::Bytes(parsed(address))), expected, "{address} with a length");
        assert_eq!(shown_counted(1, Value::Bytes(sockaddr_in6(445, &parsed(address), 0))), format!("[{expected}]:445"));
        assert_eq!(shown_counted(1, Value::Bytes(sockaddr_in6(0, &parsed(address), 0))), expected);
        assert_eq!(shown_counted(1, Value::Bytes(sockaddr_in6(0, &parsed(address), 7))), format!("{expected}%7"));
        assert_eq!(
            shown_counted(1, Value::Bytes(sockaddr_in6(u16::MAX, &parsed(address), u32::MAX))),
            format!("[{expected}%4294967295]:65535")
        );
    }
    // Bytes that are not an address are shown as bytes.
    assert_eq!(shown_counted(45, Value::Bytes(vec![0xAB; 15])), format!("0x{}", "AB".repeat(15)));
    assert_eq!(shown_counted(45, Value::Bytes(vec![0xAB; 17])), format!("0x{}", "AB".repeat(17)));
}

fn sockaddr_in(port: u16, address: [u8; 4]) -> Vec<u8> {
    [vec![2, 0], port.to_be_bytes().into(), address.into(), vec![0; 8]].concat()
}

fn sockaddr_in6(port: u16, address: &[u8], scope: u32) -> Vec<u8> {
    let flow = [1, 2, 3, 4]; // never shown
    [&[23, 0], &port.to_be_bytes()[..], &flow, address, &scope.to_le_bytes()].concat()
}

#[test]
fn socket_addresses_of_every_recorded_length() {
    let address = |bytes: Vec<u8>| shown_counted(1, Value::Bytes(bytes));
    let padded = |mut bytes: Vec<u8>| {
        // After the structure come arbitrary bytes of memory.
        bytes.resize(128, 0xCC);
        bytes
    };
    let v4 = sockaddr_in(445, [192, 0, 2, 1]);
    assert_eq!((v4.len(), address(v4.clone())), (16, "192.0.2.1:445".to_owned()));
    assert_eq!(address(padded(v4.clone())), "192.0.2.1:445");
    assert_eq!(address(sockaddr_in(0, [255; 4])), "255.255.255.255");
    let loopback = [vec![0; 15], vec![1]].concat();
    let v6 = sockaddr_in6(60_848, &loopback, 0);
    assert_eq!((v6.len(), address(v6.clone())), (28, "[::1]:60848".to_owned()));
    assert_eq!(address(padded(v6.clone())), "[::1]:60848");
    assert_eq!(address(Vec::new()), "");
    // No family, an unknown one, and too few bytes for a known one.
    assert_eq!(address(vec![2]), "0x02");
    assert_eq!(address(vec![1, 0, 0xAA]), "0x0100AA");
    // AF_INET6 of other systems, which Windows does not know.
    assert_eq!(address(vec![10, 0, 1, 2]), "0x0A000102");
    assert_eq!(address(v4[..7].to_vec()), "0x020001BDC00002");
    assert_eq!(address(v6[..27].to_vec()), format!("0x1700EDB001020304{}01000000", "00".repeat(15)));
}

#[test]
fn security_identifiers_print_every_part() {
    let sid = |authority: [u8; 6], subs: &[u32]| {
        let header = [vec![1, u8::try_from(subs.len()).expect("few")], authority.into()].concat();
        shown(56, &[Value::Sid(subs.iter().fold(header, |sid, sub| [sid, sub.to_le_bytes().into()].concat()))])
    };
    assert_eq!(sid([0, 0, 0, 0, 0, 5], &[32, 544]), "S-1-5-32-544");
    assert_eq!(sid([0, 0, 0, 0, 0, 1], &[]), "S-1-1");
    assert_eq!(
        sid([0, 0, 0xFF, 0xFF, 0xFF, 0xFF], &[u32::MAX; 15]),
        format!("S-1-4294967295{}", "-4294967295".repeat(15))
    );
    assert_eq!(sid([0, 1, 0, 0, 0, 0], &[1]), "S-1-0x100000000-1");
}

#[test]
fn text_is_shown_as_it_is_but_for_what_no_text_can_hold() {
    let units = |units: &[u16]| shown_counted(13, Value::Text16(units.to_vec()));
    assert_eq!(units(&[0x61, 0xD83D, 0xDE00, 0x62]), "a😀b");
    assert_eq!(units(&[0xD83D, 0x61, 0xDE00]), "\u{FFFD}a\u{FFFD}");
    // The message has a space for each NUL, at the end too; the value keeps them.
    assert_eq!(units(&[0, 0x61, 0, 0, 0xD800, 0]), " a  \u{FFFD} ");
    assert_eq!(shown(57, &[Value::text16("")]), "");
    // Bidirectional marks, tabs and line breaks of the name are kept.
    assert_eq!(shown(57, &[Value::text16("\u{202E}a\r\nb\t")]), "\u{202E}a\r\nb\t");
    let ansi = |bytes: &[u8]| shown_counted(18, Value::Text8(bytes.to_vec()));
    assert_eq!(ansi(b"abc\0def"), "abc");
    assert_eq!(ansi(b"caf\xE9"), "caf\u{FFFD}");
    assert_eq!(ansi(b""), "");
}

#[test]
fn counted_values_carry_their_length() {
    assert_eq!(shown(105, &[Value::Text8(b"ab".to_vec()), Value::Bytes(vec![0xAB, 1])]), "ab 0xAB01");
    // Binary without a byte.
    assert_eq!(shown(105, &[Value::Text8(Vec::new()), Value::Bytes(Vec::new())]), " 0x");
}

#[test]
fn arrays_are_lists() {
    let numbers = Value::Array(vec![unsigned(1_u8), unsigned(u16::MAX)]);
    let hexes = Value::Array(vec![unsigned(0xAB_u8), unsigned(0_u8)]);
    assert_eq!(shown(106, &[unsigned(0_u8), numbers, hexes.clone()]), "1, 65535; 0xAB, 0x0");
    assert_eq!(shown(106, &[unsigned(0_u8), Value::Array(Vec::new()), hexes]), "; 0xAB, 0x0");
}

#[test]
fn printf_formats_of_a_template() {
    let values = [unsigned(0x2A_u8), signed(-5), Value::text16("text")];
    assert_eq!(shown(107, &values), "0000002a 2A 42 [    42] [42    ] 0x2a -5 [   -5] text text");
}

#[test]
fn bit_maps_show_every_bit_that_has_a_text() {
    for (bits, text) in [
        (0b001_u32, "Sunday"),
        (0b111, "Sunday | Monday | Tuesday"),
        (0b110, "Monday | Tuesday"),
        (0, "0"),
        (0b1000, "8"),
        (0x8000_0001, "Sunday"),
    ] {
        assert_eq!(shown(64, &[unsigned(bits)]), text, "{bits:#b}");
    }
}

#[test]
fn inserts_in_a_maps_text_are_expanded_once() {
    let failure =
        |kind: u32, device: &str, inner: u32| shown(108, &[unsigned(kind), Value::text16(device), unsigned(inner)]);
    assert_eq!(failure(1, "eth0", 0), "Failed: No route to eth0");
    // What looks like an insert in the name is part of the name.
    assert_eq!(failure(1, "%2 %3", 0), "Failed: No route to %2 %3");
    // The inserted field has a map too, whose text is not expanded again.
    assert_eq!(failure(2, "eth0", 1), "Failed: No route to %2 for eth0");
    assert_eq!(failure(2, "eth0", 99), "Failed: 99 for eth0");
    assert_eq!(failure(3, "eth0", 1), "Failed: Plain");
    assert_eq!(failure(u32::MAX, "eth0", 1), "Failed: 4294967295");
}

/// A sink that drops its text.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// The provider's events use few of the types. This covers every form that a message can give a value.
#[test]
fn every_form_renders_any_value_without_an_allocation() {
    let texts = FromFn(nt_dll);
    let mut rendered = 0;
    for layout in fixture_layouts() {
        for values in random::samples(layout, Lengths::Any, 64) {
            let payload = encode(layout.fields(), &values);
            let decoded = Event::decode(FixtureBuild::B1, layout.id, layout.version, &payload);
            let decoded = decoded.unwrap_or_else(|error| panic!("{}: {error}", layout.name));
            let work =
                || write!(Nowhere, "{decoded}{}{:?}", decoded.message(&texts), decoded.event).expect("it takes all");
            assert_eq!(measure(work).count_total, 0, "{}: allocations for {values:?}", layout.name);
            rendered += 1;
        }
    }
    println!("{rendered} payloads of {} layouts", fixture_layouts().len());
}
