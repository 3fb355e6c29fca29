//! The ratios, printed after the measurements.
//!
//! Criterion hands its numbers to no one but the files that it writes; they are read from there. A file older than
//! this run belongs to a benchmark that a filter left out.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

/// Two measurements of one group, and what their quotient should be.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) title: &'static str,
    /// The function in question and what it is called in the table.
    pub(crate) measured: &'static str,
    /// The function that it is compared with.
    pub(crate) baseline: &'static str,
    /// The operations that one iteration makes.
    pub(crate) operations: f64,
    /// None where the ratio is for information.
    pub(crate) target: Option<f64>,
}

/// Where Criterion's files go: beside what else cargo builds.
pub(crate) fn output_directory() -> PathBuf {
    let beside = || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("criterion");
    env::var_os("CRITERION_HOME").map_or_else(beside, PathBuf::from)
}

/// Prints the rows of which both sides were measured after `start`.
pub(crate) fn print(rows: &[Row], start: SystemTime) {
    let lines: Vec<_> = rows.iter().filter_map(|row| row.line(start)).collect();
    if !lines.is_empty() {
        println!("\nMedians and their ratio, and the ratio of the fastest samples:\n{}", lines.join("\n"));
    }
}

impl Row {
    fn line(&self, start: SystemTime) -> Option<String> {
        let measured = self.times(self.measured, start)?;
        let baseline = self.times(self.baseline, start)?;
        let target = self.target.map_or_else(String::new, |target| format!(" (target {target:.2})"));
        Some(format!(
            "{:<36} {:>9}, {} {:>9}, ratio {:.2}, fastest {:.2}{target}",
            format!("{}:", self.title),
            duration(measured.median / self.operations),
            self.baseline.replace('_', " "),
            duration(baseline.median / self.operations),
            measured.median / baseline.median,
            measured.fastest / baseline.fastest,
        ))
    }

    fn times(&self, function: &str, start: SystemTime) -> Option<Times> {
        let file = output_directory().join(self.group).join(function).join("new/sample.json");
        if fs::metadata(&file).and_then(|file| file.modified()).ok()? < start {
            return None;
        }
        Times::of(&serde_json::from_slice(&fs::read(&file).ok()?).ok()?)
    }
}

/// Nanoseconds of an iteration. What else runs on the machine only ever adds to them, so the fastest sample is the
/// one that says most of the code.
struct Times {
    median: f64,
    fastest: f64,
}

impl Times {
    /// From Criterion's `sample.json`: how often each sample ran, and how long.
    fn of(sample: &serde_json::Value) -> Option<Self> {
        let numbers = |key: &str| sample[key].as_array()?.iter().map(serde_json::Value::as_f64).collect();
        let (iterations, times): (Option<Vec<f64>>, Option<Vec<f64>>) = (numbers("iters"), numbers("times"));
        let mut each: Vec<_> = times?.iter().zip(iterations?).map(|(time, iterations)| time / iterations).collect();
        each.sort_by(f64::total_cmp);
        Some(Self { median: *each.get(each.len() / 2)?, fastest: *each.first()? })
    }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.2} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}
