//! Manifests compiled and read back: those of the project, one with every construct, and random ones.

mod common;

use std::fs;
use std::path::Path;

use etw_codegen::compile::{Compiled, compile, wrap};
use etw_codegen::model::{
    Channel, Event, Field, InType, Keyword, Level, Manifest, Map, MapEntry, MapKind, Opcode, OutType, Provider, Size,
    Task, Template, builtin,
};
use etw_codegen::source::{self, File};

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver");

fn compiled(manifest: &Manifest) -> Compiled {
    let (compiled, diagnostics) = compile(manifest);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    compiled
}

fn read(name: &str, bytes: &[u8]) -> Manifest {
    let (mut sources, diagnostics) = source::read_all(&[File { name, bytes }]);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    sources.remove(0).manifest
}

fn check(manifest: &Manifest) -> usize {
    let compiled = compiled(manifest);
    let binary = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("a file of that size");
    let again = read("compiled.dll", &binary);
    assert_eq!(again.providers.len(), manifest.providers.len());
    for (read, written) in again.providers.iter().zip(&manifest.providers) {
        assert_eq!(common::normal(read), common::normal(written));
    }
    binary.len()
}

#[test]
fn the_projects_manifests_come_back() {
    let mut seen = 0;
    for entry in fs::read_dir(MANIFESTS).expect("the manifests") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "man") {
            continue;
        }
        let manifest = read("a.man", &fs::read(&path).expect("a manifest"));
        let size = check(&manifest);
        seen += 1;
        assert!(size > 100_000, "{}: {size}", path.display());
    }
    assert_eq!(seen, 15);
}

#[test]
fn texts_may_stand_in_another_file_than_the_manifest() {
    let manifest = read("a.man", &fs::read(Path::new(MANIFESTS).join("20348.man")).expect("a manifest"));
    let compiled = compiled(&manifest);
    let sys = wrap(Some(&compiled.template), None).expect("small");
    let mui = wrap(None, Some(&compiled.messages)).expect("small");
    let files = [File { name: "srv2.sys", bytes: &sys }, File { name: "srv2.sys.mui", bytes: &mui }];
    for files in [files, [files[1], files[0]]] {
        let (sources, diagnostics) = source::read_all(&files);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        assert_eq!(sources.len(), 1);
        assert_eq!(common::normal(common::first(&sources[0].manifest)), common::normal(common::first(&manifest)));
    }
    let (sources, diagnostics) = source::read_all(&files[..1]);
    assert!(diagnostics.to_string().contains("texts are in no message table"), "{diagnostics}");
    assert!(common::first(&sources[0].manifest).events.iter().all(|event| event.message.is_none()));
}

// ---- random manifests ----------------------------------------------------------------------------------------------

/// A small generator of numbers: the same ones each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).expect("small")).expect("small")
    }

    fn chance(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len() + 1))
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &["a", "Größe", " ", "%1", "%n", "100%", "\u{1F980}", "\"<&>'", "%%5", "\t", "x y"];
        (0..=self.below(5)).filter_map(|_| self.pick(PIECES).copied()).collect::<String>() + "."
    }

    fn message(&mut self) -> Option<String> {
        self.chance().then(|| self.text())
    }
}

fn fields(random: &mut Random, maps: &[Map], depth: usize) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for number in 0..random.below(7) {
        let mut field = Field { name: format!("F{depth}{number}"), ..Field::default() };
        if depth == 0 && random.below(6) == 0 {
            field.members = fields_of_struct(random, maps);
        }
        if field.members.is_empty() {
            field.in_type = InType::ALL[1 + random.below(InType::ALL.len() - 1)];
            field.out_type = random.pick(OutType::ALL).copied();
        }
        let counters: Vec<String> =
            fields.iter().filter(|f| f.in_type.can_count() && f.count.is_none()).map(|f| f.name.clone()).collect();
        let size = |random: &mut Random| match random.below(3) {
            0 => random.pick(&counters).cloned().map(Size::Field),
            1 => Some(Size::Fixed(u16::try_from(random.below(9) + 1).expect("small"))),
            _ => None,
        };
        if field.in_type.takes_length() {
            field.length = size(random);
        }
        field.count = size(random);
        if field.in_type.can_map() {
            field.map = random.pick(maps).map(|map| map.name.clone());
        }
        fields.push(field);
    }
    fields
}

fn fields_of_struct(random: &mut Random, maps: &[Map]) -> Vec<Field> {
    fields(random, maps, 1)
}

