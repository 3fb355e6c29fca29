//! Inputs that other tools and earlier versions got wrong: what is right, for inputs of our own and, where they are there,
//! for those that were collected from the field.

use std::fs;
use std::path::{Path, PathBuf};

use etw_schema::combine::{CapturedProvider, Captures, import};
use etw_schema::compile::{compile, wrap};
use etw_schema::diagnostic::{Diagnostics, Severity};
use etw_schema::diff::{Change, Diff, Snapshot};
use etw_schema::merge::{Capture, merge};
use etw_schema::model::schema::{Build, Schema};
use etw_schema::model::{FieldRef, InType, Manifest, OutType, Provider, Size, Task};
use etw_schema::source::{self, File, Format, Source, man};

pub(crate) fn read(name: &str, bytes: &[u8]) -> (Vec<Source>, Diagnostics) {
    source::read_all(&[File { name, bytes }])
}

pub(crate) fn provider(name: &str, bytes: &[u8]) -> (Provider, Diagnostics) {
    let (mut sources, found) = read(name, bytes);
    assert!(!sources.is_empty(), "{found}");
    (sources.remove(0).manifest.providers.remove(0), found)
}

/// What would be generated of a file: the schema, and everything that was found.
fn schema(name: &str, bytes: &[u8]) -> (Schema, Diagnostics) {
    let (provider, mut found) = provider(name, bytes);
    let (schema, merged) = merge(vec![Capture { build: Build::default(), provider }]);
    found.append(merged);
    (schema, found)
}

pub(crate) fn manifest(declarations: &str, events: &str) -> String {
    format!(
        r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events"
 xmlns:win="http://manifests.microsoft.com/win/2004/08/windows/events" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<instrumentation><events><provider name="P" guid="{{00112233-4455-6677-8899-aabbccddeeff}}" symbol="P">
{declarations}
<events>
{events}
</events></provider></events></instrumentation></instrumentationManifest>"#
    )
}

