//! What became of one event: an answer or a failure, before anybody has said how to write it.

use smbserver_etw::{
    Basis, Build, Candidates, DecodeError, Decoded, Event, HeaderInfo, LayoutInfo, Message, Record as _, StatusText,
    schema::PROVIDER,
};

use crate::{
    failure::{Cause, Failure, InputError, Subject},
    raw::Raw,
};

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

/// How events are to be decoded.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// The build of events that name none.
    pub(crate) build: Option<Build>,
    /// Whether bytes may be left over.
    pub(crate) lenient: bool,
}

/// Decodes an event.
pub(crate) fn decode(raw: &Raw, rules: Rules) -> Outcome<'_> {
    let build = raw.build.or(rules.build);
    let subject = Subject { build, ..raw.subject() };
    let failed = |cause| Failure { subject, cause };
    if let Some(cause) = &raw.fault {
        return Err(failed(cause.clone()));
    }
    let version = raw.version.or_else(|| only_version(raw.id, build));
    let version = version.ok_or_else(|| failed(why_no_version(raw.id)))?;
    let (id, payload) = (raw.id, raw.payload.as_slice());
    let decoded = match (build, rules.lenient) {
        (None, true) => return Err(failed(Cause::Input(InputError::NoBuild))),
        (Some(build), true) => lenient(build, id, version, payload),
        (Some(build), false) => of_build(raw, build, version).map(Reading::OfBuild).map(strict),
        (None, false) => of_any_build(raw, version).map(Reading::OfAnyBuild).map(strict),
    };
    decoded.map_err(|error| failed(Cause::Decode(error)))
}

fn of_build(raw: &Raw, build: Build, version: u8) -> Result<Decoded<Event<'_>>, DecodeError> {
    etw_runtime::decode_with(raw.pointer_size, build.number(), raw.id, version, &raw.payload)
}

fn of_any_build(raw: &Raw, version: u8) -> Result<Event<'_>, DecodeError> {
    match raw.layout.and_then(LayoutInfo::until) {
        // The names settled the layout: that of this build, among others.
        Some(build) => of_build(raw, Build::from(build), version).map(|decoded| decoded.event),
        None => Event::decode_any_build(raw.id, version, &raw.payload),
    }
}

/// The version of an event that has only one: in the build, or in all of them.
fn only_version(id: u16, build: Option<Build>) -> Option<u8> {
    let versions = PROVIDER.event(id)?.versions;
    let capture = build.and_then(|build| PROVIDER.capture_for(build.number()));
    let mut known = versions.iter().filter(|known| capture.is_none_or(|capture| known.holds_in(capture)));
    match (known.next(), known.next()) {
        (Some(only), None) => Some(only.version),
        // Whichever it is, the answer says that the build has not got it.
        (None, _) => versions.first().map(|known| known.version),
        _ => None,
    }
}

fn why_no_version(id: u16) -> Cause {
    match PROVIDER.event(id) {
        Some(event) => Cause::Input(InputError::NeedsVersion(event)),
        None => Cause::Decode(DecodeError::UnknownEvent { id, build: None, known: None }),
    }
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
