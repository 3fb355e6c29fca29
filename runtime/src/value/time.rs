//! Points in time: FILETIME and SYSTEMTIME.

use core::fmt;
use core::time::Duration;

/// Ticks of 100 ns in a second.
const TICKS_PER_SECOND: u64 = 10_000_000;
/// Seconds in a day: neither structure knows leap seconds.
const SECONDS_PER_DAY: u64 = 86_400;
/// Ticks from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH: u64 = 134_774 * SECONDS_PER_DAY * TICKS_PER_SECOND;

/// A `win:FILETIME`: ticks of 100 ns since 1601-01-01 00:00 UTC.
///
/// `Display` and `Debug` print `2020-06-24T15:57:30.511000000Z`, the text of Windows without the U+200E marks that
/// messages put around the date's separators; `{:#}` prints them. Years past 9999 take more digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(u64);

impl FileTime {
    /// From ticks of 100 ns since 1601-01-01 00:00 UTC.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// Ticks of 100 ns since 1601-01-01 00:00 UTC.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// Nanoseconds since 1970-01-01 00:00 UTC, negative before it.
    pub const fn unix_nanos(self) -> i128 {
        // Not `i128::from`, which is not a `const fn`; both fit.
        (self.0 as i128 - UNIX_EPOCH as i128) * 100
    }

    /// How much later it is than another time; `None` if it is earlier.
    pub const fn duration_since(self, earlier: Self) -> Option<Duration> {
        match self.0.checked_sub(earlier.0) {
            Some(ticks) => {
                let nanos = (ticks % TICKS_PER_SECOND) as u32 * 100;
                Some(Duration::new(ticks / TICKS_PER_SECOND, nanos))
            }
            None => None,
        }
    }
}

/// A time that the other type cannot hold.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRangeError(());

#[cfg(feature = "std")]
impl fmt::Display for TimeRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time is out of range")
    }
}

#[cfg(feature = "std")]
impl core::error::Error for TimeRangeError {}

#[cfg(feature = "std")]
impl TryFrom<FileTime> for std::time::SystemTime {
    type Error = TimeRangeError;

    /// Fails for times after the last one that the system can hold: some systems count in fewer bits.
    fn try_from(time: FileTime) -> Result<Self, TimeRangeError> {
        let epoch = FileTime::from_ticks(UNIX_EPOCH);
        let moved = match time.duration_since(epoch) {
            Some(after) => Self::UNIX_EPOCH.checked_add(after),
            None => epoch.duration_since(time).and_then(|before| Self::UNIX_EPOCH.checked_sub(before)),
        };
        moved.ok_or(TimeRangeError(()))
    }
}

#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for FileTime {
    type Error = TimeRangeError;

    /// Fails for times before 1601 and for those more than about 58,000 years later. Parts of 100 ns are dropped.
    fn try_from(time: std::time::SystemTime) -> Result<Self, TimeRangeError> {
        let ticks = |span: Duration| u64::try_from(span.as_nanos() / 100).ok();
        let moved = match time.duration_since(std::time::SystemTime::UNIX_EPOCH) {
            Ok(after) => ticks(after).and_then(|ticks| UNIX_EPOCH.checked_add(ticks)),
            Err(before) => ticks(before.duration()).and_then(|ticks| UNIX_EPOCH.checked_sub(ticks)),
        };
        moved.map(Self).ok_or(TimeRangeError(()))
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / TICKS_PER_SECOND;
        let ticks = self.0 % TICKS_PER_SECOND;
        let date = Date::from_days(seconds / SECONDS_PER_DAY);
        let second = seconds % SECONDS_PER_DAY;
        write_time(f, date, [second / 3600, second / 60 % 60, second % 60], ticks * 100)
    }
}

impl fmt::Debug for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A `win:SYSTEMTIME`: a date and a time of day, as separate numbers.
///
/// No part is checked: what was recorded is kept and printed. `Display` and `Debug` print the form of [`FileTime`],
/// with nine digits after the second.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SystemTime {
    year: u16,
    month: u16,
    day_of_week: u16,
    day: u16,
    hour: u16,
    minute: u16,
    second: u16,
    millisecond: u16,
}

