//! `<event>`: an id, a version, and the names of what belongs to it.

use super::provider::{Draft, close};
use super::xml::{Cursor, Element};
use crate::model::{Event, EventKey};

pub(super) fn parse_event(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let id = cursor.required_number(&mut element, "value", u64::from(u16::MAX));
    if let Some(id) = id {
        element.what = format!("event {id}");
    }
    let version = cursor.number(&mut element, "version", u64::from(u8::MAX)).map(Option::unwrap_or_default);
    if let (Some(id), Some(version)) = (id, version) {
        element.what = EventKey::new(id, version).to_string();
    }
    let event = Event {
        id: id.unwrap_or_default(),
        version: version.unwrap_or_default(),
        symbol: element.text("symbol"),
        channel: cursor.name(&mut element, "channel"),
        level: cursor.item(&mut element, "level"),
        opcode: cursor.item(&mut element, "opcode"),
        task: cursor.item(&mut element, "task"),
        keywords: cursor.items(&mut element, "keywords"),
        template: cursor.name(&mut element, "template"),
        message: element.text("message"),
        at: element.at.clone(),
    };
    element.discard(&["notLogged"]);
    close(cursor, &element);
    if id.is_some() && version.is_some() {
        draft.provider.events.push(event);
    }
}
