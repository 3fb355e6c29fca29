//! Captures of one build put together, what they contradict one another in, and whole builds imported from other forms.

use std::fs;
use std::path::Path;

use crate::common;
use etw_schema::combine::{CapturedProvider, Captures, Contradiction, FactName, Subject, combine, import, provenance};
use etw_schema::compile::{compile, wrap};
use etw_schema::model::{EventKey, FactKind, FactStatus, Field, InType, Manifest, OutType, Provider, Size};
use etw_schema::source::{self, File, Format};

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver");

fn manifest(build: u32) -> Provider {
    let name = format!("{build}.man");
    let bytes = fs::read(Path::new(MANIFESTS).join(&name)).expect("a manifest");
    first(&[File { name: &name, bytes: &bytes }])
}

fn first(files: &[File<'_>]) -> Provider {
    let (mut sources, diagnostics) = source::read_all(files);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    sources.remove(0).manifest.providers.remove(0)
}

fn part(file: &str, format: Format, provider: &Provider) -> CapturedProvider {
    CapturedProvider { file: file.to_owned(), format, provider: provider.clone() }
}

/// A provider as a binary and its .mui hold it.
fn as_binary(provider: &Provider) -> Provider {
    let (compiled, diagnostics) = compile(&Manifest { providers: vec![provider.clone()], ..Manifest::default() });
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    let sys = wrap(Some(&compiled.template), None).expect("small");
    let mui = wrap(None, Some(&compiled.messages)).expect("small");
    first(&[File { name: "srv2.sys", bytes: &sys }, File { name: "srv2.sys.mui", bytes: &mui }])
}

/// A provider as PerfView dumps it: without texts, outTypes, channels, symbols, fixed lengths.
fn as_dump(provider: &Provider) -> Provider {
    fn strip(field: &mut Field) {
        field.out_type = None;
        field.length = field.length.take().filter(|size| matches!(size, Size::Field(_)));
        field.members.iter_mut().for_each(strip);
    }
    let mut p = provider.clone();
    p.channels.clear();
    (p.symbol, p.message) = (None, None);
    p.templates.iter_mut().flat_map(|template| &mut template.fields).for_each(strip);
    for (number, template) in p.templates.iter_mut().enumerate() {
        let id = format!("synthetic {number}");
        for event in p.events.iter_mut().filter(|event| event.template.as_ref() == Some(&template.id)) {
            event.template = Some(id.clone());
        }
        template.id = id;
    }
    for event in &mut p.events {
        (event.symbol, event.channel, event.message) = (None, None, None);
        event.opcode = event.opcode.take().or(Some("win:Info".to_owned()));
    }
    p.keywords.iter_mut().for_each(|keyword| keyword.message = None);
    p.tasks.iter_mut().for_each(|task| task.message = None);
    p
}

#[test]
fn a_build_imported_from_its_binary_is_the_build() {
    let (older, newer) = (manifest(19041), manifest(22000));
    let written = manifest(20348);
    let captures = Captures {
        build: 20348,
        parts: vec![part("srv2.sys", Format::Pe, &as_binary(&written))],
        texts: vec!["srv2.sys.mui".to_owned()],
        neighbours: vec![(19041, &older), (22000, &newer)],
        ..Captures::default()
    };
    let (imported, diagnostics) = import(captures);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let again = first(&[File { name: "again.man", bytes: imported.manifest.as_bytes() }]);
    assert_eq!(common::normal(&again), common::normal(&written));
    // The texts are not only the same to a reader of messages, but to the letter.
    for (again, written) in again.events.iter().zip(&written.events) {
        assert_eq!(again.message, written.message);
    }
    let known = written.events.iter().filter(|event| {
        let same = |other: &&etw_schema::model::Event| (other.id, other.version) == (event.id, event.version);
        older.events.iter().chain(&newer.events).any(|other| same(&other))
    });
    let symbols = again.events.iter().filter(|event| event.symbol.is_some()).count();
    assert_eq!(symbols, known.count(), "each event that a neighbour has brings its symbol");
    let row = imported.row(20348, "Windows Server 2022");
    assert!(
        row.contains("symbols = { status = \"inferred\", source = \"taken from build 19041 and 22000\" }"),
        "{row}"
    );
    assert!(row.contains(
        "messages = { status = \"captured\", source = \"srv2.sys (binary), srv2.sys.mui (message table)\" }"
    ));
}

#[test]
fn a_manifest_imported_alone_is_itself() {
    let written = manifest(26100);
    let captures =
        Captures { build: 26100, parts: vec![part("26100.man", Format::Man, &written)], ..Captures::default() };
    let (imported, diagnostics) = import(captures);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let text = fs::read_to_string(Path::new(MANIFESTS).join("26100.man")).expect("a manifest");
    let body = |text: &str| text.split_once("-->").map(|(_, body)| body.replace("win:NTStatus", "win:NTSTATUS"));
    assert_eq!(body(&imported.manifest), body(&text));
}

#[test]
fn a_dump_and_a_binary_make_one_build_in_either_order() {
    let written = manifest(22000);
    let (dump, binary) = (as_dump(&written), as_binary(&written));
    let parts = [part("dump.xml", Format::Registered, &dump), part("srv2.sys", Format::Pe, &binary)];
    for parts in [parts.to_vec(), parts.iter().rev().cloned().collect()] {
        let (provider, diagnostics) = combine(parts, &[]);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        assert_eq!(common::normal(&provider), common::normal(&written));
    }
}

#[test]
fn a_dump_alone_takes_from_its_neighbour_what_it_cannot_hold() {
    let written = manifest(22621);
    let captures = Captures {
        build: 22622,
        parts: vec![part("dump.xml", Format::Registered, &as_dump(&written))],
        neighbours: vec![(22621, &written)],
        ..Captures::default()
    };
    let (imported, diagnostics) = import(captures);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let mut provider = imported.provider.clone();
    // Texts of tasks and keywords are nobody's to take.
    let mut expected = written.clone();
    for p in [&mut provider, &mut expected] {
        p.tasks.iter_mut().for_each(|task| task.message = None);
        p.keywords.iter_mut().for_each(|keyword| keyword.message = None);
        for event in &mut p.events {
            event.opcode = event.opcode.take().filter(|opcode| opcode != "win:Info");
        }
    }
    assert_eq!(common::normal(&provider), common::normal(&expected));
    let status = |kind| imported.facts.iter().find(|(known, _)| *known == kind).map(|(_, fact)| fact.status);
    for (kind, expected) in [
        (FactKind::Messages, FactStatus::Inferred),
        (FactKind::Channels, FactStatus::Inferred),
        (FactKind::Fields, FactStatus::Captured),
        (FactKind::Maps, FactStatus::Captured),
    ] {
        assert_eq!(status(kind), Some(expected), "{kind}");
    }
}

/// Two captures that differ in one thing.
fn differing(change: impl FnOnce(&mut Provider)) -> [CapturedProvider; 2] {
    let one = manifest(20348);
    let mut other = one.clone();
    change(&mut other);
    [part("dir/one.man", Format::Man, &one), part("dir/other.man", Format::Man, &other)]
}

fn decision(fact: FactName, take: &str) -> Contradiction {
    let subject = Subject::Event(EventKey::new(1006, 0), None);
    Contradiction { build: 20348, subject, fact, take: take.to_owned(), reason: "seen".to_owned() }
}

#[test]
fn a_contradiction_is_reported_with_both_places_and_decided() {
    let about = "event 1006 version 0: message";
    let change = |p: &mut Provider| {
        let event = p.events.iter_mut().find(|event| event.id == 1006).expect("it is there");
        event.message = Some("Other".to_owned());
    };
    let (provider, diagnostics) = combine(differing(change).to_vec(), &[]);
    let told: Vec<String> = diagnostics.errors().map(ToString::to_string).collect();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert!(
        told.contains("20348.man:")
            && told.contains(about)
            && told.contains("event = 1006, version = 0, fact = \"message\"")
            && told.contains("here \"Other\", but \"The share"),
        "{told}"
    );
    assert_eq!(told.matches("20348.man:").count(), 2, "{told}");
    let message =
        |provider: &Provider| provider.events.iter().find(|event| event.id == 1006).and_then(|e| e.message.clone());
    assert!(message(&provider).is_some_and(|text| text.starts_with("The share")), "the first one's word stays");

    for (take, expected) in [("20348.man", "Other"), ("dir/one.man", "The share")] {
        let (provider, diagnostics) = combine(differing(change).to_vec(), &[decision(FactName::Message, take)]);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        assert!(message(&provider).is_some_and(|text| text.starts_with(expected)), "{take}");
    }
    let (_, diagnostics) = combine(differing(change).to_vec(), &[decision(FactName::Message, "third.man")]);
    assert!(diagnostics.to_string().contains("unknown file third.man"), "{diagnostics}");
    let (_, diagnostics) = combine(differing(|_| {}).to_vec(), &[decision(FactName::Message, "one.man")]);
    assert!(diagnostics.to_string().contains("has no effect"), "{diagnostics}");
}

#[test]
fn an_event_whose_bytes_are_in_dispute_is_left_out_until_it_is_decided() {
    let about = "event 1006 version 0: layout";
    let change = |p: &mut Provider| {
        let event = p.events.iter().find(|event| event.id == 1006).expect("it is there");
        let template = p.templates.iter_mut().find(|t| Some(&t.id) == event.template.as_ref()).expect("it has fields");
        template.fields[0].in_type = InType::UInt64;
    };
    let has = |provider: &Provider| provider.events.iter().any(|event| event.id == 1006);
    let (provider, diagnostics) = combine(differing(change).to_vec(), &[]);
    assert!(diagnostics.to_string().contains(about), "{diagnostics}");
    assert!(!has(&provider));
    let (provider, diagnostics) = combine(differing(change).to_vec(), &[decision(FactName::Layout, "one.man")]);
    assert!(diagnostics.is_empty() && has(&provider), "{diagnostics}");
}

#[test]
fn what_shows_a_text_in_place_of_a_name_does_not_contradict() {
    let change = |p: &mut Provider| {
        // As a listing does, which prints a task's message.
        let old = p.tasks[3].name.clone();
        p.tasks[3].name = "The Task's Text".to_owned();
        p.events
            .iter_mut()
            .filter(|e| e.task.as_ref() == Some(&old))
            .for_each(|e| e.task = Some("The Task's Text".to_owned()));
    };
    let mut parts = differing(change);
    parts[0].provider.tasks[3].message = Some("the task's  text".to_owned());
    let name = parts[0].provider.tasks[3].name.clone();
    for parts in [parts.to_vec(), parts.iter().rev().cloned().collect()] {
        let (provider, diagnostics) = combine(parts, &[]);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        assert!(provider.events.iter().any(|event| event.task.as_ref() == Some(&name)));
        assert!(provider.events.iter().all(|event| event.task.as_deref() != Some("The Task's Text")));
    }
}

#[test]
fn an_out_type_that_one_capture_has_is_taken() {
    let mut parts = differing(|p| p.templates.iter_mut().flat_map(|t| &mut t.fields).for_each(|f| f.out_type = None));
    parts.reverse();
    let (provider, diagnostics) = combine(parts.to_vec(), &[]);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    assert_eq!(common::normal(&provider), common::normal(&manifest(20348)));
    assert_eq!(provider.templates[0].fields[0].out_type, Some(OutType::UnsignedLong));
}

#[test]
fn a_row_goes_to_its_place_and_keeps_its_exceptions() {
    let text = "# head\n\n[build.1]\nnumber = 1\n\n[build.3]\nnumber = 3\nproduct = \"old\"\n[[build.3.exception]]\nnote = \"x\"\n";
    let put = provenance::put_row(text, 2, "[build.2]\nnumber = 2\n");
    assert_eq!(put, text.replace("[build.3]\n", "[build.2]\nnumber = 2\n\n[build.3]\n"));
    let put = provenance::put_row(text, 3, "[build.3]\nnumber = 3\nproduct = \"new\"\n");
    assert_eq!(put, text.replace("old", "new"));
    let put = provenance::put_row(text, 4, "[build.4]\nnumber = 4\n");
    assert_eq!(put, format!("{text}\n[build.4]\nnumber = 4\n"));
}

#[test]
fn an_event_whose_template_no_capture_has_stays_to_be_reported() {
    let written = manifest(20348);
    let mut broken = written.clone();
    let lost = broken.templates.remove(0).id;
    let of_lost = |provider: &Provider| {
        provider.events.iter().filter(|event| event.template.as_ref() == Some(&lost)).cloned().collect::<Vec<_>>()
    };
    let (alone, _) = combine(vec![part("20348.man", Format::Man, &broken)], &[]);
    assert_eq!(of_lost(&alone), of_lost(&written));
    assert!(!alone.templates.iter().any(|template| template.id == lost));

    let parts = vec![part("20348.man", Format::Man, &broken), part("srv2.sys", Format::Pe, &as_binary(&written))];
    let (both, _) = combine(parts, &[]);
    assert_eq!(both.events.len(), written.events.len(), "the binary has the template");
    assert!(both.events.iter().all(|e| e.template.iter().all(|id| both.templates.iter().any(|t| t.id == *id))));
}

#[test]
fn a_binary_without_its_texts_takes_them_from_its_neighbour_and_says_so() {
    let (older, written) = (manifest(22621), manifest(22631));
    let (compiled, _) = compile(&Manifest { providers: vec![written.clone()], ..Manifest::default() });
    let sys = wrap(Some(&compiled.template), None).expect("small");
    let (mut sources, diagnostics) = source::read_all(&[File { name: "srv2.sys", bytes: &sys }]);
    assert!(diagnostics.to_string().contains("expected the binary's .mui among the files"), "{diagnostics}");
    assert_eq!(sources[0].format, Format::Textless);
    let captures = Captures {
        build: 22631,
        parts: vec![part("srv2.sys", Format::Textless, &sources.remove(0).manifest.providers.remove(0))],
        neighbours: vec![(22621, &older)],
        ..Captures::default()
    };
    let (imported, diagnostics) = import(captures);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let fact = |kind| &imported.facts.iter().find(|(known, _)| *known == kind).expect("a fact").1;
    assert_eq!(fact(FactKind::Messages).status, FactStatus::Inferred);
    assert_eq!(fact(FactKind::Maps).status, FactStatus::Mixed);
    let texts = |p: &Provider| {
        let of_maps = p.maps.iter().flat_map(|map| &map.entries).filter(|entry| entry.message.is_some()).count();
        (p.events.iter().filter(|event| event.message.is_some()).count(), of_maps)
    };
    let ((events, of_maps), all) = (texts(&imported.provider), texts(&written));
    assert_eq!((events + 1, of_maps), all, "one event is new");
}
