//! From events to figures, in one pass.

use std::fmt;

use smbserver_etw::{Event, EventKey, FileTime, NtStatus};

use crate::{
    command::Command,
    exchange::{Exchange, Ids, Request, Response},
    figures::Figures,
    groups::{Grouping, Place},
    load::Load,
    names::Names,
    pairing::{Answer, Pairing, Settled, Waiting},
    report::{EventCounts, Interims, Report, Table},
    settings::Settings,
    slowest::{self, Slowest},
    unit::Calibration,
};

/// STATUS_PENDING: an interim response (MS-SMB2 3.3.4.2).
const PENDING: NtStatus = NtStatus(0x103);

/// Takes the events of a server one after the other, and says in the end what they mean together.
///
/// The [crate's documentation](crate) has the definitions. Events come in the order of time; where processors' clocks
/// differ, a response may come before its request. A clone is a look at what there is so far:
/// `analysis.clone().finish()`.
#[derive(Clone)]
pub struct Analysis {
    settings: Settings,
    names: Names,
    pairing: Pairing,
    settled: Vec<Settled>,
    events: EventCounts,
    interims: Interims,
    total: Figures,
    groupings: Vec<Grouping>,
    slowest: Slowest,
    load: Load,
    calibration: Calibration,
    unanswered: Vec<(Waiting, Place)>,
    orphans: Vec<(Answer, Place)>,
}

