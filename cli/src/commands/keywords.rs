//! `smbetw keywords` and `smbetw record-help`: which events a mask lets pass, and how to record them.

use std::{io, ops::RangeInclusive};

use anstream::AutoStream;
use anstyle::Style;
use smbserver_etw::{descriptor::Keywords, schema::PROVIDER};

use super::Done;
use crate::{
    filter::{parse_ids, parse_keyword},
    help,
    output::sink::Sink,
    raw::without_prefix,
};

/// Shows the keywords of a mask, or the mask of keywords, and the events that it lets pass.
#[derive(clap::Args)]
#[command(after_long_help = help::KEYWORDS_AFTER)]
pub(crate) struct KeywordsArgs {
    /// A mask, 0x108403c0001fff, or names: Session,File; without it all keywords are listed
    #[arg(value_name = "MASK", value_delimiter = ',', value_parser = parse_keyword)]
    masks: Vec<u64>,

    /// The mask that lets the events with these ids pass, in any build: 551,1000-1020
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = parse_ids, conflicts_with = "masks")]
    id: Vec<RangeInclusive<u16>>,

    /// Lists the events that the mask lets pass
    #[arg(long)]
    events: bool,
}

/// Prints commands that record what this tool can read.
#[derive(clap::Args)]
#[command(after_long_help = help::RECORD_AFTER)]
#[group(multiple = false)]
pub(crate) struct RecordArgs {
    /// For response times: requests, responses, and the clients and files that they belong to
    #[arg(long)]
    latency: bool,

    /// For open files and their users: connections, sessions, shares, files
    #[arg(long)]
    opens: bool,

    /// For logons and denied accesses: events in the event logs, which Windows always writes
    #[arg(long)]
    security: bool,
}

const NAME: Style = Style::new().bold();

/// Runs `keywords`.
pub(crate) fn keywords(args: &KeywordsArgs) -> io::Result<Done> {
    let mut output = Sink::new(AutoStream::auto(io::stdout().lock()));
    let is_asked = !args.masks.is_empty() || !args.id.is_empty();
    let mask = args.masks.iter().fold(mask_of(&args.id), |all, mask| all | mask);
    let wanted = if is_asked { mask } else { u64::MAX };
    if is_asked {
        output.write(format!("{NAME}{mask:#x}{NAME:#}\n").as_bytes())?;
    }
    for (keyword, name) in Keywords::NAMED.iter().filter(|(keyword, _)| wanted & keyword.0 != 0) {
        let count = with_keyword(keyword.0).count();
        output.write(
            format!(
                "  {:>18}  {NAME}{:<14}{NAME:#} {count:>3} events\n",
                format!("{:#x}", keyword.0),
                without_prefix(name)
            )
            .as_bytes(),
        )?;
    }
    let known = Keywords::NAMED.iter().fold(0, |all, (keyword, _)| all | keyword.0);
    let unknown = mask & !known;
    if unknown != 0 {
        output.write(
            format!(
                "  {:>18}  not a keyword of the provider; the highest seven bits are those of channels\n",
                format!("{unknown:#x}")
            )
            .as_bytes(),
        )?;
    }
    let total = events(wanted).count();
    output.write(format!("{total} of {} events pass\n", PROVIDER.events.len()).as_bytes())?;
    if args.events {
        for (id, name) in events(wanted) {
            output.write(format!("  {id:>5}  {name}\n").as_bytes())?;
        }
    }
    output.flush()?;
    Ok(Done::AllDecoded)
}

/// All keywords that events with these ids have, in any build.
fn mask_of(ids: &[RangeInclusive<u16>]) -> u64 {
    let events = PROVIDER.events.iter().filter(|event| ids.iter().any(|ids| ids.contains(&event.id)));
    let layouts = events.flat_map(|event| event.versions.iter()).flat_map(|version| version.layouts.iter());
    layouts.flat_map(|layout| layout.headers).fold(0, |all, header| all | header.keywords)
}

/// The events that have one of these keywords in some layout.
fn with_keyword(mask: u64) -> impl Iterator<Item = (u16, &'static str)> {
    chosen(move |keywords| keywords & mask != 0)
}

