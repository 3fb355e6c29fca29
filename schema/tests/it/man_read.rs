//! The reader of manifests on whole files: what it takes out of them, and that nothing makes it panic or crawl.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::{FieldRef, InType, Isolation, Manifest, MapKind, OutType, Provider, Size, guid_text};
use etw_schema::source::man::{self, ReadOptions};
use test_support::XorShift;

const FEATURES: &str = include_str!("fixtures/features.man");

fn read(text: &str) -> (Manifest, Diagnostics) {
    man::read("t.man", text.as_bytes(), &ReadOptions::default())
}

/// The only provider of a manifest without a finding.
fn clean(text: &str) -> Provider {
    let (manifest, found) = read(text);
    assert!(found.is_empty(), "{found}");
    let mut providers = manifest.providers;
    assert_eq!(providers.len(), 1);
    providers.remove(0)
}

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A manifest around the children of its provider.
fn provider(inner: &str) -> String {
    format!(
        "<instrumentationManifest><instrumentation><events>\
         <provider name='P' guid='0a1b2c3d-0000-1111-2222-333344445555'>{inner}</provider>\
         </events></instrumentation></instrumentationManifest>"
    )
}

fn assert_fast(what: &str, started: Instant) {
    let took = started.elapsed();
    println!("{what}: {took:?}");
    assert!(took < Duration::from_secs(20), "{what} took {took:?}");
}

#[test]
fn the_checked_in_manifests_read_without_a_finding() {
    for (file, events, templates, tasks, keywords) in
        [("20348.man", 155, 144, 108, 19), ("26100.man", 203, 191, 183, 23)]
    {
        let bytes = std::fs::read(workspace("manifests/smbserver").join(file)).unwrap();
        let (manifest, found) = man::read(file, &bytes, &ReadOptions::default());
        assert!(found.is_empty(), "{found}");
        let [p] = manifest.providers.as_slice() else { panic!("{file}: one provider expected") };
        assert_eq!(
            (p.name.as_str(), guid_text(p.guid).as_str()),
            ("Microsoft-Windows-SMBServer", "d48ce617-33a2-4bc3-a5c7-11aa4f29619e")
        );
        assert_eq!(
            (p.events.len(), p.templates.len(), p.tasks.len(), p.keywords.len(), p.channels.len()),
            (events, templates, tasks, keywords, 7),
            "{file}"
        );
        let entries: usize = p.maps.iter().map(|map| map.entries.len()).sum();
        assert_eq!((p.maps.len(), entries), (21, 108), "{file}");
        assert!(p.events.iter().all(|event| event.at.line > 0 && !event.symbol.as_deref().unwrap_or("").is_empty()));
        let unresolved = p.events.iter().filter_map(|event| event.message.as_deref()).find(|m| m.contains("$("));
        assert_eq!(unresolved, None);
    }
}

#[test]
fn manifests_of_other_authors_read_without_an_error() {
    for (file, events, templates) in [("node.man", 12, 6), ("chakra.man", 258, 51)] {
        let path = workspace("../shared/corpus/pe").join(file);
        let Ok(bytes) = std::fs::read(&path) else {
            println!("skipped, as there is no {}", path.display());
            continue;
        };
        let (manifest, found) = man::read(file, &bytes, &ReadOptions::default());
        print!("{found}");
        assert!(!found.has_errors(), "{found}");
        let provider = &manifest.providers[0];
        assert_eq!((provider.events.len(), provider.templates.len()), (events, templates), "{file}");
    }
}

