//! Reads one event from a line of JSON.

use std::{fmt, num::IntErrorKind};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use smbserver_etw::Build;

use super::hex;
use crate::{
    failure::{Cause, Failure, InputError, Subject},
    names,
    raw::Raw,
};

/// The keys of an event.
const KEYS: [&str; 4] = ["build", "id", "version", "payload"];

/// Reads a line.
pub(crate) fn from_line(line: &[u8]) -> Result<Raw, Failure> {
    let mut keys = keys(line).map_err(|error| Failure { subject: Subject::default(), cause: Cause::Input(error) })?;
    let mut take = |key: &str| keys.remove(key).filter(|value| !value.is_null());
    let build = take("build").map(|value| build(&value)).transpose();
    let id = required("id", take("id")).and_then(|value| id(&value));
    let version = take("version").map(|value| number::<u8>("version", &value)).transpose();
    let payload = required("payload", take("payload")).and_then(|value| payload(&value));
    let subject = Subject {
        build: build.as_ref().ok().copied().flatten(),
        id: id.as_ref().ok().copied(),
        version: version.as_ref().ok().copied().flatten(),
    };
    let failed = |error| Failure { subject, cause: Cause::Input(error) };
    // If a build under `Build` were ignored, the payload would be decoded for another build.
    if let Some(error) = other_case(&keys) {
        return Err(failed(error));
    }
    let input = (!keys.is_empty()).then_some(keys);
    let raw = || Ok(Raw { build: build?, id: id?, version: version?, payload: payload?, input, ..Raw::default() });
    raw().map_err(failed)
}

/// A key that differs from a known one only in the case of letters.
fn other_case(keys: &Map<String, Value>) -> Option<InputError> {
    keys.keys().find_map(|found| {
        let key = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(found))?;
        Some(InputError::KeyCase { key, found: found.clone() })
    })
}

/// The pairs of an object. A key that occurs twice is an error.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
                let mut map = Map::new();
                while let Some(key) = pairs.next_key::<String>()? {
                    // A map would silently drop one of two equal keys.
                    if map.contains_key(&key) {
                        return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    map.insert(key, pairs.next_value()?);
                }
                Ok(map)
            }
        }
        deserializer.deserialize_map(Pairs).map(Unique)
    }
}

fn keys(line: &[u8]) -> Result<Map<String, Value>, InputError> {
    let text = str::from_utf8(line).map_err(|_| InputError::Encoding { utf16: looks_like_utf16(line) })?;
    // JSON has no NUL. ASCII letters in UTF-16 have one each, and are also valid UTF-8.
    if line.contains(&0) {
        return Err(InputError::Encoding { utf16: true });
    }
    serde_json::from_str(text).map(|Unique(keys)| keys).map_err(|error| json_error(&error))
}

/// Whether most of every second byte is 0, or the line begins with the byte order mark of UTF-16.
fn looks_like_utf16(line: &[u8]) -> bool {
    let zeros = |rest: usize| line.iter().skip(rest).step_by(2).filter(|&&byte| byte == 0).count();
    line.starts_with(&[0xFF, 0xFE]) || line.starts_with(&[0xFE, 0xFF]) || zeros(0).max(zeros(1)) * 4 > line.len()
}

/// The error without its line number, which is always 1.
fn json_error(error: &serde_json::Error) -> InputError {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    InputError::Json { message: message.to_owned(), column: error.column() }
}

fn required(key: &'static str, value: Option<Value>) -> Result<Value, InputError> {
    value.ok_or(InputError::MissingKey(key))
}

fn payload(value: &Value) -> Result<Vec<u8>, InputError> {
    match value {
        Value::String(text) => hex::parse_payload(text.as_bytes()).map_err(InputError::Hex),
        other => Err(InputError::PayloadType { found: excerpt(other) }),
    }
}

/// The integer types of an event's header.
pub(crate) trait HeaderNumber: TryFrom<u64> {
    /// The largest number.
    const MAX: u64;
}

impl HeaderNumber for u8 {
    const MAX: u64 = 0xFF;
}

impl HeaderNumber for u16 {
    const MAX: u64 = 0xFFFF;
}

impl HeaderNumber for u32 {
    const MAX: u64 = 0xFFFF_FFFF;
}

fn build(value: &Value) -> Result<Build, InputError> {
    match value {
        Value::String(text) => parse_build(text).map_err(|_| ()),
        other => number::<u32>("build", other).map(Build::from).map_err(|_| ()),
    }
    .map_err(|()| InputError::Number { key: "build", found: excerpt(value), max: u32::MAX.into() })
}

/// An event's id, from a number or a name.
fn id(value: &Value) -> Result<u16, InputError> {
    match value {
        Value::String(text) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => names::event(text).map(|e| e.id),
        other => number("id", other),
    }
}

/// A build: `26100`, `0x65f4`, or with its update, `26100.6584` and `10.0.26100.6584`.
pub(crate) fn parse_build(text: &str) -> Result<Build, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let build = match parts.as_slice() {
        ["10", "0", build, rest @ ..] if rest.iter().all(is_number) => build,
        [build] => build,
        [build, revision] if is_number(revision) => build,
        _ => return Err("no build; write 26100, 26100.6584 or 10.0.26100.6584".to_owned()),
    };
    parse_number::<u32>(build).map(Build::from)
}

fn number<T: HeaderNumber>(key: &'static str, value: &Value) -> Result<T, InputError> {
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| T::try_from(number).ok()),
        Value::String(text) => parse_number(text).ok(),
        _ => None,
    };
    number.ok_or_else(|| InputError::Number { key, found: excerpt(value), max: T::MAX })
}

