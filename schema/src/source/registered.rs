//! PerfView's dumps of registered manifests: instrumentation manifests that the tool makes from TDH's data about a
//! provider.
//!
//! The XML is meant to be that of a written manifest, and [`super::man`] reads it once its text is well-formed. The rules of
//! the tool, and what a mistake in each of them costs:
//!
//! - It has one element a line, with attributes of known names, and escapes nothing (`dump_text`). A value that is cut at
//!   the wrong place is a wrong text.
//! - Names that a provider does not have are made up: the symbols of events and of the provider, the files of the provider,
//!   `task_0`, `keyword_` with the mask, the names of templates. None of them is a fact; read as one, it would become a
//!   public name, or contradict another capture. The texts of tasks, opcodes and keywords repeat their names.
//! - An opcode that another task has as well is called `name_task_opcode`, those of Windows too. An event whose opcode is not
//!   understood is left out: it would seem to have none.
//! - The names of fields have lost all characters but letters, digits and `_`, and what refers to them has not. Names are
//!   compared without these characters; otherwise an event with such a length is lost.
//! - There are no outTypes, channels and messages. A length or count is only a field's name, never a number. A string
//!   of a fixed length cannot be told from one that ends at its NUL: decoding such a payload fails, it is not misread
//!   unless the string ends with exactly one NUL. A binary without a length is an error.
//! - The tool takes the index of a struct's first member for an inType. Members come after all fields of the template, so
//!   that the first struct's index is the number of these fields. An index that is no type's (`win:29`) is refused. A field
//!   whose type has that number is in doubt: a struct that is read as a scalar may be misread without an error. Its event is
//!   left out unless another capture or another build shows the same fields. What shows a scalar: a map, a length, another field
//!   that it counts, a second field of the type in the template, or the same name and type in a template with more fields.
//! - The start tag of a task with opcodes is closed twice, and strings are declared twice.
//! - Level 0 is called `win:Always`, and two inTypes have the names that TDH's header gives them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::dump_text;
use super::man::{self, Cursor, Decoded, Dialect};
use crate::diagnostic::Diagnostics;
use crate::model::builtin::{self, is_made_up_task};
use crate::model::{Field, InType, Manifest, Opcode, Provider, Size, Template};

/// Reads a dump. What cannot be understood is reported and left out.
pub fn read(file_name: &str, bytes: &[u8]) -> (Manifest, Diagnostics) {
    let file: Arc<str> = Arc::from(file_name);
    let mut found = Diagnostics::new();
    let decoded = man::decode(&file, bytes, &mut found);
    let text = dump_text::escape(&decoded.text);
    let is_changed = matches!(text, Cow::Owned(_));
    let escaped = Decoded { text, encoding: decoded.encoding, cut: decoded.cut };
    let cursor = Cursor::new(&file, &escaped, Dialect::Registered, found);
    let mut parsed = man::parse(if is_changed { cursor.without_spans() } else { cursor });
    let (providers, found) = parsed.providers_and_found();
    providers.for_each(|provider| tidy(provider, found));
    let (mut manifest, found) = parsed.finish(None);
    manifest.providers.iter_mut().for_each(tidy_texts);
    (manifest, found)
}

/// Brings what the tool wrote to what the provider declares.
fn tidy(provider: &mut Provider, found: &mut Diagnostics) {
    provider.symbol = None;
    for file in [&mut provider.resource_file, &mut provider.message_file] {
        *file = file.take().filter(|file| *file != provider.name);
    }
    // Task 0 is no task, and its opcodes are those of the provider.
    let none: HashSet<String> =
        provider.tasks.iter().filter(|task| task.value == 0).map(|task| task.name.clone()).collect();
    let declared: HashSet<&String> = provider.tasks.iter().map(|task| &task.name).collect();
    let is_none = |task: &String| none.contains(task) || (is_made_up_task(task) && !declared.contains(task));
    for event in &mut provider.events {
        event.symbol = None;
        event.task = event.task.take().filter(|task| !is_none(task));
        event.level = event.level.take().map(|level| if level == "win:Always" { LOG_ALWAYS.to_owned() } else { level });
    }
    for opcode in &mut provider.opcodes {
        opcode.task = opcode.task.take().filter(|task| !none.contains(task));
    }
    provider.tasks.retain(|task| task.value != 0);
    let mut seen = HashSet::new();
    provider.opcodes.retain(|opcode| seen.insert((opcode.task.clone(), opcode.name.clone(), opcode.value)));
    tidy_opcodes(provider);
    let at = provider.at.clone();
    let what = format!("provider {}", man::clip(&provider.name));
    found.note(&at, what.as_str(), "a dump holds no lengths that are numbers: a payload with such a field is refused");
    let doubts = find_doubts(provider);
    if doubts > 0 {
        let why = "fields whose inType may stand for a struct; they are left out unless another capture shows the same";
        found.note(&at, what, format!("{doubts} events have {why}"));
    }
}

