//! The groups of the report as a table: a row a group.

use smbserver_analysis::{Component, Dimension, Group, Key};

use super::Findings;
use crate::output::csv::row;

/// The columns behind `by` and `key`.
const COLUMNS: [&str; 14] = [
    "count",
    "pairs",
    "orphans",
    "unanswered",
    "errors",
    "bytes_read",
    "bytes_written",
    "wall_ns_sum",
    "wall_ns_mean",
    "wall_ns_min",
    "wall_ns_p50",
    "wall_ns_p95",
    "wall_ns_p99",
    "wall_ns_max",
];

/// The table.
pub(crate) fn table(findings: &Findings) -> String {
    let names = ["by", "key"].into_iter().chain(COLUMNS).map(str::to_owned);
    let components = Component::ALL.map(|component| component.name().to_owned());
    let mut text = row(names.chain(components));
    let standard = [Dimension::Command, Dimension::Client, Dimension::User, Dimension::Share, Dimension::File];
    let all = standard.map(|dimension| vec![dimension]);
    for dimensions in all.iter().chain(&findings.by) {
        let by: Vec<_> = dimensions.iter().map(|dimension| dimension.name()).collect();
        for group in findings.report.groups(dimensions).unwrap_or_default().iter().take(findings.top) {
            text.push_str(&row(cells(&by.join(" "), group)));
        }
    }
    text
}

fn cells(by: &str, group: &Group) -> impl Iterator<Item = String> {
    let figures = &group.figures;
    let wall = figures.wall();
    let shown = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    let percentiles = wall.percentiles_ns([50, 95, 99]);
    let keys: Vec<_> = group.keys.iter().map(Key::to_string).collect();
    let mut cells = vec![by.to_owned(), keys.join(" ")];
    for number in [figures.count(), figures.pairs(), figures.orphans(), figures.unanswered(), figures.errors()] {
        cells.push(number.to_string());
    }
    for number in [figures.bytes_read(), figures.bytes_written(), wall.sum_ns()] {
        cells.push(number.to_string());
    }
    cells.push(wall.mean_ns().map_or_else(String::new, |mean| mean.to_string()));
    cells.push(shown(wall.min_ns()));
    cells.extend((0..3).map(|index| shown(percentiles.map(|percentiles| percentiles[index]))));
    cells.push(shown(wall.max_ns()));
    cells.extend(Component::ALL.map(|component| figures.time(component).to_string()));
    cells.into_iter()
}
