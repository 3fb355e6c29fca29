//! Messages of the provider's events: the golden ones, snapshots of all of them for review, and what must hold for any
//! payload. The forms of single values are in `vectors.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::hint::black_box;

use allocation_counter::measure;
use etw_runtime::status::{BuiltIn, FromFn};
use etw_runtime::{FieldInfo, Record, View};
use etw_schema::model::{Field, InType, OutType};
use etw_schema::source::man::{self, ReadOptions};
use smbserver_etw::{Build, Decoded, Decoder, Event, EventKey, LayoutInfo};
use smbserver_etw_tests::encoder::{Value, encode, with_counts};
use smbserver_etw_tests::manifests::{Layout, is_reviewed, layout, layouts, sources};
use smbserver_etw_tests::random::{self, Lengths};

fn decode<'p>(layout: &Layout, build: u32, payload: &'p [u8]) -> Decoded<'p> {
    let decoded = Event::decode(Build::from_number(build), layout.id, layout.version, payload);
    decoded.unwrap_or_else(|error| panic!("{}: {error}", layout.name))
}

/// The message of a layout with these values, as a build words it.
fn message(layout: &Layout, build: u32, values: &[Value]) -> String {
    let payload = encode(layout.fields(), &with_counts(layout.fields(), values));
    decode(layout, build, &payload).to_string()
}

/// The generated description of a layout.
fn info(layout: &Layout) -> &'static LayoutInfo {
    let info = smbserver_etw::schema::PROVIDER.layouts().find(|info| info.name == layout.name);
    info.unwrap_or_else(|| panic!("{} is not generated", layout.name))
}

// ---- goldens and templates -----------------------------------------------------------------------------------------

#[test]
fn the_golden_messages_come_out_byte_for_byte() {
    for (id, payload, golden) in [
        (
            1006,
            include_str!("../../data/golden/golden_1006.payload.hex"),
            include_str!("../../data/golden/golden_1006.message.txt"),
        ),
        (
            1010,
            include_str!("../../data/golden/golden_1010.payload.hex"),
            include_str!("../../data/golden/golden_1010.message.txt"),
        ),
    ] {
        let digits = payload.trim();
        let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
        let payload: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect();
        assert!(golden.contains("\r\n"), "a checkout has turned the line breaks of the golden message {id}");
        for build in [Build::B20348, Build::B26100] {
            let decoded = Event::decode(build, id, 0, &payload).expect("a recorded payload");
            // Not `assert_eq`: its output hides differences in line breaks and in blanks at the end of lines.
            assert!(
                decoded.to_string() == golden,
                "{id} in {build:?}: {:?}\nshould be {golden:?}",
                decoded.to_string()
            );
            assert!(decoded.event.to_string() == golden, "{id}: the newest message");
        }
    }
}

/// `documented_schema` compares the manifests' templates with the documented page, after exactly these steps: `%n`
/// becomes a line break, `%%` becomes `%`, line breaks at the end are dropped; all other blanks and tabs count. This is
/// the other half: the generated code has the manifests' templates, to the last character.
#[test]
fn generated_code_holds_the_manifests_templates() {
    let mut compared = 0;
    for source in sources() {
        let (manifest, diagnostics) = man::read(&source.name, &source.bytes, &ReadOptions::default());
        assert!(!diagnostics.has_errors(), "{diagnostics:?}");
        for event in manifest.providers.iter().flat_map(|provider| &provider.events) {
            let known = smbserver_etw::schema::PROVIDER.event(event.id).and_then(|known| known.version(event.version));
            let layout = known.and_then(|known| known.layout_at(source.build)).expect("the build has the event");
            let held = layout.header(source.build).and_then(|header| header.message);
            assert_eq!(held, event.message.as_deref(), "{} v{} in {}", event.id, event.version, source.build);
            compared += 1;
        }
    }
    println!("{compared} templates");
}

// ---- every message -------------------------------------------------------------------------------------------------