#[test]
fn every_part_of_a_manifest_arrives_in_the_model() {
    let (manifest, found) = read(FEATURES);
    assert_eq!(found.to_string(), "t.man:25: note: keyword Slow: culture en-US has no string `Slow`; de-DE has\n");
    let p = &manifest.providers[0];
    assert_eq!(guid_text(p.guid), "0a1b2c3d-0000-1111-2222-333344445555");
    assert_eq!(p.message.as_deref(), Some("A \"sample\" \u{2015} no more"));
    assert_eq!(p.parameter_file.as_deref(), Some("parameters.dll"));

    let channels: Vec<_> = p.channels.iter().map(|c| (c.id.as_str(), c.value, c.imported, c.enabled)).collect();
    assert_eq!(
        channels,
        [
            ("App", Some(9), true, None),
            ("Op", Some(17), false, Some(true)),
            ("Contoso-Sample/Debug", Some(16), false, Some(false)),
        ]
    );
    assert_eq!(p.channels[1].isolation, Some(Isolation::System));
    assert_eq!((p.levels[0].value, p.levels[0].message.as_deref()), (16, Some("<chatty> & more & more")));
    let opcodes: Vec<_> = p.opcodes.iter().map(|o| (o.name.as_str(), o.value, o.task.as_deref())).collect();
    assert_eq!(opcodes, [("Prepare", 10, None), ("Flush", 11, Some("Copy"))]);
    assert_eq!(p.opcodes[1].message.as_deref(), Some("flush <all>"));
    assert_eq!(p.tasks[0].event_guid.map(guid_text).as_deref(), Some("aaaaaaaa-0000-1111-2222-333344445555"));
    assert_eq!(p.keywords[0].name, "ut:Packet");
    assert_eq!((p.maps[1].kind, p.maps[1].entries[0].value), (MapKind::Bit, 0x8000_0000));
    // Line breaks and tabs of an attribute are blanks, as XML has it; references to them are not.
    assert_eq!(p.maps[0].entries[0].message.as_deref(), Some("none at all"));

    let fields = &p.templates[0].fields;
    assert_eq!(fields[1].length, Some(Size::Field(FieldRef::beside("Size", 0))));
    assert_eq!((fields[1].in_type, fields[1].out_type), (InType::UnicodeString, Some(OutType::String)));
    assert_eq!(fields[2].map.as_deref(), Some("Kinds"));
    assert_eq!(fields[3].length, Some(Size::Fixed(32)));
    assert_eq!((fields[5].in_type, fields[5].members.len()), (InType::Struct, 3));
    assert_eq!(fields[5].members[2].count, Some(Size::Field(FieldRef::outside("Size", 0))));

    let event = &p.events[0];
    assert_eq!((event.id, event.version, event.channel.as_deref()), (1, 2, Some("Op")));
    assert_eq!(event.level.as_deref(), Some("win:Informational"));
    assert_eq!(event.keywords, ["ut:Packet", "Slow", "win:SQM"]);
    assert_eq!(event.message.as_deref(), Some("Copied %2%n100%% of %1\n"));
    assert_eq!(event.at.to_string(), "t.man:46");
    assert_eq!((p.events[1].version, p.events[1].opcode.as_deref()), (0, Some("win:Start")));
}

#[test]
fn the_culture_can_be_chosen() {
    let texts = |culture: Option<&str>| {
        let options = ReadOptions { culture: culture.map(str::to_owned) };
        let (manifest, found) = man::read("t.man", FEATURES.as_bytes(), &options);
        let p = &manifest.providers[0];
        let warnings = found.all().iter().filter(|d| d.message.contains("there is no culture")).count();
        (p.keywords[1].message.clone().unwrap(), p.events[0].message.clone().unwrap(), warnings, found.has_errors())
    };
    let english = "Copied %2%n100%% of %1\n".to_owned();
    assert_eq!(texts(None), ("langsam".to_owned(), english.clone(), 0, false));
    assert_eq!(texts(Some("DE-de")), ("langsam".to_owned(), "%2 kopiert".to_owned(), 0, false));
    assert_eq!(texts(Some("fr-FR")), ("langsam".to_owned(), english, 1, false));
}

