//! Numbers as people read them.

/// Three digits and a unit: `184µs`, `9.95ms`, `12.3s`.
pub(crate) fn duration(ns: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    match ns {
        0..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}µs", three(ns, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", three(ns, 1_000_000)),
        1_000_000_000..600_000_000_000 => format!("{}s", three(ns, 1_000_000_000)),
        _ if ns < 600 * MINUTE => format!("{}m", three(ns, MINUTE)),
        _ => format!("{}h", three(ns, 60 * MINUTE)),
    }
}

/// Three digits and a unit: `44.1 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = bytes.checked_ilog2().map_or(0, |bits| bits / 10) as usize;
    match unit.checked_sub(1).and_then(|unit| UNITS.get(unit)) {
        Some(name) => format!("{} {name}", three(bytes, 1 << (10 * unit))),
        None => format!("{bytes} B"),
    }
}

/// Three digits of a quotient, or all before the point.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn three(value: u64, unit: u64) -> String {
    let value = value as f64 / unit as f64;
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$}")
}

/// With a comma before each three digits.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of one: `81.2 %`.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown: Vec<_> = [999, 7_400, 184_250, 9_999_999, 12_345_678_901, 5_400_000_000_000, 90_000_000_000_000]
            .map(duration)
            .to_vec();
        assert_eq!(shown, ["999ns", "7.40µs", "184µs", "10.0ms", "12.3s", "90.0m", "25.0h"]);
        assert_eq!([0, 1023, 46_298_792, u64::MAX].map(bytes), ["0 B", "1023 B", "44.2 MiB", "16.0 EiB"]);
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(0.8123), "81.2 %");
    }
}