impl SystemTime {
    /// From the bytes on the wire: eight 16-bit numbers, low byte first.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut words = [0; 8];
        for (word, &pair) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u16::from_le_bytes(pair);
        }
        let [year, month, day_of_week, day, hour, minute, second, millisecond] = words;
        Self { year, month, day_of_week, day, hour, minute, second, millisecond }
    }

    /// The bytes on the wire.
    pub fn to_bytes(self) -> [u8; 16] {
        let Self { year, month, day_of_week, day, hour, minute, second, millisecond } = self;
        let words = [year, month, day_of_week, day, hour, minute, second, millisecond];
        let mut bytes = [0; 16];
        for (pair, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *pair = word.to_le_bytes();
        }
        bytes
    }

    /// The year; Windows allows 1601 to 30827.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1 for January to 12.
    pub const fn month(self) -> u16 {
        self.month
    }

    /// The day of the week, from 0 for Sunday to 6.
    pub const fn day_of_week(self) -> u16 {
        self.day_of_week
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u16 {
        self.day
    }

    /// The hour, from 0 to 23.
    pub const fn hour(self) -> u16 {
        self.hour
    }

    /// The minute, from 0 to 59.
    pub const fn minute(self) -> u16 {
        self.minute
    }

    /// The second, from 0 to 59.
    pub const fn second(self) -> u16 {
        self.second
    }

    /// The millisecond, from 0 to 999.
    pub const fn millisecond(self) -> u16 {
        self.millisecond
    }
}

impl fmt::Display for SystemTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = Date { year: self.year.into(), month: self.month.into(), day: self.day.into() };
        let time = [self.hour.into(), self.minute.into(), self.second.into()];
        write_time(f, date, time, u64::from(self.millisecond) * 1_000_000)
    }
}

impl fmt::Debug for SystemTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The form that both types share. The alternate one, `{:#}`, has the left-to-right marks that Windows puts around
/// the parts of a date in a message.
fn write_time(f: &mut fmt::Formatter<'_>, date: Date, time: [u64; 3], nanos: u64) -> fmt::Result {
    let Date { year, month, day } = date;
    let [hour, minute, second] = time;
    if let Some(text) = short_time(date, time, nanos).filter(|_| !f.alternate()) {
        // The text is ASCII only.
        return f.write_str(core::str::from_utf8(&text).map_err(|_| fmt::Error)?);
    }
    let m = if f.alternate() { "\u{200E}" } else { "" };
    write!(f, "{m}{year:04}{m}-{m}{month:02}{m}-{m}{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// The text of a time whose parts have the usual number of digits. By hand, because every record has a time.
fn short_time(date: Date, time: [u64; 3], nanos: u64) -> Option<[u8; 30]> {
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let Date { year, month, day } = date;
    let [hour, minute, second] = time;
    let parts =
        [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, hour), (14, 2, minute), (17, 2, second), (20, 9, nanos)];
    for (at, digits, number) in parts {
        let mut rest = u32::try_from(number).ok()?;
        for place in text.get_mut(at..at + digits)?.iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        if rest > 0 {
            return None;
        }
    }
    Some(text)
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy)]
struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Date {
    /// The date that many days after 1601-01-01.
    ///
    /// That day begins a cycle of 400 years. A leap day is the last day of four years; three of the four centuries lack
    /// their last one, and the cycle as a whole ends with one. So each step is a division; only the last day of a cycle
    /// and of a leap year would get the index of a part that does not exist.
    fn from_days(days: u64) -> Self {
        const YEAR: u64 = 365;
        const FOUR_YEARS: u64 = 4 * YEAR + 1;
        const CENTURY: u64 = 25 * FOUR_YEARS - 1;
        const CYCLE: u64 = 4 * CENTURY + 1;

        let cycles = days / CYCLE;
        let days = days % CYCLE;
        let centuries = (days / CENTURY).min(3);
        let days = days - centuries * CENTURY;
        let fours = days / FOUR_YEARS;
        let days = days % FOUR_YEARS;
        let years = (days / YEAR).min(3);
        let is_leap = years == 3 && (fours != 24 || centuries == 3);
        let (month, day) = month_and_day(days - years * YEAR, is_leap);
        Self { year: 1601 + 400 * cycles + 100 * centuries + 4 * fours + years, month, day }
    }
}

