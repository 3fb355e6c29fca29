//! One line for each event: time, name, client, user, status, and the first line of the message.

use anstyle::{AnsiColor, Style};

use super::{
    json::Content,
    text::{Breaks, visible},
};
use crate::{facts, outcome::Answer, raw::Raw};

const NAME: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The line, with colour.
pub(crate) fn answer(raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> String {
    let event = answer.event();
    let time = raw.time.map_or_else(|| "-".to_owned(), |time| content.zone.show(time));
    let mut line = format!("{time} {:>5} {NAME}{}{NAME:#}", event.id(), event.name());
    if !content.fields.is_empty() {
        for name in content.fields {
            if let Some(value) = facts::described(&event, name) {
                line.push_str(&format!("  {name}={}", visible(&value, Breaks::Escaped)));
            }
        }
        line.push('\n');
        return line;
    }
    let known = [facts::client(&event), facts::user(&event), facts::share(&event)];
    for known in known.into_iter().flatten() {
        line.push_str(&format!("  {}", visible(&known, Breaks::Escaped)));
    }
    if let Some(status) = facts::status(&event) {
        let style = if status.is_error() { BAD } else { GOOD };
        line.push_str(&format!("  {style}{}{style:#}", facts::status_text(status)));
    }
    if let Some(message) = answer.message(content.status_texts) {
        let message = message.to_string();
        let first = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if !first.is_empty() {
            line.push_str(&format!("  {}", visible(first, Breaks::Escaped)));
        }
    }
    if !raw.notes.is_empty() {
        line.push_str("  (see --format text for notes)");
    }
    line.push('\n');
    line
}
