//! What became of one event: an answer or a failure, before anybody has said how to write it.

use std::fmt;

use smbserver_etw::{
    Basis, Build, Candidates, DecodeError, Decoded, Event, HeaderInfo, Message, Record as _, StatusText,
};

use crate::{hex::HexError, input::MAX_LINE, request::Request};

/// What became of one event.
pub(crate) type Outcome<'a> = Result<Answer<'a>, Failure>;

/// A decoded event.
pub(crate) struct Answer<'a> {
    /// The event, with its build if that is known.
    pub(crate) reading: Reading<'a>,
    /// Bytes after the last field. Only lenient decoding leaves any.
    pub(crate) left_over: &'a [u8],
    /// Whether the last string ended without its NUL. Only lenient decoding lets it.
    pub(crate) unterminated: bool,
}

/// An event as it was read.
#[derive(Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// For a build.
    OfBuild(Decoded<Event<'a>>),
    /// As the one layout of any build that fits.
    OfAnyBuild(Event<'a>),
}

impl<'a> Answer<'a> {
    /// The event.
    pub(crate) fn event(&self) -> Event<'a> {
        match self.reading {
            Reading::OfBuild(decoded) => decoded.event,
            Reading::OfAnyBuild(event) => event,
        }
    }

    /// How the build's layout is known, and the build's number; none if no build was given.
    pub(crate) fn basis(&self) -> Option<(u32, Basis)> {
        match self.reading {
            Reading::OfBuild(decoded) => Some((decoded.build, decoded.basis())),
            Reading::OfAnyBuild(_) => None,
        }
    }

    /// Layouts of other builds that the payload fits just as well.
    pub(crate) fn also_fits(&self) -> Option<Candidates> {
        match self.reading {
            Reading::OfBuild(decoded) => decoded.also_fits,
            Reading::OfAnyBuild(_) => None,
        }
    }

    /// What stands beside the fields: that of the build, else the newest.
    pub(crate) fn header(&self) -> Option<&'static HeaderInfo> {
        match self.reading {
            Reading::OfBuild(decoded) => decoded.header(),
            Reading::OfAnyBuild(event) => event.layout().newest_header(),
        }
    }

    /// The message in the words of the build, else in the newest; none where the manifest has none.
    pub(crate) fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Option<Message<'s, Event<'a>>> {
        self.header().and_then(|header| header.message)?;
        Some(match self.reading {
            Reading::OfBuild(decoded) => decoded.message(status_texts),
            Reading::OfAnyBuild(event) => event.message(status_texts),
        })
    }
}

/// Which event it is that could not be decoded, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The number of the line that it came on.
    pub(crate) line: Option<u64>,
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
#[derive(Debug)]
pub(crate) enum Cause {
    /// It does not say what to decode.
    Input(InputError),
    /// It says so, but that cannot be decoded.
    Decode(DecodeError),
}

/// What is wrong with a line, or an argument, that should describe an event.
#[derive(Debug)]
pub(crate) enum InputError {
    /// More bytes than are read.
    TooLong,
    /// Not UTF-8.
    Encoding { utf16: bool },
    /// Not JSON, or not an object.
    Json { message: String, column: usize },
    /// A key is absent, or null.
    MissingKey(&'static str),
    /// The key's value is not a whole number from 0 to `max`.
    Number { key: &'static str, found: String, max: u64 },
    /// The payload is no string.
    PayloadType { found: String },
    /// The payload is a string, but not hex.
    Hex(HexError),
    /// Lenient decoding needs a build.
    NoBuild,
}

impl InputError {
    /// A word for it that stays the same, in the manner of [`DecodeError::kind`].
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Encoding { .. } | Self::Json { .. } => "bad_line",
            Self::MissingKey(_) => "missing_key",
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
                f.write_str("not UTF-8 but probably UTF-16, which Windows PowerShell writes unless told not to")
            }
            Self::Encoding { utf16: false } => f.write_str("not UTF-8"),
            Self::Json { message, column } => write!(f, "not a JSON object: {message}, at column {column}"),
            Self::MissingKey(key) => write!(f, "\"{key}\" is missing"),
            Self::Number { key, found, max } => {
                write!(f, "\"{key}\" is {found}, which is not a whole number from 0 to {max}")
            }
            Self::PayloadType { found } => write!(f, "\"payload\" is {found}, which is not a string of hex digits"),
            Self::Hex(error) => write!(f, "the payload is not hex: {error}"),
            Self::NoBuild => f.write_str("lenient decoding needs a build"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl Failure {
    /// See [`DecodeError::kind`] and [`InputError::kind`].
    pub(crate) fn kind(&self) -> &'static str {
        match &self.cause {
            Cause::Input(error) => error.kind(),
            Cause::Decode(error) => error.kind(),
        }
    }
}

/// How events are to be decoded.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// The build of events that name none.
    pub(crate) build: Option<Build>,
    /// Whether bytes may be left over.
    pub(crate) lenient: bool,
}

/// Decodes what was asked for.
pub(crate) fn decode(request: &Request, rules: Rules) -> Outcome<'_> {
    let Request { id, version, ref payload, .. } = *request;
    let build = request.build.or(rules.build);
    let subject = Subject { line: None, build, id: Some(id), version: Some(version) };
    let decoded = match (build, rules.lenient) {
        (None, true) => return Err(Failure { subject, cause: Cause::Input(InputError::NoBuild) }),
        (Some(build), true) => lenient(build, id, version, payload),
        (Some(build), false) => Event::decode(build, id, version, payload).map(Reading::OfBuild).map(strict),
        (None, false) => Event::decode_any_build(id, version, payload).map(Reading::OfAnyBuild).map(strict),
    };
    decoded.map_err(|error| Failure { subject, cause: Cause::Decode(error) })
}

fn strict(reading: Reading<'_>) -> Answer<'_> {
    Answer { reading, left_over: &[], unterminated: false }
}

fn lenient(build: Build, id: u16, version: u8, payload: &[u8]) -> Result<Answer<'_>, DecodeError> {
    let lenient = Event::decode_lenient(build, id, version, payload)?;
    Ok(Answer {
        reading: Reading::OfBuild(lenient.decoded),
        left_over: lenient.left_over,
        unterminated: lenient.unterminated,
    })
}
