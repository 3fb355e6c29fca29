//! The output of `diff`: for real builds in snapshots, and for each kind of change on small manifests. It is complete:
//! a diff applied to its old side gives the new side, and reversed it is the diff in the other direction.

use std::collections::BTreeSet;
use std::time::Instant;

use etw_codegen::semver::Semver;
use etw_schema::diff::{Change, Diff, EventState, FieldEdit, Palette, Side, Snapshot, Verdict, text};
use etw_schema::model::{Field, FieldRef, InType, OutType, Size};
use etw_schema::source::man::{self, ReadOptions};
use proptest::prelude::*;
use smbserver_etw_tests::manifests::{captures, manifests, sources};

fn snapshot(build: u32) -> Snapshot {
    Snapshot::from_build(&manifests().schema, build)
}

fn between(old: u32, new: u32) -> Diff {
    Diff::new(&snapshot(old), &snapshot(new))
}

/// Checks what must hold for every diff, on a pair of snapshots.
fn assert_sound(old: &Snapshot, new: &Snapshot) {
    let there = Diff::new(old, new);
    let back = Diff::new(new, old);
    assert_eq!(there.apply(old), *new, "applied to the old side");
    assert_eq!(back.apply(new), *old, "and back");
    let mut mirrored: Vec<String> = there.changes.iter().map(|change| format!("{:?}", mirror(change))).collect();
    let mut found: Vec<String> = back.changes.iter().map(|change| format!("{change:?}")).collect();
    mirrored.sort();
    found.sort();
    assert_eq!(mirrored, found, "the mirror of the way back");
    assert!(there.changes.is_sorted_by_key(Change::verdict), "the worst first");
}

/// A change in the other direction, computed independently, with its edits.
fn mirror(change: &Change) -> Change {
    let mut back = change.inverse();
    if let (Change::Layout { edits, .. }, Change::Layout { edits: turned, .. }) = (change, &mut back) {
        let key = |edit: &FieldEdit| format!("{edit:?}");
        let expected: BTreeSet<String> = edits.iter().map(|edit| key(&edit.inverse())).collect();
        assert_eq!(turned.iter().map(key).collect::<BTreeSet<_>>(), expected);
    }
    back
}

#[test]
fn diffs_of_real_builds() {
    for (old, new) in [(22000, 22631), (22631, 26100), (20348, 26100), (17134, 17763), (26100, 26200)] {
        let old_side = snapshot(old);
        let new_side = snapshot(new);
        let diff = Diff::new(&old_side, &new_side);
        let remark = Semver::from_diff(&diff, &old_side, &new_side).remark();
        insta::assert_snapshot!(format!("{old}_{new}"), text(&diff, &Palette::PLAIN, &remark));
    }
}

#[test]
fn the_twenty_shifted_events_come_first() {
    for old in [20348, 22631] {
        let diff = between(old, 26100);
        let first: Vec<(u16, u8)> = diff
            .changes
            .iter()
            .take_while(|change| change.verdict() == Verdict::Breaking)
            .map(|change| match change {
                Change::Layout { id, version, .. } => (*id, *version),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<(u16, u8)> = (101..=106).chain(108..=113).chain(115..=122).map(|id| (id, 2)).collect();
        assert_eq!(first, expected, "{old} to 26100");
        let semver = Semver::from_diff(&diff, &snapshot(old), &snapshot(26100));
        assert_eq!(semver, Semver::Major, "the enums' accessors for the renamed fields become options");
    }
}

#[test]
fn every_pair_of_builds_is_told_in_full() {
    let snapshots: Vec<Snapshot> = captures().iter().copied().map(snapshot).collect();
    let mut pairs = 0;
    for old in &snapshots {
        for new in &snapshots {
            assert_sound(old, new);
            pairs += 1;
        }
        let itself = Diff::new(old, old);
        assert_eq!(itself.changes, []);
        assert_eq!(Semver::from_diff(&itself, old, old), Semver::None);
    }
    println!("{pairs} pairs of builds");
}

#[test]
fn a_manifest_file_says_what_its_build_says() {
    for source in sources() {
        let (manifest, _) = man::read(&source.name, &source.bytes, &ReadOptions::default());
        let of_file = Snapshot::from_provider("file", &manifest.providers[0]);
        let diff = Diff::new(&of_file, &snapshot(source.build));
        assert_eq!(diff.changes, [], "{}", source.name);
    }
}

#[test]
fn a_diff_takes_no_time_to_speak_of() {
    let old = snapshot(22631);
    let new = snapshot(26100);
    let start = Instant::now();
    let diff = Diff::new(&old, &new);
    let told = text(&diff, &Palette::PLAIN, "");
    let took = start.elapsed();
    println!("{} changes, {} bytes of text in {took:?}", diff.changes.len(), told.len());
    assert!(took.as_millis() < 100, "{took:?}");
}

#[test]
fn json_has_the_promised_keys() {
    let json = Semver::Major.add_to_json(&between(22631, 26100)).expect("plain data");
    let keys = |of: &serde_json::Value| of.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["format", "old", "new", "summary", "changes"]);
    assert_eq!(json["format"], 1);
    assert_eq!(keys(&json["summary"]), ["breaking", "needs_attention", "compatible", "semver"]);
    let first = &json["changes"][0];
    assert_eq!(keys(first), ["verdict", "kind", "id", "version", "name", "edits", "old", "new"]);
    assert_eq!((&first["verdict"], &first["kind"], &first["id"]), (&"breaking".into(), &"layout".into(), &101.into()));
    assert_eq!(
        first["edits"][0],
        serde_json::json!({
            "edit": "inserted", "field": "Srv2Instance", "type": "win:UInt32", "at_new": 9,
        })
    );
}

// ---- each kind of change, on manifests made for it -----------------------------------------------------------------

/// A manifest with the parts that the tests vary.
struct Small<'a> {
    declarations: &'a str,
    event: &'a str,
    fields: &'a str,
}