fn provider(random: &mut Random, number: u32) -> Provider {
    let mut p = Provider {
        name: format!("Provider {number} ü"),
        guid: format!("{number:08x}-0001-0002-0304-05060708090a"),
        message: random.message(),
        ..Provider::default()
    };
    for number in 0..random.below(4) {
        let name = format!("P/{number}");
        let value = u8::try_from(16 + number).ok();
        p.channels.push(Channel { id: name.clone(), name, value, message: random.message(), ..Channel::default() });
    }
    for value in 16..16 + u8::try_from(random.below(3)).expect("small") {
        p.levels.push(Level { name: format!("level {value}"), value, message: random.message(), ..Level::default() });
    }
    for number in 0..random.below(5) {
        let value = u16::try_from(1 + number * 300).expect("small");
        let event_guid = random.chance().then(|| "11111111-2222-3333-4455-66778899aabb".to_owned());
        p.tasks.push(Task {
            name: format!("T{number}"),
            value,
            event_guid,
            message: random.message(),
            ..Task::default()
        });
    }
    for value in 10..10 + u8::try_from(random.below(6)).expect("small") {
        let task = random.pick(&p.tasks).map(|task| task.name.clone());
        p.opcodes.push(Opcode {
            name: format!("o{value}"),
            value,
            task,
            message: random.message(),
            ..Opcode::default()
        });
    }
    for bit in 0..random.below(8) {
        p.keywords.push(Keyword {
            name: format!("ut:K{bit}"),
            mask: 1 << bit,
            message: random.message(),
            ..Keyword::default()
        });
    }
    for number in 0..random.below(4) {
        let kind = if random.chance() { MapKind::Value } else { MapKind::Bit };
        let entry = |at: usize, random: &mut Random| MapEntry {
            value: 1 << at,
            message: Some(random.text()),
            ..MapEntry::default()
        };
        let entries = (0..random.below(5)).map(|at| entry(at, random)).collect();
        // Names out of order: the resource sorts them.
        p.maps.push(Map { name: format!("M{}", 9 - number), kind, entries, ..Map::default() });
    }
    for number in 0..random.below(5) {
        let fields = fields(random, &p.maps, 0);
        p.templates.push(Template { id: format!("t{number}"), fields, ..Template::default() });
    }
    for id in 0..u16::try_from(random.below(9)).expect("small") {
        p.events.push(event(random, &p, id));
    }
    p
}

fn event(random: &mut Random, p: &Provider, id: u16) -> Event {
    let task = random.pick(&p.tasks).map(|task| task.name.clone());
    let own: Vec<String> =
        p.opcodes.iter().filter(|o| o.task.is_none() || o.task == task).map(|o| o.name.clone()).collect();
    let opcode =
        random.pick(&own).cloned().or_else(|| random.pick(builtin::OPCODES).map(|(name, _)| (*name).to_owned()));
    let own = random.pick(&p.levels).map(|level| level.name.clone());
    let level = own.or_else(|| random.pick(&builtin::LEVELS[1..]).map(|(name, _)| (*name).to_owned()));
    let mut keywords: Vec<String> = p.keywords.iter().filter(|_| random.chance()).map(|k| k.name.clone()).collect();
    keywords.extend(random.chance().then(|| "win:AuditSuccess".to_owned()));
    Event {
        id,
        version: u8::try_from(random.below(4)).expect("small"),
        channel: random.pick(&p.channels).map(|channel| channel.id.clone()),
        level,
        opcode,
        task,
        keywords,
        template: random.pick(&p.templates).map(|template| template.id.clone()),
        message: random.message(),
        ..Event::default()
    }
}

#[test]
fn random_manifests_come_back() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut events, mut structs) = (0, 0);
    for _ in 0..400 {
        let providers =
            (0..1 + u32::try_from(random.below(3)).expect("small")).map(|n| provider(&mut random, n)).collect();
        let manifest = Manifest { providers };
        check(&manifest);
        events += manifest.providers.iter().map(|p| p.events.len()).sum::<usize>();
        let templates = manifest.providers.iter().flat_map(|p| &p.templates);
        structs += templates.flat_map(|t| &t.fields).filter(|f| !f.members.is_empty()).count();
    }
    assert!(events > 1000 && structs > 100, "{events} events, {structs} structs");
}

#[test]
fn what_cannot_be_compiled_is_reported_and_left_out() {
    let mut provider = provider(&mut Random(7), 1);
    let broken = Field {
        name: "B".to_owned(),
        in_type: InType::Binary,
        length: Some(Size::Field("Nowhere".to_owned())),
        ..Field::default()
    };
    provider.templates.push(Template { id: "broken".to_owned(), fields: vec![broken], ..Template::default() });
    let event = |id, template: &str, level: &str| Event {
        id,
        template: Some(template.to_owned()),
        level: Some(level.to_owned()),
        ..Event::default()
    };
    provider.events = vec![event(1, "broken", "win:Error"), event(2, "t9", "win:Error")];
    provider.events.push(Event { id: 3, level: Some("no such".to_owned()), ..Event::default() });
    provider.events.push(Event { id: 3, ..Event::default() });
    let (compiled, diagnostics) = compile(&Manifest { providers: vec![provider] });
    let told: Vec<String> = diagnostics.all().iter().map(|d| format!("{}: {}", d.element, d.message)).collect();
    assert_eq!(
        told,
        [
            "template broken: field B: `Nowhere` is no field before it",
            "event 1 version 0: template broken is not there; the event is left out",
            "event 2 version 0: template t9 is not there; the event is left out",
            "event 3 version 0: it stands twice; the first counts",
            "event 3 version 0: level no such is not there; it is left out",
        ]
    );
    let again = read("x", &compiled.template);
    assert_eq!(again.providers[0].events.iter().map(|event| event.id).collect::<Vec<_>>(), [3]);
}
