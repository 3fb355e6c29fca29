//! The words of the generated documentation.

use super::fields::{Access, Extent, FieldPlan, Fields, Kind};
use super::ir::Map;
use super::phrases::{escape, name_builds};
use super::typed;
use super::views::Context;
use etw_schema::model::schema::{Event, Header, Layout, Schema};
use etw_schema::model::{InType, OutType};

/// The first line of a message: what the event is.
fn find_title(header: Option<&Header>) -> Option<String> {
    let message = header?.message.as_deref()?;
    let first = message.split("%n").find(|line| !line.trim().is_empty())?;
    let first = first.lines().find(|line| !line.trim().is_empty())?;
    Some(escape(first.trim().trim_end_matches(['.', ':', '-', ' '])))
}

pub(super) fn describe_event(schema: &Schema, event: &Event, name: &str, layouts: usize) -> Vec<String> {
    let newest = event.versions.last().and_then(|v| v.layouts.last());
    let title = find_title(newest.and_then(Layout::newest_header)).unwrap_or_else(|| name.to_owned());
    let forms = match layouts {
        1 => "It has one layout; a later build may bring another.".to_owned(),
        n => format!("It has {n} layouts; match on the variant for the fields that not all of them share."),
    };
    let builds = name_builds(&super::history::builds_with(schema, event));
    vec![format!("{title}: event {}. {builds}.", event.id), String::new(), forms]
}

pub(super) fn describe_layout(schema: &Schema, event: (&str, u16, u8), layout: &Layout) -> Vec<String> {
    let (name, id, version) = event;
    let newest = layout.newest_header();
    let title = find_title(newest).unwrap_or_else(|| name.to_owned());
    let mut lines =
        vec![format!("{title}: event {id}, version {version}. {}.", name_builds(&layout.builds)), String::new()];
    let mut previous: Option<&Header> = None;
    for held in &layout.headers {
        let intro = match (previous, held.builds.first()) {
            (Some(_), Some(build)) => format!("From build {build}: "),
            _ => String::new(),
        };
        let facts = list_header_facts(&held.value, previous);
        if !facts.is_empty() {
            lines.push(format!("{intro}{facts}."));
        }
        previous = Some(&held.value);
    }
    if newest.is_some_and(|header| header.channel.is_none()) {
        lines.push("No channel: only trace sessions see it.".to_owned());
    }
    lines.extend(list_inferred(schema, id, version, layout));
    lines
}

/// Channel, level, opcode, task and keywords in words: all of them, or those that changed.
fn list_header_facts(header: &Header, previous: Option<&Header>) -> String {
    let mut facts = Vec::new();
    let mut fact = |what: &str, now: Option<&String>, before: Option<Option<&String>>| {
        if before == Some(now) {
            return;
        }
        match (now, before) {
            (Some(name), _) => facts.push(format!("{what} {}", escape(name.trim_start_matches("win:")))),
            (None, Some(_)) => facts.push(format!("no {what}")),
            (None, None) => {}
        }
    };
    fact("channel", header.channel.as_ref(), previous.map(|p| p.channel.as_ref()));
    fact("level", header.level.as_ref(), previous.map(|p| p.level.as_ref()));
    fact("opcode", header.opcode.as_ref(), previous.map(|p| p.opcode.as_ref()));
    fact("task", header.task.as_ref(), previous.map(|p| p.task.as_ref()));
    if previous.is_none_or(|p| p.keywords != header.keywords) && !header.keywords.is_empty() {
        let names: Vec<String> = header.keywords.iter().map(|k| escape(k.trim_start_matches("win:"))).collect();
        facts.push(format!("keywords {}", names.join(", ")));
    }
    if previous.is_some_and(|p| p.message != header.message) {
        facts.push("another message text".to_owned());
    }
    let mut text = facts.join(", ");
    if previous.is_none()
        && let Some(first) = text.get_mut(..1)
    {
        first.make_ascii_uppercase();
    }
    text
}

/// What is known of this event from elsewhere than the build's own capture.
fn list_inferred(schema: &Schema, id: u16, version: u8, layout: &Layout) -> Vec<String> {
    let names = [format!("{id} v{version}"), id.to_string()];
    let mut notes: Vec<(String, Vec<String>)> = Vec::new();
    for build in schema.builds.iter().filter(|b| layout.builds.contains(b.number)) {
        for exception in build.exceptions.iter().filter(|e| e.events.iter().any(|event| names.contains(event))) {
            let note = format!("{}: {}", escape(exception.fact.word()), escape(&exception.note));
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, builds)) => builds.push(build.number.to_string()),
                None => notes.push((note, vec![build.number.to_string()])),
            }
        }
    }
    if notes.is_empty() {
        return Vec::new();
    }
    let mut lines =
        vec![String::new(), "Not all of this was captured from the build itself:".to_owned(), String::new()];
    lines.extend(notes.into_iter().map(|(note, builds)| format!("- {note} ({})", builds.join(", "))));
    lines
}

/// The lines that document each accessor. `builds` says in which builds the event has a field of a name, where these
/// are not all of the event's.
pub(super) fn describe_fields(
    fields: &Fields,
    context: Context<'_>,
    builds: impl Fn(&str) -> String,
) -> Vec<Vec<String>> {
    let describe = |field: &FieldPlan| {
        let mut lines = vec![describe_field(field, fields, context.maps) + &builds(&field.field.name)];
        if let Some(doc) = typed::find(field, context).and_then(|named| named.doc) {
            lines.extend([String::new(), doc]);
        }
        lines
    };
    fields.list.iter().map(describe).collect()
}

fn describe_field(plan: &FieldPlan, all: &Fields, maps: &[Map]) -> String {
    let field = &plan.field;
    let mut line = format!("`{}`, `{}`", field.name, field.in_type);
    if let Some(out_type) = field.out_type.filter(|out| Some(*out) != field.in_type.default_out_type()) {
        line += &format!(" shown as `{out_type}`");
    }
    let counter = |at: &usize| all.list.get(*at).map_or("?", |f| f.field.name.as_str());
    match (&plan.access, &plan.kind) {
        (Access::Own(Extent::Field(at)), _) => line += &format!(" counted by `{}`", counter(at)),
        (Access::Own(Extent::Fixed(n)), Kind::Array(_) | Kind::List(_)) => line += &format!(", {n} elements"),
        (Access::Own(Extent::Fixed(n)), _) => line += &format!(" of length {n}"),
        (Access::Own(Extent::UntilNul), _) => line += ", NUL-terminated",
        _ => {}
    }
    match &plan.each {
        Extent::Field(at) => line += &format!(", each of length `{}`", counter(at)),
        Extent::Fixed(n) => line += &format!(", each of length {n}"),
        Extent::UntilNul => line += ", each NUL-terminated",
        Extent::Counted | Extent::Own => {}
    }
    line += ".";
    line += name_unit(field.in_type, field.out_type);
    if let Kind::Mapped(map, _) = plan.kind {
        let map = &maps[map];
        line += &format!(" Named by the map `{}`", map.text);
        line += if map.inferred { ", whose values are inferred." } else { "." };
    }
    line
}

/// What the type alone says of the value's unit.
fn name_unit(in_type: InType, out_type: Option<OutType>) -> &'static str {
    match (in_type, out_type) {
        (_, Some(OutType::NtStatus)) => " An NTSTATUS.",
        (_, Some(OutType::Win32Error)) => " A Win32 error code.",
        (_, Some(OutType::HResult)) => " An HRESULT.",
        (InType::FileTime, _) => " In ticks of 100 ns since 1601, UTC.",
        _ => "",
    }
}
