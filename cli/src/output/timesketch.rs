//! CSV for Timesketch: `message`, `datetime` and `timestamp_desc` as its documentation requires, then columns to search
//! in.

use super::{
    csv::row,
    header,
    json::{self, Content},
};
use crate::{facts, outcome::Answer, raw::Raw, time};

/// The columns.
const COLUMNS: [&str; 17] = [
    "message",
    "datetime",
    "timestamp_desc",
    "event",
    "event_id",
    "event_version",
    "channel",
    "level",
    "computer",
    "client",
    "user",
    "share",
    "status",
    "file",
    "record",
    "build",
    "fields",
];

/// The first line.
pub(crate) fn header() -> String {
    row(COLUMNS.iter().map(|column| (*column).to_owned()))
}

/// The row of an event.
pub(crate) fn answer(raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> String {
    let event = answer.event();
    let header = header::choose(raw, answer);
    let message = answer.message(content.status_texts).map(|message| message.to_string());
    // Timesketch refuses rows without a message.
    let message = message.filter(|message| !message.trim().is_empty()).unwrap_or_else(|| event.name().to_owned());
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let cells = [
        message,
        raw.time.map_or_else(String::new, time::iso_micros),
        "Event Logged".to_owned(),
        event.name().to_owned(),
        event.id().to_string(),
        event.version().to_string(),
        header.channel.map_or_else(String::new, header::channel),
        header::level(header.level),
        header.computer.clone().unwrap_or_default(),
        facts::client(&event).unwrap_or_default(),
        facts::user(&event).unwrap_or_default(),
        facts::share(&event).unwrap_or_default(),
        facts::status(&event).map_or_else(String::new, facts::status_text),
        raw.file.as_deref().unwrap_or_default().to_owned(),
        number(raw.record),
        number(answer.basis().map(|(build, _)| build.into())),
        json::fields_text(&event, content),
    ];
    row(cells.into_iter())
}
