//! The row of `builds.toml` for captures that were combined: where each kind of fact comes from.

use super::adopt::Adopted;
use crate::model::schema::Fact;
use crate::model::{FactKind, FactStatus, Provider};
use crate::source::{Format, Holds};

/// The source of each kind of fact, in the order of `builds.toml`.
const KINDS: [(FactKind, Option<Holds>); 12] = [
    (FactKind::EventList, Some(Holds::EventList)),
    (FactKind::Fields, None),
    (FactKind::Lengths, Some(Holds::Lengths)),
    (FactKind::OutTypes, Some(Holds::OutTypes)),
    (FactKind::Channels, Some(Holds::Channels)),
    (FactKind::ChannelTypes, Some(Holds::ChannelTypes)),
    (FactKind::Descriptors, None),
    (FactKind::KeywordMasks, None),
    (FactKind::TaskValues, None),
    (FactKind::Maps, Some(Holds::Maps)),
    (FactKind::Messages, Some(Holds::Messages)),
    (FactKind::Symbols, Some(Holds::Symbols)),
];

/// Where each kind of fact comes from. `captures` are the files with their formats; `texts` are those that hold nothing but
/// a message table.
pub fn facts(
    captures: &[(String, Format)],
    texts: &[String],
    adopted: &Adopted,
    provider: &Provider,
) -> Vec<(FactKind, Fact)> {
    let fact = |(key, what): (FactKind, Option<Holds>)| {
        let mut files: Vec<String> = captures
            .iter()
            .filter(|(_, format)| what.is_none_or(|what| format.holds(what)))
            .map(|(file, format)| format!("{} ({})", file_name(file), format.name()))
            .collect();
        if what == Some(Holds::Messages) {
            files.extend(texts.iter().map(|file| format!("{} (message table)", file_name(file))));
        }
        let builds: Vec<String> = adopted.builds(key).iter().map(u32::to_string).collect();
        let taken = format!("taken from build {}", builds.join(" and "));
        let (status, source) = match (files.is_empty(), builds.is_empty()) {
            (false, true) => (FactStatus::Captured, files.join(", ")),
            (false, false) => (FactStatus::Mixed, format!("captured: {}; inferred: {taken}", files.join(", "))),
            (true, false) => (FactStatus::Inferred, taken),
            (true, true) if key == FactKind::EventList => {
                (FactStatus::Inferred, "only the events that were recorded; the build may have others".to_owned())
            }
            (true, true) => (FactStatus::Inferred, "in none of the captures".to_owned()),
        };
        (key, Fact { status, source })
    };
    let mut facts: Vec<_> = KINDS.into_iter().map(fact).collect();
    if let Some((_, fact)) = facts.iter_mut().find(|(key, _)| *key == FactKind::TaskValues) {
        note_placeholders(fact, provider);
    }
    facts
}

/// Numbers of tasks that are placeholders are captured from nowhere.
fn note_placeholders(fact: &mut Fact, provider: &Provider) {
    let placeholders: Vec<&str> =
        provider.tasks.iter().filter(|task| task.is_placeholder).map(|task| task.name.as_str()).collect();
    if placeholders.is_empty() {
        return;
    }
    if fact.status == FactStatus::Captured {
        *fact = Fact { status: FactStatus::Mixed, source: format!("captured: {}", fact.source) };
    }
    fact.source += &format!("; not known, placeholders: {}", placeholders.join(", "));
}

fn file_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// The row as text.
pub fn row(build: u32, product: &str, provider: &Provider, facts: &[(FactKind, Fact)]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let messages = provider.events.iter().filter(|event| event.message.is_some()).count();
    let mut out = format!(
        "[build.{build}]\nnumber = {build}\nproduct = {}\nevents = {}\ntemplates = {}\ntasks = {}\nmaps = {}\n\
         messages = {messages}\n[build.{build}.facts]\n",
        quoted(product),
        provider.events.len(),
        provider.templates.len(),
        provider.tasks.len(),
        provider.maps.len(),
    );
    for (key, fact) in facts {
        out += &format!("{key} = {{ status = {}, source = {} }}\n", quoted(fact.status.word()), quoted(&fact.source));
    }
    out
}

/// Puts the row into the text of `builds.toml`, before the next build's. The row of a build that is there already is
/// replaced, but for its exceptions, which a person wrote.
pub fn put_row(text: &str, build: u32, row: &str) -> String {
    let mut blocks: Vec<(u32, String)> = Vec::new();
    let mut head = String::new();
    for line in text.split_inclusive('\n') {
        let number = line.strip_prefix("[build.").and_then(|rest| rest.split_once(']'));
        if let Some(number) = number.and_then(|(number, _)| number.parse().ok()) {
            blocks.push((number, String::new()));
        }
        blocks.last_mut().map_or(&mut head, |(_, block)| block).push_str(line);
    }
    let is_exception = |line: &str| line.starts_with(&format!("[[build.{build}.exception]]"));
    let old = blocks.iter().position(|(number, _)| *number == build).map(|at| blocks.remove(at).1);
    let kept: String =
        old.iter().flat_map(|old| old.split_inclusive('\n')).skip_while(|line| !is_exception(line)).collect();
    let new = format!("{row}{}\n", kept.trim_end().to_owned() + if kept.is_empty() { "" } else { "\n" });
    let at = blocks.iter().position(|(number, _)| *number > build).unwrap_or(blocks.len());
    if at == blocks.len()
        && let Some((_, last)) = blocks.last_mut()
    {
        *last = format!("{}\n\n", last.trim_end());
    }
    blocks.insert(at, (build, new));
    let text = head + &blocks.into_iter().map(|(_, block)| block).collect::<String>();
    text.trim_end().to_owned() + "\n"
}