const SMALL: Small<'_> = Small {
    declarations: r#"<channels><channel chid="C" name="P/C" type="Operational" value="16"/></channels>
        <levels><level name="L" value="16"/></levels>
        <opcodes><opcode name="O" value="16"/></opcodes>
        <tasks><task name="T" value="1"/></tasks>
        <keywords><keyword name="K" mask="0x1"/></keywords>
        <maps><valueMap name="M"><map value="1" message="$(string.one)"/></valueMap></maps>"#,
    event: r#"value="1" version="0" channel="C" level="L" opcode="O" task="T" keywords="K" message="$(string.text)""#,
    fields: r#"<data name="Alpha" inType="win:UInt32"/><data name="Beta" inType="win:UInt64"/>"#,
};

fn small(parts: &Small<'_>, strings: [&str; 2]) -> Snapshot {
    let text = format!(
        r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events"><instrumentation><events>
        <provider name="P" guid="{{11111111-2222-3333-4444-555555555555}}" symbol="P">{}
        <templates><template tid="T1">{}</template></templates>
        <events><event {} template="T1"/></events></provider></events></instrumentation>
        <localization><resources culture="en-US"><stringTable>
        <string id="text" value="{}"/><string id="one" value="{}"/></stringTable></resources></localization>
        </instrumentationManifest>"#,
        parts.declarations, parts.fields, parts.event, strings[0], strings[1],
    );
    let (manifest, diagnostics) = man::read("small.man", text.as_bytes(), &ReadOptions::default());
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    Snapshot::from_provider("small", &manifest.providers[0])
}

fn base() -> Snapshot {
    small(&SMALL, ["Text %1.", "one"])
}

/// The changes from the base, with verdicts, in words.
fn told(new: &Snapshot) -> Vec<(Verdict, String)> {
    let base = base();
    assert_sound(&base, new);
    let diff = Diff::new(&base, new);
    diff.changes
        .iter()
        .map(|change| {
            let what = match change {
                Change::Event { side: Side::Added(_), whole_event, .. } => format!("added, event {whole_event}"),
                Change::Event { side: Side::Removed(_), whole_event, .. } => format!("removed, event {whole_event}"),
                Change::Layout { edits, .. } => edits
                    .iter()
                    .map(|edit| format!("{edit:?}").split(' ').next().unwrap_or("").to_owned())
                    .collect::<Vec<_>>()
                    .join(" "),
                Change::Fact { fact, .. } => fact.word().to_owned(),
                Change::Shown { field, .. } => format!("shown {}", field.1),
                Change::Declaration { kind, name, .. } => format!("{} {name}", kind.word()),
            };
            (change.verdict(), what)
        })
        .collect()
}

