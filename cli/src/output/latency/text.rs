//! The report for people: a hundred columns, to be read at a glance.

use std::{collections::BTreeMap, fmt::Write as _};

use anstyle::{AnsiColor, Style};
use smbserver_analysis::{Command, Component, Dimension, Distribution, Figures, Group, Key, Owner, Pair};

use super::{
    Findings,
    units::{bytes, count, duration, percent},
};
use crate::{
    facts,
    output::text::{Breaks, visible},
    time,
};

const HEADING: Style = AnsiColor::Cyan.on_default().bold();
const NAME: Style = Style::new().bold();
const BAD: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Columns of the whole.
const WIDTH: usize = 100;
/// Eighths of a column, for bars and lines of sparks.
const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The report.
pub(crate) fn report(findings: &Findings) -> String {
    let mut text = header(findings);
    text.push_str(&commands(findings));
    text.push_str(&components(findings));
    text.push_str(&errors(findings));
    for (dimension, heading) in [
        (Dimension::Client, "clients"),
        (Dimension::User, "users"),
        (Dimension::Share, "shares"),
        (Dimension::File, "files"),
    ] {
        let groups = findings.report.groups(&[dimension]).unwrap_or_default();
        text.push_str(&table(heading, groups, findings.top));
    }
    for dimensions in &findings.by {
        let names: Vec<_> = dimensions.iter().map(|dimension| dimension.name()).collect();
        let groups = findings.report.groups(dimensions).unwrap_or_default();
        text.push_str(&table(&format!("by {}", names.join(", ")), groups, findings.top));
    }
    text.push_str(&outliers(findings));
    text.push_str(&slowest(findings));
    text.push_str(&unanswered(findings));
    text.push_str(&load(findings));
    text.push_str(&notes(findings));
    text
}

fn header(findings: &Findings) -> String {
    let report = &findings.report;
    let mut text = String::new();
    for file in &findings.files {
        let name = visible(&file.name, Breaks::Escaped);
        let build = file.build.map_or_else(|| "not told".to_owned(), |build| build.to_string());
        let _ = writeln!(text, "{NAME}{name}{NAME:#}  build {build}, by {}", file.build_known_by);
    }
    if let (Some(start), Some(end)) = (findings.start, findings.end) {
        let span = end.ticks().saturating_sub(start.ticks()).saturating_mul(100);
        let _ = writeln!(text, "{} to {} ({})", short_time(start), short_time(end), duration(span));
    }
    let events = count(report.events.total());
    let _ = write!(text, "{events} events of SMBServer, {} of others, ", count(findings.others));
    let (lost, buffers) = (findings.events_lost(), findings.buffers_lost());
    let _ = match (lost, buffers) {
        (0, 0) => writeln!(text, "none lost"),
        _ => writeln!(
            text,
            "{BAD}{} events and {} buffers lost{BAD:#}: requests and responses may lack each other",
            count(lost),
            count(buffers)
        ),
    };
    let total = &report.total;
    let _ = writeln!(
        text,
        "{} pairs, {} unanswered, {} responses without request, {} in flight at most",
        count(total.pairs()),
        count(total.unanswered()),
        count(total.orphans()),
        count(report.load.most_in_flight()),
    );
    let _ = writeln!(text, "{}", unit(findings));
    text
}

fn unit(findings: &Findings) -> String {
    let report = &findings.report;
    match (report.given_unit, report.unit) {
        (Some((unit, _)), _) => format!("components in {}, as given", unit.name()),
        (None, Some(found)) => format!(
            "components in {}: inferred from {} pairs, which it misses by {}",
            found.unit.name(),
            count(found.pairs),
            percent(found.error)
        ),
        (None, None) => "components in a unit that cannot be inferred: their parts of the sum are shown".to_owned(),
    }
}

/// Second and tenth of a millisecond are enough for people; JSON has all digits.
fn short_time(at: etw_runtime::FileTime) -> String {
    let text = time::iso(at).replace('T', " ");
    text.get(..23).unwrap_or(&text).to_owned() + " UTC"
}

fn clock(at: etw_runtime::FileTime) -> String {
    time::iso(at).get(11..24).unwrap_or_default().to_owned()
}

fn section(heading: &str) -> String {
    format!("\n{HEADING}{heading}{HEADING:#}\n")
}

/// The columns of a table of figures behind the first.
const COLUMNS: &str = "   count  err%     bytes   total   mean    p50    p95    p99    max";