pub(crate) fn templates(fields: &str) -> String {
    manifest(&format!("<templates>{fields}</templates>"), r#"<event value="1" template="T"/>"#)
}

/// A file among the cases that were collected, if they are there.
pub(crate) fn case(path: &str) -> Option<Vec<u8>> {
    let cases: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    if !cases.is_dir() {
        eprintln!("skipped: {} is absent", cases.display());
        return None;
    }
    Some(fs::read(cases.join(path)).expect("a case"))
}

/// Asserts that nothing is generated of the file's only event, and that an error says why.
fn is_left_out(name: &str, bytes: &[u8], expected: &str) {
    let (schema, found) = schema(name, bytes);
    assert!(schema.events.is_empty(), "{name}: {expected}: {:?}", schema.events);
    let errors: Vec<String> = found.errors().map(ToString::to_string).collect();
    assert!(errors.iter().any(|error| error.contains(expected)), "{name}: {expected}: {errors:?}");
}

#[test]
fn what_could_change_a_layout_leaves_the_event_out() {
    let data = r#"<data name="N" inType="win:UInt8"/>"#;
    for (fields, expected) in [
        (format!(r#"<template tid="T">{data}</template><template tid="T"/>"#), "duplicate definition"),
        (
            r#"<template tid="T"><data name="A" inType="win:UInt8" inType="win:UInt16"/></template>"#.into(),
            "duplicate attribute `inType`",
        ),
        (
            format!(r#"<template tid="T">{data}<data name="A" inType="win:UInt32" length="N"/></template>"#),
            "takes no `length`",
        ),
        (r#"<template tid="T"><data name="A" inType="win:UInt32" length="2"/></template>"#.into(), "takes no `length`"),
        (
            format!(r#"<template tid="T">{data}<Data name="A" inType="win:UInt32"/></template>"#),
            "unknown element <Data>",
        ),
        (
            format!(r#"<template tid="T"><struct name="S">{data}<field/></struct></template>"#),
            "unknown element <field>",
        ),
        (
            format!(r#"<template tid="T">{data}<data name="A" inType="win:UInt32" Count="N"/></template>"#),
            "unknown attribute `Count`",
        ),
        (
            format!(r#"<template tid="T">{data}<data name="A" inType="win:Binary" lenght="N"/></template>"#),
            "unknown attribute `lenght`",
        ),
        (
            format!(r#"<template tid="T"><struct name="S" Count="2">{data}</struct></template>"#),
            "unknown attribute `Count`",
        ),
        (
            format!(r#"<template tid="T">{data}<data name="A" inType="win:UInt8" count="M"/></template>"#),
            "is not a field",
        ),
        (
            format!(r#"<template tid="T">{data}{data}<data name="A" inType="win:UInt8" count="N"/></template>"#),
            "could be any of 2 fields",
        ),
    ] {
        is_left_out(&fields, templates(&fields).as_bytes(), expected);
    }
    let template = format!(r#"<templates><template tid="T">{data}</template></templates>"#);
    for (event, expected) in [
        (r#"<event value="1" template=""/>"#, "`template` names no template"),
        (r#"<event value="1" templat="T"/>"#, "unknown attribute `templat`"),
        (r#"<event value="1" version="0" version="1" template="T"/>"#, "duplicate attribute `version`"),
        (r#"<event value="1" template="T" opcode="win:Begin"/>"#, "its opcode cannot be read"),
    ] {
        is_left_out(event, manifest(&template, event).as_bytes(), expected);
    }
}

#[test]
fn collected_contradictions_leave_the_event_out() {
    for (file, expected) in [
        ("dup-template.man", "duplicate definition"),
        ("dup-template-swapped.man", "duplicate definition"),
        ("dup-attr.man", "duplicate attribute"),
        ("u32-length-field.man", "takes no `length`"),
        ("data-capital.man", "unknown element <Data>"),
        ("count-typo.man", "unknown attribute `Count`"),
        ("template-empty-attr.man", "names no template"),
        ("wevt-u32-length-2.bin", "takes no length"),
        ("wevt-unknown-flags.bin", "flags"),
    ] {
        let Some(bytes) = case(&format!("hostile/{file}")) else { return };
        is_left_out(file, &bytes, expected);
    }
    let Some(bytes) = case("hostile/wevt-unknown-outtype.bin") else { return };
    let (_, found) = read("a.bin", &bytes);
    assert!(found.to_string().contains("unknown outType"), "{found}");
}

#[test]
fn a_manifest_may_be_that_of_a_component() {
    let text = templates(r#"<template tid="T"><data name="N" inType="win:UInt8"/></template>"#)
        .replace(
            "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\"",
            "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\" manifestVersion=\"1.0\"",
        )
        .replace("</instrumentationManifest>", "</assembly>")
        .replace(
            "<instrumentation>",
            "<assemblyIdentity name=\"A\"/><registryKeys><key/></registryKeys><instrumentation>",
        );
    let (schema, found) = schema("a.man", text.as_bytes());
    assert!(found.is_empty(), "{found}");
    assert_eq!(schema.events.len(), 1);
    if let Some(bytes) = case("corpora/a1-assembly-root.man") {
        let (provider, found) = provider("a1.man", &bytes);
        assert!(found.is_empty(), "{found}");
        assert_eq!(provider.events[0].message.as_deref(), Some("Count %1"));
    }
    if let Some(bytes) = case("corpora/i1-counters-only.man") {
        let (sources, found) = read("i1.man", &bytes);
        assert!(found.to_string().contains("declares performance counters and no events"), "{found}");
        assert!(compile(&sources[0].manifest).1.has_errors(), "there is nothing to compile");
    }
}

/// A dump with these templates and events, as PerfView writes it.
pub(crate) fn dump(parts: &str, events: &str, strings: &str) -> String {
    format!(
        r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events">
 <instrumentation xmlns:win="http://manifests.microsoft.com/win/2004/08/windows/events">
  <events>
   <provider name="D-P" guid="{{00112233-4455-6677-8899-aabbccddeeff}}" resourceFileName="D-P" messageFileName="D-P" symbol="DP" source="Xml" >
{parts}
    <events>
{events}
    </events>
   </provider>
  </events>
 </instrumentation>
 <localization>
  <resources culture="en-US">
   <stringTable>
{strings}
   </stringTable>
  </resources>
 </localization>
</instrumentationManifest>
"#
    )
}

#[test]
fn a_dump_escapes_nothing_and_is_read_whole() {
    let text = dump(
        r#"<maps>
     <valueMap name="S">
      <map value="0x0" message="$(string.map_Srun "A /X" or <b> & c)"/>
      <map value="0x1" message="$(string.map_S"Off")"/>
     </valueMap>
    </maps>
    <templates>
     <template tid="T">
      <data name="S" inType="win:UInt32" map="S"/>
      <data name="SHA1HashSize" inType="win:UInt32"/>
      <data name="Hash" inType="win:Binary" length="SHA1 Hash Size"/>
     </template>
    </templates>"#,
        r#"<event value="1" symbol="A" version="0" level="win:Informational" template="T"/>"#,
        r#"<string id="map_Srun "A /X" or <b> & c" value="run "A /X" or <b> & c"/>
    <string id="map_S"Off"" value=""Off""/>"#,
    );
    let (provider, found) = provider("d.xml", text.as_bytes());
    assert!(found.all().iter().all(|d| d.severity == Severity::Note), "{found}");
    let texts: Vec<_> = provider.maps[0].entries.iter().filter_map(|entry| entry.message.as_deref()).collect();
    assert_eq!(texts, [r#"run "A /X" or <b> & c"#, r#""Off""#]);
    assert_eq!(provider.templates[0].fields[2].length, Some(Size::Field(FieldRef::beside("SHA1HashSize", 1))));
    assert_eq!(provider.events.len(), 1);
}

#[test]
fn collected_dumps_are_read_whole() {
    for (file, events) in [
        ("corpora/c1-dump-quotes-in-attribute.xml", 1),
        ("corpora/c2-dump-quoted-map-texts.xml", 1),
        ("corpora/d1-dump-length-name-with-spaces.xml", 2),
        ("field/06-dump-quirks/dump.xml", 4),
        ("field/06-dump-quirks/dump-amp.xml", 4),
        ("field/06-dump-quirks/dump-quot.xml", 4),
        ("field/06-dump-quirks/dump-quot-lt.xml", 4),
        ("field/06-dump-quirks/dump-clean.xml", 4),
    ] {
        let Some(bytes) = case(file) else { return };
        let (provider, found) = provider(file, &bytes);
        assert!(found.all().iter().all(|d| d.severity == Severity::Note), "{file}: {found}");
        assert_eq!(provider.events.len(), events, "{file}");
        let texts = provider.maps.iter().flat_map(|map| &map.entries).map(|entry| entry.message.as_deref());
        assert!(texts.into_iter().all(|text| text.is_some_and(|text| !text.contains("$("))), "{file}");
    }
}

#[test]
fn a_field_of_a_dump_that_may_be_a_struct_leaves_the_event_out_until_another_capture_shows_it() {
    // Three fields, and the type of the last has the number 3.
    let text = dump(
        r#"<templates>
     <template tid="T">
      <data name="A" inType="win:UInt32"/>
      <data name="B" inType="win:UInt32"/>
      <data name="C" inType="win:Int8"/>
     </template>
    </templates>"#,
        r#"<event value="1" symbol="A" version="0" level="win:Informational" template="T"/>"#,
        "",
    );
    is_left_out("d.xml", text.as_bytes(), "field C may be a struct");

    let field = |name: &str, t: &str| format!(r#"<data name="{name}" inType="{t}"/>"#);
    let other = |last: &str| {
        let fields = [field("A", "win:UInt32"), field("B", "win:UInt32"), last.to_owned()].concat();
        provider("o.man", templates(&format!(r#"<template tid="T">{fields}</template>"#)).as_bytes()).0
    };
    let part = |file: &str, format, provider: &Provider| CapturedProvider {
        file: file.to_owned(),
        format,
        provider: provider.clone(),
    };
    let in_doubt = provider("d.xml", text.as_bytes()).0;
    let scalar = field("C", "win:Int8");
    let structure = format!(r#"<struct name="C">{}</struct>"#, field("M", "win:UInt16"));
    for (last, expected) in [(&scalar, InType::Int8), (&structure, InType::Struct)] {
        let parts = [part("d.xml", Format::Registered, &in_doubt), part("o.man", Format::Man, &other(last))];
        for parts in [parts.to_vec(), parts.iter().rev().cloned().collect()] {
            let (imported, found) = import(Captures { build: 1, parts, ..Captures::default() });
            let of_event = |found: &Diagnostics| found.all().iter().any(|d| d.element.starts_with("event 1"));
            assert!(!of_event(&found), "{found}");
            let provider = &imported.provider;
            assert_eq!(provider.templates[0].fields[2].in_type, expected);
        }
    }
    let neighbour = other(&scalar);
    let alone = || vec![part("d.xml", Format::Registered, &in_doubt)];
    let known = Captures { build: 2, parts: alone(), neighbours: vec![(1, &neighbour)], ..Captures::default() };
    assert_eq!(import(known).0.provider.events.len(), 1, "another build has the same fields");
    let (imported, found) = import(Captures { build: 2, parts: alone(), ..Captures::default() });
    assert!(imported.provider.events.is_empty() && found.to_string().contains("may be a struct"), "{found}");

    let Some(bytes) = case("field/22-struct-in-dump/dump.xml") else {
        return;
    };
    assert!(schema("22.xml", &bytes).0.events.is_empty());
}

#[test]
fn what_a_dump_made_up_is_no_fact() {
    let text = dump(
        r#"<keywords>
     <keyword name="keyword_40" message="$(string.keyword_keyword_40)" mask="0x40"/>
    </keywords>"#,
        r#"<event value="1" symbol="A" version="0" opcode="win:Start_8_1" level="win:Informational" keywords="keyword_40"/>"#,
        r#"<string id="keyword_keyword_40" value="keyword_40"/>"#,
    );
    let (dumped, found) = provider("d.xml", text.as_bytes());
    assert!(found.all().iter().all(|d| d.severity == Severity::Note), "{found}");
    assert_eq!((&dumped.symbol, &dumped.resource_file, &dumped.message_file), (&None, &None, &None));
    assert_eq!(dumped.events[0].opcode.as_deref(), Some("win:Start"));
    let known = manifest(
        r#"<keywords><keyword name="ut:Real" mask="0x40"/></keywords>"#,
        r#"<event value="1" level="win:Informational" opcode="win:Start" keywords="ut:Real"/>"#,
    );
    let known = provider("k.man", known.as_bytes()).0;
    let part = |file: &str, format, provider: &Provider| CapturedProvider {
        file: file.to_owned(),
        format,
        provider: provider.clone(),
    };
    let parts = vec![part("k.man", Format::Man, &known), part("d.xml", Format::Registered, &dumped)];
    let (imported, found) = import(Captures { build: 1, parts, ..Captures::default() });
    let errors: Vec<String> = found.errors().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(imported.provider.keywords[0].name, "ut:Real");
    let parts = vec![part("d.xml", Format::Registered, &dumped)];
    let (imported, _) = import(Captures { build: 2, parts, neighbours: vec![(1, &known)], ..Captures::default() });
    assert_eq!(imported.provider.keywords[0].name, "ut:Real");
    assert_eq!(imported.provider.events[0].keywords, ["ut:Real"]);
    if let Some(bytes) = case("field/27-dump-opcode/dump.xml") {
        let (provider, _) = provider("27.xml", &bytes);
        assert_eq!(provider.events[1].opcode.as_deref(), Some("win:Start"));
    }
}

#[test]
fn out_types_that_microsoft_uses_are_known() {
    let shown = |in_type: &str, out_type: &str| {
        let field = format!(r#"<template tid="T"><data name="A" inType="{in_type}" outType="{out_type}"/></template>"#);
        let (provider, found) = provider("a.man", templates(&field).as_bytes());
        assert!(found.is_empty(), "{found}");
        provider.templates[0].fields[0].out_type
    };
    assert_eq!(shown("win:UInt32", "xs:HexInt32"), Some(OutType::HexInt32));
    assert_eq!(shown("win:UInt64", "xs:HexInt64"), Some(OutType::HexInt64));
    assert_eq!(shown("win:Pointer", "win:CodePointer"), Some(OutType::CodePointer));
    assert_eq!(shown("win:FILETIME", "win:DateTimeUtc"), Some(OutType::DateTimeUtc));
    assert_eq!(shown("win:Int32", "xs:long"), Some(OutType::Long));
    if let Some(bytes) = case("corpora/h1-outtype-xs-hexint32.man") {
        let (provider, found) = provider("h1.man", &bytes);
        assert!(found.is_empty(), "{found}");
        assert_eq!(provider.templates[0].fields[0].out_type, Some(OutType::HexInt32));
    }
}

/// The keyword masks of the events of a compiled manifest.
fn masks(manifest: &Manifest) -> Vec<u64> {
    let (compiled, found) = compile(manifest);
    assert!(!found.has_errors(), "{found}");
    let bytes = compiled.template;
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let start = bytes.windows(4).position(|four| four == b"EVNT").expect("events");
    (0..usize::try_from(number(start + 8)).expect("small"))
        .map(|event| start + 16 + event * 48 + 8)
        .map(|at| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")))
        .collect()
}

#[test]
fn the_keywords_of_an_event_have_the_bit_of_its_channels_place_in_the_list() {
    let text = manifest(
        r#"<channels><importChannel chid="S" name="System"/><channel chid="D" name="P/Debug" type="Debug"/></channels>"#,
        r#"<event value="1" channel="S"/><event value="2" channel="D"/><event value="3"/>"#,
    );
    let (sources, _) = read("a.man", text.as_bytes());
    assert_eq!(masks(&sources[0].manifest), [1 << 63, 1 << 62, 0]);
    if let Some(bytes) = case("corpora/b1-import-channel-bits.man") {
        assert_eq!(masks(&read("b1.man", &bytes).0[0].manifest), [1 << 63, 1 << 62]);
    }
}

#[test]
fn compiled_levels_and_opcodes_of_windows_have_their_texts() {
    let text = manifest("", r#"<event value="1" level="win:Informational" opcode="win:Start"/>"#);
    let (sources, _) = read("a.man", text.as_bytes());
    let (compiled, found) = compile(&sources[0].manifest);
    assert!(!found.has_errors(), "{found}");
    let mut found = Diagnostics::new();
    let table = source::message_table::read("t", &compiled.messages, &mut found);
    assert_eq!((table.text(0x5000_0004), table.text(0x3000_0001)), (Some("Information"), Some("Start")));
}

#[test]
fn what_no_reader_takes_is_not_compiled() {
    let (sources, _) = read("a.man", templates(r#"<template tid="T"><struct name="S"/></template>"#).as_bytes());
    let (_, found) = compile(&sources[0].manifest);
    assert!(found.to_string().contains("struct S: it has no fields"), "{found}");
    let (_, found) = compile(&Manifest::default());
    assert!(found.to_string().contains("there is nothing to compile"), "{found}");
}

#[test]
fn a_file_of_mistakes_is_told_in_little() {
    let text = templates(&format!("<template tid=\"T\">{}</template>", "&".repeat(100_000)));
    let (_, found) = read("a.man", text.as_bytes());
    assert!(found.all().len() <= 3000 && found.error_count() >= 90_000, "{} kept", found.all().len());
    assert!(found.to_string().contains(" more errors"));
}

/// The files with these endings in a folder and the folders in it, in order.
fn files_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let is_wanted = |path: &Path| path.extension().is_some_and(|extension| extension == ending);
    let files = |path: PathBuf| if path.is_dir() { files_in(&path, ending) } else { vec![path] };
    paths.into_iter().flat_map(files).filter(|path| is_wanted(path)).collect()
}

/// Compares what a file declares with the binary made of it, in both directions; false if it does not compile.
fn is_unchanged_in_its_binary(path: &Path) -> bool {
    let (sources, _) = read("a.man", &fs::read(path).expect("a file"));
    let Some(source) = sources.first() else { return false };
    let (compiled, found) = compile(&source.manifest);
    if found.has_errors() {
        return false;
    }
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let (binaries, _) = read("a.dll", &binary);
    for (provider, from_binary) in source.manifest.providers.iter().zip(&binaries[0].manifest.providers) {
        let side = |provider: &Provider, format| Snapshot::from_provider("side", provider).with_formats(&[format]);
        let written = side(provider, source.format);
        let read = side(from_binary, binaries[0].format);
        for diff in [Diff::new(&written, &read), Diff::new(&read, &written)] {
            let changes: Vec<_> = diff.changes.iter().take(3).collect();
            assert!(changes.is_empty(), "{}, {}: {changes:?}", path.display(), provider.name);
        }
    }
    true
}

#[test]
fn a_manifest_and_the_binary_made_from_it_do_not_differ() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let own = files_in(&root.join("manifests/smbserver"), "man");
    assert!(!own.is_empty() && own.iter().all(|path| is_unchanged_in_its_binary(path)));
    let shared = root.join("../shared");
    let mut others = files_in(&shared.join("corpus/pe"), "man");
    others.extend(files_in(&shared.join("cases/corpora"), "man"));
    others.extend(files_in(&shared.join("cases/field"), "man"));
    let compiled = others.iter().filter(|path| is_unchanged_in_its_binary(path)).count();
    println!("{} manifests of the project, {compiled} of {} others: no change", own.len(), others.len());
    assert!(compiled * 10 >= others.len() * 9, "{compiled} of {} compile", others.len());
    let dumps = files_in(&shared.join("corpus/registered-10240"), "xml");
    let sample: Vec<_> = dumps.iter().step_by(10).collect();
    let compiled = sample.iter().filter(|path| is_unchanged_in_its_binary(path)).count();
    println!("{compiled} of {} dumps: no change", sample.len());
}

#[test]
fn a_compiled_form_that_points_at_itself_is_held_to_its_bound() {
    for file in ["wevt-memory-81x-5623B.bin", "wevt-memory-90x-4281B.bin"] {
        let Some(bytes) = case(&format!("hostile/{file}")) else { return };
        let held = allocation_counter::measure(|| drop(read(file, &bytes)));
        let bound = u64::try_from(bytes.len() * 32 + (1 << 16)).expect("small");
        assert!(held.bytes_max <= bound, "{file}: {} bytes held for {}", held.bytes_max, bytes.len());
    }
}

/// The changes between a capture of a build and the binary made of the build's manifest, a line each.
fn differences_from_binary(capture: &str, build: u32) -> Option<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(bytes) = fs::read(root.join("../shared/corpus").join(capture)) else {
        eprintln!("skipped: {capture} is absent");
        return None;
    };
    let text = fs::read(root.join(format!("manifests/smbserver/{build}.man"))).expect("a manifest");
    let (compiled, found) = compile(&read("a.man", &text).0[0].manifest);
    assert!(!found.has_errors(), "{found}");
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let side = |name: &str, bytes: &[u8]| {
        let source = read(name, bytes).0.remove(0);
        Snapshot::from_provider(name, &source.manifest.providers[0]).with_formats(&[source.format])
    };
    let diff = Diff::new(&side(capture, &bytes), &side("srv2.sys", &binary));
    let line = |change: &Change| match change {
        Change::Fact { id, version, fact, old, new, .. } => {
            format!("{id} v{version} {}: {} → {}", fact.word(), text_of(old.as_deref()), text_of(new.as_deref()))
        }
        Change::Shown { id, version, field, .. } => format!("{id} v{version} {}: shown in another way", field.1),
        Change::Declaration { kind, name, old: None, .. } => format!("{} {name}: added", kind.word()),
        other => format!("{other:?}"),
    };
    Some(diff.changes.iter().map(line).collect())
}

fn text_of(fact: Option<&str>) -> String {
    fact.unwrap_or("none").replace('\n', " ")
}

#[test]
fn captures_of_a_build_and_the_binary_of_its_manifest_differ_in_what_is_known_of_them() {
    if let Some(differences) = differences_from_binary("wepexplorer/22000.xml", 22000) {
        assert_eq!(differences, Vec::<String>::new());
    }
    let dump = "registered-10240/Microsoft-Windows-SMBServer.xml";
    let Some(differences) = differences_from_binary(dump, 10240) else { return };
    // What builds.toml says of this build: the keyword and the maps are no dump's.
    let known = [
        "551 v1 keywords: Operational → Operational win:AuditFailure",
        "1006 v0 keywords: Operational → Operational win:AuditFailure",
        "1016 v0 Reason: shown in another way",
        "1028 v0 OldDialect: shown in another way",
        "map SrvReopenFailureReasons: added",
        "map entry SrvReopenFailureReasons 0: added",
        "map entry SrvReopenFailureReasons 1: added",
        "map entry SrvReopenFailureReasons 2: added",
        "map entry SrvReopenFailureReasons 3: added",
    ];
    assert_eq!(differences, known);
}

#[test]
fn a_number_that_is_made_up_is_said_to_be() {
    let text = |number: &str| {
        let tasks = format!(r#"<tasks><task name="Known" value="1"/><task name="New" {number}/></tasks>"#);
        let events = r#"<event value="1" task="Known"/><event value="2" task="New"/>"#;
        let text = manifest(&tasks, events);
        text.replace("<instrumentationManifest ", "<instrumentationManifest xmlns:p=\"urn:etw-schema:provenance\" ")
    };
    let made_up = text(r#"value="65281" p:value="placeholder""#);
    let (unknown, found) = provider("a.man", made_up.as_bytes());
    assert!(found.is_empty(), "{found}");
    assert_eq!(unknown.tasks.iter().map(Task::number).collect::<Vec<_>>(), [Some(1), None]);
    let of_other = text(r#"value="65281" p:value="guess""#);
    assert!(read("a.man", of_other.as_bytes()).1.to_string().contains("expected placeholder"));

    let written = man::write(&Manifest { providers: vec![unknown.clone()], ..Manifest::default() }, None);
    assert!(written.contains(r#"value="65281" provenance:value="placeholder""#), "{written}");
    assert_eq!(provider("a.man", written.as_bytes()).0, unknown);
    let (_, found) = compile(&Manifest { providers: vec![unknown.clone()], ..Manifest::default() });
    assert!(found.to_string().contains("task New: its number is not known; 65281 is a placeholder"), "{found}");

    // A capture that knows the number settles it, in any order; and that it is known now is no change.
    let known = provider("b.man", text(r#"value="77""#).as_bytes()).0;
    let part = |file: &str, provider: &Provider| CapturedProvider {
        file: file.to_owned(),
        format: Format::Man,
        provider: provider.clone(),
    };
    for parts in [[("a", &unknown), ("b", &known)], [("b", &known), ("a", &unknown)]] {
        let parts = parts.map(|(file, provider)| part(file, provider)).to_vec();
        let (imported, found) = import(Captures { build: 1, parts, ..Captures::default() });
        assert!(!found.has_errors(), "{found}");
        assert_eq!(imported.provider.tasks.iter().map(|task| task.value).collect::<Vec<_>>(), [1, 77]);
    }
    let side = |provider: &Provider| Snapshot::from_provider("side", provider);
    for (old, new) in [(&unknown, &known), (&known, &unknown)] {
        assert_eq!(Diff::new(&side(old), &side(new)).changes, []);
    }

    let (imported, _) = import(Captures { build: 1, parts: vec![part("a.man", &unknown)], ..Captures::default() });
    let row = imported.row(1, "P");
    assert!(row.contains("captured: a.man (instrumentation manifest); not known, placeholders: New"), "{row}");
}
