//! `names.lock`: every public name of the generated crate and what it names.
//!
//! A name once given stays: the plan asks the lock first, and only what the lock does not know gets a name by the
//! rules, which is then appended. A layout is known by its fields ([`fingerprint`]), not by the build that brought it,
//! so that importing an older build renames nothing.
//!
//! Each line ends the chain of checksums that begins at the first: a line that was edited, removed, added or moved by
//! hand breaks the chain just there, and the last line counts them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::identifier::is_keyword;
use etw_schema::diagnostic::Diagnostics;
use etw_schema::hash::{FNV_SEED, fnv_1a};
use etw_schema::model::{Field, Place, Size};

/// What a name of the generated crate belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A constant of `Channel`; the key is the channel's path.
    Channel,
    /// A constant of `Level`, by the manifest's name.
    Level,
    /// A constant of `Opcode`, by the manifest's name; of a task's opcode, by value and name.
    Opcode,
    /// A constant of `Task`, by the manifest's name.
    Task,
    /// A constant of `Keywords`, by the manifest's name.
    Keyword,
    /// A map's type, by the manifest's name.
    Map,
    /// A constant of a map's type: the number and the map's name.
    Value,
    /// The module of an event's types, by the event's id.
    Module,
    /// An event's enum and its variant of `Event`, by the event's id.
    Event,
    /// A layout's view: the event's id, the version, and the [`fingerprint`] of the fields.
    View,
    /// An accessor, by the manifest's name for the field.
    Field,
    /// A struct's view: the name of the view that holds it, and the manifest's name for the field.
    Struct,
    /// The accessor of a field's plain number beside the one that has a type for it, by the manifest's name for the field.
    RawField,
    /// A meaning's type, by its name in `meanings.toml`.
    Meaning,
    /// The static that describes a meaning, by the meaning's name.
    MeaningStatic,
    /// The static that describes a map, by the manifest's name.
    MapStatic,
    /// The static that describes an event, a view or a struct: what it is, and the key of its type.
    Static,
}

impl NameKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Channel, "channel"),
        (Self::Level, "level"),
        (Self::Opcode, "opcode"),
        (Self::Task, "task"),
        (Self::Keyword, "keyword"),
        (Self::Map, "map"),
        (Self::Value, "value"),
        (Self::Module, "module"),
        (Self::Event, "event"),
        (Self::View, "view"),
        (Self::Field, "field"),
        (Self::Struct, "struct"),
        (Self::RawField, "raw-field"),
        (Self::Meaning, "meaning"),
        (Self::MeaningStatic, "meaning-static"),
        (Self::MapStatic, "map-static"),
        (Self::Static, "static"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }

    /// Whether it is the name of a type.
    fn is_type(self) -> bool {
        matches!(self, Self::Map | Self::Event | Self::View | Self::Struct | Self::Meaning)
    }

    /// The names among which this one must be unique; none where equal names do no harm.
    fn scope(self, key: &str) -> Option<String> {
        match self {
            // Events, views and structs are types of the same modules, and macros name them side by side.
            Self::Event | Self::View | Self::Struct => Some("type".to_owned()),
            Self::Value => Some(format!("value of {}", key.split_once(' ').map_or("", |(_, map)| map))),
            Self::Module | Self::Field | Self::RawField => None,
            // The type of a map or meaning is a value of its name as well, and that of `E` has a static's name.
            Self::Map | Self::MapStatic => Some(Self::Map.word().to_owned()),
            Self::Meaning | Self::MeaningStatic => Some(Self::Meaning.word().to_owned()),
            other => Some(other.word().to_owned()),
        }
    }
}

/// The word that stands for it in the file.
impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: NameKind,
    name: String,
    key: String,
}

/// The public names, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesLock {
    entries: Vec<Entry>,
    known: BTreeMap<(NameKind, String), usize>,
    taken: BTreeSet<(String, String)>,
}

/// The head of the file.
const HEADER: &str = "\
# Every public name of the generated crate and what it belongs to. Written by `cargo xtask regen`, which only ever
# appends; do not edit. A name that has been published stays, whatever build is imported before or after.
#
# A line: checksum, kind, Rust name, key. The checksum takes in all lines above, so that a line that was edited, removed,
# moved or added by hand is found; the last line counts the names.
#
# To rename on purpose: leave this file alone and add the better name beside the old one, as a `pub use .. as ..` in
# generated/src/lib.rs. A name that no release has had yet: restore the file as the last release had it, change the
# rule or overrides.toml, and run `cargo xtask regen`.
# After a merge conflict: take either side as a whole and run `cargo xtask regen`.
";

impl NamesLock {
    /// Whether a file begins as a lock does, whatever became of the rest.
    pub fn is_lock(bytes: &[u8]) -> bool {
        let first = HEADER.lines().next().unwrap_or(HEADER);
        bytes.starts_with(first.split(". ").next().unwrap_or(first).as_bytes())
    }

