//! Times as people write them: RFC 3339, or how long ago.

use std::time::{SystemTime, UNIX_EPOCH};

use etw_runtime::FileTime;

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

/// The same to the microsecond and with an offset in digits.
pub(crate) fn iso_micros(time: FileTime) -> String {
    let mut text = iso(time);
    text.truncate(text.len().saturating_sub(2));
    text + "+00:00"
}

/// Reads RFC 3339 (`2026-11-20T08:00:00Z`, `2026-11-20 08:00+01:00`, `2026-11-20`; UTC unless it has an offset), or how long
/// ago (`90s`, `30m`, `2h`, `7d`).
pub(crate) fn parse(text: &str) -> Result<FileTime, String> {
    let wrong =
        || format!("`{text}` is not a time; write 2026-11-20T08:00:00Z, 2026-11-20, or how long ago: 90s, 30m, 2h, 7d");
    if let Some(ago) = ago(text) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let ticks = now.saturating_add(EPOCH.unsigned_abs()).saturating_sub(ago).saturating_mul(SECOND);
        return Ok(FileTime::from_ticks(ticks));
    }
    absolute(text).map(FileTime::from_ticks).ok_or_else(wrong)
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

fn absolute(text: &str) -> Option<u64> {
    let date = text.get(..10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    let rest = &text[10..];
    let (seconds, ticks) = if rest.is_empty() { (0, 0) } else { time_of_day(rest.strip_prefix(['T', 't', ' '])?)? };
    let seconds = days.checked_mul(86_400)?.checked_add(EPOCH)?.checked_add(seconds)?;
    u64::try_from(seconds).ok()?.checked_mul(SECOND)?.checked_add(ticks)
}

/// Seconds of the day minus the offset, and ticks.
fn time_of_day(text: &str) -> Option<(i64, u64)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(text.len());
    let (clock, offset) = text.split_at(end);
    let offset = match offset {
        "" | "Z" | "z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let [hours, minutes] = numbers(offset.strip_prefix(['+', '-'])?, ':', [2, 2])?;
            sign * (hours * 3600 + minutes * 60)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] =
        numbers(clock, ':', [2, 2, 2]).or_else(|| numbers(clock, ':', [2, 2]).map(|[h, m]| [h, m, 0]))?;
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let nanos: u64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    Some((hour * 3600 + minute * 60 + second - offset, nanos / 100))
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

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day is their last day.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
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
            assert_eq!(parse(text).map(iso).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(iso_micros(FileTime::from_ticks(12_345_678)), "1601-01-01T00:00:01.234567+00:00");
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
        let hour = parse("1h").unwrap().ticks();
        let two = parse("120m").unwrap().ticks();
        assert!((3599 * SECOND..=3601 * SECOND).contains(&(hour - two)));
    }
}
