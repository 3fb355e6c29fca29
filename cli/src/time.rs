//! Times as people write them: RFC 3339, or how long ago.

use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use etw_runtime::FileTime;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// Ticks of 100 ns in a second.
const SECOND: u64 = 10_000_000;
/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// ISO 8601 in UTC, with the seven digits that a FILETIME has.
pub(crate) fn iso(time: FileTime) -> String {
    let mut text = time.to_string();
    // Nine digits, of which the last two are always 0 for a FILETIME.
    if text.ends_with("00Z") {
        text.truncate(text.len() - 3);
        text.push('Z');
    }
    text
}

/// The zone that times are shown in, and meant in where they have no offset.
#[derive(Clone, Debug, Default)]
pub(crate) enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// That of this machine.
    Local(TimeZone),
}

/// The zone that is asked for.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct ZoneArgs {
    /// Times are in UTC: the default
    #[arg(long, conflicts_with = "local")]
    utc: bool,

    /// Shows times in this machine's zone, with their offset from UTC, and takes times without an offset to be in it.
    /// jsonl, timesketch and the times in --where stay in UTC
    #[arg(long)]
    local: bool,
}

impl ZoneArgs {
    /// The zone.
    pub(crate) fn zone(self) -> io::Result<Zone> {
        if !self.local {
            return Ok(Zone::Utc);
        }
        let zone = TimeZone::try_system().map_err(|error| io::Error::other(format!("--local: {error}")))?;
        Ok(Zone::Local(zone))
    }
}

impl Zone {
    /// ISO 8601 with seven digits, and with the offset unless it is UTC.
    pub(crate) fn show(&self, time: FileTime) -> String {
        let local = match self {
            Self::Utc => None,
            Self::Local(zone) => shift(zone, time),
        };
        let Some((shifted, offset)) = local else { return iso(time) };
        let mut text = iso(shifted);
        text.truncate(text.len().saturating_sub(1));
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs() / 60;
        format!("{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The time that is meant by a clock on the wall: ticks as if it were UTC.
    fn meant(&self, wall: u64) -> FileTime {
        let meant = match self {
            Self::Utc => None,
            Self::Local(zone) => unshift(zone, wall),
        };
        FileTime::from_ticks(meant.unwrap_or(wall))
    }
}

/// A time as the clock on the wall shows it, and that clock's offset in seconds. None beyond the years that a zone is known for.
fn shift(zone: &TimeZone, time: FileTime) -> Option<(FileTime, i32)> {
    let seconds = i64::try_from(time.ticks() / SECOND).ok()? - EPOCH;
    let offset = zone.to_offset(Timestamp::from_second(seconds).ok()?).seconds();
    let ticks = time.ticks().checked_add_signed(i64::from(offset) * SECOND.cast_signed())?;
    Some((FileTime::from_ticks(ticks), offset))
}

/// The other way. A time that the clock shows twice is the first one; one that it leaves out is as far behind the change.
fn unshift(zone: &TimeZone, wall: u64) -> Option<u64> {
    let seconds = i64::try_from(wall / SECOND).ok()? - EPOCH;
    let civil = TimeZone::UTC.to_datetime(Timestamp::from_second(seconds).ok()?);
    let meant = zone.to_ambiguous_timestamp(civil).compatible().ok()?.as_second();
    u64::try_from(meant + EPOCH).ok()?.checked_mul(SECOND)?.checked_add(wall % SECOND)
}

/// A time as it was written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// With its offset, or how long ago.
    At(FileTime),
    /// Without: ticks as if it were UTC.
    Wall(u64),
}

impl Given {
    /// The time in a zone.
    pub(crate) fn within(self, zone: &Zone) -> FileTime {
        match self {
            Self::At(time) => time,
            Self::Wall(ticks) => zone.meant(ticks),
        }
    }
}

/// The same to the microsecond and with an offset in digits.
pub(crate) fn iso_micros(time: FileTime) -> String {
    let mut text = iso(time);
    text.truncate(text.len().saturating_sub(2));
    text + "+00:00"
}

/// Reads RFC 3339 (`2026-11-20T08:00:00Z`, `2026-11-20 08:00+01:00`, `2026-11-20`), or how long
/// ago (`90s`, `30m`, `2h`, `7d`).
pub(crate) fn parse(text: &str) -> Result<Given, String> {
    let wrong =
        || format!("`{text}` is not a time; write 2026-11-20T08:00:00Z, 2026-11-20, or how long ago: 90s, 30m, 2h, 7d");
    if let Some(ago) = ago(text) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let ticks = now.saturating_add(EPOCH.unsigned_abs()).saturating_sub(ago).saturating_mul(SECOND);
        return Ok(Given::At(FileTime::from_ticks(ticks)));
    }
    absolute(text).ok_or_else(wrong)
}