fn row(figures: &Figures) -> String {
    let errors = if figures.count() == 0 { String::new() } else { part(figures.errors(), figures.count()) };
    let data = if figures.bytes() == 0 { "-".to_owned() } else { bytes(figures.bytes()) };
    let mut text = format!("{:>8} {errors:>5} {data:>9}", count(figures.count()));
    let wall = figures.wall();
    let shown = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), duration);
    let percentiles = wall.percentiles_ns([50, 95, 99]);
    let _ = write!(text, " {:>7}", shown((wall.count() > 0).then(|| wall.sum_ns())));
    for ns in [
        mean(wall),
        percentiles.map(|it| it[0]),
        percentiles.map(|it| it[1]),
        percentiles.map(|it| it[2]),
        wall.max_ns(),
    ] {
        let _ = write!(text, " {:>6}", shown(ns));
    }
    text
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean lies between the extremes")]
fn mean(wall: &Distribution) -> Option<u64> {
    wall.mean_ns().map(|mean| mean.round() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
fn part(of: u64, all: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1}", of as f64 * 100.0 / all as f64) }
}

fn commands(findings: &Findings) -> String {
    let groups = findings.report.groups(&[Dimension::Command]).unwrap_or_default();
    if groups.is_empty() {
        return "\nno requests and no responses: `smbetw record-help` says how to record them\n".to_owned();
    }
    let mut text = section(&format!("{:<17}{COLUMNS}  where, %", "command"));
    for group in groups {
        let name = group.keys.first().map(Key::to_string).unwrap_or_default();
        let _ = writeln!(text, "{name:<17}{}  {}", row(&group.figures), whereabouts(&group.figures));
    }
    let _ = writeln!(
        text,
        "{NAME}{:<17}{}  {}{NAME:#}",
        "all",
        row(&findings.report.total),
        whereabouts(&findings.report.total)
    );
    text
}

/// The component that took the most, and its part: `fs-slow 81`.
fn whereabouts(figures: &Figures) -> String {
    let most = figures.dominating();
    most.map_or_else(String::new, |most| format!("{} {:.0}", short(most), figures.share(most) * 100.0))
}

fn short(component: Component) -> &'static str {
    match component {
        Component::Processing => "proc",
        Component::Queue => "queue",
        Component::FileSystemFast => "fs-fast",
        Component::FileSystemSlow => "fs-slow",
        Component::TransportFast => "tx-fast",
        Component::TransportSlow => "tx-slow",
        Component::TransportDp => "tx-dp",
        Component::Security => "sec",
        _ => "other",
    }
}

/// Where the server spent the time of all requests.
fn components(findings: &Findings) -> String {
    let total = &findings.report.total;
    if total.component_sum() == 0 {
        return String::new();
    }
    let mut text = section("where the server spent the time");
    for component in Component::ALL.into_iter().filter(|&component| total.hits(component) > 0) {
        let share = total.share(component);
        let time = findings.report.per_second().map(|rate| in_ns(total.time(component), rate));
        let _ = writeln!(
            text,
            "{:<15}{:>6}  {:<40} {:>7}  {} hits",
            component.name(),
            percent(share),
            bar(share, 40),
            time.map(duration).unwrap_or_default(),
            count(total.hits(component)),
        );
    }
    text
}

fn in_ns(raw: u64, per_second: u64) -> u64 {
    let ns = u128::from(raw) * 1_000_000_000 / u128::from(per_second.max(1));
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// A bar of so many columns for all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a few columns"
)]
fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.extend(['▏', '▎', '▍', '▌', '▋', '▊', '▉'].get((eighths % 8).wrapping_sub(1)));
    bar
}

fn errors(findings: &Findings) -> String {
    let all = super::statuses(&findings.report);
    let errors: Vec<_> = all.iter().filter(|status| status.errors > 0).collect();
    if errors.is_empty() {
        return String::new();
    }
    let mut text = section("errors");
    for status in errors.iter().take(findings.top) {
        let commands: Vec<_> =
            status.commands.iter().map(|(command, number)| format!("{command} {}", count(*number))).collect();
        let line =
            format!("{:<40}{:>9}  {}", facts::status_text(status.status), count(status.count), commands.join(", "));
        let _ = writeln!(text, "{}", cut(&line, WIDTH));
    }
    text + &more(errors.len(), findings.top)
}

fn more(all: usize, top: usize) -> String {
    let rest = all.saturating_sub(top);
    if rest == 0 { String::new() } else { format!("{FAINT}… {rest} more{FAINT:#}\n") }
}

