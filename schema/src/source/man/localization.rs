//! `<localization>`: the string tables, one a culture, and the texts that `$(string.ID)` stands for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::value::clip;
use super::xml::{Cursor, Element};
use crate::diagnostic::Diagnostics;
use crate::model::Place;

/// The strings of one culture.
#[derive(Debug, Default)]
pub(super) struct Culture {
    name: String,
    texts: HashMap<String, Text>,
}

impl Culture {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Debug)]
struct Text {
    value: String,
    line: u32,
}

pub(super) fn parse_localization(cursor: &mut Cursor<'_>, element: &Element, cultures: &mut Vec<Culture>) {
    // By name: a search through all of them for each would be quadratic.
    let mut known: HashMap<String, usize> =
        cultures.iter().enumerate().map(|(at, culture)| (culture.name.to_ascii_lowercase(), at)).collect();
    cursor.each(element, "resources", |cursor, resources| {
        parse_resources(cursor, resources, cultures, &mut known);
    });
}

fn parse_resources(
    cursor: &mut Cursor<'_>,
    mut element: Element,
    cultures: &mut Vec<Culture>,
    known: &mut HashMap<String, usize>,
) {
    let name = cursor.required_name(&mut element, "culture").unwrap_or_default();
    element.what = format!("resources {}", clip(&name));
    cursor.check_attributes(&element);
    // A manifest may spread a culture over several elements.
    let index = *known.entry(name.to_ascii_lowercase()).or_insert_with(|| {
        cultures.push(Culture { name, texts: HashMap::new() });
        cultures.len() - 1
    });
    while let Some(table) = cursor.child(&element) {
        match table.name.as_str() {
            "stringTable" => cursor.each(&table, "string", |cursor, item| {
                parse_string(cursor, item, &mut cultures[index]);
            }),
            "messageTable" => cursor.note_ignored(&table, "holds messages that belong to no event"),
            _ => cursor.unknown(&table, &element),
        }
    }
}

fn parse_string(cursor: &mut Cursor<'_>, mut element: Element, culture: &mut Culture) {
    let id = cursor.required_name(&mut element, "id");
    if let Some(id) = &id {
        element.what = format!("string {}", clip(id));
    }
    let value = element.take("value");
    cursor.check_attributes(&element);
    let content = cursor.text_of(&element);
    let content = content.trim_matches(|c: char| c.is_ascii_whitespace());
    let value = match value {
        Some(value) => {
            if !content.is_empty() {
                cursor.warning(&element, "has both a `value` and content; the value is used");
            }
            value
        }
        None if content.is_empty() && cursor.failed() => return,
        None if content.is_empty() => {
            return cursor.error_unless_dump(&element, "the attribute `value` is missing");
        }
        None => content.to_owned(),
    };
    let Some(id) = id.filter(|_| !cursor.failed()) else { return };
    match culture.texts.entry(id) {
        Entry::Vacant(free) => {
            free.insert(Text { value, line: element.at.line });
        }
        Entry::Occupied(first) => {
            let line = first.get().line;
            let message = format!("duplicate string in one culture; the first, at line {line}, is used");
            cursor.error_unless_dump(&element, message);
        }
    }
}

/// The texts of the chosen culture, and those of the others where it has none.
pub(super) struct Texts<'c> {
    chosen: Option<&'c Culture>,
    others: HashMap<&'c str, (&'c Culture, &'c str)>,
    /// How many bytes references may still copy.
    budget: usize,
    /// Whether dangling references are reported.
    strict: bool,
}

/// The bytes that references may copy: this multiple of the file's size, and this many bytes more. Real manifests stay
/// below once; without a bound, thousands of references to one long text would fill the memory.
const COPIES: usize = 16;
const FREE_BYTES: usize = 1 << 20;

