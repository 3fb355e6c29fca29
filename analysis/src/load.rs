//! What the server had to do, over time.

use std::collections::BTreeMap;

use smbserver_etw::FileTime;

use crate::pairing::Answer;

/// So many slices of time are kept: with more, each takes twice the time.
const SLICES: usize = 4096;
/// Buckets an octave.
const STEPS: u64 = 8;
/// Buckets: up to 2^40 ticks, more than a day.
const BUCKETS: usize = 304;

/// What there was to do over time, in slices of equal width.
#[derive(Clone, Debug)]
pub struct Load {
    width: u64,
    slices: BTreeMap<u64, Slice>,
    in_flight: u64,
    most: u64,
    most_at: Option<FileTime>,
}

/// A slice of time.
#[derive(Clone, Debug)]
pub struct Slice {
    requests: u64,
    responses: u64,
    bytes: u64,
    errors: u64,
    in_flight: u64,
    credits_requested: u64,
    credits_granted: u64,
    pairs: u64,
    latencies: Box<[u32; BUCKETS]>,
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            requests: 0,
            responses: 0,
            bytes: 0,
            errors: 0,
            in_flight: 0,
            credits_requested: 0,
            credits_granted: 0,
            pairs: 0,
            latencies: Box::new([0; BUCKETS]),
        }
    }
}

impl Load {
    /// In slices of so many ticks of 100 ns.
    pub(crate) fn new(width: u64) -> Self {
        Self { width: width.max(1), slices: BTreeMap::new(), in_flight: 0, most: 0, most_at: None }
    }

    pub(crate) fn add_request(&mut self, time: FileTime, credits: u16) {
        self.in_flight += 1;
        if self.in_flight > self.most {
            self.most = self.in_flight;
            self.most_at = Some(time);
        }
        let in_flight = self.in_flight;
        let slice = self.slice(time);
        slice.requests += 1;
        slice.in_flight = slice.in_flight.max(in_flight);
        slice.credits_requested += u64::from(credits);
    }

    /// A request was answered.
    pub(crate) fn end_request(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Credits that came with an interim response.
    pub(crate) fn add_credits(&mut self, time: FileTime, credits: u16) {
        self.slice(time).credits_granted += u64::from(credits);
    }

    pub(crate) fn add_answer(&mut self, answer: &Answer) {
        let slice = self.slice(answer.time);
        slice.responses += 1;
        slice.bytes += answer.bytes();
        slice.errors += u64::from(answer.is_error());
        slice.credits_granted += u64::from(answer.response.credits);
        if answer.request.is_some() {
            slice.pairs += 1;
            if let Some(count) = slice.latencies.get_mut(bucket(answer.wall())) {
                *count = count.saturating_add(1);
            }
        }
    }

    fn slice(&mut self, time: FileTime) -> &mut Slice {
        if self.slices.len() >= SLICES && !self.slices.contains_key(&(time.ticks() / self.width)) {
            self.halve();
        }
        self.slices.entry(time.ticks() / self.width).or_default()
    }

    fn halve(&mut self) {
        while self.slices.len() >= SLICES && self.width < u64::MAX / 2 {
            self.width *= 2;
            for (index, slice) in std::mem::take(&mut self.slices) {
                self.slices.entry(index / 2).or_default().merge(&slice);
            }
        }
    }

    /// How long a slice is, in ticks of 100 ns. What was asked for, doubled as often as it takes to have no more than 4,096.
    pub fn width(&self) -> u64 {
        self.width
    }

    /// The slices in which something was, with their beginnings.
    pub fn slices(&self) -> impl Iterator<Item = (FileTime, &Slice)> {
        self.slices.iter().map(|(index, slice)| (FileTime::from_ticks(index * self.width), slice))
    }

    /// The most requests without an answer at one time. Those that nobody answers stay to the end.
    pub fn most_in_flight(&self) -> u64 {
        self.most
    }

    /// When that was first reached.
    pub fn most_in_flight_at(&self) -> Option<FileTime> {
        self.most_at
    }
}

impl Slice {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.bytes += other.bytes;
        self.errors += other.errors;
        self.in_flight = self.in_flight.max(other.in_flight);
        self.credits_requested += other.credits_requested;
        self.credits_granted += other.credits_granted;
        self.pairs += other.pairs;
        for (count, more) in self.latencies.iter_mut().zip(other.latencies.iter()) {
            *count = count.saturating_add(*more);
        }
    }

    /// Requests that came in.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Final responses.
    pub fn responses(&self) -> u64 {
        self.responses
    }

    /// Bytes that final responses read and wrote.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Final responses with an error.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// The most requests without an answer at one time.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Credits that requests asked for.
    pub fn credits_requested(&self) -> u64 {
        self.credits_requested
    }

    /// Credits that responses granted, interim ones among them.
    pub fn credits_granted(&self) -> u64 {
        self.credits_granted
    }

    /// Pairs that ended in it, by how long they took: the bound below which they did, in nanoseconds, and how many.
    pub fn latencies(&self) -> impl Iterator<Item = (u64, u32)> {
        let counted = self.latencies.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(bucket, count)| (bound(bucket).saturating_mul(100), *count))
    }

    /// The percentile of the times of pairs that ended in it, by nearest rank, in nanoseconds: at most an eighth too high.
    /// None without pairs.
    pub fn percentile_ns(&self, percent: u8) -> Option<u64> {
        let rank = (u64::from(percent.min(100)) * self.pairs).div_ceil(100).max(1);
        let mut counted = 0;
        self.latencies().find_map(|(bound, count)| {
            counted += u64::from(count);
            (counted >= rank).then_some(bound)
        })
    }
}

/// The bucket of a time in ticks: eight an octave, one a tick below eight.
fn bucket(ticks: u64) -> usize {
    let bucket = match ticks.checked_ilog2() {
        Some(octave) if octave >= 3 => u64::from(octave - 2) * STEPS + ((ticks >> (octave - 3)) & (STEPS - 1)),
        _ => ticks,
    };
    usize::try_from(bucket).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// The least time that is above the bucket's.
fn bound(bucket: usize) -> u64 {
    let next = bucket as u64 + 1;
    let octave = next / STEPS;
    if octave == 0 { next } else { (STEPS + next % STEPS) << (octave - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_an_eighth_wide_at_most() {
        for ticks in (0..5_000).chain((0..39).flat_map(|octave| [(1 << octave) - 1, 1 << octave, (1 << octave) + 1])) {
            let end = bound(bucket(ticks));
            assert!(ticks < end, "{ticks} {end}");
            assert!(end - ticks <= 1 + ticks / 8, "{ticks} {end}");
        }
        assert!((1..10_000).all(|ticks| bucket(ticks) >= bucket(ticks - 1)));
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn slices_become_wider_rather_than_more() {
        let mut load = Load::new(10);
        for n in 0..20_000 {
            load.add_request(FileTime::from_ticks(n * 10), 1);
            if n % 2 == 0 {
                load.end_request();
            }
        }
        assert_eq!(load.width(), 80);
        assert!(load.slices().count() <= SLICES);
        assert_eq!(load.slices().map(|(_, slice)| slice.requests()).sum::<u64>(), 20_000);
        assert_eq!(load.most_in_flight(), 10_000);
    }
}
