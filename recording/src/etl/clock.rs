//! Converts the ticks of a trace's clock to FILETIMEs.

use etw_runtime::FileTime;

/// FILETIME ticks in a second.
const TICKS: i64 = 10_000_000;

/// The unit of the records' times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockType {
    /// The performance counter.
    Qpc,
    /// The system time, as FILETIMEs.
    SystemTime,
    /// The processor's cycles.
    CpuCycles,
    /// Something else; read as the performance counter.
    Other(u32),
}

impl ClockType {
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Qpc,
            2 => Self::SystemTime,
            3 => Self::CpuCycles,
            other => Self::Other(other),
        }
    }
}

/// The clock of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) kind: ClockType,
    /// The time of the log file header, in ticks of the clock.
    pub(super) raw0: i64,
    /// The same time as a FILETIME.
    pub(super) start: u64,
    /// Ticks of the clock in a second.
    pub(super) frequency: i64,
}

impl Clock {
    /// `None` if the clock has no frequency, or if the time is before 1601.
    #[inline]
    pub(super) fn time(&self, raw: i64) -> Option<FileTime> {
        let ticks = if self.kind == ClockType::SystemTime {
            u64::try_from(raw).ok()?
        } else {
            let passed = raw.checked_sub(self.raw0)?;
            self.start.checked_add_signed(if self.frequency == TICKS { passed } else { self.scale(passed)? })?
        };
        Some(FileTime::from_ticks(ticks))
    }

    /// floor(passed · 10⁷ / frequency). The product itself would not fit.
    fn scale(&self, passed: i64) -> Option<i64> {
        if self.frequency <= 0 {
            return None;
        }
        let whole = passed.div_euclid(self.frequency).checked_mul(TICKS)?;
        let part = i128::from(passed.rem_euclid(self.frequency));
        // Less than 10⁷, since the remainder is less than the frequency.
        let part = match i64::try_from(part * i128::from(TICKS)) {
            Ok(product) => product / self.frequency,
            Err(_) => i64::try_from(part * i128::from(TICKS) / i128::from(self.frequency)).ok()?,
        };
        whole.checked_add(part)
    }

    /// Whether the clock never goes back. The system time can be set.
    pub(super) fn is_steady(&self) -> bool {
        self.kind != ClockType::SystemTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(kind: ClockType, frequency: i64) -> Clock {
        Clock { kind, raw0: 1000, start: 500_000, frequency }
    }

    #[test]
    fn times_are_floored_and_exact() {
        let odd = clock(ClockType::Qpc, 1_818_300);
        for raw in [0, 999, 1000, 1001, 1_819_300, 19_479_122_065, i64::from(u32::MAX) * 1000] {
            let exact = 500_000 + ((i128::from(raw) - 1000) * 10_000_000).div_euclid(1_818_300);
            assert_eq!(odd.time(raw).map(|time| i128::from(time.ticks())), Some(exact), "{raw}");
        }
        assert_eq!(clock(ClockType::Qpc, 10_000_000).time(1007), Some(FileTime::from_ticks(500_007)));
        assert_eq!(clock(ClockType::SystemTime, 0).time(7), Some(FileTime::from_ticks(7)));
    }

    #[test]
    fn frequencies_of_any_size_do_no_harm() {
        assert_eq!(clock(ClockType::Qpc, i64::MAX).time(i64::MAX).map(FileTime::ticks), Some(10_499_999));
        assert_eq!(clock(ClockType::Qpc, 0).time(1000), None);
        assert_eq!(clock(ClockType::Qpc, -1).time(1000), None);
        assert_eq!(clock(ClockType::Qpc, 1).time(i64::MAX), None);
        assert_eq!(clock(ClockType::Qpc, 10_000_000).time(i64::MIN), None);
        assert_eq!(clock(ClockType::SystemTime, 1).time(-1), None);
    }
}