/// A number in decimal, or in hex with `0x`.
pub(crate) fn parse_number<T: HeaderNumber>(text: &str) -> Result<T, String> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` would accept a sign.
    let number = match u64::from_str_radix(digits, radix) {
        Ok(number) if !digits.starts_with('+') => T::try_from(number).ok(),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => None,
        _ => return Err("not a number; decimal, or hex with 0x".to_owned()),
    };
    number.ok_or_else(|| format!("the largest is {}", T::MAX))
}

/// A value as JSON, cut to a length that fits a message.
fn excerpt(value: &Value) -> String {
    const LONGEST: usize = 40;
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: &str) -> (&'static str, String) {
        let failure = from_line(line.as_bytes()).unwrap_err();
        (failure.kind(), failure.cause.to_string())
    }

    /// Build, id, version and payload of a line that can be read.
    fn read(line: &str) -> (Option<Build>, u16, Option<u8>, Vec<u8>) {
        let raw = from_line(line.as_bytes()).unwrap();
        (raw.build, raw.id, raw.version, raw.payload)
    }

    #[test]
    fn a_line_may_lack_its_build_and_its_version() {
        let expected = |build| (build, 111, Some(2), vec![0xAB]);
        assert_eq!(read(r#"{"id":111,"version":2,"payload":"ab"}"#), expected(None));
        assert_eq!(read(r#"{"build":null,"id":111,"version":2,"payload":"ab"}"#), expected(None));
        let line = r#" {"time":[{}],"payload":"0xAB","version":"2","id":"0x6F","build":20348} "#;
        assert_eq!(read(line), expected(Some(Build::B20348)));
        let line = r#"{"build":"10.0.20348.1","id":"Smb2ResponseRead","payload":"qw=="}"#;
        assert_eq!(read(line), (Some(Build::B20348), 111, None, vec![0xAB]));
    }

    #[test]
    fn other_keys_are_kept_and_those_in_other_letters_refused() {
        let raw = from_line(br#"{"host":"fs1","id":1,"version":2,"payload":"","ts":[1]}"#).unwrap();
        assert_eq!(serde_json::to_string(&raw.input).unwrap(), r#"{"host":"fs1","ts":[1]}"#);
        let (kind, message) = failure(r#"{"id":1,"version":2,"payload":"","Build":26100}"#);
        assert_eq!(
            (kind, message.as_str()),
            ("missing_key", r#""Build" is not a known key; write "build" in lower case"#)
        );
    }

    #[test]
    fn what_could_be_read_is_said_with_what_could_not() {
        let failure = from_line(br#"{"build":20348,"id":111,"version":2,"payload":"abc"}"#).unwrap_err();
        let subject = Subject { build: Some(Build::B20348), id: Some(111), version: Some(2) };
        assert_eq!(failure.subject, subject);
        let failure = from_line(br#"{"build":-1,"id":111,"version":256,"payload":""}"#).unwrap_err();
        assert_eq!(failure.subject, Subject { id: Some(111), ..Subject::default() });
        assert_eq!(failure.cause.to_string(), r#""build" is -1, which is not a whole number from 0 to 4294967295"#);
    }

    #[test]
    fn builds_come_with_and_without_their_update() {
        for text in ["26100", "0x65F4", "26100.6584", "10.0.26100.6584", "10.0.26100"] {
            assert_eq!(parse_build(text), Ok(Build::B26100), "{text}");
        }
        for text in ["", "26100.", "26100.x", "1.2.3", "10.0.", "x"] {
            assert!(parse_build(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        for id in ["65536", "-1", "1.0", "1e3", "\"-x\"", "\"\"", "\"0x\"", "\"+1\"", "true", "[1]", "\"0x10000\""] {
            let (kind, message) = failure(&format!(r#"{{"id":{id},"version":0,"payload":""}}"#));
            assert_eq!(kind, "bad_number", "{id}");
            assert!(message.ends_with("which is not a whole number from 0 to 65535"), "{message}");
        }
    }

    #[test]
    fn what_is_no_object_is_a_bad_line() {
        for line in ["{", "[26100,1900,0,\"01000000\"]", "7", "null", "\"\"", "{} {}", "x", "{\"id\":1e999}"] {
            assert_eq!(failure(line).0, "bad_line", "{line}");
        }
        assert_eq!(failure(r#"{"id":1,"id":2}"#).1, "not a JSON object: duplicate field `id`, at column 12");
        assert_eq!(from_line(b"{\"id\":\"\xFF\"}").unwrap_err().cause.to_string(), "not UTF-8");
        assert!(failure("{\0\"\0").1.contains("UTF-16"));
    }

    #[test]
    fn a_long_value_makes_no_long_message() {
        let (_, message) = failure(&format!(r#"{{"id":"{}"}}"#, "é".repeat(1000)));
        assert!(message.len() < 200, "{message}");
    }

    #[test]
    fn arguments_say_what_is_wrong_with_them() {
        assert_eq!(parse_number::<u16>("0x6F"), Ok(111));
        assert_eq!(parse_number::<u16>("65536"), Err("the largest is 65535".to_owned()));
        assert_eq!(parse_number::<u8>("99999999999999999999999"), Err("the largest is 255".to_owned()));
        assert_eq!(parse_number::<u8>("-1"), Err("not a number; decimal, or hex with 0x".to_owned()));
    }
}
