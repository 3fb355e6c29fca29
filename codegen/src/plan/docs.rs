//! The words of the generated documentation.

use super::fields::{Access, Extent, FieldPlan, Fields, Kind};
use super::ir::Map;
use super::meanings::Context;
use super::phrases::{escape, name_builds};
use super::typed;
use etw_schema::message::{self, Piece};
use etw_schema::model::schema::{Event, Header, Layout, Schema};
use etw_schema::model::{Field, InType, OutType};

/// A message's template with its inserts as `insert` writes them: given the name of the field, or the number of an insert
/// without a field.
fn expand(template: &str, fields: &[Field], insert: impl Fn(Result<&str, usize>) -> String) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text,
        Piece::Insert { number, .. } => {
            insert(number.checked_sub(1).and_then(|at| fields.get(at)).map(|field| field.name.as_str()).ok_or(number))
        }
    };
    message::parse(template).into_iter().map(piece).collect()
}

/// What the event is in words: the first line of its message, with the names of the fields that it inserts. An event
/// without a message is called by its name.
fn find_title(layout: Option<&Layout>, name: &str) -> String {
    let title = layout.and_then(|layout| {
        let template = layout.newest_header()?.message.as_deref()?;
        let text =
            expand(template, layout.newest_fields(), |insert| insert.map_or_else(|n| format!("%{n}"), str::to_owned));
        let line = text.lines().find(|line| !line.trim().is_empty())?;
        Some(line.trim().trim_end_matches(['.', ':', '-', ' ']).to_owned())
    });
    title.unwrap_or_else(|| name.to_owned())
}

/// The documentation of an event, and what a search finds it by: its id, and its title.
pub(super) fn describe_event(schema: &Schema, event: &Event, name: &str, layouts: usize) -> (Vec<String>, Vec<String>) {
    let title = find_title(event.versions.last().and_then(|version| version.layouts.last()), name);
    let forms = match layouts {
        1 => "It has one layout; a later build may bring another.".to_owned(),
        n => format!(
            "It has {n} layouts. The accessors here are those that have one type in all of them; `Option`s where a layout \
             lacks the field."
        ),
    };
    let builds = name_builds(&super::history::builds_with(schema, event));
    let docs = vec![format!("Event {}: {}. {builds}.", event.id, escape(&title)), String::new(), forms];
    let mut aliases = vec![event.id.to_string()];
    aliases.extend(Some(title).filter(|title| title != name && can_be_an_alias(title)));
    (docs, aliases)
}

/// Whether rustdoc takes a text as another name of an item.
fn can_be_an_alias(text: &str) -> bool {
    let refused = |c: char| c == '"' || c == '\'' || c.is_control() || (c.is_whitespace() && c != ' ');
    !text.is_empty() && text.trim() == text && !text.contains(refused) && !text.contains('%')
}

pub(super) fn describe_layout(schema: &Schema, event: (&str, &Event, u8), layout: &Layout, info: &str) -> Vec<String> {
    let (name, event, version) = event;
    let id = event.id;
    let newest = layout.newest_header();
    let title = escape(&find_title(Some(layout), name));
    let builds = name_builds(&layout.builds);
    let mut lines = vec![format!("Event {id} version {version}: {title}. {builds}."), String::new()];
    lines.extend(
        describe_siblings(schema, event, version, layout, name).into_iter().flat_map(|line| [line, String::new()]),
    );
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
    if let Some(template) = newest.and_then(|header| header.message.as_deref()) {
        lines.extend(show_message(template, layout.newest_fields()));
    }
    lines.extend([
        String::new(),
        "# See also".to_owned(),
        String::new(),
        format!("[`{name}`], the event in all builds; [`schema::{info}`], the same as data. A crate with the feature `encode` has \
                 a struct of this name that makes its payload."),
    ]);
    lines
}

/// The message with the names of the fields that it inserts, as a block that nothing in it can end.
fn show_message(template: &str, fields: &[Field]) -> Vec<String> {
    let text = expand(template, fields, |insert| match insert {
        Ok(field) => format!("{{{field}}}"),
        Err(number) => format!("%{number}"),
    });
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut lines = vec![String::new(), "# Message".to_owned(), String::new(), format!("{fence}text")];
    lines.extend(text.trim_end().lines().map(|line| line.trim_end().to_owned()));
    lines.push(fence);
    lines
}

/// Says for which builds a layout is, if the version's layout depends on the build.
fn describe_siblings(schema: &Schema, event: &Event, version: u8, layout: &Layout, name: &str) -> Option<String> {
    let of_version = event.versions.iter().find(|known| known.version == version)?;
    if of_version.layouts.len() < 2 {
        return None;
    }
    let product = |number: u32| {
        let build = schema.builds.iter().find(|build| build.number == number);
        let product = build.and_then(|build| build.product.split(',').next()).filter(|product| !product.is_empty());
        product.map_or_else(|| format!("build {number}"), |product| format!("build {number} ({})", escape(product)))
    };
    let first = layout.builds.first()?;
    let last = layout.builds.last()?;
    let is_newest = schema.builds.last().is_some_and(|build| build.number == last);
    let when = match (layout.builds.ranges().len(), is_newest) {
        (1, true) => format!("from {} on", product(first)),
        (1, false) => format!("from {} to {}", product(first), product(last)),
        _ => format!("in {}", name_builds(&layout.builds).to_lowercase()),
    };
    Some(format!("Version {version} has other fields in other builds: read these {when}; [`{name}`] lists the others."))
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
    line += name_unit(field);
    if let Kind::Mapped(map, _) = plan.kind {
        let map = &maps[map];
        line += &format!(" Named by the map `{}`", map.text);
        line += if map.inferred { ", whose values are inferred." } else { "." };
    }
    line
}

/// What is known of the value's unit.
pub(super) fn name_unit(field: &Field) -> &'static str {
    let is_number = matches!(field.in_type, InType::UInt32 | InType::UInt64 | InType::Int32 | InType::Int64);
    match (field.in_type, field.out_type) {
        (_, Some(OutType::NtStatus)) => " An NTSTATUS.",
        (_, Some(OutType::Win32Error)) => " A Win32 error code.",
        (_, Some(OutType::HResult)) => " An HRESULT.",
        (InType::FileTime, _) => " In ticks of 100 ns since 1601, UTC.",
        _ if is_number && field.name.ends_with("Time") => " The manifest does not name its unit.",
        _ => "",
    }
}
