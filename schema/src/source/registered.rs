//! PerfView's dumps of registered manifests: instrumentation manifests that a tool wrote out of what TDH tells of a
//! provider.
//!
//! The XML is that of a written manifest, and [`super::man`] reads it; here stand the ways of the tool:
//!
//! - Names that a provider does not have are made up: the symbols of events, `task_0`, the names of templates. None of
//!   them becomes a public name. The texts of tasks, opcodes and keywords are their names again, and say nothing.
//! - There are no outTypes, channels and messages, and of a length or count only a field's name, never a number. A string
//!   of a fixed length cannot be told from one that ends at its NUL: decoding such a payload fails, it is not misread
//!   unless the string ends with exactly one NUL. A binary without a length is an error.
//! - Of a struct the tool takes the place of its first member for an inType: `win:29` is refused. A place that is the number
//!   of a type, up to 22, cannot be told from that type; a payload that does not fit it to the last byte is refused.
//! - The start tag of a task with opcodes is closed twice, strings stand twice, and attributes are not escaped.
//! - Level 0 is called `win:Always`, and two inTypes have the names that TDH's header gives them.

use super::man::{self, Dialect, ReadOptions};
use crate::diagnostic::Diagnostics;
use crate::model::builtin::{self, is_made_up_task};
use crate::model::{Manifest, Provider};

/// Reads a dump. What cannot be understood is reported and left out.
pub fn read(file_name: &str, bytes: &[u8]) -> (Manifest, Diagnostics) {
    man::read(file_name, bytes, &ReadOptions { dialect: Dialect::Registered, ..ReadOptions::default() })
}

/// The manifest's name for an inType.
pub(super) fn in_type(name: &str) -> &str {
    match name {
        "win:CountedMbcsString" => "win:CountedAnsiString",
        "win:CountedUtf16String" => "win:CountedUnicodeString",
        other => other,
    }
}

/// Whether an inType that no type has is that of a struct.
pub(super) fn is_struct(name: &str) -> bool {
    name.strip_prefix("win:").is_some_and(|rest| rest == "Struct" || rest.parse::<u8>().is_ok())
}

/// Brings what the tool wrote to what the provider declares.
pub(super) fn tidy(provider: &mut Provider, found: &mut Diagnostics) {
    // Task 0 is no task, and its opcodes are those of the provider.
    let none: Vec<String> =
        provider.tasks.iter().filter(|task| task.value == 0).map(|task| task.name.clone()).collect();
    let is_none = |task: &String| {
        none.contains(task) || (is_made_up_task(task) && !provider.tasks.iter().any(|known| known.name == *task))
    };
    for event in &mut provider.events {
        event.symbol = None;
        event.task = event.task.take().filter(|task| !is_none(task));
        event.level = event.level.take().map(|level| if level == "win:Always" { LOG_ALWAYS.to_owned() } else { level });
    }
    for opcode in &mut provider.opcodes {
        opcode.task = opcode.task.take().filter(|task| !none.contains(task));
    }
    provider.tasks.retain(|task| task.value != 0);
    let mut seen = std::collections::HashSet::new();
    provider.opcodes.retain(|opcode| seen.insert((opcode.task.clone(), opcode.name.clone(), opcode.value)));
    let at = provider.at.clone();
    let what = format!("provider {}", man::clip(&provider.name));
    found.note(&at, what, "a dump holds no lengths that are numbers: a payload with such a field is refused");
}

/// Drops the texts that are names again.
pub(super) fn tidy_texts(provider: &mut Provider) {
    provider.tasks.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
    provider.opcodes.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
    provider.keywords.iter_mut().for_each(|it| forget_name(&it.name, &mut it.message));
}

fn forget_name(name: &str, message: &mut Option<String>) {
    if message.as_deref() == Some(name) {
        *message = None;
    }
}

/// The name of level 0.
const LOG_ALWAYS: &str = builtin::LEVELS[0].0;
