//! The listings that WEPExplorer exports: the event log interface's data about a registered provider.
//!
//! The interface shows display texts: an event's level, task, opcode and keywords are given by their messages, if they
//! have one, and the reader looks the names up. Maps are absent, and so are symbols and the names of
//! templates. Line breaks of messages are real ones; they become the `%n` of a manifest.

use std::collections::HashMap;
use std::sync::Arc;

use super::man::{Cursor, Dialect, Element, clip, decode, parse_fields};
use crate::diagnostic::Diagnostics;
use crate::model::builtin;
use crate::model::{Channel, Event, EventKey, Keyword, Level, Manifest, Opcode, Place, Provider, Task, Template};

/// Reads a listing. What cannot be understood is reported and left out.
pub fn read(file_name: &str, bytes: &[u8]) -> (Manifest, Diagnostics) {
    let file: Arc<str> = Arc::from(file_name);
    let mut found = Diagnostics::new();
    let decoded = decode(&file, bytes, &mut found);
    let mut cursor = Cursor::new(&file, &decoded, Dialect::Written, found);
    let mut manifest = Manifest::default();
    if let Some(root) = cursor.root_named(&["Providers"]) {
        cursor.check_attributes(&root);
        while let Some(item) = cursor.child(&root) {
            if item.name == "Provider" {
                manifest.providers.push(parse_provider(&mut cursor, item, &file));
            } else {
                cursor.unknown(&item, &root);
            }
        }
        cursor.finish();
    }
    (manifest, cursor.into_found())
}

/// The texts of an element's children, by name; a child that is given twice has both.
struct Item {
    at: Place,
    what: String,
    texts: Vec<(String, String, u32)>,
}

impl Item {
    fn parse(cursor: &mut Cursor<'_>, element: &Element) -> Self {
        cursor.check_attributes(element);
        let mut texts = Vec::new();
        while let Some(child) = cursor.child(element) {
            let text = cursor.text_of(&child);
            texts.push((child.name.clone(), text, child.at.line));
        }
        Self { at: element.at.clone(), what: element.what.clone(), texts }
    }

    /// The text of a child, if it holds any.
    fn text<'i>(&'i self, name: &'i str) -> Option<&'i str> {
        self.all(name).next()
    }

    fn all<'i>(&'i self, name: &'i str) -> impl Iterator<Item = &'i str> {
        let named = self.texts.iter().filter(move |(child, ..)| child == name);
        named.map(|(_, text, _)| text.trim()).filter(|text| !text.is_empty())
    }

    fn message(&self) -> Option<String> {
        self.text("Message").map(str::to_owned)
    }

    fn number<T: TryFrom<u64>>(&self, name: &str, found: &mut Diagnostics) -> Option<T> {
        let text = self.text(name);
        let number = text.and_then(|text| text.parse::<u64>().ok()).and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let shown = clip(text.unwrap_or_default());
            found.error(&self.at, self.what.clone(), format!("<{name}> holds `{shown}`; expected a number"));
        }
        number
    }

    fn required(&self, name: &str, found: &mut Diagnostics) -> Option<String> {
        if self.text(name).is_none() {
            found.error(&self.at, self.what.clone(), format!("<{name}> is missing or empty"));
        }
        self.text(name).map(str::to_owned)
    }
}

fn parse_provider(cursor: &mut Cursor<'_>, mut element: Element, file: &Arc<str>) -> Provider {
    let mut provider = Provider { at: element.at.clone(), ..Provider::default() };
    let mut events = Vec::new();
    cursor.check_attributes(&element);
    while let Some(part) = cursor.child(&element) {
        match part.name.as_str() {
            "Name" => {
                cursor.text_of(&part).trim().clone_into(&mut provider.name);
                element.what = format!("provider {}", clip(&provider.name));
            }
            "Metadata" => parse_metadata(cursor, &part, &mut provider),
            "EventMetadata" => {
                cursor.check_attributes(&part);
                while let Some(event) = cursor.child(&part) {
                    events.push(Item::parse(cursor, &event));
                }
            }
            _ => cursor.unknown(&part, &element),
        }
    }
    if provider.name.is_empty() {
        cursor.error(&element, "<Name> is missing or empty");
    }
    // Names are looked up last: the declarations may follow the events.
    let names = Names::new(&provider);
    let mut declared = Vec::new();
    for event in &events {
        declared.extend(parse_event(event, &names, file, cursor.found_mut()));
    }
    for (event, template) in declared {
        provider.templates.extend(template);
        provider.events.push(event);
    }
    // What winmeta.xml predefines needs no declaration.
    provider.levels.retain(|level| builtin::value_of(builtin::LEVELS, &level.name) != Some(level.value));
    provider.opcodes.retain(|opcode| builtin::value_of(builtin::OPCODES, &opcode.name) != Some(opcode.value));
    provider.keywords.retain(|keyword| builtin::value_of(builtin::KEYWORDS, &keyword.name) != Some(keyword.mask));
    provider.tasks.retain(|task| task.value != 0);
    provider
}

