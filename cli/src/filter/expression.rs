//! Conditions over an event's fields: `LengthRead > 65536 && Status != 0`.
//!
//! Fields have the types of the schema, so that an impossible condition is an error before anything is read. A
//! comparison with a field that an event lacks is false.

use std::cmp::Ordering;

use etw_runtime::{FieldInfo, InType, OutType};
use smbserver_etw::{Event, Record as _, Value, schema::PROVIDER};

use super::{network, status_code};
use crate::{
    names,
    source::paths::matches,
    time::{self, Zone},
};

/// The deepest nesting of parentheses and `!`.
const DEEPEST: usize = 50;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Compare),
}

/// A comparison of a field with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compare {
    field: &'static str,
    /// `Flags & 2`.
    mask: Option<u64>,
    operator: Operator,
    with: Literal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
}

const OPERATORS: [(&str, Operator); 8] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
    ("~", Operator::Matches),
];

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Number(i128),
    Text(String),
    Network(network::Network),
}

/// What a field's values can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Time,
    Address,
    Text,
}

impl Kind {
    fn from_field(field: &FieldInfo) -> Self {
        match field.in_type {
            InType::FileTime | InType::SystemTime => Self::Time,
            InType::Int8
            | InType::UInt8
            | InType::Int16
            | InType::UInt16
            | InType::Int32
            | InType::UInt32
            | InType::Int64
            | InType::UInt64
            | InType::HexInt32
            | InType::HexInt64
            | InType::Pointer
            | InType::Boolean
            | InType::Float
            | InType::Double => Self::Number,
            _ if field.out_type == Some(OutType::SocketAddress) => Self::Address,
            _ => Self::Text,
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Time => "a time",
            Self::Address => "an address",
            Self::Text => "a text, in quotes",
        }
    }
}

/// Reads a condition.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expression = parser.any()?;
    match parser.rest() {
        "" => Ok(expression),
        rest => Err(format!("unexpected `{}`; write && or || between conditions", excerpt(rest))),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all()?];
        while self.take("||") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.one()?];
        while self.take("&&") {
            parts.push(self.one()?);
        }
        Ok(single(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} nested parentheses"));
        }
        let one = if self.take("!") {
            Expression::Not(Box::new(self.one()?))
        } else if self.take("(") {
            let inner = self.any()?;
            if !self.take(")") {
                return Err("a ( is not closed".to_owned());
            }
            inner
        } else {
            self.compare().map(Expression::Compare)?
        };
        self.depth -= 1;
        Ok(one)
    }

    fn compare(&mut self) -> Result<Compare, String> {
        let name = self.word();
        if name.is_empty() {
            return Err(match self.rest() {
                "" => "a field is missing at the end".to_owned(),
                rest => format!("a field is missing before `{}`", excerpt(rest)),
            });
        }
        let (field, kind) = field(name)?;
        let mask = if !self.rest().starts_with("&&") && self.take("&") { Some(self.mask(name, kind)?) } else { None };
        let found = OPERATORS.iter().find(|(token, _)| self.take(token));
        // A field without a comparison is true if it is not 0.
        let Some((token, operator)) = found else {
            if kind == Kind::Number {
                return Ok(Compare { field, mask, operator: Operator::Unequal, with: Literal::Number(0) });
            }
            return Err(format!("expected one of == != < <= > >= ~ after {name}"));
        };
        let ordered = !matches!(operator, Operator::Equal | Operator::Unequal | Operator::Matches);
        match kind {
            Kind::Text | Kind::Address if ordered => {
                Err(format!("{name} is {}; {token} is for numbers", kind.described()))
            }
            Kind::Number | Kind::Time if *operator == Operator::Matches => {
                Err(format!("{name} is {}; ~ is for texts", kind.described()))
            }
            _ => Ok(Compare { field, mask, operator: *operator, with: self.literal(name, kind, *operator)? }),
        }
    }

    fn mask(&mut self, name: &str, kind: Kind) -> Result<u64, String> {
        let word = self.word();
        let mask = number(word).and_then(|mask| u64::try_from(mask).ok()).filter(|_| kind == Kind::Number);
        mask.ok_or_else(|| format!("expected a number after `{name} &`; {name} is {}", kind.described()))
    }

    /// Letters, digits, and other characters of numbers, names, addresses and times.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || "_-.:/#+".contains(c);
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn literal(&mut self, name: &str, kind: Kind, operator: Operator) -> Result<Literal, String> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let text = match quote {
            Some(quote) => {
                let inner = &rest[1..];
                let end = inner.find(quote).ok_or_else(|| format!("a {quote} is not closed"))?;
                self.at += end + 2;
                &inner[..end]
            }
            None => self.word(),
        };
        let wrong = || format!("{name} is compared with {}, not with `{}`", kind.described(), excerpt(text));
        match kind {
            Kind::Number if quote.is_none() => number(text).map(Literal::Number).ok_or_else(wrong),
            Kind::Time => time::parse(text).map(|time| Literal::Number(time.within(&Zone::Utc).ticks().into())),
            Kind::Address if operator == Operator::Matches => Ok(Literal::Text(text.to_owned())),
            Kind::Address => network::parse(text).map(Literal::Network).map_err(|_| wrong()),
            Kind::Text if quote.is_some() || text.starts_with(|c: char| c.is_alphanumeric()) => {
                Ok(Literal::Text(text.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

fn single(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

/// The field of that name and its kind, which must be the same in all events that have it.
pub(super) fn field(name: &str) -> Result<(&'static str, Kind), String> {
    let all = || PROVIDER.layouts().flat_map(|layout| layout.fields);
    let known = all().find(|field| field.name == name);
    let Some(known) = known else {
        return Err(match names::nearest(name, all().map(|field| field.name)) {
            Some(nearest) => format!("no event has a field {name}; did you mean {nearest}?"),
            None => format!("no event has a field {}; `smbetw events` finds them", excerpt(name)),
        });
    };
    let kinds: Vec<_> = all().filter(|field| field.name == name).map(Kind::from_field).collect();
    // If layouts differ, values can still be compared as text.
    let same = kinds.windows(2).all(|pair| pair[0] == pair[1]);
    Ok((known.name, if same { Kind::from_field(known) } else { Kind::Text }))
}

/// A number, in decimal or hex, of either sign; `true` and `false`; a status by name.
fn number(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let number = match (digits, digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))) {
        ("true", _) => Some(1),
        ("false", _) => Some(0),
        (_, Some(digits)) => u64::from_str_radix(digits, 16).ok().map(i128::from),
        (digits, None) => digits.parse::<u64>().ok().map(i128::from),
    };
    let status = || text.starts_with("STATUS_").then(|| status_code(text)).flatten().map(i128::from);
    number.map(|number| sign * number).or_else(status)
}

fn excerpt(text: &str) -> String {
    text.chars().take(30).collect()
}

impl Expression {
    /// Whether an event meets the condition.
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(event)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(event)),
            Self::Not(part) => !part.holds(event),
            Self::Compare(compare) => {
                event.fields().any(|(field, value)| field.name == compare.field && compare.holds(&value))
            }
        }
    }
}