#[test]
fn encodings_lead_to_the_same_manifest() {
    let (expected, _) = read(FEATURES);
    let declared = FEATURES.replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\"");
    let with_mark = [b"\xEF\xBB\xBF", FEATURES.as_bytes()].concat();
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(declared.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(declared.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    for bytes in [with_mark, little.clone(), big, FEATURES.replace('\n', "\r\n").into_bytes()] {
        let (manifest, found) = man::read("t.man", &bytes, &ReadOptions::default());
        assert_eq!(found.all().len(), 1, "{found}");
        assert_eq!(manifest, expected);
        assert_eq!(manifest.providers[0].events[0].at.to_string(), "t.man:46");
    }
    let (manifest, found) = man::read("t.man", &little[..little.len() - 1], &ReadOptions::default());
    assert_eq!(manifest.providers.len(), 1);
    assert!(found.to_string().contains("this is not UTF-16LE: the file ends in the middle of a character"), "{found}");
}

#[test]
fn other_encodings_are_refused_and_what_came_before_is_kept() {
    let told = |bytes: &[u8]| {
        let (manifest, found) = man::read("t.man", bytes, &ReadOptions::default());
        (manifest.providers.first().map_or(0, |p| p.tasks.len()), found.to_string())
    };
    let expected = "expected UTF-8, or UTF-16 with a byte order mark";
    let text = provider("<tasks><task name='A' value='1'/>\n<task name='B' value='2'/></tasks>");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(
        told(&wide),
        (2, format!("t.man:1: error: encoding: the file is UTF-16 without a byte order mark; {expected}\n"))
    );
    let wider: Vec<u8> = [0xFF, 0xFE, 0, 0].into_iter().chain(text.bytes().flat_map(|b| [b, 0, 0, 0])).collect();
    assert_eq!(told(&wider), (0, format!("t.man:1: error: encoding: the file is UTF-32; {expected}\n")));
    let mut latin = text.clone().into_bytes();
    let at = text.find("'B'").unwrap();
    latin[at + 1] = 0xE9;
    assert_eq!(
        told(&latin),
        (1, "t.man:2: error: encoding: byte 0xe9 is not UTF-8; nothing from here on is read\n".to_owned())
    );
    let mut half: Vec<u8> = [0xFE, 0xFF].into_iter().chain(wide).collect();
    half[2 + 2 * (at + 1)] = 0xD8;
    assert_eq!(
        told(&half),
        (
            1,
            "t.man:2: error: encoding: this is not UTF-16BE: 0xd842 is an unpaired surrogate; nothing from here on \
         is read\n"
                .to_owned()
        )
    );
}

#[test]
fn a_file_cut_at_any_byte_is_an_error_and_no_panic() {
    let (whole, _) = read(FEATURES);
    let end = FEATURES.trim_end().len();
    for length in 0..end {
        let (manifest, found) = man::read("t.man", &FEATURES.as_bytes()[..length], &ReadOptions::default());
        assert!(found.has_errors(), "cut at byte {length}: {found}");
        // What is returned is a part of the whole: no template or map is cut in the middle.
        for provider in &manifest.providers {
            assert!(provider.templates.iter().all(|t| whole.providers[0].templates.contains(t)), "at {length}");
            assert!(provider.maps.iter().all(|m| m.entries.len() == if m.name == "Kinds" { 2 } else { 1 }));
        }
    }
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(FEATURES.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for length in 0..end * 2 {
        assert!(man::read("t.man", &wide[..length], &ReadOptions::default()).1.has_errors(), "cut at byte {length}");
    }
}

#[test]
fn a_changed_byte_is_no_panic() {
    // A fixed sequence, so that a failure can be seen again.
    let mut sequence = XorShift::new(0x2545_F491);
    let mut random = move |below: usize| sequence.below(below);
    for _ in 0..3000 {
        let mut bytes = FEATURES.as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = b"<>&\"'/=;![]-? \0x\xFF"[random(17)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, bytes[random(bytes.len())]),
            }
        }
        let _ = man::read("t.man", &bytes, &ReadOptions::default());
    }
}

#[test]
fn prefixes_mean_what_they_are_bound_to() {
    let p = clean(
        "<m:instrumentationManifest xmlns:m='http://schemas.microsoft.com/win/2004/08/events'
           xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>
         <m:instrumentation><m:events>
          <m:provider name='P' guid='{0a1b2c3d-0000-1111-2222-333344445555}'
             xmlns:q='https://manifests.microsoft.com/win/2004/08/windows/events'>
           <m:keywords><m:keyword name='q:Mine' mask='1'/><m:keyword name='z:Mine' mask='2'/></m:keywords>
           <m:templates><m:template tid='T' xmlns:s='http://www.w3.org/2001/XMLSchema'>
             <m:data name='A' inType='q:uint32' outType='s:unsignedInt'/></m:template></m:templates>
           <m:events><m:event value='1' level='q:Error' keywords='win:Mine z:Mine' template='T'/></m:events>
          </m:provider></m:events></m:instrumentation></m:instrumentationManifest>",
    );
    assert_eq!(p.keywords.iter().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["win:Mine", "z:Mine"]);
    assert_eq!(p.templates[0].fields[0].out_type, Some(OutType::UnsignedInt));
    assert_eq!(p.events[0].level.as_deref(), Some("win:Error"));
}

