//! `<provider>` and its lists of channels, levels, opcodes, tasks and keywords.

use std::collections::HashSet;

use super::draft::{Draft, Kind};
use super::event::parse_event;
use super::map::parse_maps;
use super::template::parse_template;
use super::value::clip;
use super::xml::{Cursor, Element};
use crate::model::{Channel, ChannelType, Isolation, Keyword, Level, Opcode, Provider, Task, builtin};

pub(super) fn parse_provider(cursor: &mut Cursor<'_>, mut element: Element) -> Draft {
    let mut draft = Draft::default();
    draft.provider.at = element.at.clone();
    if let Some(name) = cursor.required_name(&mut element, "name") {
        element.what = format!("provider {}", clip(&name));
        draft.provider.name = name;
    }
    if let Some(text) = cursor.required(&mut element, "guid") {
        draft.provider.guid = cursor.guid(&mut element, "guid", &text).unwrap_or_default();
    }
    draft.provider.symbol = cursor.symbol(&mut element);
    draft.provider.resource_file = element.text("resourceFileName");
    draft.provider.message_file = element.text("messageFileName");
    draft.provider.parameter_file = element.text("parameterFileName");
    draft.provider.message = element.text("message");
    element.discard(&["helpLink", "source", "controlGuid", "namespace", "warnOnApplicationCompatibilityError"]);
    cursor.check_attributes(&element);

    while let Some(list) = cursor.child(&element) {
        match list.name.as_str() {
            "channels" => parse_channels(cursor, &list, &mut draft),
            "levels" => cursor.each(&list, "level", |cursor, item| parse_level(cursor, item, &mut draft)),
            "opcodes" => cursor.each(&list, "opcode", |cursor, item| parse_opcode(cursor, item, None, &mut draft)),
            "tasks" => cursor.each(&list, "task", |cursor, item| parse_task(cursor, item, &mut draft)),
            "keywords" => cursor.each(&list, "keyword", |cursor, item| parse_keyword(cursor, item, &mut draft)),
            "maps" => parse_maps(cursor, &list, &mut draft),
            "templates" => cursor.each(&list, "template", |cursor, item| parse_template(cursor, item, &mut draft)),
            "events" => cursor.each(&list, "event", |cursor, item| parse_event(cursor, item, &mut draft)),
            "filters" | "namedQueries" => cursor.note_ignored(&list, "says nothing about payloads"),
            _ => cursor.unknown(&list, &element),
        }
    }
    number_channels(cursor, &mut draft.provider);
    draft
}

fn parse_channels(cursor: &mut Cursor<'_>, list: &Element, draft: &mut Draft) {
    cursor.check_attributes(list);
    while let Some(item) = cursor.child(list) {
        match item.name.as_str() {
            "channel" => parse_channel(cursor, item, draft),
            "importChannel" => parse_import(cursor, item, draft),
            _ => cursor.unknown(&item, list),
        }
    }
}

fn parse_channel(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(name) = cursor.required_name(&mut element, "name") else {
        if let Some(id) = cursor.name(&mut element, "chid") {
            draft.lose(Kind::Channel, id);
        }
        return;
    };
    element.what = format!("channel {}", clip(&name));
    let id = cursor.name(&mut element, "chid").unwrap_or_else(|| name.clone());
    if !element.has("type") {
        cursor.error(&element, "the attribute `type` is missing");
    }
    let kind = cursor.word(&mut element, "type", ChannelType::ALL, ChannelType::from_word);
    let channel = Channel {
        symbol: cursor.symbol(&mut element),
        kind,
        value: cursor.number(&mut element, "value", u64::from(u8::MAX)).flatten(),
        enabled: cursor.boolean(&mut element, "enabled"),
        isolation: cursor.word(&mut element, "isolation", Isolation::ALL, Isolation::from_word),
        imported: false,
        message: element.text("message"),
        at: element.at.clone(),
        id,
        name,
    };
    element.discard(&["access"]);
    cursor.check_attributes(&element);
    while let Some(child) = cursor.child(&element) {
        match child.name.as_str() {
            "logging" | "publishing" => cursor.note_ignored(&child, "configures a log file or session"),
            _ => cursor.unknown(&child, &element),
        }
    }
    draft.provider.channels.push(channel);
}

fn parse_import(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(name) = cursor.required_name(&mut element, "name") else {
        if let Some(id) = cursor.name(&mut element, "chid") {
            draft.lose(Kind::Channel, id);
        }
        return;
    };
    element.what = format!("channel {}", clip(&name));
    let channel = Channel {
        id: cursor.name(&mut element, "chid").unwrap_or_else(|| name.clone()),
        symbol: cursor.symbol(&mut element),
        value: builtin::value_of(builtin::CHANNELS, &name),
        imported: true,
        at: element.at.clone(),
        name,
        ..Channel::default()
    };
    cursor.close(&element);
    draft.provider.channels.push(channel);
}

