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
