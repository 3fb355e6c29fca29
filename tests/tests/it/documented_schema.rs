//! The documented schema against the manifests of builds 20348 and 26100.
//!
//! A public page lists 207 entries of the provider's events. Each must be what one (build, version) declares: fields,
//! channel, level, task, opcode and message. If the page differs, a named exception in
//! `data/documented/exceptions.toml` says what it prints instead, which must then match exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use etw_schema::model::{Channel, Event, Field, InType, OutType, Provider, builtin};
use etw_schema::source::man::{self, ReadOptions};
use smbserver_etw_tests::documented::{
    DocumentedEvent, EntryEffect, Example, ExampleEffect, Printed, Rule, events, examples, exceptions,
};

/// A captured build.
struct Build {
    number: u32,
    provider: Provider,
}

impl Build {
    fn versions(&self, id: u16) -> impl Iterator<Item = &Event> {
        self.provider.events.iter().filter(move |event| event.id == id)
    }

    fn lowest_version(&self, id: u16) -> Option<&Event> {
        self.versions(id).min_by_key(|event| event.version)
    }

    fn fields(&self, event: &Event) -> &[Field] {
        let Some(id) = &event.template else { return &[] };
        self.provider.templates.iter().find(|template| template.id == *id).map_or(&[], |template| &template.fields)
    }

    fn channel(&self, event: &Event) -> Option<&Channel> {
        self.provider.channels.iter().find(|channel| Some(&channel.id) == event.channel.as_ref())
    }

    /// The mask in an event's header: the event's keywords and the bit of its channel, from the top down.
    fn keywords(&self, event: &Event) -> u64 {
        let named = event.keywords.iter().map(|name| {
            let own = self.provider.keywords.iter().find(|keyword| keyword.name == *name).map(|keyword| keyword.mask);
            own.or_else(|| builtin::value_of(builtin::KEYWORDS, name)).expect("a declared keyword")
        });
        let channel = self.channel(event).and_then(|channel| channel.value).map_or(0, |value| 1 << (63 - (value - 16)));
        named.fold(channel, |mask, bit| mask | bit)
    }
}

fn build(number: u32, bytes: &[u8]) -> Build {
    let (manifest, diagnostics) = man::read(&format!("{number}.man"), bytes, &ReadOptions::default());
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    let provider = manifest.providers.into_iter().next().expect("one provider");
    Build { number, provider }
}

fn builds() -> Vec<Build> {
    vec![
        build(20348, include_bytes!("../../../manifests/smbserver/20348.man")),
        build(26100, include_bytes!("../../../manifests/smbserver/26100.man")),
    ]
}

/// The two builds that the page is compared with.
struct Witnesses {
    page: Vec<DocumentedEvent>,
    builds: Vec<Build>,
}

impl Witnesses {
    fn load() -> Self {
        Self { page: events(), builds: builds() }
    }

    /// Every (build, event) of an id.
    fn candidates(&self, id: u16) -> impl Iterator<Item = (&Build, &Event)> {
        self.builds.iter().flat_map(move |build| build.versions(id).map(move |event| (build, event)))
    }
}

// ---- entries -------------------------------------------------------------------------------------------------------

/// What the page prints for an event, or would print for an event that a manifest declares.
struct Entry {
    fields: Vec<(String, Option<String>)>,
    channel: Option<String>,
    level: Option<String>,
    task: Option<String>,
    opcode: Option<String>,
    message: Option<String>,
}

impl Entry {
    fn printed(event: &DocumentedEvent) -> Self {
        Self {
            fields: event.fields.iter().map(|field| (field.name.clone(), field.type_name.clone())).collect(),
            channel: Some(event.channel.clone()),
            level: event.level.clone(),
            task: Some(event.task.clone()),
            opcode: event.opcode.clone(),
            message: event.message.clone(),
        }
    }