/// Restores the names of Windows' own opcodes.
fn tidy_opcodes(provider: &mut Provider) {
    let declared: HashSet<&str> = provider.opcodes.iter().map(|Opcode { name, .. }| name.as_str()).collect();
    for opcode in provider.events.iter_mut().filter_map(|event| event.opcode.as_mut()) {
        if !declared.contains(opcode.as_str())
            && let Some(name) = plain_opcode(opcode)
        {
            *opcode = name.to_owned();
        }
    }
}

/// The predefined opcode of a name with the numbers of its task and its own: `win:Start` for `win:Start_8_1`.
fn plain_opcode(name: &str) -> Option<&str> {
    let (rest, opcode) = name.rsplit_once('_')?;
    let (plain, task) = rest.rsplit_once('_')?;
    task.parse::<u16>().ok()?;
    (builtin::value_of(builtin::OPCODES, plain)? == opcode.parse::<u8>().ok()?).then_some(plain)
}

/// Marks the events with a field that may be a struct, and says how many there are.
fn find_doubts(provider: &mut Provider) -> usize {
    let shown = shown_scalars(&provider.templates);
    let doubts: HashMap<&str, String> = provider
        .templates
        .iter()
        .filter_map(|template| Some((template.id.as_str(), doubt(template, &shown)?)))
        .collect();
    let mut count = 0;
    for event in &mut provider.events {
        event.doubt = event.template.as_deref().and_then(|id| doubts.get(id)).cloned();
        count += usize::from(event.doubt.is_some());
    }
    count
}

/// The names and types of fields that are scalars for certain: in a template with more fields than the type's number, no
/// struct has that number.
fn shown_scalars(templates: &[Template]) -> HashSet<(&str, InType)> {
    templates
        .iter()
        .flat_map(|template| template.fields.iter().map(|field| (template.fields.len(), field)))
        .filter(|(fields, field)| usize::from(field.in_type.value()) < *fields)
        .map(|(_, field)| (field.name.as_str(), field.in_type))
        .collect()
}

/// Why a template may have a struct: the number of fields is also the number of a field's type, and nothing shows that this
/// field is a scalar. It is the only field of the type, as no two structs begin with the same member.
fn doubt(template: &Template, shown: &HashSet<(&str, InType)>) -> Option<String> {
    let number = template.fields.len();
    let counters: HashSet<usize> =
        template.fields.iter().flat_map(|field| field.length.iter().chain(&field.count)).filter_map(index_of).collect();
    let has_number = |(_, field): &(usize, &Field)| usize::from(field.in_type.value()) == number;
    let mut with_number = template.fields.iter().enumerate().filter(has_number);
    let (index, field) = with_number.next()?;
    let is_shown = field.map.is_some()
        || field.length.is_some()
        || counters.contains(&index)
        || shown.contains(&(field.name.as_str(), field.in_type));
    if is_shown || with_number.next().is_some() {
        return None;
    }
    let name = man::clip(&field.name);
    Some(format!("field {name} may be a struct that the dump shows as {}", field.in_type))
}

fn index_of(size: &Size) -> Option<usize> {
    match size {
        Size::Field(field) => Some(field.index().into()),
        Size::Fixed(_) => None,
    }
}

/// Drops the texts that repeat names, and references to strings that do not exist.
fn tidy_texts(provider: &mut Provider) {
    provider.tasks.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
    provider.opcodes.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
    provider.keywords.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
    provider.visit_texts(|text, _, _| *text = text.take().filter(|text| !text.contains("$(string.")));
}

fn forget_name(name: &str, message: &mut Option<String>) {
    if message.as_deref() == Some(name) {
        *message = None;
    }
}

/// The name of level 0.
const LOG_ALWAYS: &str = builtin::LEVELS[0].0;
