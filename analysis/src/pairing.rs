//! Requests and their answers.

use std::collections::VecDeque;

use smbserver_etw::{FileTime, Guid, NtStatus};

use crate::{
    command::Command,
    exchange::{Ids, Request, Response},
    table::{FastMap, Text},
};

/// So many requests may wait for their answers. Beyond that the older half has none.
const OPEN: usize = 1 << 20;
/// So many answers without a request are kept, for requests that come late: processors' clocks and buffers differ.
const EARLY: usize = 4096;

/// Connection and `MessageId`: what a request and its answers have in common, and nothing else does.
type Key = (Guid, u64);

/// The requests that wait for an answer.
#[derive(Clone, Default)]
pub(crate) struct Pairing {
    open: FastMap<Key, Waiting>,
    early: FastMap<Key, Answer>,
    early_order: VecDeque<Key>,
}

/// A request that was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) time: FileTime,
    pub(crate) command: Command,
    pub(crate) ids: Ids,
    pub(crate) offset: u64,
    pub(crate) length: u32,
    pub(crate) interims: u32,
    /// From the request to the first interim response, in ticks.
    pub(crate) first: Option<u64>,
    pub(crate) name: Option<Text>,
}

/// A final response, with its request if that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) request: Option<Waiting>,
    pub(crate) time: FileTime,
    pub(crate) command: Command,
    pub(crate) response: Response,
}

/// What a request or a response settles.
#[expect(clippy::large_enum_variant, reason = "most are the large one")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled {
    /// A final response, with its request or without.
    Answer(Answer),
    /// A request that nobody will answer any more.
    Unanswered(Waiting),
}

impl Waiting {
    pub(crate) fn new(time: FileTime, command: Command, request: &Request<'_>, name: Option<Text>) -> Self {
        Self {
            time,
            command,
            ids: request.ids,
            offset: request.offset,
            length: request.length,
            interims: 0,
            first: None,
            name,
        }
    }

    fn key(&self) -> Key {
        (self.ids.connection, self.ids.message)
    }
}

impl Answer {
    /// With its request.
    fn to(self, request: Waiting) -> Self {
        Self { command: request.command, request: Some(request), ..self }
    }

    /// From request to final response, in ticks; zero without the request. A clock that was set back makes no negative time.
    pub(crate) fn wall(&self) -> u64 {
        self.request.map_or(0, |request| self.time.ticks().saturating_sub(request.time.ticks()))
    }

    pub(crate) fn is_error(&self) -> bool {
        self.response.status.is_error() && self.response.status != MORE_PROCESSING_REQUIRED
    }

    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.response.bytes_read) + u64::from(self.response.bytes_written)
    }

    /// What it is joined to names by: the request's GUIDs, and the response's where the request has none.
    pub(crate) fn ids(&self) -> Ids {
        let Some(request) = self.request else { return self.response.ids };
        let either = |of: fn(&Ids) -> Guid| {
            Some(of(&request.ids)).filter(|guid| !guid.is_nil()).unwrap_or(of(&self.response.ids))
        };
        Ids {
            connection: either(|ids| ids.connection),
            session: either(|ids| ids.session),
            tree: either(|ids| ids.tree),
            file: either(|ids| ids.file),
            ..self.response.ids
        }
    }
}

/// With which a session's setup goes on.
const MORE_PROCESSING_REQUIRED: NtStatus = NtStatus(0xC000_0016);

/// Whether the response may be to a request of this command. 122 says which it answers.
fn answers(response: &Response, command: Command) -> bool {
    match response.command {
        Some(answered) => answered == command,
        None => response.wire.0 == u32::from(command.wire()),
    }
}

impl Pairing {
    /// A request that begins to wait. Its answer may have been there before it, and another of the same key is given up.
    pub(crate) fn request(&mut self, request: Waiting, settled: &mut Vec<Settled>) {
        if !self.early.is_empty()
            && let Some(answer) = self.early.remove(&request.key())
        {
            if answer.command == request.command || answer.command.wire() == request.command.wire() {
                settled.push(Settled::Answer(answer.to(request)));
                return;
            }
            settled.push(Settled::Answer(answer));
        }
        if let Some(older) = self.open.insert(request.key(), request) {
            settled.push(Settled::Unanswered(older));
        }
        if self.open.len() > OPEN {
            self.give_up_half(settled);
        }
    }

    /// The request that an interim response is to.
    pub(crate) fn interim(&mut self, time: FileTime, response: &Response) -> Option<Command> {
        let waiting = self.open.get_mut(&(response.ids.connection, response.ids.message))?;
        if !answers(response, waiting.command) {
            return None;
        }
        waiting.interims = waiting.interims.saturating_add(1);
        waiting.first.get_or_insert(time.ticks().saturating_sub(waiting.time.ticks()));
        Some(waiting.command)
    }

    /// A final response.
    pub(crate) fn answer(&mut self, time: FileTime, response: &Response, settled: &mut Vec<Settled>) {
        let key = (response.ids.connection, response.ids.message);
        if self.open.get(&key).is_some_and(|waiting| answers(response, waiting.command))
            && let Some(waiting) = self.open.remove(&key)
        {
            let answer = Answer { request: Some(waiting), time, command: waiting.command, response: *response };
            settled.push(Settled::Answer(answer));
            return;
        }
        let Some(command) = response.command.or_else(|| Command::from_wire(response.wire)) else { return };
        if let Some(older) = self.early.insert(key, Answer { request: None, time, command, response: *response }) {
            settled.push(Settled::Answer(older));
        } else {
            self.early_order.push_back(key);
        }
        while self.early_order.len() > EARLY {
            let oldest = self.early_order.pop_front().and_then(|key| self.early.remove(&key));
            settled.extend(oldest.map(Settled::Answer));
        }
    }

    /// The older half has waited too long.
    fn give_up_half(&mut self, settled: &mut Vec<Settled>) {
        let mut times: Vec<_> = self.open.values().map(|waiting| waiting.time).collect();
        let middle = times.len() / 2;
        let (_, &mut middle, _) = times.select_nth_unstable(middle);
        let old: Vec<_> = self.open.iter().filter(|(_, it)| it.time <= middle).map(|(key, _)| *key).collect();
        settled.extend(old.into_iter().filter_map(|key| self.open.remove(&key)).map(Settled::Unanswered));
    }

    /// What is settled if nothing comes any more, in the order of time.
    pub(crate) fn end(&mut self) -> Vec<Settled> {
        let mut rest: Vec<_> = self.early.drain().map(|(_, answer)| Settled::Answer(answer)).collect();
        rest.extend(self.open.drain().map(|(_, waiting)| Settled::Unanswered(waiting)));
        rest.sort_by_key(|settled| match settled {
            Settled::Answer(answer) => (answer.time, answer.response.ids.connection, answer.response.ids.message),
            Settled::Unanswered(waiting) => (waiting.time, waiting.ids.connection, waiting.ids.message),
        });
        rest
    }
}
