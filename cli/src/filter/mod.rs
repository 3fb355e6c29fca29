//! The filter of events. Some conditions are tested before an event is decoded, the others afterwards.

mod expression;
mod network;

use std::ops::RangeInclusive;

use smbserver_etw::{
    Event, NtStatus, Record as _,
    descriptor::{Channel, Keywords},
    schema::PROVIDER,
};

use crate::{
    facts, names,
    output::header,
    raw::{Raw, channel_bit, without_prefix},
    source::{Prefilter, json_line::parse_number, paths::matches},
    time::{self, Given, Zone},
};
use expression::Expression;
use network::Network;

/// The arguments that choose events. An event must meet all of them.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Which events")]
pub(crate) struct FilterArgs {
    /// Events with these ids: 551,1000-1020
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = parse_ids)]
    pub(crate) id: Vec<RangeInclusive<u16>>,

    /// Events without these ids
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = parse_ids)]
    exclude_id: Vec<RangeInclusive<u16>>,

    /// Events with these names, which may contain * and ?: Smb2Response*
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_event)]
    event: Vec<EventPattern>,

    /// Events of these channels: Security, Operational …
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_channel)]
    channel: Vec<u8>,

    /// Events of this level or a more severe one: Error, Warning, Informational, or a number
    #[arg(long, value_name = "LEVEL", value_parser = header::parse_level)]
    level: Option<u8>,

    /// Events with one of these keywords: Session,File, or a mask, 0x30
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_keyword)]
    keyword: Vec<u64>,

    /// Events at this time or later: 2026-11-20T08:00:00Z, 2026-11-20 (UTC unless --local), or how long ago: 30m, 2h, 7d
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<Given>,

    /// Events before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<Given>,

    /// Events with this client's address: 10.1.2.3, 10.0.0.0/8, 2001:db8::/32; or its name, which may contain * and ?
    #[arg(long, value_name = "CLIENT", value_parser = parse_client)]
    client: Option<Client>,

    /// Events with this user: alice, CONTOSO\\alice, CONTOSO\\*
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// Events with this share: DATA, *$
    #[arg(long, value_name = "SHARE")]
    share: Option<String>,

    /// Events with this status: STATUS_ACCESS_DENIED, 0xc0000022, or error for all error codes
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    status: Option<Status>,

    /// Events whose fields meet a condition: 'LengthRead > 65536 && Status != 0'
    #[arg(long = "where", value_name = "CONDITION", value_parser = expression::parse)]
    condition: Option<Expression>,
}

/// Events by name.
#[derive(Clone, Debug)]
struct EventPattern(Vec<u16>);

/// A client by address or name.
#[derive(Clone, Debug)]
enum Client {
    Network(Network),
    Name(String),
}

/// A status, or all errors.
#[derive(Clone, Copy, Debug)]
enum Status {
    Error,
    Is(NtStatus),
}

impl FilterArgs {
    /// The conditions that can be tested before an event is copied.
    pub(crate) fn prefilter(&self, zone: &Zone) -> Prefilter {
        let within = |time: Given| time.within(zone);
        Prefilter {
            ids: self.id.clone(),
            without: self.exclude_id.clone(),
            since: self.since.map(within),
            until: self.until.map(within),
        }
    }

    /// The id, if only one is wanted.
    pub(crate) fn only_id(&self) -> Option<u16> {
        match (self.id.as_slice(), self.event.as_slice()) {
            ([range], []) if range.start() == range.end() => Some(*range.start()),
            ([], [EventPattern(ids)]) if ids.len() == 1 => ids.first().copied(),
            _ => None,
        }
    }

    /// Tests an event by its header, before it is decoded.
    pub(crate) fn admits_raw(&self, raw: &Raw) -> bool {
        let header = raw.header.as_ref();
        let named = self.event.is_empty() || self.event.iter().any(|EventPattern(ids)| ids.contains(&raw.id));
        let of_channel = self.channel.is_empty()
            || header.and_then(|header| header.channel).is_some_and(|channel| self.channel.contains(&channel.0));
        let of_level = self.level.is_none_or(|level| header.is_some_and(|header| header.level <= level));
        let bits = header.map_or(0, |header| header.keywords & !header.channel.map_or(0, channel_bit));
        let of_keyword = self.keyword.is_empty() || self.keyword.iter().any(|mask| bits & mask != 0);
        named && of_channel && of_level && of_keyword
    }

    /// Tests an event by its fields.
    pub(crate) fn admits(&self, event: &Event<'_>) -> bool {
        self.admits_client(event)
            && self.user.as_ref().is_none_or(|pattern| facts::user(event).is_some_and(|user| is_user(pattern, &user)))
            && self.share.as_ref().is_none_or(|pattern| {
                let share = facts::share(event);
                share.is_some_and(|share| matches(pattern, &share) || matches(pattern, facts::share_name(&share)))
            })
            && self.admits_status(event)
            && self.condition.as_ref().is_none_or(|condition| condition.holds(event))
    }