    fn declared(build: &Build, event: &Event) -> Self {
        let bare = |name: &String| name.trim_start_matches("win:").to_owned();
        Self {
            fields: build
                .fields(event)
                .iter()
                .map(|field| (field.name.clone(), Some(bare(&field.in_type.name().to_owned()))))
                .collect(),
            channel: event.channel.clone(),
            level: event.level.as_ref().map(bare),
            task: event.task.clone(),
            opcode: event.opcode.as_ref().map(bare),
            message: event.message.as_deref().map(page_text),
        }
    }

    /// The parts in which a declared event differs from the page.
    fn differences(&self, declared: &Self) -> Vec<&'static str> {
        let facets = [
            ("fields", self.fields == declared.fields),
            ("channel", self.channel == declared.channel),
            // Printed only for the entries with an example.
            ("level", self.level.is_none() || self.level == declared.level),
            ("task", self.task == declared.task),
            ("opcode", self.opcode == declared.opcode),
            ("message", self.message == declared.message),
        ];
        facets.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// A message as the page prints it: with real line breaks, without those at the end.
fn page_text(message: &str) -> String {
    let mut text = String::new();
    let mut rest = message;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let (piece, length) = match escape.as_bytes().get(1) {
            Some(b'n') => ("\n", 2),
            Some(b'%') => ("%", 2),
            _ => ("%", 1),
        };
        text.push_str(piece);
        rest = &escape[length..];
    }
    text.push_str(rest);
    text.trim_end_matches('\n').to_owned()
}

/// Changes what a manifest declares into what the page prints under a rule. Returns what the rule took from other
/// events.
fn apply(
    effect: &EntryEffect,
    entry: &mut Entry,
    (build, event): (&Build, &Event),
    witnesses: &Witnesses,
) -> Option<String> {
    let lowest = build.lowest_version(event.id).unwrap_or(event);
    let operational = || Some("Operational".to_owned());
    match effect {
        EntryEffect::MessageOfLowestVersion => {
            entry.message = lowest.message.as_deref().map(page_text);
            return Some(format!("v{}", lowest.version));
        }
        EntryEffect::ChannelOfLowestVersion => {
            entry.channel.clone_from(&lowest.channel);
            return Some(format!("v{}", lowest.version));
        }
        EntryEffect::TaskOfNewerBuild if entry.task.is_none() => {
            let newer = witnesses.builds.iter().find(|newer| newer.number > build.number)?;
            let same = newer.versions(event.id).find(|other| other.version == event.version)?;
            entry.task.clone_from(&same.task);
            return Some(newer.number.to_string());
        }
        EntryEffect::TaskMessage => {
            let task = build.provider.tasks.iter().find(|task| Some(&task.name) == event.task.as_ref());
            entry.task = task.and_then(|task| task.message.clone());
        }
        EntryEffect::OperationalForNoChannel if entry.channel.is_none() => entry.channel = operational(),
        EntryEffect::LevelAsNumber => {
            let level = event.level.as_ref().and_then(|name| builtin::value_of(builtin::LEVELS, name));
            entry.level = level.map(|value| value.to_string());
        }
        EntryEffect::NoFieldTypes => entry.fields.iter_mut().for_each(|field| field.1 = None),
        EntryEffect::FieldsListedTwice => {
            let prefixed = entry.fields.iter().map(|(name, kind)| (format!("EventData.{name}"), kind.clone()));
            entry.fields = prefixed.chain(entry.fields.iter().cloned()).collect();
        }
        EntryEffect::LineBreaksDoubled => replace(&mut entry.message, "\n", "\n\n"),
        EntryEffect::LineBreaksAsUnderscores => replace(&mut entry.message, "\n", "__"),
        EntryEffect::HorizontalBarLost => replace(&mut entry.message, "\u{2015}", "?"),
        EntryEffect::TaskOfNewerBuild | EntryEffect::OperationalForNoChannel => {}
    }
    None
}

fn replace(message: &mut Option<String>, from: &str, to: &str) {
    *message = message.as_ref().map(|text| text.replace(from, to));
}

