//! `smbetw events` and `smbetw show`: what this tool knows about events, from the reflection of the generated crate.

use std::io;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use etw_runtime::{BuildRange, EventInfo, FieldInfo, LayoutInfo, Size};
use smbserver_etw::{Build, schema::PROVIDER};

use super::Done;
use crate::{
    help, names,
    output::{
        header,
        sink::Sink,
        text::{Breaks, visible},
    },
    raw,
    source::{
        json_line::{parse_build, parse_number},
        paths::matches,
    },
};

/// Lists the events that this tool knows. Searches by id, name, field, message.
#[derive(clap::Args)]
#[command(after_long_help = help::EVENTS_AFTER)]
pub(crate) struct EventsArgs {
    /// A text to look for in ids, names, fields and messages; it may contain * and ?
    #[arg(value_name = "TEXT")]
    text: Option<String>,

    /// Events of this Windows build only
    #[arg(long, value_name = "N", value_parser = parse_build)]
    build: Option<Build>,
}

/// Shows an event: its layouts by build, with the offset of each field.
#[derive(clap::Args)]
#[command(after_long_help = help::SHOW_AFTER)]
pub(crate) struct ShowArgs {
    /// The event's id, or its name
    #[arg(value_name = "EVENT", value_parser = parse_event)]
    event: &'static EventInfo,

    /// The layout of this Windows build only
    #[arg(long, value_name = "N", value_parser = parse_build)]
    build: Option<Build>,
}

fn parse_event(text: &str) -> Result<&'static EventInfo, String> {
    match parse_number::<u16>(text) {
        Ok(id) => PROVIDER.event(id).ok_or_else(|| format!("there is no event {id}; `smbetw events` lists them")),
        Err(_) => names::event(text).map_err(|error| error.to_string()),
    }
}

const NAME: Style = Style::new().bold();
const LABEL: Style = AnsiColor::Cyan.on_default();

/// Runs `events`.
pub(crate) fn list(args: &EventsArgs) -> io::Result<Done> {
    let mut output = Sink::new(AutoStream::auto(io::stdout().lock()));
    let pattern = args.text.as_ref().map(|text| format!("*{text}*"));
    let mut found = 0u32;
    for &event in PROVIDER.events {
        let layouts: Vec<_> = layouts_of(event, args.build).collect();
        let Some(newest) = layouts.last() else { continue };
        let is_meant = pattern.as_ref().is_none_or(|pattern| {
            matches(pattern, &event.id.to_string())
                || matches(pattern, event.name)
                || layouts.iter().any(|layout| is_in(pattern, layout))
        });
        if is_meant {
            found += 1;
            output.write(line(event, newest).as_bytes())?;
        }
    }
    output.flush()?;
    if found == 0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no event has this in its id, name, fields or message"));
    }
    Ok(Done::AllDecoded)
}

/// The layouts of an event, in one build or in all, the newest last.
fn layouts_of(event: &'static EventInfo, build: Option<Build>) -> impl Iterator<Item = &'static LayoutInfo> {
    let capture = build.map(|build| PROVIDER.capture_for(build.number()).unwrap_or_default());
    let all = event.versions.iter().flat_map(|version| version.layouts.iter().copied());
    all.filter(move |layout| capture.is_none_or(|capture| layout.holds_in(capture)))
}

fn is_in(pattern: &str, layout: &LayoutInfo) -> bool {
    layout.fields.iter().any(|field| matches(pattern, field.name))
        || layout.headers.iter().filter_map(|header| header.message).any(|message| matches(pattern, message))
}

/// A message with its inserts, and with line breaks, which the manifest writes as `%n`.
fn template_text(message: &str) -> String {
    message.replace("%n", "\n").replace("%t", "\t").replace("%r", "").replace("%%", "%")
}

fn line(event: &EventInfo, newest: &LayoutInfo) -> String {
    let known = newest.newest_header();
    let channel = known.and_then(|known| known.channel).map(|number| {
        let name = header::channel(smbserver_etw::descriptor::Channel(number));
        name.rsplit('/').next().unwrap_or_default().to_owned()
    });
    let level = known.map(|known| header::level(known.level)).unwrap_or_default();
    let message = known.and_then(|known| known.message).map(template_text).unwrap_or_default();
    let message = message.lines().map(str::trim).find(|line| !line.is_empty());
    format!(
        "{:>5}  {NAME}{:<38}{NAME:#} {:<13} {:<13} {}\n",
        event.id,
        event.name,
        channel.unwrap_or_else(|| "-".to_owned()),
        level,
        visible(message.unwrap_or_default(), Breaks::Escaped),
    )
}

/// Runs `show`.
pub(crate) fn show(args: &ShowArgs) -> io::Result<Done> {
    let mut output = Sink::new(AutoStream::auto(io::stdout().lock()));
    let layouts: Vec<_> = layouts_of(args.event, args.build).collect();
    if layouts.is_empty() {
        let build = args.build.map_or(0, Build::number);
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("build {build} has no event {}", args.event.id)));
    }
    output.write(format!("{NAME}{}{NAME:#}: event {}\n", args.event.name, args.event.id).as_bytes())?;
    for layout in layouts {
        output.write(layout_text(layout).as_bytes())?;
    }
    output.flush()?;
    Ok(Done::AllDecoded)
}