    fn admits_client(&self, event: &Event<'_>) -> bool {
        match &self.client {
            None => true,
            // The address counts. An event without one may have an address as the client's name.
            Some(Client::Network(network)) => match facts::address(event) {
                Some(address) => network.contains(address),
                None => {
                    named_client(event).is_some_and(|name| name.parse().is_ok_and(|address| network.contains(address)))
                }
            },
            Some(Client::Name(pattern)) => named_client(event).is_some_and(|name| matches(pattern, &name)),
        }
    }

    fn admits_status(&self, event: &Event<'_>) -> bool {
        match self.status {
            None => true,
            Some(wanted) => facts::status(event).is_some_and(|status| match wanted {
                Status::Error => status.is_error(),
                Status::Is(wanted) => status == wanted,
            }),
        }
    }
}

/// The name of the client, from `\\ws-01` or `\\[2001:db8::5]`, without backslashes and brackets.
fn named_client(event: &Event<'_>) -> Option<String> {
    let named = event.fields().find(|(field, _)| matches!(field.name, "ClientName" | "ComputerName"))?;
    let name = named.1.to_string();
    Some(name.trim_start_matches('\\').trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// A pattern with a domain is compared with the whole text, one without it with the name.
fn is_user(pattern: &str, user: &str) -> bool {
    let name = user.rsplit('\\').next().unwrap_or(user);
    matches(pattern, user) || (!pattern.contains('\\') && matches(pattern, name))
}

pub(crate) fn parse_ids(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (parse_number(first)?, parse_number(last)?),
        None => (parse_number(text)?, parse_number(text)?),
    };
    if first > last { Err(format!("{first} is more than {last}")) } else { Ok(first..=last) }
}

fn parse_event(text: &str) -> Result<EventPattern, String> {
    let ids: Vec<_> = PROVIDER.events.iter().filter(|event| matches(text, event.name)).map(|event| event.id).collect();
    if ids.is_empty() {
        return match names::event(text) {
            Ok(event) => Ok(EventPattern(vec![event.id])),
            Err(error) => Err(error.to_string()),
        };
    }
    Ok(EventPattern(ids))
}

fn parse_channel(text: &str) -> Result<u8, String> {
    let short = |name: &'static str| name.rsplit('/').next().unwrap_or(name);
    let is = |name: &'static str| name.eq_ignore_ascii_case(text) || short(name).eq_ignore_ascii_case(text);
    let known = Channel::NAMED.iter().find(|(_, name)| is(name));
    known.map(|(channel, _)| channel.0).ok_or_else(|| {
        let all: Vec<_> = Channel::NAMED.iter().map(|(_, name)| short(name)).collect();
        format!("unknown channel; channels are {}", all.join(", "))
    })
}

/// A field that some event has.
pub(crate) fn parse_field(text: &str) -> Result<String, String> {
    // The second field of one name is `Name#2`.
    let name = text.split('#').next().unwrap_or(text);
    expression::field(name).map(|_| text.to_owned())
}

/// A keyword by name, or a mask.
pub(crate) fn parse_keyword(text: &str) -> Result<u64, String> {
    let known = Keywords::NAMED
        .iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(text) || without_prefix(name).eq_ignore_ascii_case(text));
    if let Some((keyword, _)) = known {
        return Ok(keyword.0);
    }
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    number.ok_or_else(|| match names::nearest(text, Keywords::NAMED.iter().map(|(_, name)| without_prefix(name))) {
        Some(nearest) => format!("unknown keyword; did you mean {nearest}?"),
        None => "unknown keyword; `smbetw keywords` lists them".to_owned(),
    })
}

fn parse_client(text: &str) -> Result<Client, String> {
    if text.contains('/') || text.parse::<std::net::IpAddr>().is_ok() {
        return network::parse(text).map(Client::Network);
    }
    Ok(Client::Name(text.trim_start_matches('\\').to_owned()))
}

fn parse_status(text: &str) -> Result<Status, String> {
    if text.eq_ignore_ascii_case("error") {
        return Ok(Status::Error);
    }
    status_code(text)
        .map(|code| Status::Is(NtStatus(code)))
        .ok_or_else(|| "unknown status; write STATUS_ACCESS_DENIED, 0xc0000022 or error".to_owned())
}

/// The code of a status' name or number.
fn status_code(text: &str) -> Option<u32> {
    let upper = text.to_ascii_uppercase();
    let known = NtStatus::from_name(&upper).or_else(|| NtStatus::from_name(&format!("STATUS_{upper}")));
    known.map(|status| status.0).or_else(|| parse_number(text).ok())
}
