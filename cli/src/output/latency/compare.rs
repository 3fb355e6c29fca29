//! Two reports beside each other: what became slower.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use smbserver_analysis::{Command, Component, Dimension, Distribution, Figures, Group, Key};

use super::{
    Findings, json,
    units::{count, duration},
};
use crate::output::text::{Breaks, visible};

const HEADING: Style = AnsiColor::Cyan.on_default().bold();
const BAD: Style = AnsiColor::Yellow.on_default().bold();

/// So much more, or less, is told apart from chance.
const NOTABLE: f64 = 1.2;

/// Both objects, the earlier first.
pub(crate) fn object(before: &Findings, after: &Findings) -> Value {
    json!({ "before": json::object(before), "after": json::object(after) })
}

/// The report for people.
pub(crate) fn report(before: &Findings, after: &Findings) -> String {
    let mut text = verdict(before, after);
    for (which, findings) in [("before", before), ("after", after)] {
        let names: Vec<_> = findings.files.iter().map(|file| visible(&file.name, Breaks::Escaped)).collect();
        let pairs = count(findings.report.total.pairs());
        let _ = writeln!(text, "{which:<7}{}: {pairs} pairs", names.join(", "));
    }
    for (dimension, heading) in [(Dimension::Command, "command"), (Dimension::Client, "client")] {
        text.push_str(&table(heading, dimension, before, after));
    }
    text
}

/// What pairs took together, but for CHANGE_NOTIFY, which waits for something to happen.
struct Sum {
    pairs: u64,
    wall_ns: u64,
    /// In nanoseconds, where the unit is known.
    components: Option<Vec<(Component, f64)>>,
}

impl Sum {
    #[expect(clippy::cast_precision_loss, reason = "means are shown with three digits")]
    fn of(findings: &Findings) -> Self {
        let groups = findings.report.groups(&[Dimension::Command]).unwrap_or_default();
        let groups: Vec<_> =
            groups.iter().filter(|group| group.keys != [Key::Command(Command::CHANGE_NOTIFY)]).collect();
        let components = findings.report.per_second().map(|rate| {
            let time = |component| groups.iter().map(|group| group.figures.time_paired(component)).sum::<u64>();
            Component::ALL.map(|component| (component, time(component) as f64 * 1e9 / rate as f64)).to_vec()
        });
        Self {
            pairs: groups.iter().map(|group| group.figures.pairs()).sum(),
            wall_ns: groups.iter().map(|group| group.figures.wall().sum_ns()).sum(),
            components,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "means are shown with three digits")]
    fn mean(&self, ns: f64) -> f64 {
        ns / self.pairs.max(1) as f64
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of durations is one")]
fn shown(ns: f64) -> String {
    duration(ns.round() as u64)
}

/// The first lines: slower or faster, by how much, and in what.
#[expect(clippy::cast_precision_loss, reason = "means are shown with three digits")]
fn verdict(before: &Findings, after: &Findings) -> String {
    let sums = [Sum::of(before), Sum::of(after)];
    let [old, new] = sums.each_ref().map(|sum| sum.mean(sum.wall_ns as f64));
    if sums.iter().any(|sum| sum.pairs == 0) {
        return "there are no pairs to compare\n".to_owned();
    }
    let means = format!("a request takes {} on the mean, was {}", shown(new), shown(old));
    let mut text = match new / old.max(1.0) {
        ratio if ratio >= NOTABLE => format!("{BAD}slower{BAD:#}, {ratio:.1} times: {means}\n"),
        ratio if ratio <= 1.0 / NOTABLE => format!("faster, {:.1} times: {means}\n", 1.0 / ratio),
        _ => format!("about as fast: {means}\n"),
    };
    let [Some(old), Some(new)] = sums.each_ref().map(|sum| sum.components.as_ref()) else { return text };
    let changes = old.iter().zip(new).map(|((component, old), (_, new))| {
        let means = (sums[0].mean(*old), sums[1].mean(*new));
        (*component, means, means.1 - means.0)
    });
    let most = changes.max_by(|one, other| one.2.abs().total_cmp(&other.2.abs()));
    if let Some((component, (old, new), change)) = most {
        let word = if change > 0.0 { "more" } else { "less" };
        let _ = writeln!(
            text,
            "most of it in {component}: {} a request, was {}, {} {word}",
            shown(new),
            shown(old),
            shown(change.abs())
        );
    }
    text
}

fn table(heading: &str, dimension: Dimension, before: &Findings, after: &Findings) -> String {
    let [old, new] = [before, after].map(|findings| findings.report.groups(&[dimension]).unwrap_or_default());
    let columns = "   pairs    was     p50    was     p95    was     p99    was       Σ    was errors  was";
    let mut text = format!("\n{HEADING}{heading:<16}{columns}{HEADING:#}\n");
    let top = if dimension == Dimension::Command { usize::MAX } else { after.top };
    for group in new.iter().take(top) {
        let was = old.iter().find(|old| old.keys == group.keys);
        let name: String = group.keys.iter().map(Key::to_string).collect::<String>().chars().take(16).collect();
        let _ = writeln!(text, "{}", visible(&format!("{name:<16}{}", row(group, was)), Breaks::Escaped));
    }
    text
}

fn row(new: &Group, was: Option<&Group>) -> String {
    let figures = [Some(new), was].map(|group| group.map(|group| &group.figures));
    let number = |of: fn(&Figures) -> u64| figures.map(|it| it.map_or_else(|| "-".to_owned(), |it| count(of(it))));
    let [pairs, pairs_was] = number(Figures::pairs);
    let mut text = format!("{pairs:>8}{pairs_was:>7}");
    let [now, was] = figures.map(|it| it.map_or([None; 4], |it| times(it.wall())));
    for times in now.into_iter().zip(was) {
        let [now, was] = <[_; 2]>::from(times).map(|ns| ns.map_or_else(|| "-".to_owned(), duration));
        let _ = write!(text, "{now:>8}{was:>7}");
    }
    let [errors, errors_was] = number(Figures::errors);
    let _ = write!(text, "{errors:>7}{errors_was:>5}");
    text
}

/// p50, p95, p99 and the sum; none without values.
fn times(wall: &Distribution) -> [Option<u64>; 4] {
    let Some([p50, p95, p99]) = wall.percentiles_ns([50, 95, 99]) else { return [None; 4] };
    [p50, p95, p99, wall.sum_ns()].map(Some)
}
