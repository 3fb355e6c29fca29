//! Fields that several layouts of a module describe alike: the tables say each of them once, as a constant.

use std::collections::BTreeMap;

use super::names::{Unique, constant_name};
use super::{FieldPlan, Module};

/// Names the constants. They are private to the module's tables, so that no lock holds them.
pub(super) fn name_fields(module: &mut Module) {
    let mut groups: BTreeMap<String, Vec<Group>> = BTreeMap::new();
    for field in fields(module) {
        let alike = groups.entry(constant_name(&field.field.name)).or_default();
        match alike.iter_mut().find(|group| group.field.is_told_like(field)) {
            Some(group) => group.count += 1,
            None => alike.push(Group { field: field.clone(), count: 1, constant: None }),
        }
    }
    let mut names = Unique::default();
    for event in &module.events {
        let layouts = event.layouts.iter().flat_map(|layout| {
            std::iter::once(&layout.info).chain(layout.fields.structs.iter().map(|structure| &structure.info))
        });
        for info in std::iter::once(&event.info).chain(layouts) {
            names.claim(info, "_INFO");
        }
    }
    for (name, alike) in &mut groups {
        for group in alike.iter_mut().filter(|group| group.count > 1) {
            group.constant = Some(names.claim(name, ""));
        }
    }
    for field in fields_mut(module) {
        let alike = groups.get(&constant_name(&field.field.name)).into_iter().flatten();
        field.constant =
            alike.into_iter().find(|group| group.field.is_told_like(field)).and_then(|g| g.constant.clone());
    }
}

/// Fields that are told alike.
struct Group {
    field: FieldPlan,
    count: usize,
    constant: Option<String>,
}

impl FieldPlan {
    /// Whether the tables say the same of both.
    fn is_told_like(&self, other: &Self) -> bool {
        let meaning = |plan: &Self| plan.meaning.as_ref().map(|meaning| meaning.meaning);
        (&self.field, &self.kind, self.map, meaning(self)) == (&other.field, &other.kind, other.map, meaning(other))
            && (self.extent(), &self.each) == (other.extent(), &other.each)
    }
}

fn fields(module: &Module) -> impl Iterator<Item = &FieldPlan> {
    module.events.iter().flat_map(|event| &event.layouts).flat_map(|layout| &layout.fields.fields)
}

fn fields_mut(module: &mut Module) -> impl Iterator<Item = &mut FieldPlan> {
    module.events.iter_mut().flat_map(|event| &mut event.layouts).flat_map(|layout| &mut layout.fields.fields)
}
