//! The names that users of the generated crate write: from `names.lock` where it has them, else by the rules.

use std::collections::BTreeMap;

use super::{base_name, names};
use crate::names_lock::{NameKind, NamesLock, view_key};
use crate::overrides::Overrides;
use etw_schema::model::schema::{Event, Schema, Version};

/// The name of each event, all of them claimed before any view's.
pub(super) fn claim_event_names(schema: &Schema, overrides: &Overrides, lock: &mut NamesLock) -> Vec<String> {
    let renamed: BTreeMap<u16, &str> =
        overrides.renames.iter().filter_map(|r| Some((r.event?, r.to.as_str()))).collect();
    let mut name = |event: &Event| {
        let by_rule = match renamed.get(&event.id) {
            Some(name) => (*name).to_owned(),
            None => names::type_name(&base_name(event)),
        };
        let by_rule = if names::is_reserved_type(&by_rule) { format!("{by_rule}Event") } else { by_rule };
        let id = event.id.to_string();
        lock.claim(NameKind::Event, &id, &[by_rule.clone(), format!("{by_rule}{id}")])
    };
    schema.events.iter().map(&mut name).collect()
}

/// The module of an event.
pub(super) fn claim_module(id: u16, by_rule: &str, lock: &mut NamesLock) -> String {
    lock.claim(NameKind::Module, &id.to_string(), &[by_rule.to_owned()])
}

/// The names of a version's views and of their variants. The first layout that is ever named gets the plain name.
/// Any other name ends with the build that introduced the layout.
pub(super) fn claim_view_names(id: u16, event: &str, version: &Version, lock: &mut NamesLock) -> Vec<(String, String)> {
    let number = version.version;
    let mut names = Vec::new();
    for layout in &version.layouts {
        let plain = format!("{event}V{number}");
        let build = layout.builds.first().unwrap_or(0);
        let key = view_key(id, number, layout.newest_fields());
        let view = lock.claim(NameKind::View, &key, &[plain.clone(), format!("{plain}Build{build}")]);
        let variant = view.strip_prefix(event).unwrap_or(&view).to_owned();
        names.push((view, variant));
    }
    names
}

/// The name of every layout of a schema, in the order of [`Schema::layouts`]: these are the names of the
/// generated crate's views.
pub(crate) fn layout_names(schema: &Schema, overrides: &Overrides, lock: &NamesLock) -> Vec<String> {
    let mut lock = lock.clone();
    let event_names = claim_event_names(schema, overrides, &mut lock);
    let mut names = Vec::new();
    for (event, event_name) in schema.events.iter().zip(event_names) {
        for version in &event.versions {
            names.extend(claim_view_names(event.id, &event_name, version, &mut lock).into_iter().map(|(name, _)| name));
        }
    }
    names
}

/// The name of the static that describes a type: that of an event, a view or a struct, by the type's key.
pub(super) fn claim_static(of: NameKind, key: &str, type_name: &str, lock: &mut NamesLock) -> String {
    let constant = names::constant_name(type_name);
    // Types that differ in case alone have one name in capitals.
    lock.claim(NameKind::Static, &format!("{of} {key}"), &[constant.clone(), format!("{constant}_INFO")])
}
