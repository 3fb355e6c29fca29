//! CSV as in RFC 4180: the same columns for all events, or the fields of one event as columns.

use std::borrow::Cow;

use smbserver_etw::{Record as _, schema::PROVIDER};

use super::{
    header,
    json::{self, Content},
};
use crate::{fields, outcome::Answer, raw, raw::Raw};

/// The columns that all events have.
const COMMON: [&str; 17] = [
    "time", "file", "record", "build", "event", "id", "version", "channel", "level", "opcode", "task", "keywords",
    "pid", "tid", "activity", "user", "computer",
];

/// The columns of a table.
pub(crate) struct Table {
    /// The columns of one event's fields; `None` if the fields are in one column as JSON.
    own: Option<Vec<String>>,
    message: bool,
}

impl Table {
    /// A table for all events, or for the one with this id.
    pub(crate) fn new(only: Option<u16>, content: Content<'_>) -> Self {
        Self { own: only.map(|id| columns_of(id, content.fields)), message: content.message }
    }

    /// The first line.
    pub(crate) fn header(&self) -> String {
        let mut columns: Vec<&str> = COMMON.to_vec();
        if self.message {
            columns.push("message");
        }
        match &self.own {
            Some(own) => columns.extend(own.iter().map(String::as_str)),
            None => columns.push("fields"),
        }
        row(columns.iter().map(|column| (*column).to_owned()))
    }

    /// The row of an event.
    pub(crate) fn row(&self, raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> String {
        let event = answer.event();
        let mut cells = common(raw, answer, content);
        if self.message {
            cells.push(answer.message(content.status_texts).map_or_else(String::new, |message| message.to_string()));
        }
        match &self.own {
            Some(own) => {
                let values: Vec<_> = fields::labelled(&event).collect();
                cells.extend(own.iter().map(|column| {
                    let found = values.iter().find(|(label, ..)| label == column);
                    found.map_or_else(String::new, |(_, _, value)| value.to_string())
                }));
            }
            None => cells.push(json::fields_text(&event, content)),
        }
        row(cells.into_iter())
    }
}

/// The fields of all layouts of an event, those of the newest first.
fn columns_of(id: u16, wanted: &[String]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let layouts = PROVIDER.event(id).into_iter().flat_map(|event| event.versions.iter().rev());
    for layout in layouts.flat_map(|version| version.layouts.iter().rev()) {
        for (index, field) in layout.fields.iter().enumerate() {
            let label = fields::label(layout, index).map_or_else(|| field.name.to_owned(), Cow::into_owned);
            if !columns.contains(&label) && (wanted.is_empty() || wanted.contains(&label)) {
                columns.push(label);
            }
        }
    }
    columns
}

fn common(raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> Vec<String> {
    let header = header::choose(raw, answer);
    let layout = answer.event().layout();
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    vec![
        raw.time.map_or_else(String::new, |time| content.zone.show(time)),
        raw.file.as_deref().unwrap_or_default().to_owned(),
        number(raw.record),
        number(answer.basis().map(|(build, _)| build.into())),
        layout.event.to_owned(),
        layout.id.to_string(),
        layout.version.to_string(),
        header.channel.map_or_else(String::new, header::channel),
        header::level(header.level),
        if header.opcode == 0 { String::new() } else { header::opcode(header.opcode) },
        if header.task == 0 { String::new() } else { header::task(header.task) },
        raw::keyword_names(header.keywords, header.channel).join(" "),
        number(header.pid.map(Into::into)),
        number(header.tid.map(Into::into)),
        header.activity.map_or_else(String::new, |activity| activity.to_string()),
        header.user.clone().unwrap_or_default(),
        header.computer.clone().unwrap_or_default(),
    ]
}

/// A row of these cells.
pub(crate) fn row(cells: impl Iterator<Item = String>) -> String {
    let mut line = cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let cells = ["a", "b,c", "say \"x\"", "two\r\nlines", ""].map(str::to_owned);
        assert_eq!(row(cells.into_iter()), "a,\"b,c\",\"say \"\"x\"\"\",\"two\r\nlines\",\r\n");
    }

    #[test]
    fn an_events_columns_are_the_fields_of_all_its_layouts() {
        let columns = columns_of(551, &[]);
        assert!(columns.contains(&"SPN".to_owned()) && columns.contains(&"UserName".to_owned()), "{columns:?}");
        assert_eq!(columns.iter().filter(|column| *column == "Status").count(), 1);
        assert_eq!(columns_of(551, &["Status".to_owned()]), ["Status"]);
    }
}