#[test]
fn text_arrives_whole_however_it_is_written() {
    for (content, expected) in [
        ("<string id='S' value='a &lt;b&gt; &amp;amp; &apos;&#65;&#x42;&quot;'/>", "a <b> &amp; 'AB\""),
        ("<string id='S' value='a\r\nb\tc\nd&#9;e'/>", "a b c d\te"),
        ("<string id='S'> a<![CDATA[ <b> ]]>&amp;c<!-- no -->d </string>", "a <b> &cd"),
        ("<string id='S'>%1%n%%<?pi?>!</string>", "%1%n%%!"),
        ("<string id='S' value=''/>", ""),
        ("<string id='S' value='$(string.S)'/>", "$(string.S)"),
    ] {
        let text = format!(
            "<instrumentationManifest><instrumentation><events>
             <provider name='P' guid='0a1b2c3d-0000-1111-2222-333344445555' message='$(string.S)'/>
             </events></instrumentation><localization><resources culture='xx'><stringTable>{content}</stringTable>
             </resources></localization></instrumentationManifest>"
        );
        assert_eq!(clean(&text).message.as_deref(), Some(expected), "{content}");
    }
}

#[test]
fn names_are_taken_as_they_are() {
    let p = clean(&provider(
        "<templates><template tid='fn'>
           <data name='type' inType='win:UInt8'/><data name='3Com' inType='win:UInt16'/>
           <data name='a b.c' inType='win:AnsiString' length='3Com'/><data name='Größe' inType='win:Int8'/>
         </template></templates>
         <events><event value='0' template='fn'/><event value='65535' version='255'/></events>",
    ));
    let names: Vec<_> = p.templates[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["type", "3Com", "a b.c", "Größe"]);
}

#[test]
fn a_long_template_is_read_in_linear_time() {
    use std::fmt::Write as _;
    let mut fields = String::from("<templates><template tid='T'><data name='Count' inType='win:UInt32'/>");
    for i in 0..100_000 {
        write!(fields, "<data name='Field{i}' inType='win:UnicodeString' length='Count'/>").unwrap();
    }
    fields.push_str("</template></templates>");
    let text = provider(&fields);
    let started = Instant::now();
    let p = clean(&text);
    assert_fast("100,000 fields", started);
    assert_eq!(p.templates[0].fields.len(), 100_001);

    // The same name each time, and a wrong length each time: a diagnostic or two for each field.
    let same = fields.replace("length='Count'", "length='Nowhere'");
    let started = Instant::now();
    let (_, found) = read(&provider(&same));
    assert_fast("100,000 fields with an error each", started);
    assert_eq!(found.error_count(), 100_000);
}

#[test]
fn hostile_shapes_are_read_in_linear_time() {
    use std::fmt::Write as _;
    let deep = format!("{}{}", "<a xmlns:p='q'>".repeat(100_000), "</a>".repeat(100_000));
    let structs = "<templates><template tid='T'>".to_owned() + &"<struct name='S'>".repeat(100_000);
    let huge = format!("<tasks><task name='T' value='{}'/></tasks>", "9".repeat(10_000_000));
    let long_name = format!("<events><event value='1' task='{}'/></events>", "n".repeat(10_000_000));
    let mut attributes = String::from("<tasks ");
    for i in 0..100_000 {
        write!(attributes, "a{i}='' a{i}='&' ").unwrap();
    }
    attributes.push_str("/>");
    let ampersands = format!("<tasks x='{}'/>", "&".repeat(100_000));
    let mut copies = String::from("<events>");
    for i in 0..60_000 {
        write!(copies, "<event value='{i}' message='$(string.S)'/>").unwrap();
    }
    copies.push_str("</events>");
    let copies = provider(&copies).replace(
        "</instrumentationManifest>",
        &format!(
            "<localization><resources culture='x'><stringTable><string id='S' value='{}'/></stringTable></resources>\
             </localization></instrumentationManifest>",
            "long ".repeat(200_000)
        ),
    );
    for (what, text) in [
        ("deep", provider(&deep)),
        ("deep structs", provider(&structs)),
        ("deep without end", provider(&deep[..deep.len() / 2])),
        ("huge number", provider(&huge)),
        ("long name", provider(&long_name)),
        ("attributes", provider(&attributes)),
        ("ampersands", provider(&ampersands)),
        ("copies", copies),
    ] {
        let started = Instant::now();
        let (manifest, found) = read(&text);
        assert_fast(what, started);
        assert!(!found.is_empty(), "{what}");
        let longest = found.all().iter().map(|d| d.message.len()).max();
        assert!(longest < Some(1000), "{what}: {longest:?}");
        let held: usize =
            manifest.providers.iter().flat_map(|p| &p.events).filter_map(|e| e.message.as_ref()).map(String::len).sum();
        assert!(held < 17 * text.len() + (1 << 21), "{what}: {held}");
    }
}
