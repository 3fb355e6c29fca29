//! What the compiler of manifests does otherwise than earlier versions did: the form of `<UserData>`, shared texts, tables of
//! several languages, many providers; and the texts of binaries in several languages.

use etw_schema::compile::{compile, compile_localized, wrap, wrap_languages};
use etw_schema::model::{Manifest, Provider};
use etw_schema::source::{self, File, man};

use crate::faults::{case, manifest, provider, read, templates};

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The offsets of a signature in a resource.
fn find<'b>(bytes: &'b [u8], signature: &'b [u8; 4]) -> impl Iterator<Item = usize> + 'b {
    bytes.windows(4).enumerate().filter(move |(_, four)| four == signature).map(|(at, _)| at)
}

/// The numbers of the messages of the events of a compiled manifest.
fn message_numbers(template: &[u8]) -> Vec<u32> {
    let start = find(template, b"EVNT").next().expect("events");
    let count = usize::try_from(number(template, start + 8)).expect("small");
    (0..count).map(|event| number(template, start + 16 + event * 48 + 16)).collect()
}

/// Whether a template is of the kind that the event log shows as its author wrote it.
fn kinds(template: &[u8]) -> Vec<u32> {
    find(template, b"TEMP").map(|at| number(template, at + 20)).collect()
}

#[test]
fn user_data_is_compiled_as_it_is_written() {
    let text = manifest(
        r#"<templates>
            <template tid="T"><data name="Count" inType="win:UInt32"/>
              <UserData><Shown xmlns="urn:x"><Number>%1</Number></Shown></UserData></template>
            <template tid="U"><data name="Count" inType="win:UInt32"/></template></templates>"#,
        r#"<event value="1" template="T"/><event value="2" template="U"/>"#,
    );
    let (sources, found) = read("a.man", text.as_bytes());
    assert!(found.is_empty(), "{found}");
    let (compiled, found) = compile(&sources[0].manifest);
    assert!(!found.has_errors(), "{found}");
    assert_eq!(kinds(&compiled.template), [2, 1]);
    let utf16: Vec<u8> = "Shown".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(compiled.template.windows(utf16.len()).any(|window| window == utf16));

    let written = man::write(&sources[0].manifest, None);
    let (again, _) = read("b.man", written.as_bytes());
    assert_eq!(again[0].manifest, sources[0].manifest);

    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let (from_binary, found) = provider("a.dll", &binary);
    assert!(!found.has_errors(), "{found}");
    assert_eq!(from_binary.templates[0].fields[0].name, "Count");
    let user_data = |provider: &Provider| -> Vec<Option<String>> {
        provider.templates.iter().map(|template| template.user_data.clone()).collect()
    };
    assert_eq!(user_data(&from_binary), user_data(&sources[0].manifest.providers[0]));
    if let Some(bytes) = case("corpora/f1-userdata.man") {
        let (compiled, _) = compile(&read("f1.man", &bytes).0[0].manifest);
        assert_eq!(kinds(&compiled.template), [2]);
    }
}

#[test]
fn user_data_of_a_binary_is_what_its_author_wrote() {
    for xml in [
        r#"<A xmlns="urn:x" b="%1 of %2"><B>no. %1</B><C></C> <D>a &lt; b &amp; c</D></A>"#,
        r#"<p:A xmlns:p="urn:x">100 % of %2</p:A>"#,
    ] {
        let template = format!(
            r#"<template tid="T"><data name="A" inType="win:UInt32"/><data name="B" inType="win:UInt8"/>
            <UserData>{xml}</UserData></template>"#
        );
        let (sources, _) = read("a.man", templates(&template).as_bytes());
        let (compiled, found) = compile(&sources[0].manifest);
        assert!(!found.has_errors(), "{found}");
        let (again, found) = provider("a.bin", &compiled.template);
        assert!(found.is_empty(), "{found}");
        assert_eq!(again.templates[0].user_data.as_deref(), Some(xml.replace("> <", "><").as_str()));
    }
}

