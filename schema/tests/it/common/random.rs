//! Random manifests: the same ones each time.

use etw_schema::model::{
    Channel, ChannelType, Event, Field, FieldRef, Guid, InType, Keyword, Level, Map, MapEntry, MapKind, Opcode,
    OutType, Provider, Size, Task, Template, builtin,
};
use test_support::XorShift;

/// Numbers, and choices made with them.
pub(crate) struct Random(XorShift);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(XorShift::new(seed))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    fn chance(&mut self) -> bool {
        self.0.next() & 1 == 1
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
        let counters: Vec<FieldRef> = (0u16..)
            .zip(&fields)
            .filter(|(_, f)| f.in_type.can_count() && f.count.is_none())
            .map(|(index, f)| FieldRef::beside(&f.name, index))
            .collect();
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

/// A provider with some of everything; `number` tells several apart.
pub(crate) fn provider(random: &mut Random, number: u32) -> Provider {
    let mut p = Provider {
        name: format!("Provider {number} ü"),
        guid: Guid::from_fields(number, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]),
        message: random.message(),
        ..Provider::default()
    };
    for number in 0..random.below(4) {
        let name = format!("P/{number}");
        let value = u8::try_from(16 + number).ok();
        let kind = Some(ChannelType::ALL[random.below(4)]);
        let message = random.message();
        p.channels.push(Channel { id: name.clone(), name, kind, value, message, ..Channel::default() });
    }
    for value in 16..16 + u8::try_from(random.below(3)).expect("small") {
        p.levels.push(Level { name: format!("level {value}"), value, message: random.message(), ..Level::default() });
    }
    for number in 0..random.below(5) {
        let value = u16::try_from(1 + number * 300).expect("small");
        let event_guid = random.chance().then(|| Guid::from_u128(0x1111_1111_2222_3333_4455_6677_8899_aabb));
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
