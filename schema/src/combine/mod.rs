//! Several captures of one build, combined to one.
//!
//! No tool shows all that a provider declares: a dump of a registered manifest has no texts and no outTypes, a listing no
//! maps, a binary no symbols. [`combine`] puts together what several say of the same build. Where one is silent the other is
//! believed. Where both speak and say different things, that is a contradiction: it is reported with both places, and a
//! person decides it in `overrides.toml`. An event of which two captures give different bytes is left out until then: a
//! guess would be misread in silence.
//!
//! Items are matched by what they stand for, not by their names: tasks, levels and opcodes by value, keywords by mask,
//! channels by path, maps by name or by their entries, templates through the events that use them.

pub mod adopt;
mod events;
mod import;
mod judge;
mod names;
pub mod provenance;

pub use import::{Captures, Imported, import};

use crate::diagnostic::Diagnostics;
use crate::model::{Map, Place, Provider};
use crate::source::Format;
use judge::{Judge, Word};
use serde::Deserialize;

/// What one capture says of the provider.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file's name, by which a decision names it.
    pub file: String,
    /// The file's format, which says what it cannot hold.
    pub format: Format,
    /// What it declares.
    pub provider: Provider,
}

/// A contradiction between two captures of one build, decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The build.
    pub build: u32,
    /// What it is about, in the words of the diagnostic: `event 5 version 0: message`.
    pub about: String,
    /// The file to believe.
    pub take: String,
    /// Why.
    pub reason: String,
}

/// Combines captures of one build, in their order: where both say a thing in their own way, the first one's stays.
///
/// `decisions` are the entries of `overrides.toml` for this build. One that decides nothing is an error: it is about
/// something that no longer is.
pub fn combine(mut parts: Vec<Part>, decisions: &[Contradiction]) -> (Provider, Diagnostics) {
    let mut judge = Judge::new(decisions, parts.iter().map(|part| part.file.clone()).collect());
    names::unify(&mut parts, &mut judge);
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return (Provider::default(), judge.finish()) };
    let mut events = events::Events::default();
    let mut out = first.provider.clone();
    events.add(&first, &mut judge);
    for part in parts {
        declarations(&mut out, &part, &mut judge);
        events.add(&part, &mut judge);
    }
    events.put_into(&mut out);
    (out, judge.finish())
}

/// Adds what a further capture declares beside its events.
fn declarations(out: &mut Provider, part: &Part, judge: &mut Judge<'_>) {
    let new = &part.provider;
    let (old_at, new_at) = (out.at.clone(), new.at.clone());
    let mut fact = |what: &str, old: &mut Option<String>, new: &Option<String>| {
        judge.fact(&format!("provider: {what}"), Word(old, &old_at), Word(new, &new_at));
    };
    fact("symbol", &mut out.symbol, &new.symbol);
    fact("resource file", &mut out.resource_file, &new.resource_file);
    fact("message file", &mut out.message_file, &new.message_file);
    fact("parameter file", &mut out.parameter_file, &new.parameter_file);
    judge.text("provider: message", Word(&mut out.message, &old_at), Word(&new.message, &new_at));
    if out.name.starts_with('{') {
        out.name.clone_from(&new.name); // an older binary, which does not hold it
    }
    each(
        &mut out.channels,
        &new.channels,
        |a, b| a.name.eq_ignore_ascii_case(&b.name),
        |old, new| {
            let about = format!("channel {}", new.name);
            let at = (old.at.clone(), &new.at);
            judge.fact(&format!("{about}: symbol"), Word(&mut old.symbol, &at.0), Word(&new.symbol, at.1));
            judge.fact(&format!("{about}: type"), Word(&mut old.kind, &at.0), Word(&new.kind, at.1));
            judge.fact(&format!("{about}: value"), Word(&mut old.value, &at.0), Word(&new.value, at.1));
            judge.fact(&format!("{about}: enabled"), Word(&mut old.enabled, &at.0), Word(&new.enabled, at.1));
            judge.fact(&format!("{about}: isolation"), Word(&mut old.isolation, &at.0), Word(&new.isolation, at.1));
            judge.text(&format!("{about}: message"), Word(&mut old.message, &at.0), Word(&new.message, at.1));
            old.imported |= new.imported;
        },
    );
    /// What levels, opcodes, tasks and keywords have in common.
    macro_rules! named {
        ($list:ident, $kind:literal, $same:expr) => {
            each(&mut out.$list, &new.$list, $same, |old, new| {
                let about = format!("{} {}", $kind, new.name);
                let at = (old.at.clone(), &new.at);
                judge.fact(&format!("{about}: symbol"), Word(&mut old.symbol, &at.0), Word(&new.symbol, at.1));
                judge.text(&format!("{about}: message"), Word(&mut old.message, &at.0), Word(&new.message, at.1));
            });
        };
    }
    named!(levels, "level", |a, b| a.value == b.value);
    named!(tasks, "task", |a, b| a.value == b.value);
    named!(opcodes, "opcode", |a, b| (a.value, &a.task) == (b.value, &b.task));
    named!(keywords, "keyword", |a, b| a.mask == b.mask);
    each(
        &mut out.tasks,
        &new.tasks,
        |a, b| a.value == b.value,
        |old, new| {
            let about = format!("task {}: eventGUID", new.name);
            let old_at = old.at.clone();
            judge.fact(&about, Word(&mut old.event_guid, &old_at), Word(&new.event_guid, &new.at));
        },
    );
    each(&mut out.maps, &new.maps, |a, b| a.name == b.name, |old, new| map(old, new, judge));
}

/// Joins each new item to its like among the old ones, or adds it.
fn each<T: Clone>(old: &mut Vec<T>, new: &[T], same: impl Fn(&T, &T) -> bool, mut join: impl FnMut(&mut T, &T)) {
    for item in new {
        match old.iter_mut().find(|known| same(known, item)) {
            Some(known) => join(known, item),
            None => old.push(item.clone()),
        }
    }
}

fn map(old: &mut Map, new: &Map, judge: &mut Judge<'_>) {
    let about = format!("map {}", new.name);
    let at = old.at.clone();
    judge.fact(&format!("{about}: symbol"), Word(&mut old.symbol, &at), Word(&new.symbol, &new.at));
    let (mut kind, new_kind) = (Some(old.kind), Some(new.kind));
    judge.fact(&format!("{about}: kind"), Word(&mut kind, &at), Word(&new_kind, &new.at));
    old.kind = kind.unwrap_or_default();
    each(
        &mut old.entries,
        &new.entries,
        |a, b| a.value == b.value,
        |old, new| {
            let about = format!("{about}, value {}", new.value);
            let at = old.at.clone();
            judge.fact(&format!("{about}: symbol"), Word(&mut old.symbol, &at), Word(&new.symbol, &new.at));
            judge.text(&format!("{about}: message"), Word(&mut old.message, &at), Word(&new.message, &new.at));
        },
    );
}

/// A provider's place, or that of the first thing in it.
fn place(part: &Part) -> Place {
    if part.provider.at.file.is_empty() { Place::file(&part.file) } else { part.provider.at.clone() }
}
