//! The reader of WEPExplorer's listings: its own small listing, and a whole one against the manifest that it shows.

use std::collections::BTreeMap;
use std::fs;

use etw_schema::diagnostic::Severity;
use etw_schema::message;
use etw_schema::model::{Field, FieldRef, Provider, Size, guid_text};
use etw_schema::source::{self, File, Format};

const LISTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/wepexplorer/22000.xml");
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver/22000.man");

const SMALL: &str = r#"<?xml version="1.0"?>
<Providers>
  <Provider>
    <Name>Small</Name>
    <Metadata>
      <Guid>{0011AABB-0000-0000-0000-000000000001}</Guid>
      <ResourceFilePath>%SystemRoot%\small.sys</ResourceFilePath>
      <Channels><Channel><Path>Small/Debug</Path><Index>0</Index><Id>16</Id><Imported>false</Imported></Channel></Channels>
      <Levels>
        <Level><Message>Information</Message><Name>win:Informational</Name><Value>4</Value></Level>
        <Level><Message>Loud</Message><Name>loud</Name><Value>17</Value></Level>
      </Levels>
      <Tasks>
        <Task><Message>Doing it</Message><Name>Do</Name><Value>5</Value></Task>
        <Task><Message>Twice</Message><Name>A</Name><Value>6</Value></Task>
        <Task><Message>Twice</Message><Name>B</Name><Value>7</Value></Task>
      </Tasks>
      <Opcodes><Opcode><Message>Half</Message><Name>half</Name><Value>11</Value><Task>5</Task></Opcode></Opcodes>
      <Keywords><Keyword><Message>Net</Message><Name>ut:Net</Name><Value>9223372036854775808</Value></Keyword></Keywords>
    </Metadata>
    <EventMetadata>
      <Event>
        <Id>1</Id><Version>3</Version><Channel>Small/Debug</Channel><Level>Loud</Level><Task>Doing it</Task>
        <Opcode>Half</Opcode><Keyword>Net</Keyword>
        <Message><![CDATA[
one %1

two]]></Message>
        <Template><![CDATA[
<template xmlns="http://schemas.microsoft.com/win/2004/08/events">
  <data name="N" inType="win:UInt16" outType="xs:unsignedShort"/>
  <data name="T" inType="win:UnicodeString" outType="xs:string" length="N"/>
  <data name="X" inType="win:Nonsense"/>
</template>]]></Template>
      </Event>
      <Event><Id>2</Id><Version>0</Version><Level>Information</Level><Task>Twice</Task><Message></Message></Event>
      <Event><Id>3</Id><Version>0</Version><Level>Deafening</Level></Event>
    </EventMetadata>
  </Provider>
</Providers>
"#;

fn line_of(text: &str) -> u32 {
    let line = SMALL.lines().position(|line| line.contains(text)).expect("a line of the listing");
    u32::try_from(line + 1).expect("few lines")
}

fn read(name: &str, bytes: &[u8]) -> (Option<Provider>, Vec<String>) {
    let (sources, diagnostics) = source::read_all(&[File { name, bytes }]);
    let provider = sources.into_iter().next().and_then(|source| source.manifest.providers.into_iter().next());
    let told = diagnostics.all().iter().filter(|d| d.severity != Severity::Note).map(ToString::to_string).collect();
    (provider, told)
}

#[test]
fn texts_lead_back_to_names() {
    assert_eq!(source::detect(SMALL.as_bytes()), Some(Format::WepExplorer));
    let listing = SMALL.replace("  <data name=\"X\" inType=\"win:Nonsense\"/>\n", "");
    let (provider, told) = read("small.xml", listing.as_bytes());
    let provider = provider.expect("a provider");
    assert_eq!(
        (provider.name.as_str(), guid_text(provider.guid).as_str()),
        ("Small", "0011aabb-0000-0000-0000-000000000001")
    );
    let event = &provider.events[0];
    assert_eq!((event.id, event.version), (1, 3));
    assert_eq!(event.channel.as_deref(), Some("Small/Debug"));
    assert_eq!((event.level.as_deref(), event.task.as_deref()), (Some("loud"), Some("Do")));
    assert_eq!((event.opcode.as_deref(), event.keywords.as_slice()), (Some("half"), ["ut:Net".to_owned()].as_slice()));
    assert_eq!(event.message.as_deref(), Some("one %1%n%ntwo"));
    assert_eq!(provider.opcodes[0].task.as_deref(), Some("Do"));
    assert_eq!(provider.keywords[0].mask, 1 << 63);
    let fields = &provider.templates[0].fields;
    assert_eq!(fields[1].length, Some(Size::Field(FieldRef::beside("N", 0))));
    assert_eq!(fields[1].at.line, line_of("name=\"T\""), "in the file, not in the text");
    assert_eq!(provider.events[1].task, None, "two tasks have that message");
    assert_eq!(
        told,
        [
            "small.xml:35: warning: event 2 version 0: <Task> is `Twice`, the message of several; it is left out",
            "small.xml:36: error: event 3 version 0: <Level> is `Deafening`; expected a name or message of the metadata",
        ]
    );
}

