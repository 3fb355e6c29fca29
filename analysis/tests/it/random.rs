//! Workloads by chance, from seeds: what must hold whatever a server does.

use std::collections::{BTreeMap, BTreeSet};

use smbserver_analysis::{Command, Dimension, Figures, Report, Settings};
use test_support::XorShift;

use crate::wire::*;

/// What a client is about to do.
struct Simulator {
    random: XorShift,
    records: Vec<Recorded>,
    messages: BTreeMap<u64, u64>,
}

impl Simulator {
    /// The records of so many requests, in the order of time.
    fn run(seed: u64, requests: u64) -> Vec<Recorded> {
        let mut it = Self { random: XorShift::new(seed), records: Vec::new(), messages: BTreeMap::new() };
        let places = it.places();
        let mut ticks = 100_000;
        for _ in 0..requests {
            ticks += 20 + it.random.below(3000) as u64;
            let at = places[it.random.below(places.len())];
            it.request(ticks, at);
        }
        // All times differ, as those of one clock do.
        it.records.sort_by_key(|record| record.ticks);
        for (index, record) in (0..).zip(&mut it.records) {
            record.ticks = record.ticks * 8 + index % 8;
        }
        it.records
    }

    /// Clients with sessions, trees and files, some of them older than the trace.
    fn places(&mut self) -> Vec<At> {
        let mut places = Vec::new();
        for number in 1..=12 {
            let at = At { connection: number, session: 1 + number / 2, tree: 1 + number / 3, file: number };
            let ticks = number * 100;
            let is_older = self.random.below(4) == 0;
            if !is_older {
                let last_byte = u8::try_from(number % 5).unwrap();
                self.records.extend([
                    accept(ticks, at, last_byte),
                    authenticated(ticks + 1, at, &format!("user{}", at.session % 3)),
                ]);
                self.records.push(tree_allocated(
                    ticks + 2,
                    at,
                    if at.tree.is_multiple_of(2) { r"\\*\DATA" } else { "HOME" },
                ));
                self.records.push(opened(ticks + 3, at, &format!("file{}", number % 4)));
            }
            places.push(at);
        }
        places
    }

    fn request(&mut self, ticks: u64, at: At) {
        let next = self.messages.entry(at.connection).or_default();
        *next += 1;
        let message = *next;
        let taken = 1 + self.random.below(200_000) as u64;
        let end = ticks + taken;
        let length = u32::try_from(self.random.below(65_536)).unwrap();
        match self.random.below(10) {
            0..=4 => {
                self.records.push(read(ticks, at, message, length));
                self.records.push(read_answer(end, at, message, SUCCESS, length, 8 * taken * 99 / 100));
            }
            5 | 6 => {
                self.records.push(write(ticks, at, message));
                self.records.push(write_answer(end, at, message, length));
            }
            7 => {
                self.records.push(create(ticks, At { file: 0, ..at }, message, "missing"));
                self.records.push(error(end, At { file: 0, ..at }, message, 5, ACCESS_DENIED, 0));
            }
            8 => {
                self.records.push(read(ticks, at, message, length));
                self.records.push(error(ticks + 1, at, message, 8, PENDING, ASYNC));
                self.records.push(cancel(end - 1, at, message));
                self.records.push(error(end, at, message, 8, CANCELLED, ASYNC));
            }
            // One that nobody answers.
            _ => self.records.push(read(ticks, at, message, length)),
        }
    }
}

const SEEDS: std::ops::Range<u64> = 1..9;

/// Everything that must not depend on how the records came.
fn summary(report: &Report) -> String {
    let figures = |figures: &Figures| {
        let wall = (figures.wall().sum_ns(), figures.wall().percentiles_ns([50, 95, 99]), figures.wall().max_ns());
        (
            figures.pairs(),
            figures.orphans(),
            figures.unanswered(),
            figures.interims(),
            figures.errors(),
            figures.bytes(),
            wall,
        )
    };
    let mut text = format!("{:?} {:?} {:?}\n", figures(&report.total), report.interims, report.unknown);
    for table in &report.tables {
        let groups: BTreeMap<_, _> = table.groups.iter().map(|group| (&group.keys, figures(&group.figures))).collect();
        text += &format!("{groups:?}\n");
    }
    text + &format!("{:?}\n{:?}\n{:?}", report.slowest, report.unanswered, report.orphans)
}

