//! The schema that a merged trace holds of its events.

use std::fs;
use std::path::Path;

use etw_schema::combine::{CapturedProvider, combine};
use etw_schema::diagnostic::Severity;
use etw_schema::diff::{Diff, Snapshot};
use etw_schema::model::{Event, EventKey, Guid, InType, OutType, Provider, Size};
use etw_schema::source::{self, File, Format, Source, man};

use crate::etl_writer::{self, EventInfo, InfoProperty, METADATA, PROVIDER, RELOG, Session, classic};

fn property(flags: u32, name: &str, in_type: u16, count: u16, length: u16) -> InfoProperty<'_> {
    InfoProperty { flags, name, in_type, out_type: 0, map: "", count, length }
}

fn event(id: u16, mask: u64, keywords: &[&'static str], properties: Vec<InfoProperty<'static>>) -> EventInfo<'static> {
    EventInfo {
        provider: PROVIDER,
        id,
        version: 0,
        numbers: [16, 4, 10],
        task: 7,
        mask: mask | 1 << 63,
        source: 0,
        names: ["A-Provider", "win:Informational", "A-Provider/Operational"],
        keywords: keywords.to_vec(),
        texts: ["Task", "Opcode", "Message %1 ", "A provider "],
        top_level: properties.len(),
        properties,
    }
}

/// A merged trace with these descriptions.
pub(crate) fn trace(blobs: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let records: Vec<_> = blobs.iter().map(|(opcode, blob)| classic(20, METADATA, *opcode, 5_000_020, blob)).collect();
    let size: usize = records.iter().map(|record| record.len().next_multiple_of(8)).sum();
    let buffer_size = u32::try_from(size + 72).expect("small").next_multiple_of(1024);
    let session = Session { mode: RELOG, buffer_size, ..Session::default() };
    [session.first(&[]), session.buffer(0, 1, &records)].concat()
}