/// The value of the `n`th field. It shows in the message which field it comes from: `%6` is 106, `0xA06`, or the
/// field's own name.
fn known(field: &Field, info: &FieldInfo, n: u8) -> Value {
    if field.count.is_some() {
        let one = Field { count: None, ..field.clone() };
        return Value::Array(vec![known(&one, info, n); 2]);
    }
    // The decimal digits of `n` as hexadecimal ones.
    let digits = u64::from(n / 10 * 0x10 + n % 10);
    let status = matches!(field.out_type, Some(OutType::NtStatus | OutType::Win32Error | OutType::HResult));
    match (field.in_type, info.map) {
        (_, Some(map)) => Value::Unsigned(map.entries[0].value.into()),
        // STATUS_LOGON_FAILURE.
        (InType::UInt32 | InType::HexInt32, _) if status => Value::Unsigned(0xC000_006D),
        (InType::HexInt32, _) => Value::Unsigned(0xA00 + digits),
        (InType::HexInt64, _) => Value::Unsigned(0xA_0000_0000_0000 + digits),
        (InType::UInt8, _) => Value::Unsigned(n.into()),
        (InType::UInt16 | InType::UInt32 | InType::UInt64, _) => Value::Unsigned(100 + u64::from(n)),
        (InType::Int8 | InType::Int16 | InType::Int32 | InType::Int64, _) => Value::Signed(-100 - i64::from(n)),
        (InType::Boolean, _) => Value::Bool(1),
        (InType::Guid, _) => Value::Guid([n; 16]),
        // 2020-06-24T15:57:30.511Z.
        (InType::FileTime, _) => Value::FileTime(132_374_878_505_110_000),
        (InType::UnicodeString, _) => Value::text16(&format!("<{}>", field.name)),
        (InType::AnsiString, _) => Value::Text8(format!("<{}>", field.name).into_bytes()),
        (InType::Binary, _) if field.out_type == Some(OutType::SocketAddress) => Value::Bytes(address(n)),
        (InType::Binary, _) => Value::Bytes(vec![n; 4]),
        (other, _) => panic!("{}: no event here has a {other}", field.name),
    }
}

/// Addresses of the ranges for documentation, IPv4 for odd fields and IPv6 for even ones, with port 445.
fn address(n: u8) -> Vec<u8> {
    if n.is_multiple_of(2) {
        let address = [vec![0x20, 1, 0x0D, 0xB8], vec![0; 11], vec![n]].concat();
        return [vec![23, 0, 1, 0xBD, 0, 0, 0, 0], address, vec![0; 4]].concat();
    }
    [vec![2, 0, 1, 0xBD, 192, 0, 2, n], vec![0; 8]].concat()
}

fn known_values(layout: &Layout) -> Vec<Value> {
    let fields = layout.fields().iter().zip(info(layout).fields).zip(1..);
    fields.map(|((field, info), n)| known(field, info, n)).collect()
}

/// The sets of values that an event's message is shown with, each with a note: the known ones, and for a map with
/// inserts in its texts also each value of the map, and one that the map lacks.
fn shown_values(layout: &Layout) -> Vec<(String, Vec<Value>)> {
    let values = known_values(layout);
    let expanding = info(layout).fields.iter().enumerate().filter_map(|(at, field)| Some((at, field.name, field.map?)));
    let mut sets = Vec::new();
    for (at, name, map) in expanding.filter(|(_, _, map)| map.entries.iter().any(|entry| entry.text.contains('%'))) {
        for value in map.entries.iter().map(|entry| entry.value).chain([9999]) {
            let mut values = values.clone();
            values[at] = Value::Unsigned(value.into());
            sets.push((format!(", {name} {value}"), values));
        }
    }
    if sets.is_empty() { vec![(String::new(), values)] } else { sets }
}

/// A message of an event, as some builds word it.
struct Rendered {
    layout: &'static Layout,
    builds: Vec<u32>,
    note: String,
    text: String,
}

fn every_message() -> Vec<Rendered> {
    let mut all: Vec<Rendered> = Vec::new();
    for layout in layouts() {
        for (note, values) in shown_values(layout) {
            let first = all.len();
            for &build in &layout.builds {
                let text = message(layout, build, &values);
                match all[first..].iter_mut().find(|other| other.text == text) {
                    Some(same) => same.builds.push(build),
                    None => all.push(Rendered { layout, builds: vec![build], note: note.clone(), text }),
                }
            }
        }
    }
    all
}