fn table(heading: &str, groups: &[Group], top: usize) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let width = WIDTH - COLUMNS.len();
    let mut text = section(&format!("{heading:<width$}{COLUMNS}"));
    for group in groups.iter().take(top) {
        let keys: Vec<_> = group.keys.iter().map(Key::to_string).collect();
        let name = fit(&visible(&keys.join(" "), Breaks::Escaped), width - 1);
        let _ = writeln!(text, "{name} {}", row(&group.figures));
    }
    text + &more(groups.len(), top)
}

/// The text in exactly so many columns; of a longer one the end, which tells files apart.
fn fit(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text:<width$}");
    }
    "…".chars().chain(text.chars().skip(length - width + 1)).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width { text.to_owned() } else { text.chars().take(width - 1).chain(['…']).collect() }
}

/// A client's p99 this much above the others' is worth a line.
const FACTOR: u64 = 5;
/// With fewer pairs a p99 says nothing.
const ENOUGH: u64 = 20;

/// Clients that are much slower than the others with the same command.
fn outliers(findings: &Findings) -> String {
    let groups = findings.report.groups(&[Dimension::Command, Dimension::Client]).unwrap_or_default();
    let p99 = |group: &Group| group.figures.wall().percentiles_ns([99]).map(|[p99]| p99);
    let enough = groups.iter().filter(|group| group.figures.pairs() >= ENOUGH);
    let groups: Vec<_> = enough.filter_map(|group| Some((group, p99(group)?))).collect();
    let mut by_command = BTreeMap::<_, Vec<u64>>::new();
    for (group, p99) in &groups {
        by_command.entry(group.keys.first()).or_default().push(*p99);
    }
    for all in by_command.values_mut() {
        all.sort_unstable();
    }
    let mut lines = String::new();
    for (group, own) in groups {
        let Some(median) = by_command.get(&group.keys.first()).and_then(|all| median_without(all, own)) else {
            continue;
        };
        if own >= median.saturating_mul(FACTOR) {
            let keys: Vec<_> = group.keys.iter().map(Key::to_string).collect();
            let _ = writeln!(
                lines,
                "{} of {}: {BAD}p99 {}{BAD:#}, that of others {}",
                keys.first().map_or("", String::as_str),
                keys.last().map_or("", String::as_str),
                duration(own),
                duration(median)
            );
        }
    }
    if lines.is_empty() { lines } else { section("clients that stand out") + &lines }
}

/// The median of sorted values but for one of them. None of fewer than two others.
fn median_without(sorted: &[u64], own: u64) -> Option<u64> {
    let others = sorted.len().checked_sub(1).filter(|others| *others >= 2)?;
    let middle = others / 2;
    let is_before_own = sorted.get(middle).is_some_and(|value| *value < own);
    sorted.get(if is_before_own { middle } else { middle + 1 }).copied()
}

fn whose(owner: &Owner) -> String {
    let client = owner.client.map_or_else(|| "?".to_owned(), |client| client.to_string());
    let known = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
    visible(
        &format!("{client} {} {}\\{}", known(&owner.user), known(&owner.share), known(&owner.file)),
        Breaks::Escaped,
    )
}

fn slowest(findings: &Findings) -> String {
    // It waits for a change, and would hide what is slow.
    let pairs: Vec<_> = findings.report.slowest.iter().filter(|pair| pair.command != Command::CHANGE_NOTIFY).collect();
    if pairs.is_empty() {
        return String::new();
    }
    let mut text = section("slowest, but for CHANGE_NOTIFY, which waits for a change");
    for pair in pairs.into_iter().take(findings.shown_slowest()) {
        let start = format!(
            "{:>7} {:<15} {} {} ",
            pair.wall_ns.map(duration).unwrap_or_default(),
            pair.command,
            pair.time_request.map(clock).unwrap_or_default(),
            dominating(pair, findings),
        );
        let status =
            if pair.status.is_error() { format!(" {}", facts::status_text(pair.status)) } else { String::new() };
        let _ = writeln!(text, "{}", cut(&format!("{start}{}{status}", whose(&pair.owner)), WIDTH));
    }
    text
}

fn dominating(pair: &Pair, findings: &Findings) -> String {
    let Some(component) = pair.components.dominating() else { return format!("{:<14}", "-") };
    let time = findings.report.per_second().map(|rate| duration(in_ns(pair.components.time(component), rate)));
    format!("{:<7} {:>6}", short(component), time.unwrap_or_default())
}

fn unanswered(findings: &Findings) -> String {
    let requests = &findings.report.unanswered;
    if requests.is_empty() || !findings.open {
        return String::new();
    }
    let mut text = section("unanswered");
    for request in requests {
        let age = findings.end.map(|end| end.ticks().saturating_sub(request.time.ticks()).saturating_mul(100));
        let line = format!(
            "{:>7} {:<15} {} msg {} {}",
            age.map(duration).unwrap_or_default(),
            request.command,
            clock(request.time),
            request.message_id,
            whose(&request.owner)
        );
        let _ = writeln!(text, "{}", cut(&line, WIDTH));
    }
    text
}