#[test]
fn user_data_that_shows_what_is_no_field_is_reported_with_its_template() {
    let text = manifest(
        r#"<templates><template tid="T"><UserData><A>%1</A></UserData></template></templates>"#,
        r#"<event value="1" template="T"/>"#,
    );
    let (_, found) = compile(&read("a.man", text.as_bytes()).0[0].manifest);
    assert!(
        found.to_string().contains("a.man:4: error: template T: <UserData>: %1 in it is none of the 0 fields"),
        "{found}"
    );
}

/// A manifest with two events of one string, one of another with the same text, in three cultures and one of no known language.
fn cultures() -> String {
    let strings = |culture: &str, text: &str| {
        let string = |id: &str| format!(r#"<string id="{id}" value="{text}"/>"#);
        format!(
            r#"<resources culture="{culture}"><stringTable>{}{}</stringTable></resources>"#,
            string("S"),
            string("R")
        )
    };
    let tables = [("cs-CZ", "česky"), ("en-US", "English %1"), ("zh-CN", "中文"), ("tlh", "tlhIngan")];
    let tables: String = tables.iter().map(|(culture, text)| strings(culture, text)).collect();
    let events = r#"<event value="1" message="$(string.S)"/><event value="2" message="$(string.S)"/>
        <event value="3" message="$(string.R)"/>"#;
    let text = manifest("", events);
    text.replace("</instrumentation>", &format!("</instrumentation><localization>{tables}</localization>"))
}

#[test]
fn a_string_has_one_number_and_each_culture_a_table_of_its_language() {
    let text = cultures();
    let (localized, found) = man::read_localized("a.man", text.as_bytes());
    assert_eq!(found.all().len(), 1, "{found}");
    assert!(found.to_string().contains("resources tlh: the number of its language is not known"), "{found}");
    let (compiled, found) = compile_localized(&localized);
    assert!(!found.has_errors(), "{found}");
    assert_eq!(message_numbers(&compiled.template), [0xB000_0001, 0xB000_0001, 0xB000_0003]);
    let languages: Vec<u16> = compiled.tables().iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, [0x409, 0x405, 0x804]);

    let binary = wrap_languages(Some(&compiled.template), &compiled.tables()).expect("small");
    let (read_again, _) = provider("a.dll", &binary);
    assert_eq!(read_again.events[2].message.as_deref(), Some("English %1"));
    for (language, table) in compiled.tables() {
        let mui = wrap_languages(None, &[(language, table)]).expect("small");
        let sys = wrap(Some(&compiled.template), None).expect("small");
        let files = [File { name: "a.sys", bytes: &sys }, File { name: "a.mui", bytes: &mui }];
        let (sources, _) = source::read_all(&files);
        let message = sources[0].manifest.providers[0].events[0].message.clone().expect("a text");
        let expected = match language {
            0x405 => "česky",
            0x804 => "中文",
            _ => "English %1",
        };
        assert_eq!(message, expected);
    }
    if let Some(bytes) = case("corpora/m1-shared-string.man") {
        let (compiled, _) = compile_localized(&man::read_localized("m1.man", &bytes).0);
        let numbers = message_numbers(&compiled.template);
        assert_eq!(numbers[0], numbers[1]);
    }
}

#[test]
fn the_language_of_texts_does_not_hang_on_the_order_of_files() {
    let (localized, _) = man::read_localized("a.man", cultures().as_bytes());
    let (compiled, _) = compile_localized(&localized);
    let sys = wrap(Some(&compiled.template), None).expect("small");
    let muis: Vec<Vec<u8>> =
        compiled.tables().into_iter().map(|table| wrap_languages(None, &[table]).expect("small")).collect();
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let mut files = vec![File { name: "a.sys", bytes: &sys }];
        files.extend(order.iter().map(|at| File { name: "a.mui", bytes: &muis[*at] }));
        let (sources, found) = source::read_all(&files);
        assert_eq!(sources[0].manifest.providers[0].events[0].message.as_deref(), Some("English %1"));
        assert!(found.to_string().contains("its language is 0x0405"), "{found}");
    }
    let folder = "field/10-mui-languages";
    let Some(dll) = case(&format!("{folder}/c.dll")) else { return };
    let mut told = Vec::new();
    for names in [["cs.mui", "en.mui", "zh.mui"], ["zh.mui", "en.mui", "cs.mui"]] {
        let muis: Vec<Vec<u8>> = names.iter().filter_map(|name| case(&format!("{folder}/{name}"))).collect();
        let mut files = vec![File { name: "c.dll", bytes: &dll }];
        files.extend(names.iter().zip(&muis).map(|(name, bytes)| File { name, bytes }));
        told.push(source::read_all(&files).0[0].manifest.providers[0].events.clone());
    }
    assert!(!told[0].is_empty());
    let three = case(&format!("{folder}/three-langs.mui")).expect("a case");
    let english = case(&format!("{folder}/en.mui")).expect("a case");
    let texts = |mui: &[u8]| {
        let files = [File { name: "c.dll", bytes: &dll }, File { name: "c.mui", bytes: mui }];
        source::read_all(&files).0[0].manifest.providers[0].events.clone()
    };
    assert_eq!(texts(&three), texts(&english), "of three languages in a file English is taken");
}

