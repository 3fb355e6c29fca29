//! A diff for people: as text for a terminal, as markdown for a pull request. Equal changes are listed once,
//! with the events that have them.

use std::collections::BTreeMap;

use super::{Attributes, Change, DeclarationKind, Diff, Fact, FieldEdit, Side, Verdict};
use crate::model::OutType;
use crate::visible::visible;

/// The escapes before and after a coloured word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// Before what breaks.
    pub breaking: &'static str,
    /// Before what needs attention.
    pub attention: &'static str,
    /// Before what is compatible.
    pub compatible: &'static str,
    /// Before headings.
    pub heading: &'static str,
    /// Before remarks.
    pub dim: &'static str,
    /// After each of them.
    pub reset: &'static str,
}

impl Palette {
    /// No colour at all.
    pub const PLAIN: Self = Self { breaking: "", attention: "", compatible: "", heading: "", dim: "", reset: "" };

    fn of(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Breaking => self.breaking,
            Verdict::NeedsAttention => self.attention,
            Verdict::Compatible => self.compatible,
        }
    }
}

/// Changes that are listed together.
struct Group {
    /// What happened, `events added`.
    title: String,
    /// To what: the columns of a line.
    rows: Vec<Vec<String>>,
    /// What happened in full, once for all rows.
    details: Vec<Vec<String>>,
}

const VERDICTS: [Verdict; 3] = [Verdict::Breaking, Verdict::NeedsAttention, Verdict::Compatible];

fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Breaking => "Breaking: same id and version, other bytes",
        Verdict::NeedsAttention => "Needs attention",
        Verdict::Compatible => "Compatible",
    }
}

/// The diff as text.
pub fn text(diff: &Diff, palette: &Palette, remark: &str) -> String {
    let mut out = format!("{}{}{}\n", palette.heading, sides(diff), palette.reset);
    for verdict in VERDICTS {
        let count = diff.with(verdict).count();
        if count == 0 {
            continue;
        }
        out += &format!("\n{}{} ({count}){}\n", palette.of(verdict), title(verdict), palette.reset);
        for group in groups(diff, verdict) {
            out += &format!("\n  {}{}{}\n", palette.heading, group.title, palette.reset);
            out += &aligned(&group.rows, "    ", "", "");
            out += &aligned(&group.details, "        ", palette.dim, palette.reset);
        }
    }
    out + &format!("\n{}\n", summary(diff, remark))
}

/// The diff as markdown, under headings of this level and the next.
pub fn markdown(diff: &Diff, level: usize, remark: &str) -> String {
    let heading = "#".repeat(level);
    let mut out = format!("{heading} {}\n\n{}\n", sides(diff), summary(diff, remark));
    for verdict in VERDICTS {
        let count = diff.with(verdict).count();
        if count == 0 {
            continue;
        }
        out += &format!("\n{heading}# {} ({count})\n", title(verdict));
        for group in groups(diff, verdict) {
            out += &format!("\n**{}**\n\n", escaped(&group.title));
            for row in &group.rows {
                out += &format!("- {}\n", bullet(row));
            }
            if !group.details.is_empty() {
                out += "\n```text\n";
                out += &aligned(&group.details, "", "", "");
                out += "```\n";
            }
        }
    }
    out
}

fn bullet(row: &[String]) -> String {
    let mut cells = row.iter().filter(|cell| !cell.is_empty());
    let first = cells.next().map_or("", String::as_str);
    let rest: Vec<String> = cells.map(|cell| escaped(cell)).collect();
    format!("`{first}` {}", rest.join(" · ")).trim_end().to_owned()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn sides(diff: &Diff) -> String {
    let side = |(label, product): &(String, String)| {
        if product.is_empty() { label.clone() } else { format!("{label} ({product})") }
    };
    visible(&format!("{} → {}", side(&diff.old), side(&diff.new))).into_owned()
}

/// One line with the counts, and the caller's remark on them.
fn summary(diff: &Diff, remark: &str) -> String {
    if diff.changes.is_empty() {
        return "No change.".to_owned();
    }
    let count = |verdict| diff.with(verdict).count();
    let attention = count(Verdict::NeedsAttention);
    format!(
        "{} breaking, {attention} {} attention, {} compatible.{}{remark}",
        count(Verdict::Breaking),
        if attention == 1 { "needs" } else { "need" },
        count(Verdict::Compatible),
        if remark.is_empty() { "" } else { " " },
    )
}

fn aligned(rows: &[Vec<String>], indent: &str, before: &str, after: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line += &format!("{cell:width$}  ");
        }
        out += &format!("{indent}{before}{}{after}\n", line.trim_end());
    }
    out
}

/// The changes of a verdict, in their order; those with the same title and details together.
fn groups(diff: &Diff, verdict: Verdict) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<(String, Vec<Vec<String>>), usize> = BTreeMap::new();
    for change in diff.with(verdict) {
        let (title, row, details) = describe(change);
        let title = visible(&title).into_owned();
        let row = cells(&row);
        let details: Vec<Vec<String>> = details.iter().map(|row| cells(row)).collect();
        let at = *known.entry((title.clone(), details.clone())).or_insert_with(|| {
            groups.push(Group { title, rows: Vec::new(), details });
            groups.len() - 1
        });
        groups[at].rows.push(row);
    }
    groups
}

/// The texts as a terminal may see them: names and messages of captures are in them.
fn cells(row: &[String]) -> Vec<String> {
    row.iter().map(|cell| visible(cell).into_owned()).collect()
}

fn pair(id: u16, version: u8) -> String {
    format!("{id} v{version}")
}

