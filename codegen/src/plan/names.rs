//! Rust names from a manifest's.

use std::collections::BTreeSet;

use crate::identifier::is_keyword;
use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// `Smb2ResponseRead` from whatever the manifest calls it. `Self`, the one keyword in this case, gets a prefix: no type ends
/// with an underscore.
pub(super) fn type_name(name: &str) -> String {
    match ascii(name).to_upper_camel_case() {
        name if name == "Self" => "TSelf".to_owned(),
        name => identifier(&name, "T"),
    }
}

/// The types of the prelude that generated code names without a path.
const RESERVED_TYPES: &[&str] = &["From", "Iterator", "Option", "Result", "Sized"];

/// Whether a type of that name would hide one that generated code uses.
pub(super) fn is_reserved_type(name: &str) -> bool {
    RESERVED_TYPES.contains(&name)
}

/// A name that generated code keeps to itself: no public name begins with an underscore.
pub(super) fn private(name: &str) -> String {
    format!("__{name}")
}

/// Methods that every value has; they take it by value, and so would be called in place of an accessor.
const RESERVED_ACCESSORS: &[&str] = &["into", "try_into"];

/// `session_id` from `SessionId`.
pub(super) fn field_name(name: &str) -> String {
    let name = identifier(&ascii(name).to_snake_case(), "f_");
    if RESERVED_ACCESSORS.contains(&&*name) { format!("{name}_") } else { name }
}

/// `SESSION_SETUP` from `Session setup`.
pub(super) fn constant_name(name: &str) -> String {
    identifier(&ascii(name).to_shouty_snake_case(), "V")
}

/// The most words of a text that make a constant's name.
const MAX_WORDS: usize = 6;

/// A constant's name from a map's text: its first words, inserts left out. None where no word is left.
pub(super) fn constant_from_text(text: &str) -> Option<String> {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '%');
        if bare.is_empty() || is_insert(bare) {
            continue;
        }
        words.push(bare.replace('\'', ""));
    }
    words.truncate(MAX_WORDS);
    (!words.is_empty()).then(|| constant_name(&words.join(" ")))
}

fn is_insert(word: &str) -> bool {
    word.strip_prefix('%').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Everything that no identifier can hold becomes a word break.
fn ascii(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Makes an identifier of a name in the right case: one that is empty or begins with a digit gets a prefix, a
/// keyword gets an underscore at its end.
fn identifier(name: &str, prefix: &str) -> String {
    let name =
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { format!("{prefix}{name}") };
    if is_keyword(&name) { format!("{name}_") } else { name }
}

/// Names that must differ from one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Unique {
    taken: BTreeSet<String>,
}

impl Unique {
    /// The name, or the name with the first of the suffixes that makes it unique, or with a number.
    pub(super) fn claim(&mut self, name: &str, suffix: &str) -> String {
        // A keyword's name ends with an underscore; two in a row are no snake case.
        let base = name.trim_end_matches('_');
        let with_suffix = [name.to_owned(), format!("{base}{suffix}")].into_iter();
        let numbered = (2u32..).map(|n| format!("{base}{suffix}_{n}"));
        let mut names = with_suffix.chain(numbered).filter(|candidate| !self.taken.contains(candidate));
        let chosen = names.next().unwrap_or_default();
        self.taken.insert(chosen.clone());
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rust() {
        assert_eq!(type_name("Smb2FileCCFClose"), "Smb2FileCcfClose");
        assert_eq!(type_name("SrvS4U2SelfFailure"), "SrvS4u2SelfFailure");
        assert_eq!((type_name("202"), type_name("self")), ("T202".to_owned(), "TSelf".to_owned()));
        assert_eq!(field_name("ConnectionGUID"), "connection_guid");
        assert_eq!(field_name("type"), "type_");
        assert_eq!(field_name("self"), "self_");
        assert_eq!(field_name("Gen"), "gen_");
        assert_eq!(field_name("TryInto"), "try_into_");
        assert_eq!(field_name("2ndPart"), "f_2nd_part");
        assert_eq!(field_name(""), "f_");
        assert_eq!(constant_name("ut:SendPath"), "UT_SEND_PATH");
    }

    #[test]
    fn no_public_name_is_a_private_one() {
        for name in ["__head", "_", "", "__", "_self", "__Self"] {
            for public in [type_name(name), field_name(name), constant_name(name)] {
                assert!(!public.starts_with('_'), "{name}: {public}");
            }
        }
    }

    #[test]
    fn constants_come_from_the_first_words_of_a_text() {
        assert_eq!(constant_from_text("3.1.1").as_deref(), Some("V3_1_1"));
        assert_eq!(
            constant_from_text("Error updating transport list for device %5. %3.").as_deref(),
            Some("ERROR_UPDATING_TRANSPORT_LIST_FOR_DEVICE")
        );
        assert_eq!(constant_from_text("Server can't create").as_deref(), Some("SERVER_CANT_CREATE"));
        assert_eq!(constant_from_text("%3. %4"), None);
        assert_eq!(constant_from_text(""), None);
    }

    #[test]
    fn a_taken_name_gets_its_suffix_and_then_a_number() {
        let mut names = Unique::default();
        assert_eq!(names.claim("a", "_7"), "a");
        assert_eq!(names.claim("a", "_7"), "a_7");
        assert_eq!(names.claim("a", "_7"), "a_7_2");
        assert_eq!([names.claim("fn_", "_7"), names.claim("fn_", "_8")], ["fn_", "fn_8"]);
    }
}