#[test]
fn every_request_and_response_is_accounted_for() {
    for seed in SEEDS {
        let records = Simulator::run(seed, 2000);
        let report = analyse(&records);
        let requests = records.iter().filter(|it| matches!(it.id, 1..=6 | 8..=13 | 15..=21)).count() as u64;
        let responses = records.iter().filter(|it| matches!(it.id, 101..=122)).count() as u64;
        assert_eq!(report.total.requests(), requests);
        assert_eq!(report.total.pairs() + report.total.orphans() + report.interims.count, responses);
        assert_eq!(report.total.orphans(), 0);
        assert!(report.total.unanswered() > 100, "{seed}");
    }
}

#[test]
fn groups_add_up_to_the_total() {
    for seed in SEEDS {
        let report = analyse(&Simulator::run(seed, 2000));
        for dimension in [Dimension::Command, Dimension::Client, Dimension::User, Dimension::Share, Dimension::File] {
            let groups = report.groups(&[dimension]).unwrap();
            let sum = |of: fn(&Figures) -> u64| groups.iter().map(|group| of(&group.figures)).sum::<u64>();
            let all: [fn(&Figures) -> u64; 5] =
                [Figures::pairs, Figures::unanswered, Figures::errors, Figures::bytes, |it: &Figures| {
                    it.wall().sum_ns()
                }];
            for of in all {
                assert_eq!(sum(of), of(&report.total), "{seed} {dimension:?}");
            }
            assert!(groups.len() > 1, "{seed} {dimension:?}");
        }
        let pairs: u64 = report.load.slices().map(|(_, slice)| slice.responses()).sum();
        assert_eq!(pairs, report.total.count());
    }
}

/// Buffers of processors are handed out with their clocks a little apart.
#[test]
fn the_order_of_records_that_are_close_changes_no_pair() {
    for seed in SEEDS {
        let records = Simulator::run(seed, 1000);
        let mut random = XorShift::new(seed);
        let mut disordered: Vec<_> = records.iter().map(|it| (it.ticks + random.below(400) as u64, it)).collect();
        disordered.sort_by_key(|(ticks, _)| *ticks);
        assert!(disordered.windows(2).any(|pair| pair[0].1.ticks > pair[1].1.ticks));
        let count = |report: &Report| (report.total.pairs(), report.total.unanswered(), report.total.orphans());
        let settings = Settings::new().with_slowest(10_000);
        let found = analyse_with(settings.clone(), disordered.into_iter().map(|(_, it)| it));
        let expected = analyse_with(settings, &records);
        assert_eq!(count(&found), count(&expected));
        let times = |report: &Report| {
            report.slowest.iter().map(|pair| (pair.connection, pair.message_id, pair.wall_ns)).collect::<BTreeSet<_>>()
        };
        assert_eq!(times(&found), times(&expected));
    }
}

/// Names may come after their use: what has them may as well stand at the end.
#[test]
fn names_at_the_end_are_as_good_as_at_the_beginning() {
    for seed in SEEDS {
        let records = Simulator::run(seed, 1000);
        let is_name = |it: &&Recorded| matches!(it.id, 500..=699);
        let names_last: Vec<_> =
            records.iter().filter(|it| !is_name(it)).chain(records.iter().filter(is_name)).collect();
        assert_eq!(summary(&analyse(names_last)), summary(&analyse(&records)));
    }
}

#[test]
fn losing_events_makes_no_wrong_pair() {
    for seed in SEEDS {
        let records = Simulator::run(seed, 1000);
        let mut random = XorShift::new(seed + 100);
        let some: Vec<_> = records.iter().filter(|_| random.below(4) > 0).collect();
        let settings = Settings::new().with_slowest(10_000);
        let all = analyse_with(settings.clone(), &records);
        let right: BTreeMap<_, _> =
            all.slowest.iter().map(|it| ((it.connection, it.message_id), (it.wall_ns, it.command))).collect();
        let report = analyse_with(settings, some);
        assert!(report.total.orphans() > 0 && report.total.pairs() > 0, "{seed}");
        for pair in &report.slowest {
            assert_eq!(right.get(&(pair.connection, pair.message_id)), Some(&(pair.wall_ns, pair.command)), "{pair:?}");
        }
    }
}

#[test]
fn the_unit_is_found() {
    // Only READs have components here.
    let settings = Settings::new().with_commands([Command::READ].into_iter().collect());
    let report = analyse_with(settings, &Simulator::run(1, 2000));
    assert_eq!(report.groups(&[Dimension::Command]).unwrap().len(), 1);
    let unit = report.unit.unwrap();
    assert_eq!((unit.unit.name(), unit.per_second), ("100ns", 10_000_000));
}