impl<'c> Texts<'c> {
    /// Chooses the culture: the one wanted, else `en-US`, else the first.
    pub(super) fn choose(
        cultures: &'c [Culture],
        wanted: Option<&str>,
        file: &Place,
        size: usize,
        strict: bool,
        found: &mut Diagnostics,
    ) -> Self {
        let find = |name: &str| cultures.iter().find(|culture| culture.name.eq_ignore_ascii_case(name));
        let chosen = wanted.and_then(find).or_else(|| find("en-US")).or(cultures.first());
        if let Some(wanted) = wanted
            && strict
            && find(wanted).is_none()
        {
            let taken = chosen.map_or("no other", |culture| culture.name.as_str());
            let message = format!("there is no culture `{}`; {} is taken", clip(wanted), clip(taken));
            found.warning(file, "<localization>", message);
        }
        let mut others = HashMap::new();
        for culture in cultures {
            for (id, text) in &culture.texts {
                others.entry(id.as_str()).or_insert((culture, text.value.as_str()));
            }
        }
        Self { chosen, others, budget: size.saturating_mul(COPIES).saturating_add(FREE_BYTES), strict }
    }

    /// The name of the chosen culture.
    pub(super) fn culture(&self) -> Option<&'c str> {
        self.chosen.map(|culture| culture.name.as_str())
    }

    /// Replaces each `$(string.ID)` of a text by the string. Anything else stays, `%n` and `%1` among it. A string
    /// that holds a reference itself is not resolved again.
    pub(super) fn resolve(
        &mut self,
        text: &mut Option<String>,
        at: &Place,
        what: impl Fn() -> String,
        found: &mut Diagnostics,
    ) {
        let Some(raw) = text.as_deref().filter(|raw| raw.contains("$(")) else { return };
        let mut report = Report { at, what: &what, found };
        // An id may hold any character, a closing parenthesis too.
        let whole = raw.trim().strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(')'));
        let resolved = match whole {
            Some(id) if self.others.contains_key(id) || !id.contains(')') => {
                self.look_up(id, &mut report).map(str::to_owned)
            }
            _ => Some(self.replace_inside(raw, &mut report)),
        };
        if let Some(resolved) = resolved {
            *text = Some(resolved);
        }
    }

    fn replace_inside(&mut self, raw: &str, report: &mut Report<'_>) -> String {
        let mut resolved = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(start) = rest.find("$(") {
            resolved.push_str(&rest[..start]);
            rest = &rest[start..];
            let Some(end) = rest.find(')') else { break };
            match rest[..end].strip_prefix(PREFIX).map(|id| self.look_up(id, report)) {
                Some(Some(text)) => resolved.push_str(text),
                Some(None) => resolved.push_str(&rest[..=end]),
                None => {
                    if self.strict {
                        let message = format!("`{}` is not a $(string.ID) and stays as it is", clip(&rest[..=end]));
                        report.found.note(report.at, (report.what)(), message);
                    }
                    resolved.push_str(&rest[..=end]);
                }
            }
            rest = &rest[end + 1..];
        }
        resolved.push_str(rest);
        resolved
    }

    fn look_up(&mut self, id: &str, report: &mut Report<'_>) -> Option<&'c str> {
        let id = id.trim();
        let own = self.chosen.and_then(|culture| culture.texts.get(id)).map(|text| text.value.as_str());
        let (found, text) = match (own, self.others.get(id)) {
            (Some(text), _) => (None, text),
            (None, Some((culture, text))) => (Some(&culture.name), *text),
            (None, None) => {
                if self.strict {
                    let message = format!("there is no string `{}` in any culture", clip(id));
                    report.found.error(report.at, (report.what)(), message);
                }
                return None;
            }
        };
        if let (Some(other), Some(chosen)) = (found, self.chosen) {
            let message = format!("culture {} has no string `{}`; {} has", clip(&chosen.name), clip(id), clip(other));
            report.found.note(report.at, (report.what)(), message);
        }
        if let Some(left) = self.budget.checked_sub(text.len()) {
            self.budget = left;
            return Some(text);
        }
        if self.strict {
            self.strict = false;
            let message = "the references to strings copy many times the size of the file; from here on they stay";
            report.found.error(report.at, (report.what)(), message);
        }
        None
    }
}

const PREFIX: &str = "$(string.";

/// The place of a reference, for diagnostics.
struct Report<'r> {
    at: &'r Place,
    what: &'r dyn Fn() -> String,
    found: &'r mut Diagnostics,
}
