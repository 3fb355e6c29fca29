//! Names of events that a capture gives none.

use etw_codegen::Generator;

const DUMP: &[u8] = include_bytes!("../../../schema/tests/it/fixtures/dump.xml");

#[test]
fn events_without_a_name_get_one_of_their_task_or_id() {
    let output = Generator::new().add_manifest("dump.xml", 10240, DUMP).generate();
    assert!(output.left_out.is_empty(), "{}", output.diagnostics);
    let events: String =
        output.files.0.iter().filter(|(path, _)| path.starts_with("events/")).map(|(_, text)| &**text).collect();
    for name in ["pub enum WalkStep<'a>", "pub enum Event2<'a>", "pub enum Walk<'a>"] {
        assert!(events.contains(name), "{name}");
    }
}

#[test]
fn layouts_past_what_can_be_numbered_are_refused_and_counted() {
    let event = |id: u32, version: u8| format!("<event value=\"{id}\" version=\"{version}\"/>");
    let events: String = (0..=0xffff).map(|id| event(id, 0)).chain((0..5).map(|id| event(id, 1))).collect();
    let manifest = format!(
        "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\"><instrumentation><events>\
         <provider name=\"P\" guid=\"{{11111111-2222-3333-4444-555555555555}}\" symbol=\"P\"><events>{events}</events>\
         </provider></events></instrumentation></instrumentationManifest>"
    );
    let mut generator = Generator::new();
    generator.add_manifest("many.man", 1, manifest.as_bytes());
    let (_, diagnostics) = generator.plan_names();
    let refused = diagnostics.errors().filter(|error| error.message.contains("at most 65535 layouts")).count();
    assert_eq!(refused, 6, "{diagnostics}");
}

/// A manifest with a map whose texts hold inserts, and events that show it.
fn map_bomb(inserts: usize, entries: usize, events: usize) -> String {
    let text = "%1 ".repeat(inserts);
    let entry = |n: usize| format!("<map value=\"{n}\" message=\"{text}\"/>");
    let event = |n: usize| format!("<event value=\"{n}\" template=\"T\" message=\"{text}\"/>");
    let entries: String = (0..entries).map(entry).collect();
    let events: String = (0..events).map(event).collect();
    format!(
        "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\" \
         xmlns:win=\"http://manifests.microsoft.com/win/2004/08/windows/events\"><instrumentation><events>\
         <provider name=\"P\" guid=\"{{11111111-2222-3333-4444-555555555555}}\" symbol=\"P\">\
         <maps><valueMap name=\"M\">{entries}</valueMap></maps>\
         <templates><template tid=\"T\"><data name=\"A\" inType=\"win:UInt32\" map=\"M\"/></template></templates>\
         <events>{events}</events></provider></events></instrumentation></instrumentationManifest>"
    )
}

#[test]
fn texts_of_maps_do_not_multiply() {
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/hostile");
    let mut inputs = vec![map_bomb(700, 1, 1), map_bomb(100, 10, 40)];
    for name in ["map-bomb-1795B.man", "map-bomb-4795B.man", "map-bomb-cubic-5775B.man"] {
        inputs.extend(std::fs::read_to_string(shared.join(name)));
    }
    for input in inputs {
        let output = Generator::new().add_manifest("bomb.man", 1, input.as_bytes()).generate();
        let size: usize = output.files.0.values().map(String::len).sum();
        assert!(size < 1_000_000 + 100 * input.len(), "{size} bytes of {}", input.len());
        let told = output.diagnostics.to_string();
        assert!(told.contains("the texts of its maps would make") && told.contains("bomb.man:"), "{told}");
    }
    let output = Generator::new().add_manifest("real.man", 1, map_bomb(2, 10, 5).as_bytes()).generate();
    assert!(output.diagnostics.is_empty(), "{}", output.diagnostics);
}

#[test]
fn a_message_of_any_length_takes_little_stack_and_time() {
    let text = map_bomb(20_000, 0, 1);
    let small_stack = std::thread::Builder::new().stack_size(1 << 20);
    let generate = move || Generator::new().add_manifest("long.man", 1, text.as_bytes()).generate();
    let started = std::time::Instant::now();
    let output = small_stack.spawn(generate).expect("a thread").join().expect("no overflow");
    assert!(!output.diagnostics.has_errors(), "{}", output.diagnostics);
    assert!(output.files.0.values().any(|text| text.matches(".a()").count() >= 20_000));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_keyword_that_a_tool_made_up_is_not_published() {
    let text = |mask: &str| {
        map_bomb(0, 0, 1)
            .replace("<maps>", &format!("<keywords><keyword name=\"keyword_40\" mask=\"{mask}\"/></keywords><maps>"))
            .replace("<event ", "<event keywords=\"keyword_40\" ")
    };
    for (mask, is_published) in [("0x40", false), ("0x80", true)] {
        let output = Generator::new().add_manifest("a.man", 1, text(mask).as_bytes()).generate();
        assert!(!output.diagnostics.has_errors(), "{}", output.diagnostics);
        let lock = output.names.to_string();
        assert_eq!(lock.contains("KEYWORD_40"), is_published, "{mask}: {lock}");
        assert!(output.files.0.values().any(|text| text.contains(mask)), "the mask stays");
    }
}
