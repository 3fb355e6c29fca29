//! The pairs that took the longest.

use std::{cmp::Reverse, collections::BinaryHeap};

use smbserver_etw::FileTime;

use crate::{groups::Place, pairing::Answer};

/// No more are kept, whatever is asked for.
pub(crate) const MOST: usize = 10_000;

/// The longest, so many of them.
#[derive(Clone)]
pub(crate) struct Slowest {
    most: usize,
    at_least: u64,
    heap: BinaryHeap<Reverse<Slow>>,
}

/// A pair, ordered by how long it took; of equals the one that began earlier is first.
#[derive(Clone)]
pub(crate) struct Slow {
    rank: (u64, Reverse<FileTime>, u64),
    pub(crate) answer: Answer,
    pub(crate) place: Place,
}

impl Slowest {
    pub(crate) fn new(most: usize, at_least: u64) -> Self {
        Self { most: most.min(MOST), at_least, heap: BinaryHeap::new() }
    }

    /// Whether one that took so long is kept, as far as that says it all.
    pub(crate) fn wants(&self, wall: u64) -> bool {
        wall >= self.at_least
            && self.most > 0
            && (self.heap.len() < self.most || self.heap.peek().is_some_and(|Reverse(least)| wall >= least.rank.0))
    }

    pub(crate) fn add(&mut self, answer: &Answer, place: Place) {
        let began = answer.request.map_or(answer.time, |request| request.time);
        self.heap.push(Reverse(Slow {
            rank: (answer.wall(), Reverse(began), answer.response.ids.message),
            answer: *answer,
            place,
        }));
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    /// The longest first.
    pub(crate) fn sorted(&self) -> Vec<&Slow> {
        let mut sorted: Vec<_> = self.heap.iter().map(|Reverse(slow)| slow).collect();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted
    }
}

impl Ord for Slow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Slow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Slow {}