fn layout_text(layout: &LayoutInfo) -> String {
    let mut text =
        format!("\n{NAME}version {}, builds {}{NAME:#} ({})\n", layout.version, builds(layout.builds), layout.name);
    if let Some(known) = layout.newest_header() {
        let mut parts = vec![format!("level {}", header::level(known.level))];
        parts.extend(
            known
                .channel
                .map(|number| format!("channel {}", header::channel(smbserver_etw::descriptor::Channel(number)))),
        );
        if known.task != 0 {
            parts.push(format!("task {}", header::task(known.task)));
        }
        if known.opcode != 0 {
            parts.push(format!("opcode {}", header::opcode(known.opcode)));
        }
        let keywords = raw::keyword_names(known.keywords, None);
        if !keywords.is_empty() {
            parts.push(format!("keywords {}", keywords.join(" | ")));
        }
        text.push_str(&format!("{}\n", parts.join(", ")));
        if let Some(message) = known.message {
            text.push_str(&format!("{}\n", visible(template_text(message).trim_end(), Breaks::Kept)));
        }
    }
    if layout.fields.is_empty() {
        text.push_str("no fields\n");
    }
    let width = layout.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    let mut place = Place { fixed: 0, after: Vec::new() };
    for (index, field) in layout.fields.iter().enumerate() {
        let number = index + 1;
        let place_text = place.to_text();
        text.push_str(&format!(
            "  {place_text:<8} {number:>3}  {LABEL}{:<width$}{LABEL:#}  {}{}\n",
            field.name,
            type_text(layout, field),
            meaning_text(field),
        ));
        place.pass(field);
    }
    if !place.after.is_empty() {
        text.push_str(&format!("  * and behind: the sizes of {} come on top\n", place.after.join(", ")));
    }
    text
}

/// The offset of a field: fixed, or counted from the end of fields of variable size.
struct Place {
    fixed: usize,
    after: Vec<&'static str>,
}

impl Place {
    fn to_text(&self) -> String {
        let mark = if self.after.is_empty() { "" } else { "*" };
        format!("+{:#x}{mark}", self.fixed)
    }

    fn pass(&mut self, field: &FieldInfo) {
        match field.fixed_size() {
            Some(size) => self.fixed += size,
            None => self.after.push(field.name),
        }
    }
}

fn type_text(layout: &LayoutInfo, field: &FieldInfo) -> String {
    let mut text = field.in_type.name().to_owned();
    let size = |size: Size| match size {
        Size::Fixed(number) => number.to_string(),
        Size::Field(index) => {
            layout.fields.get(usize::from(index)).map_or_else(|| "?".to_owned(), |field| field.name.to_owned())
        }
    };
    if let Some(length) = field.length {
        text.push_str(&format!(", length {}", size(length)));
    }
    if let Some(count) = field.count {
        text.push_str(&format!(", count {}", size(count)));
    }
    if let Some(out_type) = field.out_type {
        text.push_str(&format!(" ({})", out_type.name()));
    }
    text
}

fn meaning_text(field: &FieldInfo) -> String {
    field.map.map_or_else(String::new, |map| format!(", map {}", map.name))
}

fn builds(ranges: &[BuildRange]) -> String {
    let texts = ranges.iter().map(|range| match range {
        BuildRange { first, last } if first == last => first.to_string(),
        BuildRange { first, last } => format!("{first} to {last}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}
