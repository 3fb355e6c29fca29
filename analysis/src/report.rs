//! What an analysis found.

use std::{collections::BTreeMap, net::IpAddr};

use smbserver_etw::{EventKey, FileTime, Guid, NtStatus};

use crate::{
    command::Command,
    components::Components,
    figures::Figures,
    groups::{Dimension, Grouping, Key, Place},
    load::Load,
    names::{Missing, Resolved},
    pairing::{Answer, Waiting},
    table::Text,
    unit::{Calibration, Inferred, Unit},
};

/// What an [`Analysis`](crate::Analysis) found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The events.
    pub events: EventCounts,
    /// All records together.
    pub total: Figures,
    /// Interim responses.
    pub interims: Interims,
    /// Records in groups, a table for each way that was asked for.
    pub tables: Vec<Table>,
    /// The pairs that took the longest, the longest first.
    pub slowest: Vec<Pair>,
    /// Requests without a final response, the earliest first: 10,000 at most.
    pub unanswered: Vec<OpenRequest>,
    /// Final responses without a request, the earliest first: 10,000 at most.
    pub orphans: Vec<Pair>,
    /// What has no name.
    pub unknown: Unknown,
    /// Over time.
    pub load: Load,
    /// What the unit is calibrated by.
    pub calibration: Calibration,
    /// The unit of the components' times by calibration.
    pub unit: Option<Inferred>,
    /// The unit that was given, and how many make a second.
    pub given_unit: Option<(Unit, u64)>,
}

impl Report {
    /// The groups by these dimensions, if they were asked for: those with the longest time together first.
    pub fn groups(&self, dimensions: &[Dimension]) -> Option<&[Group]> {
        self.tables.iter().find(|table| table.dimensions == dimensions).map(|table| &*table.groups)
    }

    /// How many of the components' units make a second: as given, else by calibration.
    pub fn per_second(&self) -> Option<u64> {
        self.given_unit.map(|(_, rate)| rate).or(self.unit.map(|unit| unit.per_second))
    }
}

/// How many events there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventCounts {
    /// By id and version.
    pub by_key: CountByKey,
    /// Those whose payload fits no layout.
    pub undecodable: CountByKey,
    /// Those that the build does not know.
    pub unknown: CountByKey,
    /// When the first was written.
    pub first: Option<FileTime>,
    /// When the last was written.
    pub last: Option<FileTime>,
}

/// How many of each.
pub type CountByKey = BTreeMap<EventKey, u64>;

impl EventCounts {
    pub(crate) fn count(&mut self, key: EventKey, time: Option<FileTime>) {
        *self.by_key.entry(key).or_default() += 1;
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
    }

    /// All of SMBServer, whether they could be decoded or not.
    pub fn total(&self) -> u64 {
        self.by_key.values().sum()
    }
}

/// How many interim responses there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interims {
    /// All.
    pub count: u64,
    /// Those whose request is not there.
    pub orphans: u64,
}

/// Records in groups.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// By what.
    pub dimensions: Vec<Dimension>,
    /// The groups, those with the longest time together first.
    pub groups: Vec<Group>,
}

impl Table {
    pub(crate) fn new(grouping: Grouping, names: &Resolved<'_>) -> Self {
        let dimensions = grouping.dimensions().to_vec();
        let groups = grouping.resolve(names).into_iter().map(|(keys, figures)| Group { keys, figures });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by_key(|group| std::cmp::Reverse((group.figures.wall().sum_ns(), group.figures.count())));
        Self { dimensions, groups }
    }
}

/// Some records that have something in common.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// What they have in common, by dimension.
    pub keys: Vec<Key>,
    /// Their figures.
    pub figures: Figures,
}

/// Whose a record is. What is not known is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owner {
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The user, `DOMAIN\name`.
    pub user: Option<String>,
    /// The share.
    pub share: Option<String>,
    /// The file, from the share's root.
    pub file: Option<String>,
}

/// A final response, with its request if that is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pair {
    /// The command.
    pub command: Command,
    /// The connection.
    pub connection: Guid,
    /// `MessageId`.
    pub message_id: u64,
    /// Whose it is.
    pub owner: Owner,
    /// The final status.
    pub status: NtStatus,
    /// From request to final response, in nanoseconds. None without the request.
    pub wall_ns: Option<u64>,
    /// From request to the first interim response, in nanoseconds.
    pub first_ns: Option<u64>,
    /// When the request came.
    pub time_request: Option<FileTime>,
    /// When the final response left.
    pub time_response: FileTime,
    /// Bytes read or written.
    pub bytes: u64,
    /// `Offset` of a READ or WRITE that is there.
    pub offset: Option<u64>,
    /// `Length` of a READ or WRITE that is there: what was asked for.
    pub length: Option<u32>,
    /// Interim responses.
    pub interims: u32,
    /// Where the time went.
    pub components: Components,
}

/// A request without a final response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The command.
    pub command: Command,
    /// The connection.
    pub connection: Guid,
    /// `MessageId`.
    pub message_id: u64,
    /// Whose it is.
    pub owner: Owner,
    /// When it came.
    pub time: FileTime,
    /// Interim responses.
    pub interims: u32,
}

/// What has no name: how many ids, and how many records they concern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknown {
    /// Connections without an address.
    pub connections: Missing,
    /// Sessions without a user.
    pub sessions: Missing,
    /// Trees without a share.
    pub trees: Missing,
    /// Opens without a file.
    pub opens: Missing,
}

impl Resolved<'_> {
    fn owner(&self, place: &Place) -> Owner {
        let text = |text: Option<Text>| text.map(|text| self.text(text).to_owned());
        Owner {
            client: self.address(place.connection),
            user: text(place.session.and_then(|session| self.user(session))),
            share: text(place.tree.and_then(|tree| self.share(tree))),
            file: text(self.file(place.file)),
        }
    }

    pub(crate) fn pair(&self, answer: &Answer, place: &Place) -> Pair {
        let transfer = answer.request.filter(|it| matches!(it.command, Command::READ | Command::WRITE));
        Pair {
            command: answer.command,
            connection: answer.response.ids.connection,
            message_id: answer.response.ids.message,
            owner: self.owner(place),
            status: answer.response.status,
            wall_ns: answer.request.map(|_| answer.wall().saturating_mul(100)),
            first_ns: answer.request.and_then(|request| request.first).map(|ticks| ticks.saturating_mul(100)),
            time_request: answer.request.map(|request| request.time),
            time_response: answer.time,
            bytes: answer.bytes(),
            offset: transfer.map(|request| request.offset),
            length: transfer.map(|request| request.length),
            interims: answer.request.map_or(0, |request| request.interims),
            components: answer.response.components,
        }
    }

    pub(crate) fn open_request(&self, waiting: &Waiting, place: &Place) -> OpenRequest {
        OpenRequest {
            command: waiting.command,
            connection: waiting.ids.connection,
            message_id: waiting.ids.message,
            owner: self.owner(place),
            time: waiting.time,
            interims: waiting.interims,
        }
    }

    pub(crate) fn unknown(&self) -> Unknown {
        Unknown {
            connections: self.missing_connections(),
            sessions: self.missing_sessions(),
            trees: self.missing_trees(),
            opens: self.missing_opens(),
        }
    }
}
