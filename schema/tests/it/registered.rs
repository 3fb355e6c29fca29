//! A dump with the ways of the tool that writes them: what is made up is dropped, what is odd is read.

use etw_schema::model::{FieldRef, InType, Provider, Size};
use etw_schema::source::{self, File, Format};

const DUMP: &[u8] = include_bytes!("fixtures/dump.xml");

fn read(bytes: &[u8]) -> (Option<Provider>, String) {
    let (sources, diagnostics) = source::read_all(&[File { name: "dump.xml", bytes }]);
    let provider = sources.into_iter().find(|source| source.format == Format::Registered);
    (provider.and_then(|source| source.manifest.providers.into_iter().next()), diagnostics.to_string())
}

#[test]
fn what_the_tool_made_up_is_dropped_and_the_rest_is_read() {
    let (provider, told) = read(DUMP);
    let provider = provider.expect("a provider");
    assert_eq!(told.lines().filter(|line| !line.contains(": note: ")).count(), 0, "{told}");
    assert!(provider.events.iter().all(|event| event.symbol.is_none()), "symbols are made of task and opcode");
    assert_eq!(provider.tasks.iter().map(|task| (task.value, &*task.name)).collect::<Vec<_>>(), [(1, "Walk")]);
    assert_eq!(provider.tasks[0].message, None, "its text is its name");
    assert_eq!((&*provider.keywords[0].name, &provider.keywords[0].message), ("Fast", &None));
    assert_eq!(provider.opcodes[0].task.as_deref(), Some("Walk"));
    let [walk, nameless, bare] = &provider.events[..] else { panic!("{:?}", provider.events) };
    assert_eq!((walk.task.as_deref(), walk.opcode.as_deref()), (Some("Walk"), Some("Step")));
    assert_eq!(walk.keywords, ["Fast"]);
    assert_eq!((nameless.task.as_deref(), nameless.level.as_deref()), (None, Some("win:LogAlways")));
    assert_eq!((bare.id, bare.template.as_deref()), (3, None));
    let texts =
        |map: usize| provider.maps[map].entries.iter().map(|entry| entry.message.as_deref()).collect::<Vec<_>>();
    assert_eq!(texts(0), [Some("<not known>"), Some("known")]);
    assert_eq!(texts(1), [Some("one")]);
    let fields = &provider.templates[0].fields;
    assert_eq!(fields[1].length, Some(Size::Field(FieldRef::beside("Size", 0))));
    assert_eq!(fields[3].in_type, InType::CountedUnicodeString);
}

#[test]
fn a_struct_of_a_dump_is_told_as_one() {
    let dump = String::from_utf8_lossy(DUMP).replacen("win:UInt32", "win:29", 1);
    let (_, told) = read(dump.as_bytes());
    assert!(told.contains("unknown inType `win:29`; it stands for a struct, whose members no dump holds"), "{told}");
}

#[test]
fn a_dump_cut_anywhere_is_reported_or_read() {
    let (whole, _) = read(DUMP);
    let whole = whole.expect("a provider");
    let mut errors = 0;
    for length in 0..DUMP.len() {
        let (_, diagnostics) = source::read_all(&[File { name: "dump.xml", bytes: &DUMP[..length] }]);
        errors += usize::from(diagnostics.has_errors());
        for diagnostic in diagnostics.all() {
            assert!(!diagnostic.message.is_empty() && diagnostic.to_string().starts_with("dump.xml"), "{diagnostic}");
        }
    }
    // Only the blanks behind the last tag may be missing.
    assert!(errors >= DUMP.trim_ascii_end().len(), "{errors} of {}", DUMP.len());
    assert_eq!(whole.events.len(), 3);
}
