//! Why an event could not be decoded: which event, and what was wrong with it. Does not depend on the source or the
//! output.

use std::fmt;

use smbserver_etw::{Build, DecodeError, EventInfo, LayoutInfo};

use crate::source::{hex::HexError, lines::MAX_LINE};

/// The event that could not be decoded, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The build.
    pub(crate) build: Option<Build>,
    /// The id.
    pub(crate) id: Option<u16>,
    /// The version.
    pub(crate) version: Option<u8>,
}

/// An event that could not be decoded.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Which one.
    pub(crate) subject: Subject,
    /// Why.
    pub(crate) cause: Cause,
}

/// Why an event could not be decoded.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The input is not an event.
    Input(InputError),
    /// The input is an event that cannot be decoded.
    Decode(DecodeError),
    /// The names and types in a log fit no layout, or several.
    Names(NamesError),
}

/// The names and types of an event's fields in a log do not settle its layout.
#[derive(Clone, Debug)]
pub(crate) struct NamesError {
    /// Name and type of each value in the log.
    pub(crate) found: Vec<(String, String)>,
    /// The layouts that were compared.
    pub(crate) layouts: Vec<&'static LayoutInfo>,
    /// Whether several layouts fit.
    pub(crate) several: bool,
}

impl fmt::Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agree = if self.several { "several layouts agree" } else { "no layout agrees" };
        write!(f, "{agree} with the names and types in the log: ")?;
        write_list(f, self.found.iter().map(|(name, kind)| (name.as_str(), kind.as_str())))?;
        for layout in &self.layouts {
            write!(f, "; {} has ", layout.name)?;
            write_list(f, layout.fields.iter().map(|field| (field.name, field.in_type.name())))?;
        }
        Ok(())
    }
}

fn write_list<'a>(f: &mut fmt::Formatter<'_>, names: impl Iterator<Item = (&'a str, &'a str)>) -> fmt::Result {
    let mut separator = "";
    for (name, kind) in names {
        write!(f, "{separator}{name} ({kind})")?;
        separator = ", ";
    }
    if separator.is_empty() { f.write_str("none") } else { Ok(()) }
}

/// What is wrong with a line, or an argument, that should describe an event.
#[derive(Clone, Debug)]
pub(crate) enum InputError {
    /// It is too long.
    TooLong,
    /// Not UTF-8.
    Encoding { utf16: bool },
    /// Not JSON, or not an object.
    Json { message: String, column: usize },
    /// A key is absent, or null.
    MissingKey(&'static str),
    /// A key is there, but with other letter case.
    KeyCase { key: &'static str, found: String },
    /// No event has that name.
    UnknownName { found: String, nearest: Option<&'static str> },
    /// No version is given, and the event has several.
    NeedsVersion(&'static EventInfo),
    /// The key's value is not a whole number from 0 to `max`.
    Number { key: &'static str, found: String, max: u64 },
    /// The payload is not a string.
    PayloadType { found: String },
    /// The payload is a string, but not hex.
    Hex(HexError),
    /// Lenient decoding needs a build.
    NoBuild,
}

impl InputError {
    /// A word for the kind of error that stays the same from release to release, as [`DecodeError::kind`].
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Encoding { .. } | Self::Json { .. } => "bad_line",
            Self::MissingKey(_) | Self::KeyCase { .. } => "missing_key",
            Self::UnknownName { .. } => "unknown_event",
            Self::NeedsVersion(_) => "missing_version",
            Self::Number { .. } => "bad_number",
            Self::PayloadType { .. } | Self::Hex(_) => "bad_hex",
            Self::NoBuild => "no_build",
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "more than {MAX_LINE} bytes"),
            Self::Encoding { utf16: true } => {
                f.write_str("not UTF-8 but probably UTF-16, the default of Windows PowerShell")
            }
            Self::Encoding { utf16: false } => f.write_str("not UTF-8"),
            Self::Json { message, column } => write!(f, "not a JSON object: {message}, at column {column}"),
            Self::MissingKey(key) => write!(f, "\"{key}\" is missing"),
            Self::Number { key, found, max } => {
                write!(f, "\"{key}\" is {found}, which is not a whole number from 0 to {max}")
            }
            Self::PayloadType { found } => write!(f, "\"payload\" is {found}, which is not a string of hex digits"),
            Self::Hex(error) => write!(f, "the payload is not hex: {error}"),
            Self::KeyCase { key, found } => write!(f, "\"{found}\" is not a known key; write \"{key}\" in lower case"),
            Self::UnknownName { found, nearest: Some(nearest) } => {
                write!(f, "no event is called `{found}`; did you mean `{nearest}`?")
            }
            Self::UnknownName { found, nearest: None } => {
                write!(f, "no event is called `{found}`; `smbetw events` lists them")
            }
            Self::NeedsVersion(event) => {
                let versions: Vec<_> = event.versions.iter().map(|known| known.version.to_string()).collect();
                write!(f, "event {} ({}) needs a version: it has {}", event.id, event.name, versions.join(", "))
            }
            Self::NoBuild => f.write_str("lenient decoding needs a build"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Names(error) => error.fmt(f),
        }
    }
}

impl Failure {
    /// See [`DecodeError::kind`] and [`InputError::kind`].
    pub(crate) fn kind(&self) -> &'static str {
        match &self.cause {
            Cause::Input(error) => error.kind(),
            Cause::Decode(error) => error.kind(),
            Cause::Names(_) => "names_differ",
        }
    }
}