/// The month and its day for a day of the year, counted from 0.
fn month_and_day(mut day: u64, is_leap: bool) -> (u64, u64) {
    let february = if is_leap { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, format, hex},
        *,
    };

    fn day(days: u64) -> FileTime {
        FileTime::from_ticks(days * SECONDS_PER_DAY * TICKS_PER_SECOND)
    }

    #[test]
    fn filetime_prints_as_windows_does() {
        // Vector 35.
        let ticks = u64::from_le_bytes(hex("F0897B2A404AD601").try_into().unwrap());
        let time = FileTime::from_ticks(ticks);
        assert_eq!(time.to_string(), "2020-06-24T15:57:30.511000000Z");
        assert_eq!(format!("{time:?}"), "2020-06-24T15:57:30.511000000Z");
        assert_eq!(time.ticks(), ticks);
        assert_eq!(time.unix_nanos(), 1_593_014_250_511_000_000);
    }

    #[test]
    fn filetime_is_right_at_the_edges() {
        assert_eq!(day(0).to_string(), "1601-01-01T00:00:00.000000000Z");
        assert_eq!(FileTime::from_ticks(1).to_string(), "1601-01-01T00:00:00.000000100Z");
        assert_eq!(FileTime::from_ticks(UNIX_EPOCH).to_string(), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(FileTime::from_ticks(UNIX_EPOCH).unix_nanos(), 0);
        assert_eq!(FileTime::from_ticks(0).unix_nanos(), -11_644_473_600_000_000_000);
        // Calculated independently of this code: 146 cycles of 400 years after 1656-05-28.
        assert_eq!(FileTime::from_ticks(u64::MAX).to_string(), "60056-05-28T05:36:10.955161500Z");
        assert_eq!(FileTime::from_ticks(u64::MAX).unix_nanos(), 1_833_029_933_770_955_161_500);
    }

    /// Walks the calendar day by day, through more than two cycles of 400 years.
    #[test]
    fn every_day_follows_the_one_before() {
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let mut year = 1601;
        let mut month = 1;
        let mut date = 1;
        for days in 0..400_000 {
            let Date { year: y, month: m, day: d } = Date::from_days(days);
            assert_eq!((y, m, d), (year, month, date), "day {days}");
            let length = match month {
                2 if is_leap(year) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            date += 1;
            if date > length {
                (month, date) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn systemtime_prints_what_it_holds() {
        let time = SystemTime::from_bytes(hex("E4070600030018000F0039001E00FF01").try_into().unwrap());
        assert_eq!(time.to_string(), "2020-06-24T15:57:30.511000000Z");
        assert_eq!((time.year(), time.month(), time.day_of_week(), time.day()), (2020, 6, 3, 24));
        assert_eq!((time.hour(), time.minute(), time.second(), time.millisecond()), (15, 57, 30, 511));
        assert_eq!(SystemTime::default().to_string(), "0000-00-00T00:00:00.000000000Z");
        assert_eq!(SystemTime::from_bytes([0xFF; 16]).to_string(), "65535-65535-65535T65535:65535:65535.65535000000Z");
    }

    #[test]
    fn the_time_between_two_is_exact() {
        let earlier = FileTime::from_ticks(UNIX_EPOCH);
        let later = FileTime::from_ticks(UNIX_EPOCH + 3 * TICKS_PER_SECOND + 7);
        assert_eq!(later.duration_since(earlier), Some(Duration::new(3, 700)));
        assert_eq!(earlier.duration_since(later), None);
    }

    #[cfg(feature = "std")]
    #[test]
    fn times_go_to_the_standard_library_and_back() {
        for ticks in [0, 1, UNIX_EPOCH - 1, UNIX_EPOCH, UNIX_EPOCH + 12_345_678_901] {
            let time = FileTime::from_ticks(ticks);
            let std = std::time::SystemTime::try_from(time).expect("a time that every system has");
            assert_eq!(FileTime::try_from(std), Ok(time), "{ticks}");
        }
        // Windows has no such time.
        let before_1601 = std::time::SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(12_000_000_000));
        assert!(before_1601.is_none_or(|time| FileTime::try_from(time).is_err()));
    }
}