fn parse_metadata(cursor: &mut Cursor<'_>, element: &Element, provider: &mut Provider) {
    cursor.check_attributes(element);
    let mut opcodes = Vec::new();
    while let Some(mut part) = cursor.child(element) {
        let items = |cursor: &mut Cursor<'_>| {
            let mut items = Vec::new();
            cursor.check_attributes(&part);
            while let Some(item) = cursor.child(&part) {
                items.push(Item::parse(cursor, &item));
            }
            items
        };
        match part.name.as_str() {
            "Channels" => {
                let items = items(cursor);
                provider.channels = items.iter().filter_map(|item| channel(item, cursor.found_mut())).collect();
            }
            "Levels" => {
                let items = items(cursor);
                provider.levels = items.iter().filter_map(|item| level(item, cursor.found_mut())).collect();
            }
            "Tasks" => {
                let items = items(cursor);
                provider.tasks = items.iter().filter_map(|item| task(item, cursor.found_mut())).collect();
            }
            "Opcodes" => {
                let items = items(cursor);
                opcodes = items.iter().filter_map(|item| opcode(item, cursor.found_mut())).collect();
            }
            "Keywords" => {
                let items = items(cursor);
                provider.keywords = items.iter().filter_map(|item| keyword(item, cursor.found_mut())).collect();
            }
            name => {
                let name = name.to_owned();
                let text = cursor.text_of(&part).trim().to_owned();
                part.what = format!("<{name}>");
                set(provider, &name, &text, cursor, &mut part);
            }
        }
    }
    let tasks: HashMap<u16, String> = provider.tasks.iter().map(|task| (task.value, task.name.clone())).collect();
    provider.opcodes =
        opcodes.into_iter().map(|(opcode, task)| Opcode { task: tasks.get(&task).cloned(), ..opcode }).collect();
    for opcode in provider.opcodes.iter_mut().filter(|opcode| tasks.get(&0) == opcode.task.as_ref()) {
        opcode.task = None;
    }
}

/// A fact about the provider that is one text.
fn set(provider: &mut Provider, name: &str, text: &str, cursor: &mut Cursor<'_>, element: &mut Element) {
    let filled = (!text.is_empty()).then(|| text.to_owned());
    match name {
        "Guid" => provider.guid = cursor.guid(element, "Guid", text).unwrap_or_default(),
        "ResourceFilePath" => provider.resource_file = filled,
        "MessageFilePath" => provider.message_file = filled,
        "ParameterFilePath" => provider.parameter_file = filled,
        "PublisherMessage" => provider.message = filled,
        "HelpLink" => {}
        _ => cursor.warning(element, "is unknown inside <Metadata>; it is skipped"),
    }
}

fn channel(item: &Item, found: &mut Diagnostics) -> Option<Channel> {
    let name = item.required("Path", found)?;
    let imported = item.text("Imported") == Some("true");
    Some(Channel {
        value: item.number("Id", found),
        message: item.message().filter(|message| *message != name),
        imported,
        id: name.clone(),
        name,
        at: item.at.clone(),
        ..Channel::default()
    })
}

fn level(item: &Item, found: &mut Diagnostics) -> Option<Level> {
    let name = item.required("Name", found)?;
    let value = item.number("Value", found)?;
    Some(Level { name, value, message: item.message(), symbol: None, at: item.at.clone() })
}

fn task(item: &Item, found: &mut Diagnostics) -> Option<Task> {
    let name = item.required("Name", found)?;
    let value = item.number("Value", found)?;
    Some(Task { name, value, message: item.message(), at: item.at.clone(), ..Task::default() })
}

fn opcode(item: &Item, found: &mut Diagnostics) -> Option<(Opcode, u16)> {
    let name = item.required("Name", found)?;
    let value = item.number("Value", found)?;
    let task = if item.text("Task").is_some() { item.number("Task", found)? } else { 0 };
    Some((Opcode { name, value, message: item.message(), task: None, symbol: None, at: item.at.clone() }, task))
}

fn keyword(item: &Item, found: &mut Diagnostics) -> Option<Keyword> {
    let name = item.required("Name", found)?;
    let mask = item.number("Value", found)?;
    Some(Keyword { name, mask, message: item.message(), symbol: None, at: item.at.clone() })
}

/// What an event's texts may refer to: names, and messages that belong to one thing only.
struct Names {
    channels: HashMap<String, Option<String>>,
    levels: HashMap<String, Option<String>>,
    tasks: HashMap<String, Option<String>>,
    opcodes: HashMap<String, Option<String>>,
    keywords: HashMap<String, Option<String>>,
}

