//! What reflection says of the fields. Fields that are equal in several layouts of a module are constants of the
//! module's tables, so that the tables say each of them once.

use super::fields::{Extent, FieldPlan, Fields, Item, Kind};
use super::ir::{FieldEntry, FieldInfo, InfoSize, Module};
use super::meanings::Context;
use super::names::{Unique, constant_name, private};
use super::types;
use etw_schema::model::Size;

/// The fields of a view, as reflection describes them.
pub(super) fn plan_fields(fields: &Fields, context: Context<'_>) -> Vec<FieldEntry> {
    fields.list.iter().map(|field| FieldEntry::Own(describe(field, fields, context))).collect()
}

fn describe(plan: &FieldPlan, all: &Fields, context: Context<'_>) -> FieldInfo {
    let field = &plan.field;
    let extent = plan.extent();
    let length = field.length.as_ref().filter(|_| field.in_type.takes_length());
    let of_one = if field.count.is_some() { &plan.each } else { extent };
    let members = match plan.kind {
        Kind::One(Item::Struct(at)) | Kind::List(Item::Struct(at)) => Some(all.structs[at].info.clone()),
        _ => None,
    };
    FieldInfo {
        name: field.name.clone(),
        in_type: field.in_type.ident(),
        out_type: field
            .out_type
            .filter(|out_type| Some(*out_type) != field.in_type.default_out_type())
            .map(etw_schema::model::OutType::ident),
        length: length.map(|length| resolve_size(length, of_one)),
        count: field.count.as_ref().map(|count| resolve_size(count, extent)),
        map: plan.map.map(|map| types::path_of_map_info(&context.maps[map])),
        meaning: plan.meaning.as_ref().map(|meaning| context.meanings[meaning.meaning].info.clone()),
        members,
    }
}

/// A length or count; where a field gives it, the plan knows which.
fn resolve_size(size: &Size, extent: &Extent) -> InfoSize {
    match (size, extent) {
        (Size::Fixed(n), _) => InfoSize::Fixed(*n),
        (Size::Field(_), Extent::Field(at)) => InfoSize::Field(*at),
        (Size::Field(_), _) => InfoSize::Field(0),
    }
}

/// Makes constants of the fields that are described more than once, in the order of their first use.
pub(super) fn share_fields(module: &mut Module) {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_name: std::collections::BTreeMap<String, Vec<usize>> = std::collections::BTreeMap::new();
    for entry in entries_mut(module) {
        let FieldEntry::Own(info) = entry else { continue };
        let namesakes = by_name.entry(info.name.clone()).or_default();
        if let Some(at) = namesakes.iter().find(|at| groups[**at].info == *info) {
            groups[*at].count += 1;
        } else {
            namesakes.push(groups.len());
            groups.push(Group { info: info.clone(), count: 1, constant: String::new() });
        }
    }
    let mut names = Unique::default();
    for group in groups.iter_mut().filter(|group| group.count > 1) {
        group.constant = names.claim(&private(&constant_name(&group.info.name)), "");
    }
    for entry in entries_mut(module) {
        let FieldEntry::Own(info) = entry else { continue };
        let mut namesakes = by_name.get(&info.name).into_iter().flatten().map(|at| &groups[*at]);
        if let Some(group) = namesakes.find(|group| group.info == *info && group.count > 1) {
            *entry = FieldEntry::Constant(group.constant.clone());
        }
    }
    let shared = groups.into_iter().filter(|group| group.count > 1);
    module.field_constants = shared.map(|group| (group.constant, group.info)).collect();
}

/// Fields with identical descriptions.
struct Group {
    info: FieldInfo,
    count: usize,
    constant: String,
}

fn entries_mut(module: &mut Module) -> impl Iterator<Item = &mut FieldEntry> {
    module.events.iter_mut().flat_map(|event| &mut event.layouts).flat_map(|layout| &mut layout.view.fields)
}