/// The events that a session with this mask gets: those with one of its keywords in some layout, and those without any.
fn events(mask: u64) -> impl Iterator<Item = (u16, &'static str)> {
    chosen(move |keywords| keywords == 0 || keywords & mask != 0)
}

/// The events whose keywords, in some layout, pass a test.
fn chosen(is_of_kind: impl Fn(u64) -> bool) -> impl Iterator<Item = (u16, &'static str)> {
    let all = PROVIDER.events.iter().copied();
    let chosen = all.filter(move |event| {
        let layouts = event.versions.iter().flat_map(|version| version.layouts.iter());
        layouts.flat_map(|layout| layout.headers).any(|header| is_of_kind(header.keywords))
    });
    chosen.map(|event| (event.id, event.name))
}

/// The events that name clients and files: connections, sessions, trees, files, shares, and what was open before the
/// recording.
const NAMES: u64 = Keywords::CONNECTION.0
    | Keywords::SESSION.0
    | Keywords::TREE_CONNECT.0
    | Keywords::FILE.0
    | Keywords::SHARE.0
    | Keywords::RUNDOWN.0;

/// Runs `record-help`.
pub(crate) fn record_help(args: &RecordArgs) -> io::Result<Done> {
    let mut output = Sink::new(AutoStream::auto(io::stdout().lock()));
    let text = if args.security {
        SECURITY.to_owned()
    } else if args.opens {
        lines("open files and their users", NAMES)
    } else {
        lines("response times, with clients and files", NAMES | Keywords::REQUEST.0 | Keywords::RESPONSE.0)
    };
    output.write(text.as_bytes())?;
    output.flush()?;
    Ok(Done::AllDecoded)
}

/// For events that Windows logs without a session.
const SECURITY: &str = "\
Windows always writes these events to the event logs; copy the logs:
  wevtutil epl Microsoft-Windows-SMBServer/Security smb-security.evtx
  wevtutil epl Microsoft-Windows-SMBServer/Operational smb-operational.evtx
  wevtutil epl Microsoft-Windows-SMBServer/Connectivity smb-connectivity.evtx
  wevtutil epl Microsoft-Windows-SMBServer/Audit smb-audit.evtx
Read them:
  smbetw read smb-*.evtx
";

fn lines(what: &str, mask: u64) -> String {
    let guid = PROVIDER.guid;
    let names: Vec<_> = Keywords(mask).display_names().map(without_prefix).collect();
    format!(
        "\
To record {what}, as an administrator, on the server.
The mask {mask:#x} is {}.
Rundown events show what was open before the recording began; builds before 26100 do not have them.

logman:
  logman create trace smb -ow -o smb.etl -p \"{guid}\" {mask:#x} 0xff -nb 64 256 -bs 1024 -ets
  logman stop smb -ets

netsh:
  netsh trace start capture=no tracefile=smb.etl maxsize=1024 provider={guid} keywords={mask:#x} level=0xff
  netsh trace stop

wpr, with this as smb.wprp:
  <WindowsPerformanceRecorder Version=\"1.0\"><Profiles>
    <EventCollector Id=\"C\" Name=\"smb\"><BufferSize Value=\"1024\"/><Buffers Value=\"256\"/></EventCollector>
    <EventProvider Id=\"P\" Name=\"{}\" Level=\"255\">
      <Keywords><Keyword Value=\"{mask:#x}\"/></Keywords></EventProvider>
    <Profile Id=\"smb.Verbose.File\" Name=\"smb\" Description=\"smb\" LoggingMode=\"File\" DetailLevel=\"Verbose\"><Collectors>
      <EventCollectorId Value=\"C\"><EventProviders><EventProviderId Value=\"P\"/></EventProviders></EventCollectorId>
    </Collectors></Profile>
  </Profiles></WindowsPerformanceRecorder>
  wpr -start smb.wprp -filemode
  wpr -stop smb.etl

Read it, on any system:
  smbetw info smb.etl
  smbetw read smb.etl
",
        names.join(" | "),
        guid.to_string().trim_matches(['{', '}']),
    )
}