fn of_events(events: &[EventInfo<'_>]) -> Vec<u8> {
    trace(&events.iter().map(|event| (32, event.write())).collect::<Vec<_>>())
}

/// The one source, and what was said.
fn read(bytes: &[u8]) -> (Option<Source>, Vec<(Severity, String)>) {
    let (mut sources, found) = source::read_all(&[File { name: "t.etl", bytes }]);
    let said = found.all().iter().map(|said| (said.severity, format!("{}: {}", said.element, said.message)));
    (sources.pop(), said.collect())
}

fn provider(bytes: &[u8]) -> Provider {
    let (source, said) = read(bytes);
    assert!(said.is_empty(), "{said:?}");
    let source = source.expect("a source");
    assert_eq!(source.format, Format::Trace);
    source.manifest.providers.into_iter().next().expect("a provider")
}

#[test]
fn an_event_is_what_the_trace_describes() {
    use InType::{Struct, UInt16, UInt32, UnicodeString};

    let mut structs = event(
        9,
        0,
        &[],
        vec![
            property(0, "Length", 6, 1, 2),
            property(2, "Text", 1, 1, 0),
            property(0, "Fixed", 1, 1, 12),
            property(4, "Array", 8, 0, 4),
            property(0, "Three", 8, 3, 4),
            property(0x25, "Struct", 6, 0, 0),
            property(0, "Inner", 15, 1, 16),
        ],
    );
    structs.properties[0].map = "Map";
    structs.properties[1].out_type = 1;
    structs.properties[5].out_type = 1;
    structs.top_level = 6;
    let map = etl_writer::map_info(PROVIDER, "Map", 1, &[(1, "One "), (2, "Two")]);
    let provider = provider(&trace(&[(32, structs.write()), (33, map)]));
    assert_eq!((provider.name.as_str(), provider.guid), ("A-Provider", Guid::from_bytes(PROVIDER)));
    assert_eq!(provider.message.as_deref(), Some("A provider"));
    let channel = &provider.channels[0];
    assert_eq!((channel.name.as_str(), channel.value, channel.kind), ("A-Provider/Operational", Some(16), None));
    assert_eq!((provider.tasks[0].name.as_str(), provider.tasks[0].value), ("Task", 7));
    assert_eq!((provider.opcodes[0].name.as_str(), provider.opcodes[0].value), ("Opcode", 10));
    assert_eq!(provider.opcodes[0].task, None);
    let texts: Vec<_> = provider.maps[0].entries.iter().map(|entry| entry.message.as_deref()).collect();
    assert_eq!(texts, [Some("One"), Some("Two")]);
    let Event { level, message, keywords, .. } = &provider.events[0];
    assert_eq!((level.as_deref(), message.as_deref()), (Some("win:Informational"), Some("Message %1")));
    assert!(keywords.is_empty(), "the channel's bit is no keyword");
    let fields = &provider.templates[0].fields;
    let types: Vec<_> = fields.iter().map(|field| field.in_type).collect();
    assert_eq!(types, [UInt16, UnicodeString, UnicodeString, UInt32, UInt32, Struct]);
    assert_eq!((fields[0].map.as_deref(), fields[0].length.as_ref()), (Some("Map"), None));
    let of_field = |size: &Option<Size>| matches!(size, Some(Size::Field(field)) if field.name() == "Length");
    assert!(of_field(&fields[1].length) && of_field(&fields[3].count) && of_field(&fields[5].count));
    assert_eq!((fields[1].out_type, fields[0].out_type), (Some(OutType::String), None));
    assert_eq!((&fields[2].length, &fields[2].count), (&Some(Size::Fixed(12)), &None));
    assert_eq!((&fields[4].count, &fields[4].length), (&Some(Size::Fixed(3)), &None));
    assert_eq!((fields[5].members[0].name.as_str(), fields[5].members[0].in_type), ("Inner", InType::Guid));
}

/// Each name goes to the one bit that it can be; what nothing settles gets a name that says so.
#[test]
fn keywords_are_told_apart_by_all_events() {
    let provider = provider(&of_events(&[
        event(1, 0x11, &["A", "B"], Vec::new()),
        event(2, 0x10, &["B"], Vec::new()),
        event(3, 0x0010_0000_0000_0600, &["C", "D"], Vec::new()),
        event(4, 0x41, &["A", "E"], Vec::new()),
    ]));
    let keywords: Vec<_> = provider.keywords.iter().map(|keyword| (keyword.name.as_str(), keyword.mask)).collect();
    let made_up = [("keyword_200", 0x200), ("keyword_400", 0x400)];
    assert_eq!(keywords, [[("A", 1), ("B", 0x10), ("E", 0x40)].as_slice(), &made_up].concat());
    assert_eq!(provider.events[0].keywords, ["A", "B"]);
    assert_eq!(provider.events[2].keywords, ["keyword_200", "keyword_400", "win:AuditFailure"]);
}

#[test]
fn opcodes_are_of_a_task_where_their_names_differ() {
    let mut other = event(2, 0, &[], Vec::new());
    other.task = 8;
    other.texts = ["Other", "Opposite", "", ""];
    let provider = provider(&of_events(&[event(1, 0, &[], Vec::new()), other]));
    let opcodes = provider.opcodes.iter().map(|opcode| (opcode.task.as_deref(), opcode.name.as_str()));
    assert_eq!(opcodes.collect::<Vec<_>>(), [(Some("Task"), "Opcode"), (Some("Other"), "Opposite")]);
}

#[test]
fn what_cannot_be_read_is_told_and_left_out() {
    let later = event(1, 0, &[], vec![property(2, "Text", 1, 1, 1), property(0, "Length", 6, 1, 2)]);
    let unknown = event(2, 0, &[], vec![property(0, "Odd", 999, 1, 2)]);
    let whole = event(3, 0, &[], vec![property(0, "Length", 6, 1, 2)]);
    let mut classic = event(4, 0, &[], Vec::new());
    classic.source = 1;
    let mut mapped = event(5, 0, &[], vec![property(0, "Kind", 6, 1, 2)]);
    mapped.properties[0].map = "Lost";
    let cut = whole.write()[..120].to_vec();
    let mut blobs: Vec<_> =
        [later, unknown, whole.clone(), whole, classic, mapped].iter().map(|e| (32, e.write())).collect();
    blobs.push((32, cut));
    let (source, said) = read(&trace(&blobs));
    let provider = source.expect("a source").manifest.providers.remove(0);
    assert_eq!(provider.events.iter().map(|event| event.id).collect::<Vec<_>>(), [3, 5]);
    let errors: Vec<_> =
        said.iter().filter(|(severity, _)| *severity == Severity::Error).map(|(_, text)| text).collect();
    assert_eq!(errors.len(), 3, "{said:?}");
    assert!(
        errors[0].starts_with("TRACE_EVENT_INFO at 0xc00+0x48,") && errors[0].contains("event 1 version 0, field Text"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("inType 999 is unknown") && errors[2].contains("ends before its properties"),
        "{errors:?}"
    );
    assert!(said.iter().any(|(_, text)| text.contains("map Lost is not in the trace")), "{said:?}");
    assert!(said.iter().any(|(_, text)| text.contains("1 descriptions are not a manifest's")), "{said:?}");
    let (_, said) = read(&trace(&[]));
    assert!(said[0].1.contains("the trace holds no schema"), "{said:?}");
}

/// Two descriptions of one event, from two of the files that were merged.
#[test]
fn descriptions_that_differ_are_both_there() {
    let other = event(1, 0, &[], vec![property(0, "Other", 8, 1, 4)]);
    let first = event(1, 0, &[], vec![property(0, "One", 6, 1, 2)]);
    let provider = provider(&of_events(&[first, other.clone(), other]));
    assert_eq!(provider.events.len(), 2);
    let (joined, _) = combine(vec![CapturedProvider { file: "t.etl".into(), format: Format::Trace, provider }], &[]);
    assert_eq!(joined.events.len(), 2, "validation tells of them");
}

/// A trace tells of the events that were recorded: that another one is not there says nothing.
#[test]
fn a_trace_is_compared_with_a_manifest_by_what_it_holds() {
    let provider = provider(&of_events(&[event(1, 0, &[], vec![property(0, "One", 6, 1, 2)])]));
    let mut whole = provider.clone();
    whole.events.push(Event { id: 77, level: Some("win:Error".into()), ..Event::default() });
    let whole = Snapshot::from_provider("manifest", &whole).with_formats(&[Format::Man]);
    let trace = Snapshot::from_provider("trace", &provider).with_formats(&[Format::Trace]);
    assert!(Diff::new(&whole, &trace).changes.is_empty() && Diff::new(&trace, &whole).changes.is_empty());
    let dump = Snapshot::from_provider("dump", &provider).with_formats(&[Format::Registered]);
    assert!(!Diff::new(&whole, &dump).changes.is_empty());
}

/// A real merged trace, and the dump of one of its providers.
#[test]
fn a_real_trace_agrees_with_the_registered_manifest() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = corpus.join("etl/pv-net452-x64.first90.etl");
    let Ok(bytes) = fs::read(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    assert_eq!(source::detect(&bytes), Some(Format::Trace));
    let (source, said) = read(&bytes);
    assert!(said.iter().all(|(severity, _)| *severity != Severity::Error), "{said:?}");
    let providers = source.expect("a source").manifest.providers;
    let process = providers.iter().find(|provider| provider.name == "Microsoft-Windows-Kernel-Process");
    let process = process.expect("the provider of processes");
    assert_eq!(process.events.iter().map(Event::key).collect::<Vec<_>>(), [EventKey::new(1, 1)]);
    let dump = fs::read(corpus.join("registered-10240/Microsoft-Windows-Kernel-Process.xml")).expect("its dump");
    let (sources, _) = source::read_all(&[File { name: "dump.xml", bytes: &dump }]);
    let dumped = &sources[0].manifest.providers[0];
    let fields = |provider: &Provider| {
        let event = provider.events.iter().find(|event| event.key() == EventKey::new(1, 1)).expect("the event");
        let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
        let fields = &template.expect("its template").fields;
        fields.iter().map(|field| (field.name.clone(), field.in_type)).collect::<Vec<_>>()
    };
    assert_eq!(fields(process), fields(dumped));
}

/// The manifest of the project, told by a trace.
#[test]
fn a_trace_of_a_whole_manifest_gives_its_layouts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/smbserver/20348.man");
    let bytes = fs::read(&path).expect("a manifest");
    let (manifest, _) = man::read("20348.man", &bytes, &man::ReadOptions::default());
    let written = &manifest.providers[0];
    let blobs: Vec<_> = written.events.iter().map(|event| (32, described(written, event).write())).collect();
    let (source, said) = read(&trace(&blobs));
    assert!(said.iter().all(|(severity, _)| *severity != Severity::Error), "{said:?}");
    let told = source.expect("a source").manifest.providers.remove(0);
    assert_eq!(told.events.len(), written.events.len());
    for event in &written.events {
        let same = told.events.iter().find(|other| other.key() == event.key()).expect("the event");
        let fields = |provider: &Provider, event: &Event| {
            let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
            let fields = template.map(|template| template.fields.clone()).unwrap_or_default();
            fields.into_iter().map(|f| (f.name, f.in_type, f.length, f.count)).collect::<Vec<_>>()
        };
        assert_eq!(fields(&told, same), fields(written, event), "{}", event.key());
    }
}

/// What a merger would say of an event.
fn described<'p>(provider: &'p Provider, event: &'p Event) -> EventInfo<'p> {
    let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
    let extent = |size: &Option<Size>, flag: u32, none: u16| match size {
        None => (0, none),
        Some(Size::Fixed(number)) => (0, *number),
        Some(Size::Field(field)) => (flag, field.index()),
    };
    let properties = template.map_or(&[][..], |template| &template.fields).iter().map(|field| {
        let length = extent(&field.length, 2, 0);
        let count = extent(&field.count, 4, 1);
        property(length.0 | count.0, &field.name, field.in_type.value().into(), count.1, length.1)
    });
    let properties: Vec<_> = properties.collect();
    EventInfo {
        provider: provider.guid.to_bytes(),
        id: event.id,
        version: event.version,
        numbers: [0, 4, 0],
        task: 0,
        mask: 0,
        source: 0,
        names: [&provider.name, "win:Informational", ""],
        keywords: Vec::new(),
        texts: ["", "", "", ""],
        top_level: properties.len(),
        properties,
    }
}

/// A small file that asks for much: each field has the same long name.
pub(crate) fn overlapping() -> Vec<u8> {
    let name = "N".repeat(8000);
    let long: &'static str = Box::leak(name.into_boxed_str());
    let mut blob = event(1, 0, &[], vec![property(0, long, 6, 1, 2); 1000]).write();
    // All names are the first one's.
    let offset: [u8; 4] = blob[116..120].try_into().expect("4 bytes");
    let last = blob.len() - 16_002 * 999;
    blob.truncate(last);
    for index in 0..1000 {
        blob[116 + 24 * index..120 + 24 * index].copy_from_slice(&offset);
    }
    trace(&[(32, blob)])
}

/// A small file that asks for much: each event is of one task, which the first one gives a long name.
pub(crate) fn one_long_name() -> Vec<u8> {
    let name: &'static str = Box::leak("N".repeat(15_000).into_boxed_str());
    let events = (0..2_000).map(|id| {
        let texts = if id == 0 { [name, "", "", ""] } else { [""; 4] };
        EventInfo { texts, ..event(id, 0, &[], Vec::new()) }
    });
    of_events(&events.collect::<Vec<_>>())
}
