//! The unit of the components' times, which no source names.

use crate::{
    components::{Components, Spelling},
    figures::add_known,
};

/// Pairs longer than this take part in the calibration: 1 ms in ticks.
const LONG: u64 = 10_000;
/// What a unit may be off by.
const TOLERANCE: f64 = 0.1;

/// A unit of time that components may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// 100 ns.
    Ticks,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// The performance counter's.
    Qpc,
    /// The processor's cycles.
    Tsc,
}

impl Unit {
    /// All of them: of several that are equally good the first is taken.
    pub const ALL: [Self; 5] = [Self::Ticks, Self::Micros, Self::Nanos, Self::Qpc, Self::Tsc];

    /// The short name: `100ns`, `us`, `ns`, `qpc`, `tsc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticks => "100ns",
            Self::Micros => "us",
            Self::Nanos => "ns",
            Self::Qpc => "qpc",
            Self::Tsc => "tsc",
        }
    }

    /// The unit by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name().eq_ignore_ascii_case(name))
    }
}

/// The rates of a machine's clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Ticks of the performance counter in a second.
    pub qpc: Option<u64>,
    /// The processor's cycles in a second.
    pub tsc: Option<u64>,
}

impl Clocks {
    /// How many of a unit make a second. None if that is not known.
    pub fn per_second(&self, unit: Unit) -> Option<u64> {
        match unit {
            Unit::Ticks => Some(10_000_000),
            Unit::Micros => Some(1_000_000),
            Unit::Nanos => Some(1_000_000_000),
            Unit::Qpc => self.qpc.filter(|&rate| rate > 0),
            Unit::Tsc => self.tsc.filter(|&rate| rate > 0),
        }
    }
}

/// What the unit is calibrated by: pairs longer than 1 ms, without an interim response and not asynchronous. Of those the
/// components must make up the time between the two events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calibration {
    pub(crate) pairs: u64,
    pub(crate) wall: u64,
    pub(crate) components: u64,
    pub(crate) total: Option<u64>,
    spelling: Option<Spelling>,
    is_mixed: bool,
}

impl Calibration {
    pub(crate) fn add(&mut self, wall: u64, components: &Components) {
        self.is_mixed |= self.spelling.replace(components.spelling).is_some_and(|before| before != components.spelling);
        if wall <= LONG {
            return;
        }
        self.pairs += 1;
        self.wall = self.wall.saturating_add(wall);
        self.components = self.components.saturating_add(components.sum());
        add_known(&mut self.total, components.total);
    }

    /// How many pairs.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Their times by the clock of the events, together, in nanoseconds.
    pub fn wall_ns(&self) -> u64 {
        self.wall.saturating_mul(100)
    }

    /// Their components together, in the raw unit.
    pub fn components(&self) -> u64 {
        self.components
    }

    /// Their `TotalTime` together, in the raw unit.
    pub fn total_time(&self) -> Option<u64> {
        self.total
    }

    /// How the components' fields are named; none without components.
    pub fn spelling(&self) -> Option<Spelling> {
        self.spelling
    }

    /// The unit by a calibration. None where none fits within a tenth, and where some events count in cycles and others in
    /// time, as in a file with events of several builds.
    #[expect(clippy::cast_precision_loss, reason = "units differ by more than that")]
    pub fn unit(&self, clocks: &Clocks) -> Option<Inferred> {
        let raw = self.total.unwrap_or(self.components);
        if raw == 0 || self.wall == 0 || self.is_mixed {
            return None;
        }
        let per_second_found = raw as f64 / (self.wall as f64 / 1e7);
        let mut best: Option<Inferred> = None;
        for unit in Unit::ALL {
            let Some(per_second) = clocks.per_second(unit) else { continue };
            let error = (per_second_found / per_second as f64 - 1.0).abs();
            if error <= TOLERANCE && best.is_none_or(|best| error < best.error) {
                best = Some(Inferred { unit, per_second, error, pairs: self.pairs });
            }
        }
        best
    }
}

/// A unit that was found by calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inferred {
    /// The unit.
    pub unit: Unit,
    /// How many make a second.
    pub per_second: u64,
    /// By how much the components miss the time by the clock, as a part of it.
    pub error: f64,
    /// From how many pairs.
    pub pairs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibrate(per_second: u64, clocks: Clocks) -> Option<Inferred> {
        let mut calibration = Calibration::default();
        for wall in [5_000, 20_000, 1_000_000] {
            let mut components = Components { spelling: Spelling::Time, ..Components::default() };
            components.time[0] = wall * per_second / 10_000_000 * 99 / 100;
            calibration.add(wall, &components);
        }
        assert_eq!(calibration.pairs(), 2, "the first is too short");
        calibration.unit(&clocks)
    }

    #[test]
    fn the_unit_is_the_one_that_fits() {
        let clocks = Clocks { qpc: Some(3_579_545), tsc: Some(2_594_000_000) };
        for unit in Unit::ALL {
            let found = calibrate(clocks.per_second(unit).unwrap(), clocks).unwrap();
            assert_eq!(found.unit, unit);
            assert!((found.error - 0.01).abs() < 0.001, "{found:?}");
            assert_eq!(Unit::from_name(unit.name()), Some(unit));
        }
        assert_eq!(calibrate(2_594_000_000, Clocks::default()), None);
        let same = Clocks { qpc: Some(10_000_000), tsc: None };
        assert_eq!(calibrate(10_000_000, same).unwrap().unit, Unit::Ticks);
    }

    #[test]
    fn what_is_mixed_has_no_unit() {
        let mut calibration = Calibration::default();
        for spelling in [Spelling::Time, Spelling::Cycles] {
            let mut components = Components { spelling, ..Components::default() };
            components.time[0] = 20_000;
            calibration.add(20_000, &components);
        }
        assert_eq!(calibration.unit(&Clocks::default()), None);
    }
}
