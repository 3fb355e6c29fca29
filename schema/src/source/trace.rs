//! A trace (`.etl`) that holds its events' schema: `TRACE_EVENT_INFO` and `EVENT_MAP_INFO`, which the program that merged it
//! put in, as its machine had them registered.
//!
//! It tells of the events that were recorded and of no others. What else it does not hold: symbols, the names of templates, a
//! channel's type, and which of an event's keywords is which bit of its mask. That is worked out from all events; a bit that
//! nothing settles gets a name that says so.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use etw_recording::Filter;
use etw_recording::etl::{
    self, DecodingSource, EVENT_METADATA, EventInfo, Extent, MapInfo, Property, PropertyKind, Trace, TraceRecord,
};
use etw_runtime::Utf16;

use crate::diagnostic::Diagnostics;
use crate::model::{
    self, Channel, Event, EventKey, Field, FieldRef, Guid, InType, Keyword, Level, Manifest, Map, MapEntry, MapKind,
    Opcode, OutType, Place, Provider, Size, Task, Template, builtin,
};

/// The bits of a mask that are the provider's own: those above are Windows' and the channels'.
const OWN: u64 = (1 << 48) - 1;
/// The bits of Windows' keywords.
const BUILTIN: u64 = 0xFF << 48;
/// The memory that the reader may take, as a multiple of the file's size.
const BUDGET: usize = 16;

/// The most descriptions of one event that are kept: two are enough to show that they differ.
const MOST: usize = 2;
/// A mask has no more bits. With more names than that none is assigned.
const MOST_KEYWORDS: usize = 64;

/// Whether the bytes are a trace.
pub(super) fn is_trace(bytes: &[u8]) -> bool {
    Trace::from_bytes(bytes).is_ok_and(|trace| trace.header().is_some())
}

/// Reads the schema in a trace.
pub fn read(file: &str, bytes: &[u8]) -> (Manifest, Diagnostics) {
    let mut reader = Reader {
        at: Place::file(file),
        drafts: BTreeMap::new(),
        budget: bytes.len().saturating_mul(BUDGET),
        skipped: 0,
        found: Diagnostics::new(),
    };
    reader.read_trace(bytes);
    let drafts = std::mem::take(&mut reader.drafts);
    let providers = drafts.into_iter().map(|(guid, draft)| reader.finish(guid, draft)).collect::<Vec<_>>();
    let at = reader.at.clone();
    if reader.skipped > 0 {
        let message = format!("{} descriptions are not a manifest's; they are passed over", reader.skipped);
        reader.found.note(&at, "TRACE_EVENT_INFO", message);
    }
    if providers.is_empty() {
        let message =
            "the trace holds no schema; only merged traces do: `netsh trace stop`, `wpr -stop`, `xperf -merge`";
        reader.found.error(&at, "TRACE_EVENT_INFO", message);
    }
    (Manifest { providers, messages: Vec::new() }, reader.found)
}

/// A provider as far as it was described.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    message: Option<String>,
    events: Vec<Described>,
    /// The indices of an event's descriptions.
    by_key: HashMap<EventKey, Vec<usize>>,
    maps: BTreeMap<String, Map>,
}

/// A number and its name.
#[derive(Clone, PartialEq, Eq)]
struct Named<N> {
    number: N,
    name: Option<String>,
}

/// An event as it was described.
struct Described {
    key: EventKey,
    guid: Option<Guid>,
    channel: Named<u8>,
    level: Named<u8>,
    opcode: Named<u8>,
    task: Named<u16>,
    mask: u64,
    keywords: Vec<String>,
    message: Option<String>,
    fields: Vec<Field>,
    /// Whether there is another one before it.
    is_second: bool,
}

impl Described {
    fn says_the_same(&self, other: &Self) -> bool {
        self.channel == other.channel
            && self.level == other.level
            && self.opcode == other.opcode
            && self.task == other.task
            && self.mask == other.mask
            && self.message == other.message
            && self.fields == other.fields
    }
}