/// The module of each view, by the view's name.
fn modules() -> BTreeMap<&'static str, &'static str> {
    /// Takes the paths of all views.
    macro_rules! paths {
        ($($view:ty),* $(,)?) => {
            [$((<$view as View<'_>>::INFO.name, std::any::type_name::<$view>())),*]
        };
    }
    let paths = smbserver_etw::for_each_view!(paths);
    paths.map(|(name, path)| (name, path.rsplit("::").nth(1).expect("a path of a module"))).into()
}

#[test]
fn every_message_for_review() {
    let modules = modules();
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let all = every_message();
    for Rendered { layout, builds, note, text } in &all {
        let file = files.entry(modules[layout.name.as_str()]).or_default();
        let builds: Vec<String> = builds.iter().filter(|build| is_reviewed(build)).map(u32::to_string).collect();
        if builds.is_empty() {
            continue;
        }
        writeln!(file, "{} v{} ({}){note}", layout.id, layout.version, builds.join(", ")).expect("a string takes all");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{}: half a line break", layout.name);
        // Makes the marks of a date visible.
        let text = text.replace('\u{200E}', "<U+200E>");
        for line in text.split("\r\n").filter(|_| !text.is_empty()) {
            writeln!(file, "  | {line}").expect("a string takes all");
        }
        file.push('\n');
    }
    let description = "Every message, rendered from known values: field 6 is 106, 0xA06, 0xA000000000006, <its name>, \
                       192.0.2.x:445 or [2001:db8::x]:445; a status is STATUS_LOGON_FAILURE. Each line break is \
                       CR LF; an event without lines has no message.";
    insta::with_settings!({ description => description, omit_expression => true }, {
        for (module, text) in &files {
            insta::assert_snapshot!(*module, text);
        }
    });
    println!("{} messages of {} layouts in {} modules", all.len(), layouts().len(), files.len());
}

/// The `%` that stay in messages: the event, the text, and the reason.
///
/// The documented page prints the `%10` of 1914 with the eight fields of version 1. The text belongs to version 0,
/// which has ten fields; version 1 has no message in the manifests. So no insert is left here.
const UNEXPANDED: &[(u16, &str, &str)] = &[(1031, "%SystemRoot%", "an environment variable in the text")];

#[test]
fn nothing_is_left_unexpanded_but_what_windows_leaves() {
    let mut needed = BTreeSet::new();
    for Rendered { layout, text, .. } in every_message() {
        let mut text = text;
        for (at, (_, left, _)) in UNEXPANDED.iter().enumerate().filter(|(_, (id, ..))| *id == layout.id) {
            if text.contains(left) {
                needed.insert(at);
                text = text.replace(left, "");
            }
        }
        assert!(!text.contains('%'), "{} v{}: {text}", layout.id, layout.version);
    }
    assert!(needed.into_iter().eq(0..UNEXPANDED.len()), "every exception is needed");
}

#[test]
fn a_build_speaks_its_own_words_and_an_event_the_newest() {
    let quic = layout("SrvNetQuicShutdownFailureV0");
    let payload = encode(quic.fields(), &known_values(quic));
    let old = "connection is shuting down";
    let new = "connection is shutting down";
    for (build, words) in [(20_348, old), (22_621, old), (26_099, old), (26_100, new), (30_000, new)] {
        let decoded = decode(quic, build, &payload);
        assert!(decoded.to_string().contains(words), "{build}: {decoded}");
        assert_eq!(decoded.message(&BuiltIn).to_string(), decoded.to_string());
        // The event itself does not have a build.
        assert!(decoded.event.to_string().contains(new), "{build}: {}", decoded.event);
        assert_eq!(decoded.event.message(&BuiltIn).to_string(), decoded.event.to_string());
    }
    let changed: Vec<String> = layouts()
        .iter()
        .filter(|layout| {
            let mut words: BTreeSet<String> =
                layout.builds.iter().map(|build| message(layout, *build, &known_values(layout))).collect();
            words.remove(""); // a build whose text is in no capture
            words.len() > 1
        })
        .map(|layout| format!("{} v{}", layout.id, layout.version))
        .collect();
    // The three that manifests/smbserver/NOTES.md names.
    assert_eq!(changed, ["1003 v0", "1004 v0", "1044 v0"]);
}

#[test]
fn the_message_of_a_view_is_that_of_the_event() {
    /// Writes the message through the type of the view and through that of the event.
    macro_rules! compare {
        ($($view:ty),* $(,)?) => {
            [$({
                let layout = layout(<$view as View<'_>>::INFO.name);
                let payload = encode(layout.fields(), &known_values(layout));
                let view = <$view>::parse(&payload).unwrap_or_else(|error| panic!("{error}"));
                let newest = *layout.builds.last().expect("a layout has builds");
                let decoded = decode(layout, newest, &payload);
                assert_eq!(view.to_string(), decoded.event.to_string(), "{}", layout.name);
                assert_eq!(view.to_string(), decoded.to_string(), "{}", layout.name);
            }),*]
        };
    }
    let views = smbserver_etw::for_each_view!(compare);
    assert_eq!(views.len(), layouts().len());
}

#[test]
fn texts_of_statuses_are_the_callers() {
    let auth = layout("Smb2SessionAuthFailureV3");
    let payload = encode(auth.fields(), &known_values(auth));
    let decoded = decode(auth, 26_100, &payload);
    assert!(decoded.to_string().contains("[STATUS_LOGON_FAILURE]"), "{decoded}");
    let texts = FromFn(|_, code| (code == 0xC000_006D).then_some("Two\r\nlines, %1 and %hs."));
    for text in [decoded.message(&texts).to_string(), decoded.event.message(&texts).to_string()] {
        assert!(text.contains("Two\r\nlines, %1 and %hs."), "{text}");
    }
    let none = decoded.message(&FromFn(|_, _| None)).to_string();
    assert!(none.contains("Unknown NTSTATUS Error code: 0xc000006d"), "{none}");
}

// ---- text that somebody else chose ---------------------------------------------------------------------------------

/// Everything that could be expanded in a template.
const HOSTILE: &str = "%1 %5 %12 %1!s! %2!08x! %%1 %%n %n %r %t %0 %SystemRoot% {} %";

/// A name of the same length, without a `%`, that is different for each field.
fn harmless(n: usize) -> String {
    format!("<{n:03}{}>", ".".repeat(HOSTILE.len() - 5))
}

#[test]
fn inserts_in_names_are_printed_and_never_expanded() {
    let mut texts = 0;
    let mut shown = 0;
    for layout in layouts() {
        for (_, values) in shown_values(layout) {
            let with = |name: &dyn Fn(usize) -> String| -> Vec<Value> {
                let replaced = |(at, value): (usize, &Value)| match value {
                    Value::Text16(_) => Value::text16(&name(at)),
                    Value::Text8(_) => Value::Text8(name(at).into_bytes()),
                    other => other.clone(),
                };
                values.iter().enumerate().map(replaced).collect()
            };
            let mild = with(&harmless);
            let hostile = with(&|_| HOSTILE.to_owned());
            for &build in &layout.builds {
                // The same message, except for the names.
                let mut expected = message(layout, build, &mild);
                for at in 0..values.len() {
                    shown += expected.matches(&harmless(at)).count();
                    expected = expected.replace(&harmless(at), HOSTILE);
                }
                assert_eq!(message(layout, build, &hostile), expected, "{} in {build}", layout.name);
                texts += 1;
            }
        }
    }
    assert!(shown > 100, "{shown} names in messages");
    println!("{texts} messages, {shown} names in them");
}

#[test]
fn texts_of_maps_are_expanded_once() {
    let failure = layout("Srv2RdmaSendEndpointNotificationFailureV0");
    let with = |kind: u64, device: &str| {
        let set = |field: &Field| match field.name.as_str() {
            "FailureType" => Value::Unsigned(kind),
            "Error" => Value::Unsigned(0xC000_0022),
            "DeviceName" => Value::text16(device),
            _ => Value::Unsigned(0),
        };
        let values: Vec<Value> = failure.fields().iter().map(set).collect();
        message(failure, 26_100, &values)
    };
    let start = "Send RDMA Endpoint notification failure - ";
    let denied =
        "{Access Denied}\r\nA process has requested access to an object, but has not been granted those access rights.";
    assert_eq!(with(6, "%1 %3"), format!("{start}Error updating transport list for device %1 %3. {denied}."));
    // A value that the map lacks is shown as its number, and can be read as one.
    assert_eq!(with(4_000_000_000, "x"), format!("{start}4000000000"));
}

#[test]
fn what_no_text_can_hold_is_replaced() {
    let endpoint = layout("SrvEndpointAddedV0");
    let name = endpoint.position("Name").expect("it has a name");
    let with = |units: &[u16]| {
        let mut values = known_values(endpoint);
        values[name] = Value::Text16(units.to_vec());
        message(endpoint, 26_100, &values)
    };
    let line = |text: &str| text.lines().find_map(|line| line.strip_prefix("Name: ")).map(str::to_owned);
    assert_eq!(line(&with(&[0x61, 0, 0, 0x62, 0])), Some("a  b ".to_owned()));
    assert_eq!(line(&with(&[0xDC00, 0x61, 0xD800])), Some("\u{FFFD}a\u{FFFD}".to_owned()));
    assert_eq!(line(&with(&[0xD83D, 0xDE00])), Some("😀".to_owned()));
    assert_eq!(line(&with(&[])), Some(String::new()));
}

// ---- any payload that decodes --------------------------------------------------------------------------------------

/// A sink that drops its text.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// A sink that accepts a limited amount of text.
struct Bounded {
    text: String,
    room: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > self.room {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// Writes all that can be written of an event.
fn render(decoded: &Decoded<'_>) -> fmt::Result {
    let texts = FromFn(|_, code| (code % 2 == 0).then_some("text"));
    let event = decoded.event;
    write!(Nowhere, "{event}{event:?}{decoded}{}{}", event.message(&texts), decoded.message(&texts))
}

fn assert_renders(layout: &Layout, build: u32, payload: &[u8]) {
    let build = Build::from_number(build);
    let key = EventKey::new(layout.id, layout.version);
    let Ok(lenient) = Decoder::new(build).lenient().decode_payload(key, payload) else { return };
    let allocations = measure(|| render(&lenient).expect("nowhere takes all")).count_total;
    assert_eq!(allocations, 0, "{}, {payload:02X?}", layout.name);
}

#[test]
fn rendering_neither_panics_nor_allocates() {
    let mut rendered = 0;
    for layout in layouts() {
        for values in random::samples(layout, Lengths::Any, 24) {
            let payload = encode(layout.fields(), &values);
            for &build in &layout.builds {
                decode(layout, build, &payload);
                assert_renders(layout, build, &payload);
                rendered += 1;
            }
        }
    }
    println!("{rendered} payloads of {} layouts", layouts().len());
}

#[test]
fn bytes_that_nobody_meant_render_where_they_decode() {
    let mut sequence = test_support::XorShift::new(random::SEED);
    let mut rendered = 0;
    for layout in layouts() {
        for length in [40, 120, 400, 1500] {
            let mut payload: Vec<u8> = Vec::with_capacity(length);
            while payload.len() < length {
                // The bytes have no meaning. Small numbers are among them, so that lengths fit sometimes.
                let byte = sequence.next().to_le_bytes();
                payload.push(if byte[1].is_multiple_of(2) { byte[0] } else { byte[0] % 4 });
            }
            for &build in &layout.builds {
                let decoder = Decoder::new(Build::from_number(build)).lenient();
                let key = EventKey::new(layout.id, layout.version);
                rendered += usize::from(decoder.decode_payload(key, &payload).is_ok());
                assert_renders(layout, build, &payload);
            }
        }
    }
    assert!(rendered > 0);
    println!("{rendered} payloads decoded");
}

#[test]
fn a_full_sink_ends_the_message_with_an_error() {
    for layout in layouts() {
        let payload = encode(layout.fields(), &known_values(layout));
        let decoded = decode(layout, layout.builds[0], &payload);
        let whole = decoded.to_string();
        for room in (0..=whole.len()).step_by(7).chain([whole.len()]) {
            let mut sink = Bounded { text: String::new(), room };
            let result = write!(sink, "{decoded}");
            assert_eq!(result.is_ok(), room == whole.len(), "{}: {room} of {}", layout.name, whole.len());
            assert!(whole.starts_with(&sink.text), "{}: nothing is written after the error", layout.name);
        }
    }
}

#[test]
fn what_windows_shows_for_a_name_is_the_manifests_text_or_the_name() {
    use smbserver_etw::descriptor::{Channel, Keywords, Task};
    let task = Task(3060);
    assert_eq!(task.name(), Some("MutualAuthClientAccessError"));
    assert_eq!(task.display_name(), Some("SrvAdminMutualAuthClientAccessErrorShareRundown"));
    assert_eq!(Task::SMB2_REQUEST_READ.display_name(), Some("Smb2RequestRead"));
    assert_eq!(Channel(200).display_name(), None);
    let keywords = Keywords::REQUEST | Keywords::UT_PACKET;
    assert!(keywords.names().eq(["Request", "ut:Packet"]));
    assert!(keywords.display_names().eq(["Request", "Packet"]));
}