impl Analysis {
    /// Of no events yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            names: Names::default(),
            pairing: Pairing::default(),
            settled: Vec::new(),
            events: EventCounts::default(),
            interims: Interims::default(),
            total: Figures::default(),
            groupings: settings.groupings.iter().map(|dimensions| Grouping::new(dimensions)).collect(),
            slowest: Slowest::new(settings.slowest, settings.slower_than),
            load: Load::new(settings.slice),
            calibration: Calibration::default(),
            unanswered: Vec::new(),
            orphans: Vec::new(),
            settings,
        }
    }

    /// Takes an event.
    pub fn add(&mut self, time: FileTime, event: &Event<'_>) {
        self.events.count(EventKey::new(event.id(), event.version()), Some(time));
        match Exchange::of(event) {
            Some(Exchange::Request(request)) => self.add_request(time, &request),
            Some(Exchange::Response(response)) => self.add_response(time, &response),
            None => self.names.learn(event),
        }
    }

    /// Counts an event whose payload fits no layout of its id and version.
    pub fn add_undecodable(&mut self, time: Option<FileTime>, key: EventKey) {
        self.events.count(key, time);
        *self.events.undecodable.entry(key).or_default() += 1;
    }

    /// Counts an event whose id or version the build does not know.
    pub fn add_unknown(&mut self, time: Option<FileTime>, key: EventKey) {
        self.events.count(key, time);
        *self.events.unknown.entry(key).or_default() += 1;
    }

    fn add_request(&mut self, time: FileTime, request: &Request<'_>) {
        let Some(command) = request.command else { return };
        self.names.link(&request.ids);
        let name = request.name.map(|name| match command {
            Command::TREE_CONNECT => self.names.keep_share(name),
            _ => self.names.texts.keep(name.chars()),
        });
        if self.settings.commands.contains(command) {
            self.load.add_request(time, request.credits);
        }
        self.pairing.request(Waiting::new(time, command, request, name), &mut self.settled);
        self.settle();
    }

    fn add_response(&mut self, time: FileTime, response: &Response) {
        self.names.link(&response.ids);
        if response.status == PENDING {
            self.add_interim(time, response);
            return;
        }
        self.pairing.answer(time, response, &mut self.settled);
        self.settle();
    }

    fn add_interim(&mut self, time: FileTime, response: &Response) {
        let of_request = self.pairing.interim(time, response);
        let command = of_request.or(response.command).or_else(|| Command::from_wire(response.wire));
        if command.is_some_and(|command| self.settings.commands.contains(command)) {
            self.load.add_credits(time, response.credits);
            self.interims.count += 1;
            self.interims.orphans += u64::from(of_request.is_none());
        }
    }

    fn settle(&mut self) {
        while let Some(settled) = self.settled.pop() {
            match settled {
                Settled::Answer(answer) => self.count_answer(&answer),
                Settled::Unanswered(waiting) => self.count_unanswered(&waiting),
            }
        }
    }

    fn count_answer(&mut self, answer: &Answer) {
        self.learn_from(answer);
        let place = Place::of_answer(answer, &mut self.names);
        if answer.command == Command::CLOSE && answer.response.status.0 == 0 {
            self.names.close(answer.ids().file);
        }
        if !self.settings.commands.contains(answer.command) {
            return;
        }
        match answer.request {
            Some(request) => {
                self.load.end_request();
                if request.interims == 0 && !answer.response.is_async {
                    self.calibration.add(answer.wall(), &answer.response.components);
                }
                if self.slowest.wants(answer.wall()) {
                    self.slowest.add(answer, place);
                }
            }
            None if self.orphans.len() < slowest::MOST => self.orphans.push((*answer, place)),
            None => {}
        }
        self.load.add_answer(answer);
        self.total.add_answer(answer);
        for grouping in &mut self.groupings {
            if let Some(figures) = grouping.figures(&place) {
                figures.add_answer(answer);
            }
        }
    }

    /// A path that was granted, and the name of a file that was opened.
    fn learn_from(&mut self, answer: &Answer) {
        let Some(name) = answer.request.and_then(|request| request.name) else { return };
        if answer.response.status.0 != 0 {
            return;
        }
        let Ids { tree, file, .. } = answer.ids();
        if answer.command == Command::TREE_CONNECT && !tree.is_nil() {
            self.names.learn_connected(tree, name);
        } else if answer.command == Command::CREATE && !file.is_nil() {
            self.names.learn_created(file, name);
        }
    }

    fn count_unanswered(&mut self, waiting: &Waiting) {
        let place = Place::of_unanswered(waiting, &mut self.names);
        if !self.settings.commands.contains(waiting.command) {
            return;
        }
        self.total.add_unanswered(waiting.interims, waiting.first);
        for grouping in &mut self.groupings {
            if let Some(figures) = grouping.figures(&place) {
                figures.add_unanswered(waiting.interims, waiting.first);
            }
        }
        if self.unanswered.len() < slowest::MOST {
            self.unanswered.push((*waiting, place));
        }
    }

    /// What all events said together.
    pub fn finish(mut self) -> Report {
        self.settled = self.pairing.end();
        self.settled.reverse();
        self.settle();
        self.unanswered.sort_by_key(|(waiting, _)| (waiting.time, waiting.ids.message));
        self.orphans.sort_by_key(|(answer, _)| (answer.time, answer.response.ids.message));
        let names = self.names.resolve();
        Report {
            tables: self.groupings.into_iter().map(|grouping| Table::new(grouping, &names)).collect(),
            slowest: self.slowest.sorted().into_iter().map(|slow| names.pair(&slow.answer, &slow.place)).collect(),
            unanswered: self.unanswered.iter().map(|(waiting, place)| names.open_request(waiting, place)).collect(),
            orphans: self.orphans.iter().map(|(answer, place)| names.pair(answer, place)).collect(),
            unknown: names.unknown(),
            unit: self.calibration.unit(&self.settings.clocks),
            given_unit: self.settings.unit.and_then(|unit| Some((unit, self.settings.clocks.per_second(unit)?))),
            events: self.events,
            interims: self.interims,
            total: self.total,
            load: self.load,
            calibration: self.calibration,
        }
    }
}

impl fmt::Debug for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All that it holds may be a whole trace.
        f.debug_struct("Analysis")
            .field("settings", &self.settings)
            .field("events", &self.events.total())
            .finish_non_exhaustive()
    }
}
