//! Events of several captures: headers fact by fact, fields as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::judge::{Choice, Judge, Word};
use super::{CapturedProvider, FactName, Subject};
use crate::model::{Event, Field, Place, Provider, Size, Template};
use crate::source::Holds;

/// The events so far.
#[derive(Default)]
pub(super) struct Events {
    known: BTreeMap<(u16, u8), Known>,
    /// Those whose bytes are in dispute.
    contradictory: BTreeSet<(u16, u8)>,
    /// Second declarations of an event within one file: they stay, for validation to report.
    doubles: Vec<(Event, Vec<Field>)>,
    /// Events whose template cannot be read. Where no other capture has them they stay, for `merge` to report.
    unreadable: BTreeMap<(u16, u8), Event>,
}

struct Known {
    event: Event,
    fields: Vec<Field>,
    /// Whether one of the captures would say a length that is a number.
    has_lengths: bool,
}

impl Events {
    /// Adds a capture's events.
    pub(super) fn add(&mut self, part: &CapturedProvider, judge: &mut Judge<'_>) {
        let templates: HashMap<&str, &[Field]> =
            part.provider.templates.iter().map(|t| (t.id.as_str(), t.fields.as_slice())).collect();
        let mut seen = BTreeSet::new();
        for event in &part.provider.events {
            let key = (event.id, event.version);
            let fields = match &event.template {
                None => &[][..],
                // Without its template the event would pass for one without fields.
                Some(id) => {
                    let Some(fields) = templates.get(id.as_str()) else {
                        self.unreadable.entry(key).or_insert_with(|| event.clone());
                        continue;
                    };
                    fields
                }
            };
            let new =
                Known { event: event.clone(), fields: fields.to_vec(), has_lengths: part.format.holds(Holds::Lengths) };
            if !seen.insert(key) {
                self.doubles.push((new.event, new.fields));
            } else if self.contradictory.contains(&key) {
                // One dispute about an event is enough.
            } else if let Some(known) = self.known.get_mut(&key) {
                if !known.join(&new, judge) {
                    self.known.remove(&key);
                    self.contradictory.insert(key);
                }
            } else {
                self.known.insert(key, new);
            }
        }
    }

    /// Puts the events and their templates in place of the provider's own.
    pub(super) fn put_into(self, provider: &mut Provider) {
        provider.events.clear();
        let mut templates: Vec<Template> = Vec::new();
        let known: BTreeSet<(u16, u8)> = self.known.keys().chain(&self.contradictory).copied().collect();
        let is_unknown = |event: &Event| !known.contains(&(event.id, event.version));
        let readable = self.known.into_values().map(|known| (known.event, known.fields));
        for (mut event, fields) in readable.chain(self.doubles) {
            event.template = event.template.take().map(|id| template_for(&mut templates, &id, &fields, &event.at));
            provider.events.push(event);
        }
        provider.events.extend(self.unreadable.into_values().filter(|event| is_unknown(event)).map(|mut event| {
            // Another capture may have a template of that name.
            event.template = event.template.filter(|id| !templates.iter().any(|template| template.id == *id));
            let key = event.key();
            event.template.get_or_insert_with(|| format!("of {key}"));
            event
        }));
        let shown: HashMap<&str, &Template> =
            provider.templates.iter().map(|template| (template.id.as_str(), template)).collect();
        for template in &mut templates {
            let own = shown.get(template.id.as_str()).filter(|own| own.fields == template.fields);
            template.user_data = own.and_then(|own| own.user_data.clone());
        }
        provider.templates = templates;
    }
}

/// The template with these fields: the one of that name, or a new one.
pub(super) fn template_for(templates: &mut Vec<Template>, id: &str, fields: &[Field], at: &Place) -> String {
    let mut unique = id.to_owned();
    let mut number = 1;
    loop {
        match templates.iter().find(|template| template.id == unique) {
            Some(template) if template.fields == fields => return unique,
            Some(_) => {
                number += 1;
                unique = format!("{id}_{number}");
            }
            None => break,
        }
    }
    let template = Template { id: unique.clone(), fields: fields.to_vec(), at: at.clone(), ..Template::default() };
    templates.push(template);
    unique
}