/// A (build, version) that an entry matches, and what the entry's rules took from other events.
struct Match<'w> {
    build: &'w Build,
    event: &'w Event,
    taken: Vec<Option<String>>,
}

/// What an entry was compared with, and the outcome.
struct Comparison<'w> {
    matches: Vec<Match<'w>>,
    /// The candidates that differ, and the parts in which they do.
    misses: Vec<String>,
}

fn compare<'w>(entry: &DocumentedEvent, rules: &[&Rule<EntryEffect>], witnesses: &'w Witnesses) -> Comparison<'w> {
    let printed = Entry::printed(entry);
    let mut comparison = Comparison { matches: Vec::new(), misses: Vec::new() };
    for (build, event) in witnesses.candidates(entry.id) {
        let mut declared = Entry::declared(build, event);
        let taken = rules.iter().map(|rule| apply(&rule.effect, &mut declared, (build, event), witnesses)).collect();
        let differences = printed.differences(&declared);
        if differences.is_empty() {
            comparison.matches.push(Match { build, event, taken });
        } else {
            comparison.misses.push(format!("{} v{}: {}", build.number, event.version, differences.join(", ")));
        }
    }
    comparison
}

/// The rules that name an entry, in the order of the table.
fn rules_for<'r, E>(rules: &'r [Rule<E>], key: &str) -> Vec<&'r Rule<E>> {
    rules.iter().filter(|rule| rule.entries.iter().any(|entry| entry == key)).collect()
}

/// A title that fits a column.
fn shortened(title: &str) -> String {
    const WIDTH: usize = 48;
    if title.chars().count() <= WIDTH {
        return title.to_owned();
    }
    title.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// `20348 v0, 26100 v0`.
fn places<'a>(found: impl Iterator<Item = (&'a Build, &'a Event)>) -> String {
    found.map(|(build, event)| format!("{} v{}", build.number, event.version)).collect::<Vec<_>>().join(", ")
}

/// The last columns of the table: the (build, version)s that an entry matches, and the exceptions that this needs.
fn outcome(rules: &[&Rule<EntryEffect>], comparison: &Comparison<'_>) -> String {
    let places = places(comparison.matches.iter().map(|found| (found.build, found.event)));
    if rules.is_empty() {
        return places;
    }
    let rules = rules.iter().enumerate().map(|(index, rule)| {
        let taken: BTreeSet<_> = comparison.matches.iter().filter_map(|found| found.taken[index].as_deref()).collect();
        let taken = taken.into_iter().collect::<Vec<_>>().join(", ");
        if taken.is_empty() { rule.name.clone() } else { format!("{} ({taken})", rule.name) }
    });
    format!("{places:<18}  exception: {}", rules.collect::<Vec<_>>().join("; "))
}

#[test]
fn the_page_is_whole() {
    let witnesses = Witnesses::load();
    assert_eq!(witnesses.page.len(), 207);
    let keys: BTreeMap<String, &DocumentedEvent> = witnesses.page.iter().map(|entry| (entry.key(), entry)).collect();
    assert_eq!(keys.len(), 207, "id and channel name an entry");

    let examples = examples();
    assert_eq!(examples.len(), 29);
    for example in &examples {
        assert_eq!(example.title, keys[&example.key()].title);
    }
    let sampled: BTreeSet<String> = examples.iter().map(Example::key).collect();
    for entry in witnesses.page.iter().filter(|entry| entry.level.is_some()) {
        assert!(sampled.contains(&entry.key()), "{}: the page prints a level only beside an example", entry.key());
    }

    let documented: BTreeSet<u16> = witnesses.page.iter().map(|entry| entry.id).collect();
    let declared: BTreeSet<u16> =
        witnesses.builds.iter().flat_map(|build| build.provider.events.iter().map(|event| event.id)).collect();
    assert_eq!(documented, declared);
}