#[test]
fn a_resource_holds_more_providers_than_a_messages_number_has_bits_for() {
    let text = cultures();
    let (one, _) = provider("a.man", text.as_bytes());
    let providers = (0..40_u8).map(|n| {
        let mut own = one.clone();
        own.name = format!("P{n}");
        own.guid = etw_schema::model::Guid::from_bytes([n + 1; 16]);
        own.events.iter_mut().for_each(|event| event.message = Some(format!("{} of {n}", event.id)));
        own
    });
    let manifest = Manifest { providers: providers.collect(), ..Manifest::default() };
    let (compiled, found) = compile(&manifest);
    assert!(!found.has_errors(), "{found}");
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let (sources, found) = read("a.dll", &binary);
    assert!(!found.has_errors(), "{found}");
    let again = &sources[0].manifest.providers;
    assert_eq!(again.len(), 40);
    for (read, written) in again.iter().zip(&manifest.providers) {
        let texts = |p: &Provider| p.events.iter().map(|e| e.message.clone()).collect::<Vec<_>>();
        assert_eq!((&read.name, texts(read)), (&written.name, texts(written)));
    }
}

#[test]
fn escapes_of_messages_are_those_of_the_compilers_page() {
    use etw_schema::message::{Piece, in_manifest, parse};
    assert_eq!(parse("a%b%.%!%t|"), [Piece::Text("a .!\t|".to_owned())]);
    // What a manifest doubles is a percent sign, also before such a letter.
    assert_eq!(parse("100%%. of %%brown"), [Piece::Text("100%. of %brown".to_owned())]);
    let text = manifest("", r#"<event value="1" message="$(string.S)"/>"#).replace(
        "</instrumentation>",
        r#"</instrumentation><localization><resources culture="en-US"><stringTable>
           <string id="S" value="100%%. of %%brown %b"/></stringTable></resources></localization>"#,
    );
    let (written, _) = provider("a.man", text.as_bytes());
    let (compiled, _) = compile(&Manifest { providers: vec![written.clone()], ..Manifest::default() });
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let (read, _) = provider("a.dll", &binary);
    let shown = |p: &Provider| parse(p.events[0].message.as_deref().expect("a text"));
    assert_eq!(shown(&read), shown(&written));
    assert_eq!(in_manifest("50% off %b"), "50%% off %b");
}

#[test]
fn many_cultures_and_long_names_take_little() {
    let culture = |n: u32| {
        format!(r#"<resources culture="c{n}"><stringTable><string id="S" value="x"/></stringTable></resources>"#)
    };
    let tables: String = (0..20_000).map(culture).collect();
    let text = manifest("", r#"<event value="1" message="$(string.S)"/>"#)
        .replace("</instrumentation>", &format!("</instrumentation><localization>{tables}</localization>"));
    let started = std::time::Instant::now();
    let held = allocation_counter::measure(|| {
        let (localized, _) = man::read_localized("a.man", text.as_bytes());
        drop(compile_localized(&localized));
    });
    assert!(held.bytes_max < 16 * u64::try_from(text.len()).expect("small"), "{}", held.bytes_max);
    // A search through all cultures for each of them takes minutes.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    let long = manifest("", &format!(r#"<event value="1" symbol="{}"/>"#, "Ab".repeat(1 << 19)));
    let (_, found) = read("a.man", long.as_bytes());
    assert!(found.to_string().contains("expected a name of at most 1024"), "{}", found.all().len());
}