/// Over time: requests, bytes, in flight and p99, each as a line of sparks.
fn load(findings: &Findings) -> String {
    let load = &findings.report.load;
    let slices: Vec<_> = load.slices().map(|(time, slice)| (time.ticks() / load.width(), slice)).collect();
    let (Some((first, _)), Some((last, _))) = (slices.first(), slices.last()) else { return String::new() };
    // As many slices in a column as it takes.
    let columns = (last - first + 1).min(80);
    let per_column = (last - first + 1).div_ceil(columns);
    let columns = usize::try_from((last - first + 1).div_ceil(per_column)).unwrap_or(80);
    let width = load.width().saturating_mul(per_column).saturating_mul(100);
    let mut text = section(&format!("load, {} a column", duration(width)));
    let mut line =
        |name: &str, of: &dyn Fn(&smbserver_analysis::Slice) -> u64, add: bool, show: &dyn Fn(u64) -> String| {
            let mut values = vec![0; columns];
            for (index, slice) in &slices {
                let column = usize::try_from((index - first) / per_column).unwrap_or(usize::MAX);
                if let Some(value) = values.get_mut(column) {
                    *value = if add { *value + of(slice) } else { of(slice).max(*value) };
                }
            }
            let most = values.iter().copied().max().unwrap_or(0);
            let sparks: String = values.iter().map(|&value| spark(value, most)).collect();
            let _ = writeln!(text, "{name:<10}{sparks:<80} {:>9}", show(most));
        };
    line("requests", &|slice| slice.requests(), true, &count);
    line("bytes", &|slice| slice.bytes(), true, &bytes);
    line("in flight", &|slice| slice.in_flight(), false, &count);
    line("p99", &|slice| slice.percentile_ns(99).unwrap_or(0), false, &duration);
    line("errors", &|slice| slice.errors(), true, &count);
    text
}

fn spark(value: u64, most: u64) -> char {
    if value == 0 {
        return ' ';
    }
    let step = usize::try_from(u128::from(value) * 8 / u128::from(most.max(1))).unwrap_or(0);
    SPARKS.get(step.saturating_sub(1)).copied().unwrap_or('█')
}

fn notes(findings: &Findings) -> String {
    let report = &findings.report;
    let unknown = &report.unknown;
    let mut notes = Vec::new();
    for (what, missing, name, how) in [
        ("connections", unknown.connections, "client", "Connection"),
        ("sessions", unknown.sessions, "user", "Session, or Rundown"),
        ("trees", unknown.trees, "share", "TreeConnect, or Rundown"),
        ("opens", unknown.opens, "file", "File, or Rundown"),
    ] {
        if missing.ids > 0 {
            notes.push(format!(
                "{} {what} with {} records are of an unknown {name}: older than the trace, or without the keyword {how}",
                count(missing.ids),
                count(missing.records)
            ));
        }
    }
    for (what, counts) in
        [("fit no layout", &report.events.undecodable), ("are not known to the build", &report.events.unknown)]
    {
        let number: u64 = counts.values().sum();
        if number > 0 {
            let ids: Vec<_> = counts.keys().map(|key| format!("{}/{}", key.id, key.version)).collect();
            notes.push(format!("{} events {what} and are left out: {}", count(number), ids.join(", ")));
        }
    }
    if report.total.wall().error() > 0.0 {
        notes.push("of groups with more than 100,000 pairs percentiles are off by 0.1 % at most".to_owned());
    }
    if report.total.unanswered() > 0 && !findings.open {
        notes.push("--open lists the unanswered requests".to_owned());
    }
    if notes.is_empty() {
        return String::new();
    }
    let mut text = section("notes");
    for note in notes {
        let _ = writeln!(text, "{}", cut(&note, 2 * WIDTH));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::median_without;

    #[test]
    fn the_median_of_the_others_is_without_ones_own() {
        for sorted in [&[1, 2, 3][..], &[1, 1, 5, 9], &[2, 4, 4, 4, 8], &[7, 7, 7]] {
            for own in sorted {
                let mut others = sorted.to_vec();
                others.remove(others.iter().position(|value| value == own).unwrap());
                assert_eq!(median_without(sorted, *own), others.get(others.len() / 2).copied(), "{sorted:?} {own}");
            }
        }
        assert_eq!([&[][..], &[1], &[1, 2]].map(|few| median_without(few, 1)), [None; 3]);
    }
}
