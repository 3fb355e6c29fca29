//! Manifests compiled and read back: those of the project, one with every construct, and random ones.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common;
use crate::common::random::{Random, provider};
use etw_schema::compile::{Compiled, compile, wrap};
use etw_schema::model::{Event, Field, FieldRef, InType, Manifest, Map, MapEntry, Provider, Size, Template};
use etw_schema::source::{self, File};

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver");

fn compiled(manifest: &Manifest) -> Compiled {
    let (compiled, diagnostics) = compile(manifest);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    compiled
}

fn read(name: &str, bytes: &[u8]) -> Manifest {
    let (mut sources, diagnostics) = source::read_all(&[File { name, bytes }]);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    sources.remove(0).manifest
}

fn check(manifest: &Manifest) -> usize {
    let compiled = compiled(manifest);
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("a file of that size");
    let again = read("compiled.dll", &binary);
    assert_eq!(again.providers.len(), manifest.providers.len());
    for (read, written) in again.providers.iter().zip(&manifest.providers) {
        assert_eq!(common::normal(read), common::normal(written));
    }
    binary.len()
}

#[test]
fn the_projects_manifests_come_back() {
    let mut seen = 0;
    for entry in fs::read_dir(MANIFESTS).expect("the manifests") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "man") {
            continue;
        }
        let manifest = read("a.man", &fs::read(&path).expect("a manifest"));
        let size = check(&manifest);
        seen += 1;
        assert!(size > 100_000, "{}: {size}", path.display());
    }
    assert!(seen > 0, "no manifest");
}

#[test]
fn the_bytes_do_not_tell_where_the_manifest_was_read() {
    let text = fs::read_to_string(Path::new(MANIFESTS).join("20348.man")).expect("a manifest");
    let moved = text.replacen("?>", "?>\n\n", 1);
    assert_eq!(compiled(&read("a.man", text.as_bytes())), compiled(&read("elsewhere/b.man", moved.as_bytes())));
}

#[test]
fn a_count_whose_name_leads_to_another_field_is_reported() {
    let field = |name: &str, in_type| Field { name: name.to_owned(), in_type, ..Field::default() };
    let counted = Field { count: Some(Size::Field(FieldRef::beside("N", 0))), ..field("Bytes", InType::UInt8) };
    let members = vec![field("N", InType::UInt8), counted];
    let fields = vec![field("N", InType::UInt8), Field { members, ..field("S", InType::Struct) }];
    let provider = Provider {
        templates: vec![Template { id: "T".to_owned(), fields, ..Template::default() }],
        events: vec![Event { id: 1, template: Some("T".to_owned()), ..Event::default() }],
        ..Provider::default()
    };
    let mut bytes = compiled(&Manifest { providers: vec![provider], ..Manifest::default() }).template;
    // The descriptor of `Bytes`: flags, types, no map, and the index of the struct's `N`.
    let descriptor = [0x10, 0, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 2, 0];
    let at = bytes.windows(descriptor.len()).position(|bytes| bytes == descriptor).expect("it is there");
    bytes[at + 12] = 0;
    let (sources, diagnostics) = source::read_all(&[File { name: "a.bin", bytes: &bytes }]);
    assert!(diagnostics.to_string().contains("whose name leads to another"), "{diagnostics}");
    assert!(sources[0].manifest.providers[0].events.is_empty());
}

#[test]
fn channels_of_other_providers_have_numbers_too() {
    let manifest = br#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events">
      <instrumentation><events><provider name="A" guid="{01234567-89ab-cdef-0123-456789abcdef}">
        <channels><importChannel chid="S" name="System"/><importChannel chid="O" name="Other/Operational"/>
          <channel chid="D" name="A/Debug" type="Debug"/></channels>
        <events><event value="1" channel="O"/><event value="2" channel="S"/></events>
      </provider></events></instrumentation></instrumentationManifest>"#;
    let manifest = read("a.man", manifest);
    let numbers: Vec<_> = manifest.providers[0].channels.iter().map(|channel| channel.value).collect();
    assert_eq!(numbers, [Some(8), Some(16), Some(17)]);
    check(&manifest);
}