#[test]
fn an_event_with_an_unreadable_field_is_left_out() {
    let (provider, told) = read("small.xml", SMALL.as_bytes());
    let ids: Vec<u16> = provider.expect("a provider").events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [2, 3]);
    let place = format!("small.xml:{}: error: event 1 version 3, field X: unknown inType", line_of("name=\"X\""));
    assert!(told[0].starts_with(&place), "{}", told[0]);
}

#[test]
fn a_listing_cut_anywhere_is_reported() {
    for end in 0..SMALL.trim_end().len() {
        let (sources, diagnostics) = source::read_all(&[File { name: "cut", bytes: &SMALL.as_bytes()[..end] }]);
        assert!(diagnostics.has_errors(), "{end} bytes of it: {sources:?}");
    }
}

/// Counts what was compared and what differed.
#[derive(Default)]
struct Checks {
    passed: usize,
    failed: Vec<String>,
}

impl Checks {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: impl FnOnce() -> String, listed: &T, declared: &T) {
        if listed == declared {
            self.passed += 1;
        } else {
            self.failed.push(format!("{}: listed {listed:?}, declared {declared:?}", what()));
        }
    }
}

fn fields<'p>(provider: &'p Provider, template: Option<&String>) -> &'p [Field] {
    provider.templates.iter().find(|known| Some(&known.id) == template).map_or(&[], |template| &template.fields)
}

/// Keywords that the listing does not show at events: those of other prefixes than the provider's own.
fn shown_keywords(keywords: &[String]) -> Vec<String> {
    keywords.iter().filter(|name| !name.contains(':')).cloned().collect()
}

#[test]
fn a_whole_listing_is_what_its_manifest_declares() {
    let Ok(listing) = fs::read(LISTING) else { return eprintln!("skipped: {LISTING} is not there") };
    let (listed, told) = read("22000.xml", &listing);
    assert_eq!(told, Vec::<String>::new());
    let (declared, _) = read("22000.man", &fs::read(MANIFEST).expect("the project's manifest"));
    let (listed, declared) = (listed.expect("a provider"), declared.expect("a provider"));
    let mut checks = Checks::default();
    checks.same(|| "name".into(), &listed.name, &declared.name);
    checks.same(|| "guid".into(), &listed.guid, &declared.guid);
    let channels =
        |p: &Provider| p.channels.iter().map(|c| (c.name.clone(), c.value)).collect::<BTreeMap<String, Option<u8>>>();
    checks.same(|| "channels".into(), &channels(&listed), &channels(&declared));
    let tasks = |p: &Provider| p.tasks.iter().map(|t| (t.name.clone(), t.value)).collect::<BTreeMap<_, _>>();
    checks.same(|| "tasks".into(), &tasks(&listed), &tasks(&declared));
    let keywords = |p: &Provider| p.keywords.iter().map(|k| (k.name.clone(), k.mask)).collect::<BTreeMap<_, _>>();
    checks.same(|| "keywords".into(), &keywords(&listed), &keywords(&declared));
    checks.same(|| "events".into(), &listed.events.len(), &declared.events.len());
    let path = |id: &Option<String>| {
        id.as_ref().and_then(|id| declared.channels.iter().find(|c| c.id == *id)).map(|c| c.name.clone())
    };
    for event in &declared.events {
        let what = |fact: &str| format!("{}: {fact}", event.key());
        let Some(shown) = listed.events.iter().find(|e| (e.id, e.version) == (event.id, event.version)) else {
            checks.failed.push(what("not listed"));
            continue;
        };
        checks.same(|| what("channel"), &shown.channel, &path(&event.channel));
        checks.same(|| what("level"), &shown.level, &event.level);
        checks.same(|| what("task"), &shown.task, &event.task);
        let opcode = event.opcode.clone().filter(|opcode| opcode != "win:Info");
        checks.same(|| what("opcode"), &shown.opcode, &opcode);
        checks.same(|| what("keywords"), &shown.keywords, &shown_keywords(&event.keywords));
        // A literal percent sign is doubled in a manifest and not in what is registered.
        let pieces = |message: &Option<String>| message.as_deref().map(message::parse);
        checks.same(|| what("message"), &pieces(&shown.message), &pieces(&event.message));
        let (ours, theirs) = (fields(&listed, shown.template.as_ref()), fields(&declared, event.template.as_ref()));
        checks.same(|| what("number of fields"), &ours.len(), &theirs.len());
        for (shown, field) in ours.iter().zip(theirs) {
            let facts = |f: &Field| (f.name.clone(), f.in_type, f.length.clone(), f.count.clone());
            checks.same(|| what(&field.name), &facts(shown), &facts(field));
            let out_type = field.out_type.or(field.in_type.default_out_type());
            checks.same(|| what(&field.name), &shown.out_type.or(field.in_type.default_out_type()), &out_type);
        }
    }
    println!("{} checks passed of {}", checks.passed, checks.passed + checks.failed.len());
    assert_eq!(checks.failed, Vec::<String>::new());
}