    /// The name that the lock holds for a key.
    pub fn get(&self, kind: NameKind, key: &str) -> Option<&str> {
        self.known.get(&(kind, key.to_owned())).map(|&at| self.entries[at].name.as_str())
    }

    /// The view's name of a layout of (id, version) with these fields.
    pub fn view(&self, id: u16, version: u8, fields: &[Field]) -> Option<&str> {
        self.get(NameKind::View, &view_key(id, version, fields))
    }

    /// How many names the lock holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no name was ever given.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every name with its kind and key, oldest first.
    pub fn names(&self) -> impl Iterator<Item = (NameKind, &str, &str)> {
        self.entries.iter().map(|entry| (entry.kind, entry.key.as_str(), entry.name.as_str()))
    }

    /// The name for a key: the one that it has, or else the first of the candidates that is free, or the last with a
    /// number. A new name is remembered.
    pub(crate) fn claim(&mut self, kind: NameKind, key: &str, candidates: &[String]) -> String {
        if let Some(name) = self.get(kind, key) {
            return name.to_owned();
        }
        let scope = kind.scope(key);
        let last = candidates.last().map_or("", String::as_str);
        let separator = if kind.is_type() && !last.ends_with(|c: char| c.is_ascii_digit()) { "" } else { "_" };
        let numbered = (2u32..).map(|n| format!("{last}{separator}{n}"));
        let is_free = |name: &String| match &scope {
            Some(scope) => !self.taken.contains(&(scope.clone(), name.clone())),
            None => true,
        };
        let name = candidates.iter().cloned().chain(numbered).find(is_free).unwrap_or_default();
        self.add(Entry { kind, name: name.clone(), key: key.to_owned() });
        name
    }

    fn add(&mut self, entry: Entry) {
        if let Some(scope) = entry.kind.scope(&entry.key) {
            self.taken.insert((scope, entry.name.clone()));
        }
        self.known.insert((entry.kind, entry.key.clone()), self.entries.len());
        self.entries.push(entry);
    }

    /// Reads the file. Whatever was not written by [`fmt::Display`] is reported with its line.
    pub fn read(file: &str, text: &str) -> (Self, Diagnostics) {
        let mut lock = Self::default();
        let mut diagnostics = Diagnostics::new();
        let mut sum = FNV_SEED;
        let mut end = None;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        for (at, line) in lines {
            let place = Place::new(&file.into(), u32::try_from(at + 1).unwrap_or(0));
            if end.is_some() {
                diagnostics.error(&place, "names.lock", "nothing is expected after the line `end`");
                break;
            }
            if let Some(count) = line.strip_prefix("end ") {
                end = Some(count.to_owned());
                continue;
            }
            match lock.read_line(line, &mut sum) {
                Ok(()) => {}
                Err(problem) => {
                    diagnostics.error(&place, "names.lock", format!("{problem}; {HOW_TO_MEND}"));
                    return (lock, diagnostics);
                }
            }
        }
        let expected = lock.len().to_string();
        if end.as_ref() != Some(&expected) && !text.trim().is_empty() {
            let found = end.map_or("the line `end` is missing".to_owned(), |n| format!("the last line says {n} names"));
            let message = format!("{found}, but {expected} stand here: lines at the end were removed; {HOW_TO_MEND}");
            diagnostics.error(&Place::file(file), "names.lock", message);
        }
        (lock, diagnostics)
    }

    fn read_line(&mut self, line: &str, sum: &mut u64) -> Result<(), String> {
        let mut parts = line.splitn(4, ' ');
        let [Some(checksum), Some(kind), Some(name), Some(key)] = std::array::from_fn(|_| parts.next()) else {
            return Err("expected a checksum, a kind, a name and a key".to_owned());
        };
        let kind = NameKind::from_word(kind).ok_or_else(|| format!("`{kind}` is not a kind of name"))?;
        if is_keyword(name) || name.starts_with('_') {
            return Err(format!("`{name}` is no name in Rust"));
        }
        let entry = Entry { kind, name: name.to_owned(), key: unescape(key) };
        *sum = chain(*sum, &entry);
        if checksum != short(*sum) {
            return Err(format!("`{name}`: this line was edited, or a line above it removed, moved or added"));
        }
        if self.get(kind, &entry.key).is_some() {
            return Err(format!("`{}` has a name already", entry.key));
        }
        self.add(entry);
        Ok(())
    }
}

const HOW_TO_MEND: &str = "a published name stays: restore the file from version control (its head says how to rename)";

/// The file's text.
impl fmt::Display for NamesLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        let mut sum = FNV_SEED;
        for entry in &self.entries {
            sum = chain(sum, entry);
            writeln!(f, "{} {} {} {}", short(sum), entry.kind.word(), entry.name, escape(&entry.key))?;
        }
        writeln!(f, "end {}", self.len())
    }
}