/// Gives the channels without a number, declared or another provider's, the ones that the compiler of manifests would: from
/// 16, in order.
fn number_channels(cursor: &mut Cursor<'_>, provider: &mut Provider) {
    const FIRST: u8 = 16;
    let taken: HashSet<u8> = provider.channels.iter().filter_map(|channel| channel.value).collect();
    let mut free = (FIRST..=u8::MAX).filter(|value| !taken.contains(value));
    for channel in provider.channels.iter_mut().filter(|channel| channel.value.is_none()) {
        channel.value = free.next();
        if channel.value.is_none() {
            let what = format!("channel {}", clip(&channel.name));
            cursor.found_mut().error(&channel.at, what, "no number from 16 to 255 is left for it");
            return;
        }
    }
}

fn parse_level(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(name) = cursor.required_item(&mut element, "name") else { return };
    element.what = format!("level {}", clip(&name));
    let Some(value) = cursor.required_number(&mut element, "value", u64::from(u8::MAX)) else {
        return draft.lose(Kind::Level, name);
    };
    if value < 16 && builtin::value_of(builtin::LEVELS, &name) != Some(value) {
        cursor.warning(&element, format!("value {value} is reserved; expected 16 to 255 for a level of the provider"));
    }
    let level = Level {
        name,
        value,
        symbol: cursor.symbol(&mut element),
        message: element.text("message"),
        at: element.at.clone(),
    };
    cursor.close(&element);
    draft.provider.levels.push(level);
}

fn parse_opcode(cursor: &mut Cursor<'_>, mut element: Element, task: Option<&str>, draft: &mut Draft) {
    let Some(name) = cursor.required_item(&mut element, "name") else { return };
    element.what = match task {
        Some(task) => format!("opcode {} of task {}", clip(&name), clip(task)),
        None => format!("opcode {}", clip(&name)),
    };
    let Some(value) = cursor.required_number(&mut element, "value", u64::from(u8::MAX)) else {
        return draft.lose(Kind::Opcode, name);
    };
    if !(10..=239).contains(&value) && builtin::value_of(builtin::OPCODES, &name) != Some(value) {
        cursor
            .warning(&element, format!("value {value} is reserved; expected 10 to 239 for an opcode of the provider"));
    }
    let opcode = Opcode {
        name,
        value,
        task: task.map(str::to_owned),
        symbol: cursor.symbol(&mut element),
        message: element.text("message"),
        at: element.at.clone(),
    };
    element.discard(&["mofValue"]);
    cursor.close(&element);
    draft.provider.opcodes.push(opcode);
}

fn parse_task(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(name) = cursor.required_item(&mut element, "name") else { return };
    element.what = format!("task {}", clip(&name));
    let value = cursor.required_number(&mut element, "value", u64::from(u16::MAX));
    let event_guid = element.take("eventGUID").and_then(|text| cursor.guid(&mut element, "eventGUID", &text));
    let is_placeholder = cursor.is_placeholder(&mut element);
    let symbol = cursor.symbol(&mut element);
    let message = element.text("message");
    cursor.check_attributes(&element);
    match value {
        Some(value) => draft.provider.tasks.push(Task {
            name: name.clone(),
            value,
            is_placeholder,
            symbol,
            event_guid,
            message,
            at: element.at.clone(),
        }),
        None => draft.lose(Kind::Task, name.clone()),
    }
    while let Some(list) = cursor.child(&element) {
        if list.name == "opcodes" {
            cursor.each(&list, "opcode", |cursor, item| parse_opcode(cursor, item, Some(&name), draft));
        } else {
            cursor.unknown(&list, &element);
        }
    }
}

fn parse_keyword(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(name) = cursor.required_item(&mut element, "name") else { return };
    element.what = format!("keyword {}", clip(&name));
    let Some(mask) = cursor.required_number::<u64>(&mut element, "mask", u64::MAX) else {
        return draft.lose(Kind::Keyword, name);
    };
    if mask.count_ones() != 1 && builtin::value_of(builtin::KEYWORDS, &name) != Some(mask) {
        cursor.warning(&element, format!("mask {mask:#x} has {} bits; expected one", mask.count_ones()));
    }
    let keyword = Keyword {
        name,
        mask,
        symbol: cursor.symbol(&mut element),
        message: element.text("message"),
        at: element.at.clone(),
    };
    cursor.close(&element);
    draft.provider.keywords.push(keyword);
}
