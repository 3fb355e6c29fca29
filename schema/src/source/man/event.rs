//! `<event>`: an id, a version, and the names of what belongs to it.

use super::draft::Draft;
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
    let names_template = element.has("template");
    let event = Event {
        id: id.unwrap_or_default(),
        version: version.unwrap_or_default(),
        symbol: cursor.symbol(&mut element),
        channel: cursor.name(&mut element, "channel"),
        level: cursor.item(&mut element, "level"),
        opcode: cursor.item(&mut element, "opcode"),
        task: cursor.item(&mut element, "task"),
        keywords: cursor.items(&mut element, "keywords"),
        template: cursor.name(&mut element, "template"),
        doubt: None,
        message: element.text("message"),
        at: element.at.clone(),
    };
    element.discard(&["notLogged"]);
    let mut complete = cursor.knows_attributes(&element);
    while let Some(child) = cursor.child(&element) {
        cursor.unknown(&child, &element);
    }
    if names_template && event.template.is_none() {
        cursor.error(&element, "the attribute `template` names no template; the event is left out");
        complete = false;
    }
    if id.is_some() && version.is_some() && complete {
        draft.provider.events.push(event);
    }
}