#[test]
fn every_entry_is_what_a_build_declares() {
    let witnesses = Witnesses::load();
    let exceptions = exceptions().entries;
    let mut table = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut exact = 0;
    let mut unexplained = String::new();
    let mut shown: BTreeSet<(u32, u16, u8)> = BTreeSet::new();
    for entry in &witnesses.page {
        let rules = rules_for(&exceptions, &entry.key());
        let comparison = compare(entry, &rules, &witnesses);
        if comparison.matches.is_empty() {
            writeln!(unexplained, "{}: {}", entry.key(), comparison.misses.join("; ")).unwrap();
            continue;
        }
        let title = shortened(&entry.title);
        let outcome = outcome(&rules, &comparison);
        writeln!(table, "{:>5}  {:<12}  {title:<48}  {outcome}", entry.id, entry.channel).unwrap();
        exact += usize::from(rules.is_empty());
        for rule in &rules {
            *counts.entry(&rule.name).or_default() += 1;
        }
        shown.extend(comparison.matches.iter().map(|found| (found.build.number, found.event.id, found.event.version)));
    }
    assert!(unexplained.is_empty(), "entries that no build declares and no exception explains:\n{unexplained}");

    let total = witnesses.page.len();
    writeln!(table, "\n{total:>5}  entries\n{exact:>5}  exact\n{:>5}  by exceptions, some by several:", total - exact)
        .unwrap();
    for rule in &exceptions {
        writeln!(table, "{:>5}    {}", counts.get(rule.name.as_str()).unwrap_or(&0), rule.name).unwrap();
    }
    writeln!(table, "\ndeclared, but matched by no entry:").unwrap();
    for build in &witnesses.builds {
        let pairs = build.provider.events.iter().map(|event| (build.number, event.id, event.version));
        let rest: Vec<String> =
            pairs.filter(|pair| !shown.contains(pair)).map(|(_, id, version)| format!("{id} v{version}")).collect();
        writeln!(table, "{:>5}  {}", build.number, rest.join(", ")).unwrap();
    }
    insta::assert_snapshot!("entries", table);
}

/// Each rule has its own name, a reason and at least one entry, none of them twice.
fn assert_table_is_sound<E>(rules: &[Rule<E>]) {
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names.len(), rules.len(), "two rules of one name");
    for rule in rules {
        assert!(!rule.reason.trim().is_empty(), "{}: no reason", rule.name);
        assert!(!rule.entries.is_empty(), "{}: excuses nothing", rule.name);
        let entries: BTreeSet<&String> = rule.entries.iter().collect();
        assert_eq!(entries.len(), rule.entries.len(), "{}: an entry is named twice", rule.name);
    }
}

#[test]
fn every_exception_is_needed() {
    let witnesses = Witnesses::load();
    let exceptions = exceptions();
    assert_table_is_sound(&exceptions.entries);
    assert_table_is_sound(&exceptions.examples);
    let page: BTreeMap<String, &DocumentedEvent> = witnesses.page.iter().map(|entry| (entry.key(), entry)).collect();
    for rule in &exceptions.entries {
        for key in &rule.entries {
            let entry = page.get(key).unwrap_or_else(|| panic!("{}: {key} is not on the page", rule.name));
            let mut others = rules_for(&exceptions.entries, key);
            others.retain(|other| other.name != rule.name);
            let without = compare(entry, &others, &witnesses).matches;
            assert!(without.is_empty(), "{}: {key} matches without it", rule.name);
        }
    }
    let examples = examples();
    let examples: BTreeMap<String, &Example> = examples.iter().map(|example| (example.key(), example)).collect();
    for rule in &exceptions.examples {
        for key in &rule.entries {
            let example = examples.get(key).unwrap_or_else(|| panic!("{}: {key} has no example", rule.name));
            let mut others = rules_for(&exceptions.examples, key);
            others.retain(|other| other.name != rule.name);
            let without = compare_example(example, &others, &witnesses).0;
            assert!(without.is_empty(), "{}: the example of {key} matches without it", rule.name);
        }
    }
}

