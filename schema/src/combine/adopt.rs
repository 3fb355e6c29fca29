//! Facts that no capture of a build gives, taken from the neighbouring builds.
//!
//! A binary has no symbols, a dump no messages: without them an event would have another name, or no text, in one build.
//! Facts that the captures' formats cannot hold are taken from the nearest known builds. They are counted, so that they
//! are never called captured. Facts that a format can hold are never touched: if the capture lacks one, so does the build.

use std::collections::{BTreeMap, HashMap};

use super::events::template_for;
use crate::merge::same_wire_form;
use crate::model::builtin::is_made_up_keyword;
use crate::model::{Declare, Event, EventKey, FactKind, Field, Map, Provider, Size, Template};
use crate::source::{Format, Holds};

/// How many facts of each kind were taken from which build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted(pub BTreeMap<FactKind, BTreeMap<u32, usize>>);

impl Adopted {
    fn count(&mut self, kind: FactKind, build: u32) {
        *self.0.entry(kind).or_default().entry(build).or_default() += 1;
    }

    /// The builds that facts of a kind came from, nearest first as they were given.
    pub fn builds(&self, kind: FactKind) -> Vec<u32> {
        self.0.get(&kind).map(|builds| builds.keys().copied().collect()).unwrap_or_default()
    }

    fn take<T: Clone>(&mut self, kind: FactKind, build: u32, old: &mut Option<T>, new: Option<&T>) {
        if let (None, Some(new)) = (&old, new) {
            *old = Some(new.clone());
            self.count(kind, build);
        }
    }
}

/// Adds to a provider what its captures, of these formats, cannot hold. `neighbours` are builds and what they declare, the
/// nearest first.
pub fn adopt(provider: &mut Provider, formats: &[Format], neighbours: &[(u32, &Provider)]) -> Adopted {
    let mut adopted = Adopted::default();
    let holds = |what| formats.iter().any(|format| format.holds(what));
    for (build, other) in neighbours {
        adopt_names(provider, other);
        adopt_channels(provider, other, *build, &mut adopted, holds(Holds::Channels));
        adopt_symbols(provider, other, *build, &mut adopted);
        if !holds(Holds::Messages) {
            adopt_map_texts(provider, other, *build, &mut adopted);
        }
        adopt_events(provider, other, *build, &holds, &mut adopted);
    }
    adopted
}

/// The names of the provider and its files.
fn adopt_names(provider: &mut Provider, other: &Provider) {
    if provider.name.starts_with('{') {
        provider.name.clone_from(&other.name);
    }
    let fill = |old: &mut Option<String>, new: &Option<String>| {
        if old.is_none() {
            old.clone_from(new);
        }
    };
    fill(&mut provider.resource_file, &other.resource_file);
    fill(&mut provider.message_file, &other.message_file);
    fill(&mut provider.parameter_file, &other.parameter_file);
    for keyword in provider.keywords.iter_mut().filter(|keyword| is_made_up_keyword(&keyword.name, keyword.mask)) {
        let Some(known) = other.keywords.iter().find(|known| known.mask == keyword.mask) else { continue };
        let made_up = std::mem::replace(&mut keyword.name, known.name.clone());
        let uses = provider.events.iter_mut().flat_map(|event| &mut event.keywords);
        uses.filter(|name| **name == made_up).for_each(|name| name.clone_from(&known.name));
    }
}

fn adopt_channels(provider: &mut Provider, other: &Provider, build: u32, adopted: &mut Adopted, held: bool) {
    if !held && provider.channels.is_empty() {
        provider.channels.clone_from(&other.channels);
        other.channels.iter().for_each(|_| adopted.count(FactKind::Channels, build));
    }
    let mut renamed = HashMap::new();
    for channel in &mut provider.channels {
        let Some(known) = other.channels.iter().find(|known| known.name == channel.name) else { continue };
        if channel.id == channel.name && known.id != channel.id {
            renamed.insert(channel.id.clone(), known.id.clone());
            channel.id.clone_from(&known.id);
        }
        adopted.take(FactKind::Symbols, build, &mut channel.symbol, known.symbol.as_ref());
        adopted.take(FactKind::ChannelTypes, build, &mut channel.kind, known.kind.as_ref());
        adopted.take(FactKind::ChannelTypes, build, &mut channel.enabled, known.enabled.as_ref());
        adopted.take(FactKind::ChannelTypes, build, &mut channel.isolation, known.isolation.as_ref());
    }
    for channel in provider.events.iter_mut().filter_map(|event| event.channel.as_mut()) {
        if let Some(id) = renamed.get(channel) {
            channel.clone_from(id);
        }
    }
}

fn adopt_symbols(provider: &mut Provider, other: &Provider, build: u32, adopted: &mut Adopted) {
    fn each<T: Declare>(own: &mut [T], others: &[T], build: u32, adopted: &mut Adopted) {
        for item in own {
            let name = item.declaration().name;
            let known = others.iter().map(T::declaration).find(|known| known.name == name);
            let symbol = known.and_then(|known| known.symbol).map(str::to_owned);
            adopted.take(FactKind::Symbols, build, item.symbol_mut(), symbol.as_ref());
        }
    }
    adopted.take(FactKind::Symbols, build, &mut provider.symbol, other.symbol.as_ref());
    each(&mut provider.levels, &other.levels, build, adopted);
    each(&mut provider.opcodes, &other.opcodes, build, adopted);
    each(&mut provider.tasks, &other.tasks, build, adopted);
    each(&mut provider.keywords, &other.keywords, build, adopted);
    each(&mut provider.maps, &other.maps, build, adopted);
}