/// The same, where a time without an offset is UTC.
pub(crate) fn parse_utc(text: &str) -> Result<FileTime, String> {
    parse(text).map(|time| time.within(&Zone::Utc))
}

/// The seconds in a text such as `2h`.
fn ago(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn absolute(text: &str) -> Option<Given> {
    let date = text.get(..10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [month, day] = [month, day].map(|number| i8::try_from(number).ok());
    let date = Date::new(i16::try_from(year).ok()?, month?, day?).ok()?;
    let midnight = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second();
    let rest = &text[10..];
    let day = if rest.is_empty() { TimeOfDay::default() } else { time_of_day(rest.strip_prefix(['T', 't', ' '])?)? };
    let seconds = midnight.checked_add(EPOCH)?.checked_add(day.seconds)?;
    let seconds = seconds.checked_sub(day.offset.unwrap_or(0))?;
    let ticks = u64::try_from(seconds).ok()?.checked_mul(SECOND)?.checked_add(day.ticks)?;
    Some(if day.offset.is_some() { Given::At(FileTime::from_ticks(ticks)) } else { Given::Wall(ticks) })
}

/// The time after a date.
#[derive(Default)]
struct TimeOfDay {
    seconds: i64,
    ticks: u64,
    /// From UTC, in seconds.
    offset: Option<i64>,
}

fn time_of_day(text: &str) -> Option<TimeOfDay> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(text.len());
    let (clock, offset) = text.split_at(end);
    let offset = match offset {
        "" => None,
        "Z" | "z" => Some(0),
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let [hours, minutes] = numbers(offset.strip_prefix(['+', '-'])?, ':', [2, 2])?;
            Some(sign * (hours * 3600 + minutes * 60))
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] =
        numbers(clock, ':', [2, 2, 2]).or_else(|| numbers(clock, ':', [2, 2]).map(|[h, m]| [h, m, 0]))?;
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let nanos: u64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    Some(TimeOfDay { seconds: hour * 3600 + minute * 60 + second, ticks: nanos / 100, offset })
}

/// Numbers with a fixed number of digits, separated by a character.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, expected) in [
            ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00.0000000Z"),
            ("2026-11-20 08:00:00.1234567", "2026-11-20T08:00:00.1234567Z"),
            ("2026-11-20T08:00+01:00", "2026-11-20T07:00:00.0000000Z"),
            ("2026-11-20T23:30:00-02:30", "2026-11-21T02:00:00.0000000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.0000000Z"),
            ("1601-01-01", "1601-01-01T00:00:00.0000000Z"),
        ] {
            assert_eq!(parse(text).map(|time| iso(time.within(&Zone::Utc))).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(iso_micros(FileTime::from_ticks(12_345_678)), "1601-01-01T00:00:01.234567+00:00");
    }

    /// By a rule, so that no machine's list of zones matters.
    fn berlin() -> Zone {
        Zone::Local(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
    }

    #[test]
    fn local_times_have_their_offset_and_are_taken_back() {
        for (text, shown) in [
            ("2026-11-20T08:00:00Z", "2026-11-20T09:00:00.0000000+01:00"),
            ("2026-07-01T23:30:00.1234567Z", "2026-07-02T01:30:00.1234567+02:00"),
            ("2026-11-20 08:00", "2026-11-20T08:00:00.0000000+01:00"),
            ("2026-07-01", "2026-07-01T00:00:00.0000000+02:00"),
            // Twice that night, and never that morning.
            ("2026-10-25 02:30", "2026-10-25T02:30:00.0000000+02:00"),
            ("2026-03-29 02:30", "2026-03-29T03:30:00.0000000+02:00"),
        ] {
            assert_eq!(parse(text).map(|time| berlin().show(time.within(&berlin()))).as_deref(), Ok(shown), "{text}");
        }
        let west = Zone::Local(TimeZone::posix("NST3:30").unwrap());
        assert_eq!(west.show(FileTime::from_ticks(10 * 3600 * SECOND)), "1601-01-01T06:30:00.0000000-03:30");
        // Beyond what a zone is known for it stays UTC.
        assert!(berlin().show(FileTime::from_ticks(u64::MAX)).ends_with('Z'));
        assert_eq!(Zone::Utc.show(FileTime::from_ticks(0)), "1601-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "x",
            "2026",
            "2026-13-01",
            "2025-02-29",
            "2026-11-20T",
            "2026-11-20T25:00",
            "2026-11-20T08:00:00+1",
            "1600-01-01",
            "2026-11-20T08:00:00.0000000000",
            "h",
            "-2h",
            "2ü",
            "2026-11-2ü",
            "99999999999999999999d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_while_ago_counts_back_from_now() {
        let ticks = |text| parse(text).unwrap().within(&Zone::Utc).ticks();
        let hour = ticks("1h");
        let two = ticks("120m");
        assert!((3599 * SECOND..=3601 * SECOND).contains(&(hour - two)));
    }
}