fn with_fields(fields: &str) -> Vec<(Verdict, String)> {
    told(&small(&Small { fields, ..SMALL }, ["Text %1.", "one"]))
}

fn with_event(from: &str, to: &str) -> Vec<(Verdict, String)> {
    assert!(SMALL.event.contains(from));
    let event = SMALL.event.replace(from, to);
    told(&small(&Small { event: &event, ..SMALL }, ["Text %1.", "one"]))
}

fn with_declaration(from: &str, to: &str) -> Vec<(Verdict, String)> {
    assert!(SMALL.declarations.contains(from));
    let declarations = SMALL.declarations.replace(from, to);
    told(&small(&Small { declarations: &declarations, ..SMALL }, ["Text %1.", "one"]))
}

fn one(verdict: Verdict, what: &str) -> Vec<(Verdict, String)> {
    vec![(verdict, what.to_owned())]
}

#[test]
fn each_change_of_a_layout() {
    use Verdict::{Breaking, NeedsAttention};
    let alpha = r#"<data name="Alpha" inType="win:UInt32"/>"#;
    let beta = r#"<data name="Beta" inType="win:UInt64"/>"#;
    let new = r#"<data name="New" inType="win:GUID"/>"#;
    assert_eq!(with_fields(&format!("{alpha}{beta}{new}")), one(Breaking, "Appended"));
    assert_eq!(with_fields(&format!("{alpha}{new}{beta}")), one(Breaking, "Inserted"));
    assert_eq!(with_fields(alpha), one(Breaking, "Cut"));
    assert_eq!(with_fields(beta), one(Breaking, "Removed"));
    assert_eq!(with_fields(&format!("{beta}{alpha}")), one(Breaking, "Reordered"));
    assert_eq!(with_fields(""), one(Breaking, "Emptied"));
    let retyped = beta.replace("UInt64", "UInt32");
    assert_eq!(with_fields(&format!("{alpha}{retyped}")), one(Breaking, "Retyped"));
    let counted = beta.replace("/>", r#" count="Alpha"/>"#);
    assert_eq!(with_fields(&format!("{alpha}{counted}")), one(Breaking, "Retyped"));
    // The bytes stay where they were, but their meaning may change.
    let renamed = beta.replace("Beta", "BetaTime");
    assert_eq!(with_fields(&format!("{alpha}{renamed}")), one(NeedsAttention, "Renamed"));
    let shown = beta.replace("/>", r#" outType="win:HexInt64"/>"#);
    assert_eq!(with_fields(&format!("{alpha}{shown}")), one(NeedsAttention, "shown Beta"));
    let mapped = alpha.replace("/>", r#" map="M"/>"#);
    assert_eq!(with_fields(&format!("{mapped}{beta}")), one(NeedsAttention, "shown Alpha"));
}

#[test]
fn each_change_beside_the_fields() {
    use Verdict::{Compatible, NeedsAttention};
    for (attribute, what) in [
        (r#"channel="C""#, "channel"),
        (r#"level="L""#, "level"),
        (r#"opcode="O""#, "opcode"),
        (r#"task="T""#, "task"),
        (r#"keywords="K""#, "keywords"),
    ] {
        assert_eq!(with_event(attribute, ""), one(NeedsAttention, what));
    }
    assert_eq!(with_event("value=", r#"symbol="S" value="#), one(Compatible, "symbol"));
    assert_eq!(told(&small(&SMALL, ["Words %1.", "one"])), one(Compatible, "message"));
    assert_eq!(told(&small(&SMALL, ["Text %2.", "one"])), one(NeedsAttention, "message"), "another insert");
    let events = vec![(NeedsAttention, "removed, event true".to_owned()), (Compatible, "added, event true".to_owned())];
    assert_eq!(with_event(r#"value="1""#, r#"value="2""#), events, "another event");
    let mut both = base();
    let second = both.events[&(1, 0)].clone();
    both.events.insert((1, 1), second);
    assert_eq!(told(&both), one(Compatible, "added, event false"), "a new version of a known event");
}

#[test]
fn each_change_of_a_declaration() {
    use Verdict::{Compatible, NeedsAttention};
    assert_eq!(with_declaration(r#"value="1"/></tasks>"#, r#"value="2"/></tasks>"#), one(NeedsAttention, "task T"));
    assert_eq!(with_declaration(r#"mask="0x1""#, r#"mask="0x2""#), one(NeedsAttention, "keyword K"));
    assert_eq!(with_declaration("</tasks>", r#"<task name="T2" value="2"/></tasks>"#), one(Compatible, "task T2"));
    assert_eq!(with_declaration(r#"type="Operational""#, r#"type="Admin""#), one(NeedsAttention, "channel C"));
    assert_eq!(told(&small(&SMALL, ["Text %1.", "two"])), one(Compatible, "map entry M 1"), "only the text");
    let more = r#"<map value="2" message="$(string.one)"/></valueMap>"#;
    assert_eq!(with_declaration("</valueMap>", more), one(Compatible, "map entry M 2"));
    let other = r#"<map value="3""#;
    let expected = vec![(NeedsAttention, "map entry M 1".to_owned()), (Compatible, "map entry M 3".to_owned())];
    assert_eq!(with_declaration(r#"<map value="1""#, other), expected);
}

#[test]
fn the_semver_verdict_follows_the_rule() {
    let verdict = |new: &Snapshot| Semver::from_diff(&Diff::new(&base(), new), &base(), new);
    let fields = |fields: &str| verdict(&small(&Small { fields, ..SMALL }, ["Text %1.", "one"]));
    assert_eq!(verdict(&base()), Semver::None);
    assert_eq!(verdict(&small(&SMALL, ["Words %1.", "one"])), Semver::Patch);
    assert_eq!(fields(&format!("{}<data name=\"New\" inType=\"win:GUID\"/>", SMALL.fields)), Semver::Minor);
    assert_eq!(fields(r#"<data name="Alpha" inType="win:UInt32"/>"#), Semver::Major, "beta() becomes an Option");
    assert_eq!(fields(&SMALL.fields.replace(r#"UInt32"/>"#, r#"UInt32" map="M"/>"#)), Semver::Major);
    assert_eq!(fields(&SMALL.fields.replace(r#"UInt32"/>"#, r#"UInt32" outType="win:HexInt32"/>"#)), Semver::Patch);
    let event = SMALL.event.replace("version=\"0\"", "version=\"1\"");
    assert_eq!(verdict(&small(&Small { event: &event, ..SMALL }, ["Text %1.", "one"])), Semver::Minor);
}

// ---- any change at all ---------------------------------------------------------------------------------------------

fn field() -> impl Strategy<Value = Field> {
    let name = prop::sample::select(vec!["Alpha", "AlphaTime", "Beta", "BetaCycles", "Gamma", "GammaLength", "X"]);
    let in_type = prop::sample::select(vec![InType::UInt32, InType::UInt64, InType::UnicodeString, InType::Guid]);
    let length =
        prop::option::of(prop::sample::select(vec![Size::Fixed(3), Size::Field(FieldRef::beside("GammaLength", 5))]));
    let out_type = prop::option::of(Just(OutType::HexInt32));
    (name, in_type, length, out_type, prop::option::of(Just("M".to_owned()))).prop_map(
        |(name, in_type, length, out_type, map)| Field {
            name: name.to_owned(),
            in_type,
            length,
            out_type,
            map,
            ..Field::default()
        },
    )
}

fn event() -> impl Strategy<Value = EventState> {
    let word = || prop::option::of(prop::sample::select(vec!["a".to_owned(), "b".to_owned()]));
    let keywords = prop::collection::vec(prop::sample::select(vec!["k".to_owned(), "l".to_owned()]), 0..3);
    (prop::collection::vec(field(), 0..8), [word(), word(), word(), word(), word(), word()], keywords).prop_map(
        |(fields, [symbol, channel, level, opcode, task, message], keywords)| {
            let mut state = EventState { fields, ..EventState::default() };
            let header = &mut state.header;
            (header.symbol, header.channel, header.level) = (symbol, channel, level);
            (header.opcode, header.task, header.message, header.keywords) = (opcode, task, message, keywords);
            state
        },
    )
}

fn any_snapshot(label: &'static str) -> impl Strategy<Value = Snapshot> {
    prop::collection::btree_map((1u16..4, 0u8..3), event(), 0..6).prop_map(move |events| Snapshot {
        label: label.to_owned(),
        events,
        ..Snapshot::default()
    })
}

proptest! {
    #[test]
    fn any_diff_is_sound(old in any_snapshot("old"), new in any_snapshot("new")) {
        assert_sound(&old, &new);
        prop_assert!(Diff::new(&old, &old).changes.is_empty());
    }
}