/// The texts of maps whose values are the same.
fn adopt_map_texts(provider: &mut Provider, other: &Provider, build: u32, adopted: &mut Adopted) {
    for map in &mut provider.maps {
        let Some(known) = other.maps.iter().find(|known| known.name == map.name) else { continue };
        for entry in &mut map.entries {
            let text = known.entries.iter().find(|known| known.value == entry.value).map(|known| &known.message);
            adopted.take(FactKind::Maps, build, &mut entry.message, text.and_then(Option::as_ref));
        }
    }
}

fn fields_of<'p>(provider: &'p Provider, event: &Event) -> &'p [Field] {
    let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
    template.map_or(&[], |template| &template.fields)
}

fn adopt_events(
    provider: &mut Provider,
    other: &Provider,
    build: u32,
    holds: &impl Fn(Holds) -> bool,
    adopted: &mut Adopted,
) {
    let known: HashMap<EventKey, &Event> = other.events.iter().map(|event| (event.key(), event)).collect();
    let mut templates: Vec<Template> = Vec::new();
    let mut maps: Vec<Map> = Vec::new();
    let mut events = std::mem::take(&mut provider.events);
    for event in &mut events {
        let mut fields = fields_of(provider, event).to_vec();
        // If the id now belongs to another event, nothing is taken from it.
        let same_task = |known: &&&Event| event.task.is_none() || known.task.is_none() || event.task == known.task;
        if let Some(known) = known.get(&event.key()).filter(same_task) {
            let had_symbol = event.symbol.is_some();
            adopted.take(FactKind::Symbols, build, &mut event.symbol, known.symbol.as_ref());
            if !holds(Holds::Channels) {
                adopted.take(FactKind::Channels, build, &mut event.channel, known.channel.as_ref());
            }
            if !holds(Holds::Messages) {
                adopted.take(FactKind::Messages, build, &mut event.message, known.message.as_ref());
            }
            if !holds(Holds::PrefixedKeywords) {
                for keyword in known.keywords.iter().filter(|keyword| keyword.contains(':')) {
                    if !event.keywords.contains(keyword) {
                        event.keywords.push(keyword.clone());
                        adopted.count(FactKind::Descriptors, build);
                    }
                }
            }
            let theirs = fields_of(other, known);
            if same_but_lengths(&fields, theirs, holds(Holds::Lengths)) {
                event.doubt = None;
                let mut gaps = Gaps { build, holds, adopted, other, maps: &mut maps };
                gaps.fill(&mut fields, theirs);
            }
            if !had_symbol && same_wire_form(&fields, theirs) && event.template.is_some() {
                event.template = known.template.clone().or(event.template.take());
            }
        }
        event.template = event.template.take().map(|id| template_for(&mut templates, &id, &fields, &event.at));
    }
    provider.events = events;
    provider.templates = templates;
    for map in maps {
        if !provider.maps.iter().any(|known| known.name == map.name) {
            provider.maps.push(map);
        }
    }
}

/// Whether fields are the same to the byte. Lengths and counts that are numbers are only compared if `lengths` says so.
fn same_but_lengths(own: &[Field], theirs: &[Field], lengths: bool) -> bool {
    if lengths {
        return same_wire_form(own, theirs);
    }
    let without = |fields: &[Field]| -> Vec<Field> {
        let is_number = |size: &Size| matches!(size, Size::Fixed(_));
        let mut fields = fields.to_vec();
        for field in &mut fields {
            field.length = field.length.take().filter(|size| !is_number(size));
            field.count = field.count.take().filter(|size| !is_number(size));
        }
        fields
    };
    same_wire_form(&without(own), &without(theirs))
}

/// What is missing in the fields of one event.
struct Gaps<'a, H> {
    build: u32,
    holds: &'a H,
    adopted: &'a mut Adopted,
    other: &'a Provider,
    maps: &'a mut Vec<Map>,
}

impl<H: Fn(Holds) -> bool> Gaps<'_, H> {
    fn fill(&mut self, own: &mut [Field], theirs: &[Field]) {
        for (own, theirs) in own.iter_mut().zip(theirs) {
            if !(self.holds)(Holds::Lengths) {
                self.adopted.take(FactKind::Lengths, self.build, &mut own.length, theirs.length.as_ref());
                self.adopted.take(FactKind::Lengths, self.build, &mut own.count, theirs.count.as_ref());
            }
            if !(self.holds)(Holds::OutTypes) {
                self.adopted.take(FactKind::OutTypes, self.build, &mut own.out_type, theirs.out_type.as_ref());
            }
            if !(self.holds)(Holds::Maps) && own.map.is_none() && theirs.map.is_some() {
                let map = self.other.maps.iter().find(|map| Some(&map.name) == theirs.map.as_ref());
                if let Some(map) = map {
                    self.adopted.take(FactKind::Maps, self.build, &mut own.map, theirs.map.as_ref());
                    self.maps.push(map.clone());
                }
            }
            self.fill(&mut own.members, &theirs.members);
        }
    }
}