// ---- notes ---------------------------------------------------------------------------------------------------------

/// The inTypes that fit a note about values.
fn fitting_types(note: &str) -> &'static [InType] {
    match note.split_whitespace().next() {
        Some("NTSTATUS") => &[InType::UInt32, InType::HexInt32],
        Some("Process") => &[InType::Int32, InType::UInt32, InType::HexInt32],
        Some("Impersonation") => &[InType::UInt32],
        _ => panic!("an unknown note: {note}"),
    }
}

#[test]
fn notes_mark_fields_of_fitting_types() {
    let witnesses = Witnesses::load();
    let exceptions = exceptions().entries;
    // By note, field and types: the entries.
    let mut noted: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for entry in &witnesses.page {
        let matches = compare(entry, &rules_for(&exceptions, &entry.key()), &witnesses).matches;
        for field in &entry.fields {
            let Some(note) = &field.note else { continue };
            let bare = field.name.trim_start_matches("EventData.");
            let mut types = BTreeSet::new();
            for found in &matches {
                let fields = found.build.fields(found.event);
                let declared = fields.iter().find(|declared| declared.name == bare).expect("the matched field");
                assert!(fitting_types(note).contains(&declared.in_type), "{} {bare}: {note}", entry.key());
                types.insert(format!("{} {}", declared.in_type, declared.out_type.map_or("-", OutType::name)));
            }
            let types = types.into_iter().collect::<Vec<_>>().join(", ");
            noted.entry((note.clone(), field.name.clone(), types)).or_default().push(entry.key());
        }
    }
    let mut table = String::new();
    for ((note, field, types), entries) in &noted {
        let note = note.split(" (").next().unwrap_or(note);
        writeln!(table, "{:>3}  {note:<31}  {field:<23}  {types}\n     {}", entries.len(), entries.join(", ")).unwrap();
    }
    insta::assert_snapshot!("notes", table);
}

// ---- examples ------------------------------------------------------------------------------------------------------

/// What an example shows of an event, or would show of an event that a manifest declares. `None`: not shown.
struct Shown {
    names: Vec<String>,
    version: Option<u8>,
    channel: Option<String>,
    level: Option<u8>,
    task: Option<u16>,
    opcode: Option<u8>,
    keywords: Option<u64>,
}

impl Shown {
    fn printed(example: &Example, provider: &Provider) -> Self {
        let system = &example.system;
        Self {
            names: example.fields.iter().map(|(name, _)| name.clone()).collect(),
            version: system.version,
            channel: Some(&system.channel).filter(|path| **path != provider.name).cloned(),
            level: Some(number(&system.level, builtin::LEVELS)),
            task: system.task,
            opcode: Some(number(&system.opcode, builtin::OPCODES)),
            keywords: system.keywords,
        }
    }

    fn declared(build: &Build, event: &Event) -> Self {
        let provider = &build.provider;
        let own_task = |name: &String| provider.tasks.iter().find(|task| task.name == *name).map(|task| task.value);
        let value = |name: &Option<String>, table| name.as_ref().map_or(Some(0), |name| builtin::value_of(table, name));
        Self {
            names: build.fields(event).iter().map(|field| field.name.clone()).collect(),
            version: Some(event.version),
            channel: build.channel(event).map(|channel| channel.name.clone()),
            level: value(&event.level, builtin::LEVELS),
            task: event.task.as_ref().map_or(Some(0), own_task),
            opcode: value(&event.opcode, builtin::OPCODES),
            keywords: Some(build.keywords(event)),
        }
    }

