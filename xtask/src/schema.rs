//! `schema`: the merged schema as one build sees it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use etw_codegen::names_lock::NamesLock;
use etw_codegen_cli::document::{Event, field, write_event};
use etw_codegen_cli::print;
use etw_codegen_cli::schema::Format;
use etw_schema::model::FactKind;
use etw_schema::model::schema::{Build, Exception, Fact, Layout, Schema};
use serde::Serialize;

use crate::{Result, manifests};

/// Prints the merged schema as one build sees it.
///
/// Reads the checked-in schema, generated/schema.json. What a capture holds that is not part of it shows
/// `cargo etw-codegen schema FILE`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The Windows build, for instance 26100. A build between two captures is shown as the lower one's.
    #[arg(long, value_name = "N")]
    build: u32,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask schema --build 26100
  cargo xtask schema --build 26100 --format json | jq -r '.events[].name'";

/// The JSON form. Its keys are a promise to scripts.
#[derive(Serialize)]
struct Document<'s> {
    provider: &'s str,
    guid: String,
    /// The capture shown.
    build: u32,
    product: &'s str,
    /// The version of the binary that the capture read; null where it is not known.
    binary_version: Option<&'s str>,
    /// Where each kind of fact comes from, and whether it was captured from this build.
    facts: &'s BTreeMap<FactKind, Fact>,
    /// Single events whose facts have another source.
    exceptions: &'s [Exception],
    events: Vec<Event<'s>>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let build = options.build;
    let (schema, names) = manifests::checked_in()?;
    let capture = schema.capture_for(build);
    let captured = capture.and_then(|n| schema.builds.iter().find(|b| b.number == n));
    let captured = captured.ok_or_else(|| manifests::too_old(&schema, build))?;
    if captured.number != build {
        let nearest = captured.number;
        print::err(&format!("build {build} was not captured; showing the nearest below it, {nearest}\n"))?;
    }
    let names = layout_names(&schema, &names);
    let document = document(&schema, captured, names);
    print::out(|out| match options.format {
        Format::Json => print::json(out, &document),
        Format::Text => write_text(out, &document),
    })
}

/// The views' names, in the order of [`Schema::layouts`]. A layout without one is newer than `names.lock`.
fn layout_names(schema: &Schema, names: &NamesLock) -> Vec<String> {
    let name = |(id, version, layout): (u16, u8, &Layout)| {
        let known = names.view(id, version, layout.newest_fields());
        known.map_or_else(|| format!("Event{id}V{version}"), str::to_owned)
    };
    schema.layouts().map(name).collect()
}

fn document<'s>(schema: &'s Schema, build: &'s Build, names: Vec<String>) -> Document<'s> {
    let layouts = schema.layouts().zip(names).filter(|((_, _, layout), _)| layout.builds.contains(build.number));
    let events = layouts.filter_map(|((id, version, layout), name)| {
        let header = layout.header_at(build.number)?;
        Some(Event {
            id,
            version,
            symbol: header.symbol.as_deref(),
            name: event_name(&name, version),
            layout: Some(name),
            channel: header.channel.as_deref(),
            level: header.level.as_deref(),
            opcode: header.opcode.as_deref(),
            task: header.task.as_deref(),
            keywords: &header.keywords,
            fields: layout.fields_at(build.number)?.iter().map(field).collect(),
            message: header.message.as_deref(),
        })
    });
    Document {
        provider: &schema.provider,
        guid: schema.guid.to_string(),
        build: build.number,
        product: &build.product,
        binary_version: Some(build.binary_version.as_str()).filter(|version| !version.is_empty()),
        facts: &build.facts,
        exceptions: &build.exceptions,
        events: events.collect(),
    }
}

/// The event's name within a layout's: the part before the version.
fn event_name(layout: &str, version: u8) -> String {
    let end = layout.rfind(&format!("V{version}")).unwrap_or(layout.len());
    layout[..end].to_owned()
}

fn write_text(out: &mut dyn Write, document: &Document<'_>) -> io::Result<()> {
    writeln!(out, "{} {}", document.provider, document.guid)?;
    writeln!(out, "build {} ({}), {} events", document.build, document.product, document.events.len())?;
    match document.binary_version {
        Some(version) => writeln!(out, "as of {version}; newer updates may have added events")?,
        None => writeln!(out, "as of no known update; other updates may have other events")?,
    }
    writeln!(out, "\nwhere the facts come from:")?;
    for (kind, fact) in document.facts {
        writeln!(out, "  {kind:30} {:9} {}", fact.status, fact.source)?;
    }
    for event in &document.events {
        write_event(out, event)?;
        write_exceptions(out, document.exceptions, event)?;
    }
    Ok(())
}

fn write_exceptions(out: &mut dyn Write, exceptions: &[Exception], event: &Event<'_>) -> io::Result<()> {
    let names = [event.id.to_string(), format!("{} v{}", event.id, event.version)];
    for exception in exceptions.iter().filter(|e| e.events.iter().any(|name| names.contains(name))) {
        writeln!(out, "  note on {}: {}", exception.fact, exception.note)?;
    }
    Ok(())
}