impl Names {
    fn new(provider: &Provider) -> Self {
        let opcodes = provider.opcodes.iter().map(|opcode| (&opcode.name, &opcode.message));
        Self {
            channels: by_text(provider.channels.iter().map(|channel| (&channel.id, &channel.message))),
            levels: by_text(provider.levels.iter().map(|level| (&level.name, &level.message))),
            tasks: by_text(provider.tasks.iter().map(|task| (&task.name, &task.message))),
            opcodes: by_text(opcodes),
            keywords: by_text(provider.keywords.iter().map(|keyword| (&keyword.name, &keyword.message))),
        }
    }
}

/// The name that each name or message refers to; none if a message belongs to several things.
fn by_text<'p>(items: impl Iterator<Item = (&'p String, &'p Option<String>)>) -> HashMap<String, Option<String>> {
    let mut names: HashMap<String, Option<String>> = HashMap::new();
    let items: Vec<_> = items.collect();
    for (name, message) in &items {
        let Some(message) = message else { continue };
        let known = names.entry(message.trim().to_owned()).or_insert_with(|| Some((*name).clone()));
        if known.as_ref() != Some(name) {
            *known = None;
        }
    }
    // A name takes precedence over another thing's message.
    names.extend(items.iter().map(|(name, _)| ((*name).clone(), Some((*name).clone()))));
    names
}

fn parse_event(
    item: &Item,
    names: &Names,
    file: &Arc<str>,
    found: &mut Diagnostics,
) -> Option<(Event, Option<Template>)> {
    let id = item.number("Id", found)?;
    let version = item.number("Version", found)?;
    let what = EventKey::new(id, version).to_string();
    let mut look_up = |kind: &str, names: &HashMap<String, Option<String>>, text: &str| match names.get(text) {
        Some(Some(name)) => Some(name.clone()),
        Some(None) => {
            let message = format!("<{kind}> is `{}`, the message of several; it is left out", clip(text));
            found.warning(&item.at, what.clone(), message);
            None
        }
        None => {
            let message = format!("<{kind}> is `{}`; expected a name or message of the metadata", clip(text));
            found.error(&item.at, what.clone(), message);
            None
        }
    };
    let mut event = Event { id, version, at: item.at.clone(), ..Event::default() };
    event.channel = item.text("Channel").and_then(|text| look_up("Channel", &names.channels, text));
    event.level = item.text("Level").and_then(|text| look_up("Level", &names.levels, text));
    event.task = item.text("Task").and_then(|text| look_up("Task", &names.tasks, text));
    event.opcode = item.text("Opcode").and_then(|text| look_up("Opcode", &names.opcodes, text));
    let keywords = item.all("Keyword").flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
    event.keywords = keywords.filter_map(|text| look_up("Keyword", &names.keywords, text)).collect();
    // Without it the event would seem to have none.
    if item.text("Opcode").is_some_and(|text| !names.opcodes.contains_key(text)) {
        found.error(&item.at, what, "its opcode cannot be read; the event is left out");
        return None;
    }
    event.message = message(item);
    let template = template(item, &what, file, found);
    match template {
        Some(Ok(template)) => {
            event.template = Some(template.id.clone());
            Some((event, Some(template)))
        }
        Some(Err(())) => {
            found.error(&item.at, what, "its template cannot be read; the event is left out");
            None
        }
        None => Some((event, None)),
    }
}

/// The message in a manifest's form: without the line break that begins the text, with `%n` for the others.
fn message(item: &Item) -> Option<String> {
    let (_, text, _) = item.texts.iter().find(|(name, ..)| name == "Message")?;
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    (!text.is_empty()).then(|| text.replace("\r\n", "%n").replace('\n', "%n"))
}

/// The template, which is XML in the text of the element; an error where a field of it cannot be read.
fn template(item: &Item, what: &str, file: &Arc<str>, found: &mut Diagnostics) -> Option<Result<Template, ()>> {
    let (_, text, line) = item.texts.iter().find(|(name, ..)| name == "Template")?;
    if text.trim().is_empty() {
        return None;
    }
    let decoded = decode(file, text.as_bytes(), found);
    let mut cursor = Cursor::new(file, &decoded, Dialect::Written, std::mem::take(found)).at_line(*line);
    let template = cursor.root_named(&["template"]).map(|mut root| {
        what.clone_into(&mut root.what);
        let at = root.at.clone();
        let (fields, broken) = parse_fields(&mut cursor, &root);
        cursor.finish();
        let id = what.replace(' ', "_");
        if broken || cursor.failed() { Err(()) } else { Ok(Template { id, fields, at, ..Template::default() }) }
    });
    *found = cursor.into_found();
    match template {
        Some(Ok(template)) if template.fields.is_empty() => None,
        Some(template) => Some(template),
        None => Some(Err(())),
    }
}