impl Compare {
    fn holds(&self, value: &Value<'_>) -> bool {
        let order = match (&self.with, value) {
            // True if it is true for one element.
            (_, Value::Array(elements)) => return elements.iter().any(|element| self.holds(&element)),
            (Literal::Number(with), value) => match as_number(value) {
                Some(number) => number_masked(number, self.mask).cmp(with),
                None => return false,
            },
            (Literal::Network(network), Value::SocketAddr(address)) => {
                let contains = address.to_std().is_some_and(|address| network.contains(address.ip()));
                return contains == (self.operator == Operator::Equal);
            }
            (Literal::Text(pattern), value) => {
                let text = match value {
                    Value::SocketAddr(address) => address.to_string(),
                    other => other.to_string(),
                };
                if self.operator == Operator::Matches {
                    return matches(pattern, &text);
                }
                if text == *pattern || is_guid(pattern, &text) { Ordering::Equal } else { Ordering::Less }
            }
            _ => return false,
        };
        match self.operator {
            Operator::Equal | Operator::Matches => order.is_eq(),
            Operator::Unequal => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// GUIDs are equal with and without braces, and in either case.
fn is_guid(pattern: &str, text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inner.is_some_and(|inner| inner.eq_ignore_ascii_case(pattern.trim_matches(['{', '}'])))
}

fn number_masked(number: i128, mask: Option<u64>) -> i128 {
    mask.map_or(number, |mask| number & i128::from(mask))
}

fn as_number(value: &Value<'_>) -> Option<i128> {
    match *value {
        Value::Bool(value) => Some(value.into()),
        Value::Pointer(value) => Some(value.into()),
        Value::FileTime(value) => Some(value.ticks().into()),
        // Whole numbers only: no field of the provider has others.
        other => other.as_u64().map(i128::from).or(other.as_i64().map(i128::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Event 551 in its first version.
    fn holds(text: &str) -> bool {
        let payload: Vec<u8> = [[0x11; 16], [0x22; 16]].concat().into_iter().chain([0x6d, 0, 0, 0xC0]).collect();
        let key = smbserver_etw::EventKey::new(551, 0);
        let event = smbserver_etw::Decoder::any_build().decode_payload(key, &payload).unwrap().event;
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).holds(&event)
    }

    #[test]
    fn conditions_hold_or_not() {
        for text in [
            "Status == 0xc000006d",
            "Status = STATUS_LOGON_FAILURE",
            "Status != 0",
            "Status",
            "Status > 0 && Status >= 3221225581",
            "Status < 1 || Status & 0xff == 0x6d",
            "!(Status == 0)",
            "SessionGUID == '11111111-1111-1111-1111-111111111111'",
            "SessionGUID ~ '{1111*'",
            "!(LengthRead > 0)",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in ["Status == 0", "Status < 5", "LengthRead > 0", "LengthRead != 0", "SessionGUID == 'x'", "!Status"]
        {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_hold_is_refused_with_a_hint() {
        for (text, message) in [
            ("Stauts == 0", "did you mean Status?"),
            ("Status == 'x'", "Status is compared with a number"),
            ("Status ~ '*'", "~ is for texts"),
            ("SessionGUID < 'x'", "< is for numbers"),
            ("ClientAddress == 'x'", "compared with an address"),
            ("Status ==", "compared with a number"),
            ("Status == 1 Status == 2", "unexpected"),
            ("(Status == 1", "a ( is not closed"),
            ("", "a field is missing"),
            ("Status == 1 &&", "a field is missing"),
            ("UserName == 'x", "is not closed"),
            ("SessionGUID & 1", "expected a number"),
            ("Status == 99999999999999999999999", "compared with a number"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"!".repeat(100_000)).is_err());
    }
}
