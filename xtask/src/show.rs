//! `show`: one event through all builds.

use std::io::{self, Write};

use etw_codegen::names_lock::{NameKind, NamesLock};
use etw_codegen_cli::print;
use etw_schema::diff::wire_type;
use etw_schema::model::Field;
use etw_schema::model::schema::{Builds, Event, Header, Held, Layout, Schema};

use crate::{Failure, Result, manifests};

/// Tells the history of one event through all builds: which builds have which versions and layouts, the fields with
/// the builds that have them, channels and messages.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The event's id, or its name or a part of it: 551, 0x227, Smb2SessionAuthFailure, authfailure
    #[arg(value_name = "ID|NAME")]
    event: String,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (schema, names) = manifests::checked_in()?;
    let event = find(&schema, &names, &options.event)?;
    print::out(|out| show(out, &schema, &names, event))
}

fn name_of<'n>(names: &'n NamesLock, event: &Event) -> &'n str {
    names.get(NameKind::Event, &event.id.to_string()).unwrap_or("(no name)")
}

fn find<'s>(schema: &'s Schema, names: &NamesLock, wanted: &str) -> Result<&'s Event> {
    if let Some(id) = number(wanted)? {
        let event = schema.events.iter().find(|event| event.id == id);
        return event.ok_or_else(|| Failure::cannot_run(format!("there is no event {id}")));
    }
    let lower = wanted.to_lowercase();
    let matches = |of: &str| of.to_lowercase().contains(&lower);
    if let Some(event) = schema.events.iter().find(|event| name_of(names, event).eq_ignore_ascii_case(wanted)) {
        return Ok(event);
    }
    let found: Vec<&Event> = schema.events.iter().filter(|event| matches(name_of(names, event))).collect();
    match found.as_slice() {
        [] => Err(Failure::cannot_run(format!("no event has `{wanted}` in its name"))),
        [event] => Ok(event),
        several => {
            let lines: Vec<String> = several.iter().map(|e| format!("  {:5} {}", e.id, name_of(names, e))).collect();
            let lines = lines.join("\n");
            Err(Failure::cannot_run(format!("several events have `{wanted}` in their names; which one?\n{lines}")))
        }
    }
}

/// The id that a text writes, decimal or hexadecimal with `0x`; `None` if it writes no number.
fn number(text: &str) -> Result<Option<u16>> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let is_number = match hex {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
    };
    if !is_number {
        return Ok(None);
    }
    let id = hex.map_or_else(|| text.parse(), |digits| u16::from_str_radix(digits, 16));
    let message = |_| Failure::cannot_run(format!("{text}: an id is at most 65535"));
    id.map(Some).map_err(message)
}

fn show(out: &mut dyn Write, schema: &Schema, names: &NamesLock, event: &Event) -> io::Result<()> {
    let bold = print::PALETTE.heading;
    let reset = print::PALETTE.reset;
    let name = name_of(names, event);
    let layouts = || event.versions.iter().flat_map(|v| v.layouts.iter().map(move |layout| (v.version, layout)));
    let builds = Builds::from_schema(schema, |build| layouts().any(|(_, layout)| layout.builds.contains(build)));
    let module = names.get(NameKind::Module, &event.id.to_string()).unwrap_or("?");
    writeln!(out, "{bold}event {} {name}{reset}, builds {builds}", event.id)?;
    writeln!(out, "Rust: smbserver_etw::events::{module}::{name}")?;
    writeln!(out, "\n{bold}layouts by build{reset} (an x where a build has the layout)")?;
    let views: Vec<(&Layout, String)> = layouts()
        .map(|(version, layout)| {
            let view = names.view(event.id, version, layout.newest_fields()).unwrap_or("?");
            (layout, view.strip_prefix(name).unwrap_or(view).to_owned())
        })
        .collect();
    table(out, schema, &views)?;
    for (layout, view) in &views {
        writeln!(out, "\n{bold}{name}{view}{reset}, builds {}", layout.builds)?;
        for held in &layout.headers {
            write_header(out, held, layout.headers.len() > 1)?;
        }
        write_fields(out, schema, event, layout, &builds)?;
    }
    Ok(())
}

/// Builds down, layouts across.
fn table(out: &mut dyn Write, schema: &Schema, views: &[(&Layout, String)]) -> io::Result<()> {
    let product = schema.builds.iter().map(|build| build.product.chars().count()).max().unwrap_or(0);
    let heads: Vec<String> = views.iter().map(|(_, view)| view.clone()).collect();
    writeln!(out, "  {:5}  {:product$}  {}", "", "", heads.join("  "))?;
    for build in &schema.builds {
        let cells = views.iter().map(|(layout, view)| {
            format!("{:^1$}", if layout.builds.contains(build.number) { "x" } else { "." }, view.chars().count())
        });
        let cells: Vec<String> = cells.collect();
        writeln!(out, "  {:5}  {:product$}  {}", build.number, build.product, cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn write_header(out: &mut dyn Write, held: &Held<Header>, told: bool) -> io::Result<()> {
    let header = &held.value;
    let facts = [
        ("channel", header.channel.clone()),
        ("level", header.level.clone()),
        ("opcode", header.opcode.clone()),
        ("task", header.task.clone()),
        ("keywords", (!header.keywords.is_empty()).then(|| header.keywords.join(" "))),
    ];
    let facts: Vec<String> = facts.into_iter().filter_map(|(what, name)| Some(format!("{what} {}", name?))).collect();
    let builds = if told { format!("[{}] ", held.builds) } else { String::new() };
    writeln!(
        out,
        "  {builds}{}",
        if facts.is_empty() { "no channel, level or task".to_owned() } else { facts.join(", ") }
    )?;
    let Some(message) = &header.message else { return writeln!(out, "  no message") };
    for line in message.split("%n").flat_map(str::lines).filter(|line| !line.trim().is_empty()) {
        writeln!(out, "  | {}", line.trim_end())?;
    }
    Ok(())
}

fn write_fields(out: &mut dyn Write, schema: &Schema, event: &Event, layout: &Layout, all: &Builds) -> io::Result<()> {
    let fields = layout.newest_fields();
    if fields.is_empty() {
        return writeln!(out, "  no fields");
    }
    let dim = print::PALETTE.dim;
    let reset = print::PALETTE.reset;
    let width = |text: fn(&Field) -> String| fields.iter().map(|f| text(f).chars().count()).max().unwrap_or(0);
    let names = width(|f| f.name.clone());
    let types = width(wire_type);
    for (at, field) in fields.iter().enumerate() {
        let mut shown = field.out_type.map_or_else(String::new, |out_type| out_type.name().to_owned());
        if let Some(map) = &field.map {
            shown += &format!(" map {map}");
        }
        let has = |layout: &&Layout| layout.newest_fields().iter().any(|other| other.name == field.name);
        let layouts = || event.versions.iter().flat_map(|version| &version.layouts).filter(has);
        let builds = Builds::from_schema(schema, |build| layouts().any(|layout| layout.builds.contains(build)));
        let history = if builds == *all { String::new() } else { format!("{dim}builds {builds}{reset}") };
        let line = format!("{:3}  {:names$}  {:types$}  {shown:18}  {history}", at + 1, field.name, wire_type(field));
        writeln!(out, "  {}", line.trim_end())?;
    }
    Ok(())
}
