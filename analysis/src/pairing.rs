//! Requests and their answers.

use std::collections::VecDeque;

use smbserver_etw::{FileTime, Guid, NtStatus};

use crate::{
    command::Command,
    components::Components,
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
    pub(crate) ids: Ids,
    pub(crate) status: NtStatus,
    pub(crate) is_error: bool,
    pub(crate) is_async: bool,
    pub(crate) bytes_read: u32,
    pub(crate) bytes_written: u32,
    pub(crate) credits: u16,
    pub(crate) instance: Option<u32>,
    /// From request to final response, in ticks.
    pub(crate) wall: u64,
    pub(crate) components: Components,
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
    pub(crate) fn new(time: FileTime, command: Command, response: &Response) -> Self {
        Self {
            request: None,
            time,
            command,
            ids: response.ids,
            status: response.status,
            is_error: response.status.is_error() && response.status.0 != MORE_PROCESSING_REQUIRED,
            is_async: response.is_async,
            bytes_read: response.bytes_read,
            bytes_written: response.bytes_written,
            credits: response.credits,
            instance: response.instance,
            wall: 0,
            components: response.components,
        }
    }

    /// With its request. A clock that was set back makes no negative time.
    fn to(mut self, request: Waiting) -> Self {
        self.wall = self.time.ticks().saturating_sub(request.time.ticks());
        self.command = request.command;
        self.request = Some(request);
        self
    }
}

/// STATUS_MORE_PROCESSING_REQUIRED, with which a session's setup goes on.
const MORE_PROCESSING_REQUIRED: u32 = 0xC000_0016;

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
            settled.push(Settled::Answer(Answer::new(time, waiting.command, response).to(waiting)));
            return;
        }
        let Some(command) = response.command.or_else(|| Command::from_wire(response.wire)) else { return };
        if let Some(older) = self.early.insert(key, Answer::new(time, command, response)) {
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
            Settled::Answer(answer) => (answer.time, answer.ids.connection, answer.ids.message),
            Settled::Unanswered(waiting) => (waiting.time, waiting.ids.connection, waiting.ids.message),
        });
        rest
    }
}
