//! What is asked for: one event as its parts, from a line of JSON.

use std::num::IntErrorKind;

use serde::Deserialize;
use serde_json::Value;
use smbserver_etw::Build;

use crate::{
    hex,
    outcome::{Cause, Failure, InputError, Subject},
};

/// An event to decode.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The build that wrote it, if known.
    pub(crate) build: Option<Build>,
    /// The id.
    pub(crate) id: u16,
    /// The version.
    pub(crate) version: u8,
    /// The bytes.
    pub(crate) payload: Vec<u8>,
}

/// The keys of a line before their values were looked at, so that one bad value hides no other.
///
/// A struct rather than a map: of two equal keys a map would drop one in silence.
#[derive(Deserialize)]
struct Keys {
    build: Option<Value>,
    id: Option<Value>,
    version: Option<Value>,
    payload: Option<Value>,
}

/// Reads a line.
pub(crate) fn from_line(line: &[u8]) -> Result<Request, Failure> {
    let keys = keys(line).map_err(|error| Failure { subject: Subject::default(), cause: Cause::Input(error) })?;
    let build = keys.build.map(|value| number::<u32>("build", &value).map(Build::from)).transpose();
    let id = required("id", keys.id).and_then(|value| number::<u16>("id", &value));
    let version = required("version", keys.version).and_then(|value| number::<u8>("version", &value));
    let payload = required("payload", keys.payload).and_then(|value| payload(&value));
    let subject = Subject {
        line: None,
        build: build.as_ref().ok().copied().flatten(),
        id: id.as_ref().ok().copied(),
        version: version.as_ref().ok().copied(),
    };
    let request = || Ok(Request { build: build?, id: id?, version: version?, payload: payload? });
    request().map_err(|error| Failure { subject, cause: Cause::Input(error) })
}

fn keys(line: &[u8]) -> Result<Keys, InputError> {
    // JSON has no NUL; the ASCII letters of UTF-16 have one each, and are UTF-8 all the same.
    if line.contains(&0) {
        return Err(InputError::Encoding { utf16: true });
    }
    let text = str::from_utf8(line).map_err(|_| InputError::Encoding { utf16: false })?;
    // A derived struct would take an array too, its elements in the order of the fields.
    if text.trim_start().starts_with('[') {
        return Err(InputError::Json { message: "this is an array".to_owned(), column: 1 });
    }
    serde_json::from_str(text).map_err(|error| json_error(&error))
}

/// The error without its line number, which is that within the one line and always 1.
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
        Value::String(text) => hex::parse(text.as_bytes()).map_err(InputError::Hex),
        other => Err(InputError::PayloadType { found: excerpt(other) }),
    }
}

/// The number types of an event's header.
pub(crate) trait HeaderNumber: TryFrom<u64> {
    /// The largest.
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
    // `from_str_radix` takes a sign.
    let number = match u64::from_str_radix(digits, radix) {
        Ok(number) if !digits.starts_with('+') => T::try_from(number).ok(),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => None,
        _ => return Err("not a number; decimal, or hex with 0x".to_owned()),
    };
    number.ok_or_else(|| format!("the largest is {}", T::MAX))
}

/// A value as JSON, short enough for a message.
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

    #[test]
    fn a_line_may_lack_its_build_and_have_other_keys() {
        let expected = |build| Request { build, id: 111, version: 2, payload: vec![0xAB] };
        let read = |line: &str| from_line(line.as_bytes()).unwrap();
        assert_eq!(read(r#"{"id":111,"version":2,"payload":"ab"}"#), expected(None));
        assert_eq!(read(r#"{"build":null,"id":111,"version":2,"payload":"ab"}"#), expected(None));
        let line = r#" {"time":[{}],"payload":"0xAB","version":"2","id":"0x6F","build":20348} "#;
        assert_eq!(read(line), expected(Some(Build::B20348)));
    }

    #[test]
    fn what_could_be_read_is_said_with_what_could_not() {
        let failure = from_line(br#"{"build":20348,"id":111,"version":2,"payload":"abc"}"#).unwrap_err();
        let subject = Subject { line: None, build: Some(Build::B20348), id: Some(111), version: Some(2) };
        assert_eq!(failure.subject, subject);
        let failure = from_line(br#"{"build":-1,"id":111,"version":256,"payload":""}"#).unwrap_err();
        assert_eq!(failure.subject, Subject { id: Some(111), ..Subject::default() });
        assert_eq!(failure.cause.to_string(), r#""build" is -1, which is not a whole number from 0 to 4294967295"#);
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        for id in ["65536", "-1", "1.0", "1e3", "\"x\"", "\"\"", "\"0x\"", "\"+1\"", "true", "[1]", "\"0x10000\""] {
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