struct Reader {
    at: Place,
    drafts: BTreeMap<Guid, Draft>,
    budget: usize,
    /// Descriptions that are no manifest's.
    skipped: usize,
    found: Diagnostics,
}

impl Reader {
    fn error(&mut self, what: impl Into<String>, message: impl Into<String>) {
        let at = self.at.clone();
        self.found.error(&at, what, message);
    }

    /// Takes this number of bytes from the budget; false if it is used up.
    fn pay(&mut self, bytes: usize) -> bool {
        if let Some(left) = self.budget.checked_sub(bytes) {
            self.budget = left;
            return true;
        }
        if self.budget != 0 {
            self.budget = 0;
            self.error("TRACE_EVENT_INFO", "its parts overlap, more often than any real one's; the rest is not read");
        }
        false
    }

    fn read_trace(&mut self, bytes: &[u8]) {
        let mut trace = match Trace::from_bytes(bytes) {
            Ok(trace) => trace,
            Err(error) => return self.error("trace", error.to_string()),
        };
        trace.set_filter(Filter::new().provider(EVENT_METADATA));
        let mut records = trace.records();
        while let Some(record) = records.next() {
            match record {
                Ok(record) => self.read_record(&record),
                Err(error) => self.error("trace", error.to_string()),
            }
        }
    }

    fn read_record(&mut self, record: &TraceRecord<'_>) {
        let place = record.place;
        let what = |name: &str| format!("{name} at {:#x}+{:#x}", place.start, place.within);
        match record.schema() {
            Some(etl::Schema::EventInfo(bytes)) => match EventInfo::parse(bytes) {
                Some(info) => self.read_event(&info, &what("TRACE_EVENT_INFO")),
                None => self.error(what("TRACE_EVENT_INFO"), "it ends before its properties do"),
            },
            Some(etl::Schema::MapInfo(bytes)) => match MapInfo::parse(bytes) {
                Some(info) => self.read_map(&info, &what("EVENT_MAP_INFO")),
                None => self.error(what("EVENT_MAP_INFO"), "it ends before its entries do"),
            },
            _ => {}
        }
    }

