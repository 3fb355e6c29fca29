//! Several captures of one build, combined to one.
//!
//! No tool shows all that a provider declares: a dump of a registered manifest has no texts and no outTypes, a listing no
//! maps, a binary no symbols. [`combine`] joins several captures of the same build. If only one of them gives a fact, it is
//! taken. If two give different facts, that is a contradiction: it is reported with both places, and a
//! person decides it in `overrides.toml`. An event with different bytes in two captures is left out until then: a wrong
//! guess would misread payloads without an error.
//!
//! Items are matched by their numbers and content, not by their names: tasks, levels and opcodes by value, keywords by mask,
//! channels by path, maps by name or by their entries, templates through the events that use them.

pub mod adopt;
mod decision;
mod events;
mod import;
mod judge;
mod names;
pub mod provenance;

pub use decision::{Contradiction, FactName, Subject};
pub use import::{Captures, Imported, import};

use crate::diagnostic::Diagnostics;
use crate::model::{DeclarationKind, Declare, Map, Opcode, Place, Provider, Task};
use crate::source::Format;
use judge::{Judge, Word};

/// What one capture says of the provider.
#[derive(Clone, Debug)]
pub struct CapturedProvider {
    /// The file's name, by which a decision names it.
    pub file: String,
    /// The file's format, which says what it cannot hold.
    pub format: Format,
    /// What it declares.
    pub provider: Provider,
}

/// Combines captures of one build, in their order: where two spell one fact differently, the first one's spelling stays.
///
/// `decisions` are the entries of `overrides.toml` for this build. One that decides nothing is an error: its
/// contradiction no longer exists.
pub fn combine(mut parts: Vec<CapturedProvider>, decisions: &[Contradiction]) -> (Provider, Diagnostics) {
    let mut judge = Judge::new(decisions, parts.iter().map(|part| part.file.clone()).collect());
    names::unify(&mut parts, &mut judge);
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return (Provider::default(), judge.finish()) };
    let mut events = events::Events::default();
    let mut out = first.provider.clone();
    events.add(&first, &mut judge);
    for part in parts {
        join_declarations(&mut out, &part, &mut judge);
        events.add(&part, &mut judge);
    }
    events.put_into(&mut out);
    (out, judge.finish())
}

/// Adds a further capture's declarations, without its events.
fn join_declarations(out: &mut Provider, part: &CapturedProvider, judge: &mut Judge<'_>) {
    let new = &part.provider;
    let old_at = out.at.clone();
    let mut fact = |name: FactName, old: &mut Option<String>, new_word: &Option<String>| {
        judge.fact(&Subject::Provider, name, Word(old, &old_at), Word(new_word, &new.at));
    };
    fact(FactName::Symbol, &mut out.symbol, &new.symbol);
    fact(FactName::ResourceFile, &mut out.resource_file, &new.resource_file);
    fact(FactName::MessageFile, &mut out.message_file, &new.message_file);
    fact(FactName::ParameterFile, &mut out.parameter_file, &new.parameter_file);
    judge.text(&Subject::Provider, Word(&mut out.message, &old_at), Word(&new.message, &new.at));
    if out.name.starts_with('{') {
        out.name.clone_from(&new.name); // an older binary, which does not hold it
    }
    join_each(
        &mut out.channels,
        &new.channels,
        |a, b| a.name.eq_ignore_ascii_case(&b.name),
        |old, new| {
            join_named(old, new, judge);
            let about = Subject::Declaration(DeclarationKind::Channel, new.name.clone());
            let at = (old.at.clone(), &new.at);
            judge.fact(&about, FactName::Type, Word(&mut old.kind, &at.0), Word(&new.kind, at.1));
            judge.fact(&about, FactName::Value, Word(&mut old.value, &at.0), Word(&new.value, at.1));
            judge.fact(&about, FactName::Enabled, Word(&mut old.enabled, &at.0), Word(&new.enabled, at.1));
            judge.fact(&about, FactName::Isolation, Word(&mut old.isolation, &at.0), Word(&new.isolation, at.1));
            old.imported |= new.imported;
        },
    );
    join_each(&mut out.levels, &new.levels, |a, b| a.value == b.value, |old, new| join_named(old, new, judge));
    join_each(&mut out.tasks, &new.tasks, Task::is_like, |old, new| {
        if old.is_placeholder {
            old.value = new.value;
            old.is_placeholder = new.is_placeholder;
        }
        join_named(old, new, judge);
        let about = Subject::Declaration(DeclarationKind::Task, new.name.clone());
        let at = old.at.clone();
        judge.fact(&about, FactName::EventGuid, Word(&mut old.event_guid, &at), Word(&new.event_guid, &new.at));
    });
    let same_opcode = |a: &Opcode, b: &Opcode| (a.value, &a.task) == (b.value, &b.task);
    join_each(&mut out.opcodes, &new.opcodes, same_opcode, |old, new| join_named(old, new, judge));
    join_each(&mut out.keywords, &new.keywords, |a, b| a.mask == b.mask, |old, new| join_named(old, new, judge));
    join_each(&mut out.maps, &new.maps, |a, b| a.name == b.name, |old, new| join_map(old, new, judge));
}

/// The symbol and the text of a declaration.
fn join_named<T: Declare + Clone>(old: &mut T, new: &T, judge: &mut Judge<'_>) {
    let declared = new.declaration();
    let about = Subject::Declaration(declared.kind, declared.shown.to_owned());
    let at = old.declaration().at.clone();
    let symbol = declared.symbol.map(str::to_owned);
    judge.fact(&about, FactName::Symbol, Word(old.symbol_mut(), &at), Word(&symbol, declared.at));
    if let Some(message) = old.message_mut() {
        let new_message = declared.message.map(str::to_owned);
        judge.text(&about, Word(message, &at), Word(&new_message, declared.at));
    }
}

/// Joins each new item to its like among the old ones, or adds it.
fn join_each<T: Clone>(old: &mut Vec<T>, new: &[T], same: impl Fn(&T, &T) -> bool, mut join: impl FnMut(&mut T, &T)) {
    for item in new {
        match old.iter_mut().find(|known| same(known, item)) {
            Some(known) => join(known, item),
            None => old.push(item.clone()),
        }
    }
}

fn join_map(old: &mut Map, new: &Map, judge: &mut Judge<'_>) {
    join_named(old, new, judge);
    let about = Subject::Declaration(DeclarationKind::Map, new.name.clone());
    let at = old.at.clone();
    let mut kind = Some(old.kind);
    judge.fact(&about, FactName::Kind, Word(&mut kind, &at), Word(&Some(new.kind), &new.at));
    old.kind = kind.unwrap_or_default();
    join_each(
        &mut old.entries,
        &new.entries,
        |a, b| a.value == b.value,
        |old, entry| {
            let about = Subject::MapEntry(new.name.clone(), entry.value);
            let at = old.at.clone();
            judge.fact(&about, FactName::Symbol, Word(&mut old.symbol, &at), Word(&entry.symbol, &entry.at));
            judge.text(&about, Word(&mut old.message, &at), Word(&entry.message, &entry.at));
        },
    );
}

/// A provider's place, or that of the first thing in it.
fn place_of(part: &CapturedProvider) -> Place {
    if part.provider.at.file.is_empty() { Place::file(&part.file) } else { part.provider.at.clone() }
}
