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
