//! Assigns events to modules: by the overrides, or else by task.

use std::collections::BTreeMap;

use super::ir::Module;
use super::names;
use super::phrases::escape;
use crate::identifier::is_reserved_module;
use crate::overrides::ModuleRule;
use etw_schema::model::schema::{Event, Schema};

/// The documentation of the module for events that no rule claims.
pub(super) const OTHER: &str = "Events that no module of their own claims.";

/// The reason of a rule that was made of a task.
pub(super) const REASON: &str = "the events of one task";

/// A task with fewer events gets no module of its own.
const FEWEST: usize = 3;

/// The longest name of a module that is made of a task's: it is a file's name as well.
const LONGEST: usize = 100;

/// The modules of the rules, then the one for all other events.
pub(super) fn from_rules(rules: &[ModuleRule]) -> Vec<Module> {
    rules.iter().map(|rule| new_module(&rule.name, &rule.doc)).chain([new_module("other", OTHER)]).collect()
}

/// A module without events yet.
pub(super) fn new_module(name: &str, doc: &str) -> Module {
    Module { name: name.to_owned(), docs: vec![doc.to_owned()], events: Vec::new(), field_constants: Vec::new() }
}

/// The rule that claims an event: by its id, or else by the longest prefix of its name in the manifest.
pub(super) fn claim(id: u16, name: &str, rules: &[ModuleRule]) -> Option<usize> {
    if let Some(at) = rules.iter().position(|rule| rule.ids.contains(&id)) {
        return Some(at);
    }
    let claims = rules.iter().enumerate().flat_map(|(at, rule)| rule.prefixes.iter().map(move |p| (p, at)));
    claims
        .filter(|(prefix, _)| name.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, at)| at)
}

/// Rules for a provider that has none: a module for each task with several events.
pub(super) fn by_task(schema: &Schema) -> Vec<ModuleRule> {
    let mut tasks: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
    for event in &schema.events {
        if let Some(task) = find_task(event) {
            tasks.entry(task).or_default().push(event.id);
        }
    }
    let mut rules: BTreeMap<String, ModuleRule> = BTreeMap::new();
    for (task, ids) in tasks.into_iter().filter(|(_, ids)| ids.len() >= FEWEST) {
        let name: String = names::field_name(task).chars().take(LONGEST).collect();
        let name = if is_reserved_module(&name) { format!("{name}_events") } else { name };
        let rule = rules.entry(name.clone()).or_insert_with(|| ModuleRule {
            name,
            doc: format!("The events of the task {}.", escape(task)),
            reason: REASON.to_owned(),
            ..ModuleRule::default()
        });
        rule.ids.extend(ids);
    }
    rules.into_values().collect()
}

/// The newest task of an event.
fn find_task(event: &Event) -> Option<&str> {
    event.versions.last()?.layouts.last()?.newest_header()?.task.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_no_modules() {
        for name in ["aux", "con", "com1", "lpt9", "events"] {
            assert!(is_reserved_module(name), "{name}");
        }
        for name in ["audit", "com", "com10", "coma", "connection"] {
            assert!(!is_reserved_module(name), "{name}");
        }
    }
}