#[test]
fn fifty_thousand_texts_take_a_moment() {
    let start = Instant::now();
    let entry = |value| MapEntry { value, message: Some(value.to_string()), ..MapEntry::default() };
    let map = Map { name: "Many".to_owned(), entries: (0..50_000).map(entry).collect(), ..Map::default() };
    let provider = Provider { name: "A".to_owned(), maps: vec![map], ..Provider::default() };
    let compiled = compiled(&Manifest { providers: vec![provider], ..Manifest::default() });
    assert!(compiled.messages.len() > 50_000 * 8);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn texts_may_stand_in_another_file_than_the_manifest() {
    let manifest = read("a.man", &fs::read(Path::new(MANIFESTS).join("20348.man")).expect("a manifest"));
    let compiled = compiled(&manifest);
    let sys = wrap(Some(&compiled.template), None).expect("small");
    let mui = wrap(None, Some(&compiled.messages)).expect("small");
    let files = [File { name: "srv2.sys", bytes: &sys }, File { name: "srv2.sys.mui", bytes: &mui }];
    for files in [files, [files[1], files[0]]] {
        let (sources, diagnostics) = source::read_all(&files);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        assert_eq!(sources.len(), 1);
        assert_eq!(common::normal(common::first(&sources[0].manifest)), common::normal(common::first(&manifest)));
    }
    let (sources, diagnostics) = source::read_all(&files[..1]);
    assert!(diagnostics.to_string().contains("texts are in no message table"), "{diagnostics}");
    assert!(common::first(&sources[0].manifest).events.iter().all(|event| event.message.is_none()));
}

#[test]
fn random_manifests_come_back() {
    let mut random = Random::new(0x9E37_79B9_7F4A_7C15);
    let (mut events, mut structs) = (0, 0);
    for _ in 0..400 {
        let providers =
            (0..=u32::try_from(random.below(3)).expect("small")).map(|n| provider(&mut random, n)).collect();
        let manifest = Manifest { providers, ..Manifest::default() };
        check(&manifest);
        events += manifest.providers.iter().map(|p| p.events.len()).sum::<usize>();
        let templates = manifest.providers.iter().flat_map(|p| &p.templates);
        structs += templates.flat_map(|t| &t.fields).filter(|f| !f.members.is_empty()).count();
    }
    assert!(events > 1000 && structs > 100, "{events} events, {structs} structs");
}

#[test]
fn what_cannot_be_compiled_is_reported_and_left_out() {
    let mut provider = provider(&mut Random::new(7), 1);
    let broken = Field {
        name: "B".to_owned(),
        in_type: InType::Binary,
        length: Some(Size::Field(FieldRef::beside("Nowhere", 1))),
        ..Field::default()
    };
    provider.templates.push(Template { id: "broken".to_owned(), fields: vec![broken], ..Template::default() });
    let event = |id, template: &str, level: &str| Event {
        id,
        template: Some(template.to_owned()),
        level: Some(level.to_owned()),
        ..Event::default()
    };
    provider.events = vec![event(1, "broken", "win:Error"), event(2, "t9", "win:Error")];
    provider.events.push(Event { id: 3, level: Some("no such".to_owned()), ..Event::default() });
    provider.events.push(Event { id: 3, ..Event::default() });
    let (compiled, diagnostics) = compile(&Manifest { providers: vec![provider], ..Manifest::default() });
    let told: Vec<String> = diagnostics.all().iter().map(|d| format!("{}: {}", d.element, d.message)).collect();
    assert_eq!(
        told,
        [
            "template broken: field B: `Nowhere` is not a field before it",
            "event 1 version 0: unknown template broken; the event is left out",
            "event 2 version 0: unknown template t9; the event is left out",
            "event 3 version 0: duplicate definition; the first is used",
            "event 3 version 0: unknown level no such; it is left out",
        ]
    );
    let again = read("x", &compiled.template);
    assert_eq!(again.providers[0].events.iter().map(|event| event.id).collect::<Vec<_>>(), [3]);
}

#[test]
fn resources_by_themselves_say_what_a_binary_with_both_says() {
    let text = fs::read(Path::new(MANIFESTS).join("20348.man")).expect("a manifest");
    let Compiled { template, messages, .. } = compiled(&read("a.man", &text));
    let binary = wrap(Some(&template), Some(&messages)).expect("a file of that size");
    let files = [File { name: "a.wevt", bytes: &template }, File { name: "a.texts", bytes: &messages }];
    let (sources, diagnostics) = source::read_all(&files);
    assert!(!diagnostics.has_errors() && sources.len() == 1, "{diagnostics}");
    assert_eq!(sources[0].manifest, read("a.dll", &binary));
}

#[test]
fn messages_of_no_event_keep_their_numbers() {
    let text = |messages: &str| {
        format!(
            r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events"><instrumentation><events>
            <provider name="A" guid="{{01234567-89ab-cdef-0123-456789abcdef}}" symbol="A" message="$(string.A)"/>
            <messageTable>{messages}</messageTable></events></instrumentation>
            <localization><resources culture="en-US"><stringTable><string id="A" value="of A"/>
            <string id="M" value="stopped: %1"/></stringTable></resources></localization></instrumentationManifest>"#
        )
    };
    // The second has the number that the provider's own message would have.
    let message = |value: &str| format!(r#"<message value="{value}" symbol="S" mid="m" message="$(string.M)"/>"#);
    let manifest = read("a.man", text(&(message("0xC0000007") + &message("0x90000001"))).as_bytes());
    let compiled = compiled(&manifest);
    let mut found = etw_schema::diagnostic::Diagnostics::new();
    let table = source::message_table::read("a.dll", &compiled.messages, &mut found);
    assert_eq!((table.text(0xC000_0007), table.text(0x9000_0001)), (Some("stopped: %1"), Some("stopped: %1")));
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    assert_eq!(common::first(&read("a.dll", &binary)).message.as_deref(), Some("of A"));

    let twice = read("a.man", text(&(message("7") + &message("7"))).as_bytes());
    let problem = compile(&twice).1.to_string();
    assert!(problem.contains("a.man:3: error: message 0x7: another message has its number"), "{problem}");
}

#[test]
fn a_length_that_its_name_does_not_lead_to_is_refused() {
    let count = || Field { name: "Length".to_owned(), in_type: InType::UInt16, ..Field::default() };
    let length = Some(Size::Field(FieldRef::beside("Length", 0)));
    let data = Field { name: "Data".to_owned(), in_type: InType::Binary, length, ..Field::default() };
    let mut provider = provider(&mut Random::new(7), 1);
    let fields = vec![count(), count(), data];
    provider.templates = vec![Template { id: "t".to_owned(), fields, ..Template::default() }];
    provider.events = vec![Event { id: 1, template: Some("t".to_owned()), ..Event::default() }];
    let mut template = compiled(&Manifest { providers: vec![provider], ..Manifest::default() }).template;
    // The descriptor: flags, types, map, count, and the number of the field that has the length.
    let descriptor = [4, 0, 0, 0, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let at = template.windows(16).position(|bytes| bytes == descriptor).expect("the descriptor");
    for (number, problem) in [(0, "could be any of 2 fields"), (2, "is not before it"), (3, "is not before it")] {
        template[at + 14] = number;
        let (_, diagnostics) = source::read_all(&[File { name: "x", bytes: &template }]);
        assert!(diagnostics.to_string().contains(problem), "{diagnostics}");
    }
}