fn chain(sum: u64, entry: &Entry) -> u64 {
    let line = format!("{} {} {}\n", entry.kind.word(), entry.name, entry.key);
    fnv_1a(sum, line.as_bytes())
}

fn short(sum: u64) -> String {
    format!("{:08x}", (sum >> 32) ^ (sum & 0xffff_ffff))
}

/// A name in a manifest may hold anything; a line of the file holds no line break.
fn escape(key: &str) -> String {
    key.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            other => other.unwrap_or('\\'),
        });
    }
    out
}

/// The key of a layout's view.
pub(crate) fn view_key(id: u16, version: u8, fields: &[Field]) -> String {
    format!("{id} v{version} {}", fingerprint(fields))
}

/// The identity of a layout: a hash of what its bytes are and what they are called (name, inType, length, count of
/// each field). How values are shown (outType, map) is no part of it, as in [`etw_schema::merge::same_wire_form`].
pub fn fingerprint(fields: &[Field]) -> String {
    format!("{:016x}", wire_form(FNV_SEED, fields))
}

fn wire_form(hash: u64, fields: &[Field]) -> u64 {
    fields.iter().fold(hash, |hash, field| {
        let mut line = format!("{}\0{}", field.name, field.in_type.name());
        for (what, size) in [("length", &field.length), ("count", &field.count)] {
            match size {
                Some(Size::Fixed(n)) => line += &format!("\0{what}={n}"),
                Some(Size::Field(name)) => line += &format!("\0{what}:{name}"),
                None => {}
            }
        }
        let hash = fnv_1a(hash, line.as_bytes());
        // Marks around the members, so that they are never taken for the struct's neighbours.
        if field.members.is_empty() {
            fnv_1a(hash, b"\n")
        } else {
            fnv_1a(wire_form(fnv_1a(hash, b"{"), &field.members), b"}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use etw_schema::model::InType;

    fn sample() -> NamesLock {
        let mut lock = NamesLock::default();
        lock.claim(NameKind::Event, "1", &["A".to_owned()]);
        lock.claim(NameKind::View, "1 v0 00", &["AV0".to_owned()]);
        lock.claim(NameKind::Task, "a\nb \\n", &["T".to_owned()]);
        lock
    }

    fn problems(text: &str) -> String {
        NamesLock::read("names.lock", text).1.to_string()
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = sample().to_string();
        assert_eq!(problems(&text), "");
        assert_eq!(NamesLock::read("names.lock", &text).0, sample());
        assert!(NamesLock::read("names.lock", "").1.is_empty(), "a provider without a lock yet");
    }

    #[test]
    fn a_known_key_keeps_its_name_and_a_taken_name_is_not_given_twice() {
        let mut lock = sample();
        assert_eq!(lock.claim(NameKind::Event, "1", &["Other".to_owned()]), "A");
        assert_eq!(lock.claim(NameKind::Event, "2", &["A".to_owned(), "A2".to_owned()]), "A2");
        assert_eq!(lock.claim(NameKind::Event, "3", &["AV0".to_owned()]), "AV0_2", "views and events are all types");
        assert_eq!(lock.claim(NameKind::Task, "A", &["A".to_owned()]), "A", "a task is no type");
    }

    #[test]
    fn every_edit_is_refused_at_its_line() {
        let text = sample().to_string();
        let first = text.lines().position(|line| !line.starts_with('#')).expect("a line of names");
        let renamed = problems(&text.replace(" AV0 ", " Better "));
        assert!(renamed.starts_with(&format!("names.lock:{}: error: names.lock: `Better`", first + 2)), "{renamed}");
        for gone in 0..3 {
            let kept = text.lines().enumerate().filter(|(at, _)| *at != first + gone).map(|(_, line)| line);
            let message = problems(&kept.collect::<Vec<_>>().join("\n"));
            assert!(message.contains("removed"), "line {gone} gone: {message}");
        }
        let cut = text.replace("end 3\n", "");
        assert!(problems(&cut).contains("the line `end` is missing"), "{}", problems(&cut));
        assert!(problems(&format!("{text}0 event B 9\n")).contains("nothing is expected after"));
    }

    #[test]
    fn a_fingerprint_is_of_the_wire_form_alone() {
        let field = |name: &str, in_type| Field { name: name.to_owned(), in_type, ..Field::default() };
        let fields = [field("A", InType::UInt8), field("B", InType::UInt32)];
        let mut shown = fields.clone();
        shown[1].map = Some("M".to_owned());
        assert_eq!(fingerprint(&fields), fingerprint(&shown));
        let swapped = [fields[1].clone(), fields[0].clone()];
        assert_ne!(fingerprint(&fields), fingerprint(&swapped));
        // Pinned: a change of the hash would rename every layout.
        assert_eq!(fingerprint(&[]), "cbf29ce484222325");
        assert_eq!(fingerprint(&fields), "a8827f7212a79b71");
    }
}