impl Known {
    /// Adds what another capture says. False if the event's bytes are no longer known.
    fn join(&mut self, new: &Self, judge: &mut Judge<'_>) -> bool {
        let about = Subject::Event(new.event.key(), None);
        let at = (self.event.at.clone(), new.event.at.clone());
        let mut fields = self.fields.clone();
        let joined = join_fields(&mut fields, self.has_lengths, &new.fields, new.has_lengths);
        let doubts = (self.event.doubt.take(), &new.event.doubt);
        match joined {
            Ok(()) => {
                self.fields = fields;
                self.event.doubt = doubts.0.filter(|_| doubts.1.is_some());
            }
            // A doubtful event contradicts nothing.
            Err(_) if doubts.0.is_some() && doubts.1.is_none() => {
                self.fields.clone_from(&new.fields);
                self.event.template.clone_from(&new.event.template);
            }
            Err(_) if doubts.0.is_none() && doubts.1.is_some() => {}
            Err(difference) => {
                let (old, new_word) =
                    (format!("{} there", difference.old), format!("{} {}", difference.field, difference.new));
                match judge.decide(&about, FactName::Layout, Word(&old, &at.0), Word(&new_word, &at.1)) {
                    Choice::Old => {}
                    Choice::New => self.fields.clone_from(&new.fields),
                    Choice::Open => return false,
                }
            }
        }
        self.has_lengths |= new.has_lengths;
        if self.fields.len() == new.fields.len() {
            for (old, new) in self.fields.iter_mut().zip(&new.fields) {
                shown(&about, old, new, &at, judge);
            }
        }
        // Names of templates come from where names of events come from.
        if self.event.template.is_none() || (self.event.symbol.is_none() && new.event.symbol.is_some()) {
            self.event.template.clone_from(&new.event.template);
        }
        self.header(&about, &new.event, &at, judge);
        true
    }

    fn header(&mut self, about: &Subject, new: &Event, at: &(Place, Place), judge: &mut Judge<'_>) {
        let old = &mut self.event;
        let mut fact = |name: FactName, silent: &str, old: &mut Option<String>, new: &Option<String>| {
            // Some captures spell out the value that means none.
            let says = |word: &Option<String>| word.as_deref().is_some_and(|word| word != silent);
            if says(old) || says(new) {
                let new = new.clone().filter(|word| word != silent || says(old));
                judge.fact(about, name, Word(old, &at.0), Word(&new, &at.1));
            } else if new.is_none() {
                *old = None;
            }
        };
        fact(FactName::Symbol, "", &mut old.symbol, &new.symbol);
        fact(FactName::Channel, "", &mut old.channel, &new.channel);
        fact(FactName::Level, "win:LogAlways", &mut old.level, &new.level);
        fact(FactName::Opcode, "win:Info", &mut old.opcode, &new.opcode);
        fact(FactName::Task, "win:None", &mut old.task, &new.task);
        judge.text(about, Word(&mut old.message, &at.0), Word(&new.message, &at.1));
        // Some captures hide the keywords that Windows reserves.
        if new.keywords.iter().all(|keyword| old.keywords.contains(keyword)) {
            return;
        }
        let words = (old.keywords.join(" "), new.keywords.join(" "));
        if old.keywords.iter().all(|keyword| new.keywords.contains(keyword))
            || judge.decide(about, FactName::Keywords, Word(&words.0, &at.0), Word(&words.1, &at.1)) == Choice::New
        {
            old.keywords.clone_from(&new.keywords);
        }
    }
}

/// Where two captures lay out different bytes.
struct Difference {
    field: String,
    old: String,
    new: String,
}

/// Adds sizes that one capture cannot hold. Everything else that fixes bytes has to be the same.
fn join_fields(old: &mut [Field], old_lengths: bool, new: &[Field], new_lengths: bool) -> Result<(), Difference> {
    let differ = |field: &str, old: String, new: String| Err(Difference { field: field.to_owned(), old, new });
    if old.len() != new.len() {
        return differ("it has", format!("{} fields", old.len()), format!("{} fields", new.len()));
    }
    for (old, new) in old.iter_mut().zip(new) {
        let what = format!("field {} has", new.name);
        if old.name != new.name {
            return differ("a field has", format!("the name {}", old.name), format!("the name {}", new.name));
        }
        if old.in_type != new.in_type {
            return differ(&what, format!("inType {}", old.in_type), format!("inType {}", new.in_type));
        }
        for (kind, old, new) in [("length", &mut old.length, &new.length), ("count", &mut old.count, &new.count)] {
            if old == new || (!new_lengths && new.is_none() && matches!(old, Some(Size::Fixed(_)))) {
                continue;
            }
            if !old_lengths && old.is_none() && matches!(new, Some(Size::Fixed(_))) {
                old.clone_from(new);
                continue;
            }
            return differ(&what, size(kind, old.as_ref()), size(kind, new.as_ref()));
        }
        join_fields(&mut old.members, old_lengths, &new.members, new_lengths)?;
    }
    Ok(())
}

fn size(kind: &str, size: Option<&Size>) -> String {
    match size {
        Some(Size::Fixed(number)) => format!("{kind} {number}"),
        Some(Size::Field(name)) => format!("{kind} {name}"),
        None => format!("no {kind}"),
    }
}

/// How values are shown: not a matter of bytes.
fn shown(about: &Subject, old: &mut Field, new: &Field, at: &(Place, Place), judge: &mut Judge<'_>) {
    let about = about.field(&new.name);
    judge.fact(&about, FactName::OutType, Word(&mut old.out_type, &at.0), Word(&new.out_type, &at.1));
    judge.fact(&about, FactName::Map, Word(&mut old.map, &at.0), Word(&new.map, &at.1));
    for (old, new) in old.members.iter_mut().zip(&new.members) {
        shown(&about, old, new, at, judge);
    }
}