/// Makes a change's title, its line, and the details below all lines with the same title and details.
fn describe(change: &Change) -> (String, Vec<String>, Vec<Vec<String>>) {
    match change {
        Change::Event { id, version, whole_event, side } => {
            let (word, state) = match side {
                Side::Added(state) => ("added", state),
                Side::Removed(state) => ("removed", state),
            };
            let what = if *whole_event { "events" } else { "versions of known events" };
            let row = vec![
                pair(*id, *version),
                state.name(*version).to_owned(),
                state.header.channel.clone().unwrap_or_else(|| "(no channel)".to_owned()),
            ];
            (format!("{what} {word}"), row, Vec::new())
        }
        Change::Layout { id, version, name, edits, .. } => {
            let title = format!("layout: {}", kinds(edits).join(", "));
            (title, vec![pair(*id, *version), name.clone()], edits.iter().map(edit).collect())
        }
        Change::Fact { id, version, name, fact: Fact::Message, old, new } => {
            let row = vec![pair(*id, *version), name.clone()];
            ("messages changed".to_owned(), row, message_lines(old.as_deref(), new.as_deref()))
        }
        Change::Fact { id, version, name, fact, old, new } => {
            let show = |value: &Option<String>| value.as_ref().map_or("(none)".to_owned(), |v| v.replace('\n', " "));
            let row = vec![pair(*id, *version), name.clone(), show(old), format!("→ {}", show(new))];
            (format!("{} of events changed", fact.word()), row, Vec::new())
        }
        Change::Shown { id, version, name, field, old, new, .. } => {
            let row = vec![pair(*id, *version), name.clone(), field.1.clone(), shown(old), "→".to_owned(), shown(new)];
            ("fields shown in another way".to_owned(), row, Vec::new())
        }
        Change::Declaration { kind, name, old, new } => declaration(*kind, name, old.as_ref(), new.as_ref()),
    }
}

/// The lines of a message that differ, as old and new.
fn message_lines(old: Option<&str>, new: Option<&str>) -> Vec<Vec<String>> {
    let lines = |text: Option<&str>| -> Vec<String> {
        text.unwrap_or_default().split("%n").filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let old = lines(old);
    let new = lines(new);
    let only = |sign: &str, of: &[String], other: &[String]| {
        let lines = of.iter().filter(|line| !other.contains(line));
        lines.map(|line| vec![sign.to_owned(), line.replace(['\r', '\n'], " ")]).collect::<Vec<_>>()
    };
    let mut out = only("-", &old, &new);
    out.extend(only("+", &new, &old));
    if out.is_empty() {
        out.push(vec!["the same lines in another order or with other breaks".to_owned()]);
    }
    out
}

fn declaration(
    kind: DeclarationKind,
    name: &str,
    old: Option<&Attributes>,
    new: Option<&Attributes>,
) -> (String, Vec<String>, Vec<Vec<String>>) {
    let word = match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let said = |of: Option<&Attributes>, other: Option<&Attributes>| {
        let facts = of.into_iter().flatten().filter(|(key, value)| other.and_then(|o| o.get(*key)) != Some(value));
        let facts = facts.map(|(key, value)| match *key {
            "text" if value == name => "text as the name".to_owned(),
            key => format!("{key} {value}"),
        });
        facts.collect::<Vec<_>>().join(", ")
    };
    let was = said(old, new);
    let is = said(new, old);
    let arrow = if was.is_empty() || is.is_empty() { "" } else { " → " };
    (format!("{} {word}", plural(kind.word())), vec![name.to_owned(), format!("{was}{arrow}{is}")], Vec::new())
}

fn plural(word: &str) -> String {
    word.strip_suffix("entry").map_or_else(|| format!("{word}s"), |start| format!("{start}entries"))
}

fn shown((out_type, map): &(Option<OutType>, Option<String>)) -> String {
    let out_type = out_type.map_or("(no outType)", OutType::name);
    map.as_ref().map_or_else(|| out_type.to_owned(), |map| format!("{out_type}, map {map}"))
}

fn word(edit: &FieldEdit) -> &'static str {
    match edit {
        FieldEdit::Inserted { .. } => "inserted",
        FieldEdit::Removed { .. } => "removed",
        FieldEdit::Retyped { .. } => "retyped",
        FieldEdit::Reordered { .. } => "reordered",
        FieldEdit::Renamed { .. } => "renamed",
        FieldEdit::Appended { .. } => "appended",
        FieldEdit::Cut { .. } => "cut",
        FieldEdit::Emptied { .. } => "emptied",
        FieldEdit::Filled { .. } => "filled",
    }
}

/// The kinds of edits with their numbers: `1 inserted`, `8 renamed`.
fn kinds(edits: &[FieldEdit]) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for word in edits.iter().map(word) {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect()
}

fn edit(edit: &FieldEdit) -> Vec<String> {
    let word = word(edit).to_owned();
    match edit {
        FieldEdit::Appended { field, r#type, .. } | FieldEdit::Cut { field, r#type, .. } => {
            vec![word, field.clone(), r#type.clone()]
        }
        FieldEdit::Inserted { field, r#type, at_new: at } | FieldEdit::Removed { field, r#type, at_old: at } => {
            vec![word, field.clone(), format!("{type}, field {}", at + 1)]
        }
        FieldEdit::Renamed { old, new, .. } => vec![word, old.clone(), format!("→ {new}")],
        FieldEdit::Retyped { field, old, new, .. } => vec![word, field.clone(), format!("{old} → {new}")],
        FieldEdit::Reordered { field, at_old, at_new } => {
            vec![word, field.clone(), format!("field {} → {}", at_old + 1, at_new + 1)]
        }
        FieldEdit::Emptied { fields } | FieldEdit::Filled { fields } => vec![word, format!("{fields} fields")],
    }
}