    fn differences(&self, declared: &Self) -> Vec<&'static str> {
        fn same<T: PartialEq>(shown: Option<&T>, declared: Option<&T>) -> bool {
            shown.is_none() || shown == declared
        }
        let facets = [
            ("fields", self.names == declared.names),
            ("version", same(self.version.as_ref(), declared.version.as_ref())),
            ("channel", same(self.channel.as_ref(), declared.channel.as_ref())),
            ("level", same(self.level.as_ref(), declared.level.as_ref())),
            ("task", same(self.task.as_ref(), declared.task.as_ref())),
            ("opcode", same(self.opcode.as_ref(), declared.opcode.as_ref())),
            ("keywords", same(self.keywords.as_ref(), declared.keywords.as_ref())),
        ];
        facets.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// The value of a header field that was printed by its number or its display name.
fn number(printed: &Printed, table: &[(&str, u8)]) -> u8 {
    match printed {
        Printed::Number(value) => *value,
        // The display name of win:Informational.
        Printed::Name(name) if name == "Information" => 4,
        Printed::Name(name) => builtin::value_of(table, &format!("win:{name}")).expect("a predefined name"),
    }
}

/// The (build, version)s that an example fits, and the others with the parts in which it differs.
fn compare_example<'w>(
    example: &Example,
    rules: &[&Rule<ExampleEffect>],
    witnesses: &'w Witnesses,
) -> (Vec<(&'w Build, &'w Event)>, Vec<String>) {
    let mut matches = Vec::new();
    let mut misses = Vec::new();
    for (build, event) in witnesses.candidates(example.id) {
        let mut printed = Shown::printed(example, &build.provider);
        let mut declared = Shown::declared(build, event);
        for rule in rules {
            match &rule.effect {
                ExampleEffect::ElementName { printed, field } => {
                    declared.names.iter_mut().filter(|name| *name == field).for_each(|name| name.clone_from(printed));
                }
                ExampleEffect::NoValues => declared.names.clear(),
                ExampleEffect::NoTask => declared.task = Some(0),
                ExampleEffect::Unordered => {}
            }
        }
        if rules.iter().any(|rule| rule.effect == ExampleEffect::Unordered) {
            printed.names.sort_unstable();
            declared.names.sort_unstable();
        }
        let differences = printed.differences(&declared);
        if differences.is_empty() {
            matches.push((build, event));
        } else {
            misses.push(format!("{} v{}: {}", build.number, event.version, differences.join(", ")));
        }
    }
    (matches, misses)
}

#[test]
fn every_example_is_an_event_of_a_build() {
    let witnesses = Witnesses::load();
    let exceptions = exceptions().examples;
    let mut table = String::new();
    let mut unexplained = String::new();
    for example in examples() {
        let rules = rules_for(&exceptions, &example.key());
        let (matches, misses) = compare_example(&example, &rules, &witnesses);
        if matches.is_empty() {
            writeln!(unexplained, "{}: {}", example.key(), misses.join("; ")).unwrap();
        }
        let rules = rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join("; ");
        let rules = if rules.is_empty() { rules } else { format!("exception: {rules}") };
        let row = format!(
            "{:>5}  {:<12}  {}  {:>2} values  {:<18}  {rules}",
            example.id,
            example.channel,
            &example.system.time_created[..10],
            example.fields.len(),
            places(matches.into_iter()),
        );
        writeln!(table, "{}", row.trim_end()).unwrap();
    }
    assert!(unexplained.is_empty(), "examples that no build declares and no exception explains:\n{unexplained}");
    insta::assert_snapshot!("examples", table);
}

#[test]
fn golden_messages_are_those_of_the_examples() {
    let goldens = [
        (1006, include_str!("../../data/golden/golden_1006.message.txt")),
        (1010, include_str!("../../data/golden/golden_1010.message.txt")),
    ];
    let rendered = examples().into_iter().filter_map(|example| Some((example.id, example.message?)));
    let rendered: Vec<(u16, String)> = rendered.filter(|(_, message)| !message.is_empty()).collect();
    // Byte for byte: Windows ends lines with CR LF.
    assert_eq!(rendered, goldens.map(|(id, message)| (id, message.to_owned())));
}