    /// A text without the blank that Windows puts in place of the last line break.
    fn text(&mut self, text: Option<Utf16<'_>>) -> Option<String> {
        let text = text?;
        // A unit takes up to three bytes.
        self.pay(2 * text.as_bytes().len())
            .then(|| text.to_string().trim_end().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn read_event(&mut self, info: &EventInfo<'_>, what: &str) {
        if info.decoding_source() != DecodingSource::Manifest {
            self.skipped += 1;
            return;
        }
        if !self.pay(size_of::<Described>() + info.properties().len() * 2 * size_of::<Field>()) {
            return;
        }
        let key = info.key();
        let Some(fields) = self.read_fields(info, &format!("{what}, {key}")) else { return };
        let described = Described {
            key,
            guid: info.event_guid(),
            channel: Named { number: info.channel(), name: self.text(info.channel_name()) },
            level: Named { number: info.level(), name: self.text(info.level_name()) },
            opcode: Named { number: info.opcode(), name: self.text(info.opcode_name()) },
            task: Named { number: info.task(), name: self.text(info.task_name()) },
            mask: info.keywords(),
            keywords: info.keyword_names().filter_map(|name| self.text(Some(name))).collect(),
            message: self.text(info.message()),
            fields,
            is_second: false,
        };
        let name = self.text(info.provider_name());
        let message = self.text(info.provider_message());
        let draft = self.drafts.entry(info.provider()).or_default();
        draft.name = draft.name.take().or(name);
        draft.message = draft.message.take().or(message);
        let known = draft.by_key.entry(key).or_default();
        // Each file that was merged may have brought its own. Where they differ, whoever reads the manifest is told.
        let is_told =
            known.iter().filter_map(|&index| draft.events.get(index)).any(|told| told.says_the_same(&described));
        if known.len() < MOST && !is_told {
            let is_second = !known.is_empty();
            known.push(draft.events.len());
            draft.events.push(Described { is_second, ..described });
        }
    }

    /// The fields; none if one of them cannot be read.
    fn read_fields(&mut self, info: &EventInfo<'_>, what: &str) -> Option<Vec<Field>> {
        let all: Vec<(String, Property<'_>)> =
            info.properties().map(|property| (self.text(property.name).unwrap_or_default(), property)).collect();
        let mut fields = Vec::new();
        for index in 0..info.top_level() {
            fields.push(self.read_field(index, 0..info.top_level(), &all, what)?);
        }
        let told = fields.clone();
        let problems = model::resolve(&mut fields);
        if let Some(problem) = problems.first() {
            self.error(
                what,
                format!("{} `{}` {}; the event is left out", problem.attribute, problem.name, problem.kind),
            );
            return None;
        }
        if told != fields {
            self.error(what, "a length or count is that of a field whose name leads to another; the event is left out");
            return None;
        }
        Some(fields)
    }

    /// A field of the event or of a struct, whose list is `beside`.
    fn read_field(
        &mut self,
        index: usize,
        beside: Range<usize>,
        all: &[(String, Property<'_>)],
        what: &str,
    ) -> Option<Field> {
        let (name, property) = all.get(index)?;
        let place = format!("{what}, field {name}");
        let (length, count) = match sizes(property, index, &beside, all) {
            Ok(sizes) => sizes,
            Err(problem) => {
                self.error(place, format!("{problem}; the event is left out"));
                return None;
            }
        };
        let mut field = Field { name: name.clone(), count, at: self.at.clone(), ..Field::default() };
        let is_read = match property.kind {
            PropertyKind::Struct { first, members } => {
                let members = usize::from(first)..usize::from(first) + usize::from(members);
                self.read_members(&mut field, index, members, all, what)
            }
            PropertyKind::Value { in_type, out_type, map } => {
                field.length = length;
                field.map = self.text(map);
                self.read_value(&mut field, (in_type, out_type), &place)
            }
            _ => false,
        };
        is_read.then_some(field)
    }

    /// Adds a struct's members to it. False if they cannot be read.
    fn read_members(
        &mut self,
        field: &mut Field,
        index: usize,
        members: Range<usize>,
        all: &[(String, Property<'_>)],
        what: &str,
    ) -> bool {
        let is_value = |(_, member): &(String, Property<'_>)| matches!(member.kind, PropertyKind::Value { .. });
        let are_values = all.get(members.clone()).is_some_and(|inner| inner.iter().all(is_value));
        if members.start <= index || !are_values {
            let message = "the struct's members do not come after it, or are structs themselves; the event is left out";
            self.error(format!("{what}, field {}", field.name), message);
            return false;
        }
        // Several structs may claim the same members.
        if !self.pay(members.len() * 2 * size_of::<Field>()) {
            return false;
        }
        field.in_type = InType::Struct;
        members.clone().all(|member| {
            let member = self.read_field(member, members.clone(), all, what);
            member.map(|member| field.members.push(member)).is_some()
        })
    }

    /// Gives a field its types. False if its bytes are not known.
    fn read_value(&mut self, field: &mut Field, (in_type, out_type): (u16, u16), place: &str) -> bool {
        let known = u8::try_from(in_type).ok().and_then(InType::from_value).filter(|t| *t != InType::Struct);
        let Some(known) = known else {
            self.error(place, format!("inType {in_type} is unknown; the event is left out"));
            return false;
        };
        field.in_type = known;
        // The length of a type that has one by itself is always there.
        field.length = field.length.take().filter(|size| known.takes_length() || !matches!(size, Size::Fixed(_)));
        field.out_type = u8::try_from(out_type).ok().and_then(OutType::from_value);
        if field.out_type.is_none() && out_type != 0 {
            let at = self.at.clone();
            self.found.warning(&at, place, format!("unknown outType {out_type}"));
        }
        true
    }

    fn read_map(&mut self, info: &MapInfo<'_>, what: &str) {
        let kind = match info.kind() {
            etl::MapKind::Value => MapKind::Value,
            etl::MapKind::Bits => MapKind::Bit,
            _ => {
                let at = self.at.clone();
                return self.found.warning(&at, what, "a map of another kind than values and bits; it is passed over");
            }
        };
        let Some(name) = self.text(info.name()) else { return self.error(what, "its name cannot be read") };
        if !self.pay(info.entries().len() * size_of::<MapEntry>()) {
            return;
        }
        let entries = info.entries().map(|(value, text)| {
            let message = self.text(text);
            MapEntry { value, symbol: None, message, at: self.at.clone() }
        });
        let entries = entries.collect();
        let map = Map { name: name.clone(), kind, symbol: None, entries, at: self.at.clone() };
        let draft = self.drafts.entry(info.provider()).or_default();
        match draft.maps.get(&name) {
            Some(known) if *known != map => {
                self.error(what, format!("map {name} has other entries than one before it"));
            }
            Some(_) => {}
            None => _ = draft.maps.insert(name, map),
        }
    }

    /// The provider that all of its descriptions make.
    fn finish(&mut self, guid: Guid, draft: Draft) -> Provider {
        let Draft { name, message, events, maps, .. } = draft;
        let at = self.at.clone();
        let name = name.unwrap_or_else(|| guid.to_string());
        let mut provider = Provider { name, guid, message, at: at.clone(), ..Provider::default() };
        let names = keyword_names(&events);
        let mut masks = 0;
        let opcodes = Opcodes::new(&events);
        let mut tasks = BTreeMap::new();
        for mut described in events {
            masks |= described.mask & OWN;
            self.check_maps(&mut described, &maps);
            let event = Event {
                id: described.key.id,
                version: described.key.version,
                channel: self.channel(&mut provider, &described),
                level: self.level(&mut provider, &described),
                task: self.task(&mut tasks, &described),
                opcode: opcodes.name(&described),
                keywords: keywords_of(described.mask, &names),
                template: self.template(&mut provider, &mut described),
                message: described.message,
                at: at.clone(),
                ..Event::default()
            };
            // One description's names may be those of all events.
            let names = [&event.channel, &event.level, &event.task, &event.opcode].into_iter().flatten();
            if !self.pay(names.chain(&event.keywords).map(String::len).sum()) {
                break;
            }
            provider.events.push(event);
        }
        provider.tasks = tasks.into_values().collect();
        provider.opcodes = opcodes.finish(&at);
        provider.keywords = bits(masks).map(|mask| keyword(mask, &names, &at)).collect();
        provider.maps = maps.into_values().collect();
        provider.channels.sort_by_key(|channel| channel.value);
        provider.events.sort_by_key(Event::key);
        provider
    }

    /// Takes away names of maps that the trace does not hold.
    fn check_maps(&mut self, described: &mut Described, maps: &BTreeMap<String, Map>) {
        for field in &mut described.fields {
            for field in std::iter::once(&mut field.map).chain(field.members.iter_mut().map(|member| &mut member.map)) {
                let is_there = field.as_ref().is_none_or(|name| maps.contains_key(name));
                if let Some(name) = field.take_if(|_| !is_there) {
                    let at = self.at.clone();
                    self.found.warning(&at, described.key.to_string(), format!("map {name} is not in the trace"));
                }
            }
        }
    }

    fn template(&self, provider: &mut Provider, described: &mut Described) -> Option<String> {
        if described.fields.is_empty() {
            return None;
        }
        let EventKey { id, version, .. } = described.key;
        let second = if described.is_second { "_2" } else { "" };
        let name = format!("event_{id}_v{version}{second}");
        let fields = std::mem::take(&mut described.fields);
        provider.templates.push(Template { id: name.clone(), fields, at: self.at.clone(), ..Template::default() });
        Some(name)
    }

    fn channel(&self, provider: &mut Provider, described: &Described) -> Option<String> {
        let Named { number, name } = &described.channel;
        if let Some(name) = builtin::name_of(builtin::CHANNELS, *number) {
            return Some(name);
        }
        if *number == 0 {
            return None;
        }
        if let Some(known) = provider.channels.iter().find(|channel| channel.value == Some(*number)) {
            return Some(known.id.clone());
        }
        let name = name.clone().unwrap_or_else(|| format!("channel_{number}"));
        let channel = Channel {
            id: name.clone(),
            name: name.clone(),
            value: Some(*number),
            at: self.at.clone(),
            ..Channel::default()
        };
        provider.channels.push(channel);
        Some(name)
    }

    fn level(&self, provider: &mut Provider, described: &Described) -> Option<String> {
        let Named { number, name } = &described.level;
        if *number == 0 || builtin::name_of(builtin::LEVELS, *number).is_some() {
            return builtin::name_of(builtin::LEVELS, *number);
        }
        if let Some(known) = provider.levels.iter().find(|level| level.value == *number) {
            return Some(known.name.clone());
        }
        let name = name.clone().unwrap_or_else(|| format!("level_{number}"));
        provider.levels.push(Level {
            name: name.clone(),
            value: *number,
            symbol: None,
            message: None,
            at: self.at.clone(),
        });
        Some(name)
    }

    fn task(&self, tasks: &mut BTreeMap<u16, Task>, described: &Described) -> Option<String> {
        let Named { number, name } = &described.task;
        if *number == 0 {
            return None;
        }
        let task = tasks.entry(*number).or_insert_with(|| Task {
            name: name.clone().unwrap_or_else(|| format!("task_0{number}")),
            value: *number,
            is_placeholder: false,
            event_guid: described.guid,
            symbol: None,
            message: None,
            at: self.at.clone(),
        });
        Some(task.name.clone())
    }
}

/// The opcodes of a provider: of all of it, or of a task where a number has other names in other tasks.
struct Opcodes {
    /// By number: the tasks that use it, and the name that it has there.
    names: BTreeMap<u8, BTreeMap<u16, (Option<String>, String)>>,
}

impl Opcodes {
    fn new(events: &[Described]) -> Self {
        let mut names: BTreeMap<u8, BTreeMap<u16, (Option<String>, String)>> = BTreeMap::new();
        for Described { opcode: Named { number, name }, task, .. } in events {
            if *number == 0 || builtin::name_of(builtin::OPCODES, *number).is_some() {
                continue;
            }
            let name = name.clone().unwrap_or_else(|| format!("opcode_{number}"));
            let task_name = task.name.clone().filter(|_| task.number != 0);
            names.entry(*number).or_default().entry(task.number).or_insert((task_name, name));
        }
        Self { names }
    }

    fn name(&self, described: &Described) -> Option<String> {
        let number = described.opcode.number;
        let own = self.names.get(&number).and_then(|tasks| tasks.get(&described.task.number));
        own.map(|(_, name)| name.clone()).or_else(|| builtin::name_of(builtin::OPCODES, number))
    }

    fn finish(self, at: &Place) -> Vec<Opcode> {
        let mut opcodes = Vec::new();
        for (value, tasks) in self.names {
            let first = tasks.values().next().map(|(_, name)| name.clone());
            let is_one = tasks.values().all(|(_, name)| Some(name) == first.as_ref());
            let of_all = first.filter(|_| is_one).map(|name| (None, name));
            let each = tasks.into_values().filter(|_| !is_one);
            opcodes.extend(of_all.into_iter().chain(each).map(|(task, name)| Opcode {
                name,
                value,
                task,
                symbol: None,
                message: None,
                at: at.clone(),
            }));
        }
        opcodes
    }
}

/// The bits of a mask, each by itself.
fn bits(mask: u64) -> impl Iterator<Item = u64> {
    (0..64).map(|bit| 1 << bit).filter(move |bit| mask & bit != 0)
}

/// The names of bits: those that only one bit can have, by all events.
///
/// An event has a mask and a list of names. A name's bit is in the mask of each event that has the name, and not in that of one
/// that has a name for each of its bits and not this one; and it is nobody else's.
fn keyword_names(events: &[Described]) -> BTreeMap<u64, String> {
    let own = |described: &Described| described.mask & OWN;
    let names = |described: &Described| {
        let names = described.keywords.clone().into_iter();
        names.filter(|name| builtin::value_of(builtin::KEYWORDS, name).is_none()).collect::<Vec<_>>()
    };
    let mut open: BTreeMap<String, u64> = BTreeMap::new();
    for described in events {
        for name in names(described) {
            *open.entry(name).or_insert(OWN) &= own(described);
        }
    }
    // No real provider has so many.
    if open.len() > MOST_KEYWORDS {
        return BTreeMap::new();
    }
    for described in events {
        let own_names = names(described);
        if own_names.len() == own(described).count_ones() as usize {
            let others = open.iter_mut().filter(|(name, _)| !own_names.contains(name));
            for (_, mask) in others {
                *mask &= !own(described);
            }
        }
    }
    let mut settled = BTreeMap::new();
    while let Some(name) = open.iter().find(|(_, mask)| mask.is_power_of_two()).map(|(name, _)| name.clone()) {
        let Some(bit) = open.remove(&name) else { break };
        for mask in open.values_mut() {
            *mask &= !bit;
        }
        settled.insert(bit, name);
    }
    settled
}

fn keyword(mask: u64, names: &BTreeMap<u64, String>, at: &Place) -> Keyword {
    Keyword { name: keyword_name(mask, names), mask, symbol: None, message: None, at: at.clone() }
}

/// The name of a bit, or one made up of it.
fn keyword_name(mask: u64, names: &BTreeMap<u64, String>) -> String {
    names.get(&mask).cloned().unwrap_or_else(|| format!("keyword_{mask:x}"))
}

fn keywords_of(mask: u64, names: &BTreeMap<u64, String>) -> Vec<String> {
    let own = bits(mask & OWN).map(|bit| keyword_name(bit, names));
    let builtin = bits(mask & BUILTIN).filter_map(|bit| builtin::name_of(builtin::KEYWORDS, bit));
    own.chain(builtin).collect()
}

/// Length and count of a property. `index` is its own in all, `beside` its list.
fn sizes(
    property: &Property<'_>,
    index: usize,
    beside: &Range<usize>,
    all: &[(String, Property<'_>)],
) -> Result<(Option<Size>, Option<Size>), String> {
    let size = |what: &str, extent: Extent| match extent {
        Extent::Fixed(0) => Ok(None),
        Extent::Fixed(number) => Ok(Some(Size::Fixed(number))),
        Extent::Property(target) => {
            let at = usize::from(target);
            let (name, _) = all
                .get(at)
                .filter(|_| at < index)
                .ok_or_else(|| format!("its {what} is that of field {at}, which is not before it"))?;
            let field = if beside.contains(&at) {
                u16::try_from(at - beside.start).map(|index| FieldRef::beside(name, index))
            } else {
                Ok(FieldRef::outside(name, target))
            };
            let message = |_| format!("its {what} cannot be found among so many fields");
            field.map(|field| Some(Size::Field(field))).map_err(message)
        }
    };
    let count = if property.is_array { size("count", property.count)? } else { None };
    Ok((size("length", property.length)?, count))
}
