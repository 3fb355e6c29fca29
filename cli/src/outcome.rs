//! The result for one event: an answer or a failure, independent of the form of the output.

use smbserver_etw::{
    Basis, Build, Candidates, DecodeError, Decoded, Decoder, Event, EventKey, HeaderInfo, LayoutInfo, Message,
    Record as _, StatusText, schema::PROVIDER,
};

use crate::{
    failure::{Cause, Failure, InputError, Subject},
    raw::Raw,
};

/// The result for one event.
pub(crate) type Outcome<'a> = Result<Answer<'a>, Failure>;

/// A decoded event.
pub(crate) struct Answer<'a> {
    decoded: Decoded<'a>,
    /// Bytes after the last field. Only lenient decoding leaves any.
    pub(crate) left_over: &'a [u8],
    /// Whether the last string ended without its NUL. Only lenient decoding accepts that.
    pub(crate) unterminated: bool,
    /// Whether the names in a log settled the layout. The build is then one that has the layout, not the event's own.
    is_build_borrowed: bool,
}

impl<'a> Answer<'a> {
    fn new(decoded: Decoded<'a>) -> Self {
        let left_over = decoded.left_over();
        Self { decoded, left_over, unterminated: decoded.unterminated(), is_build_borrowed: false }
    }

    /// The event.
    pub(crate) fn event(&self) -> Event<'a> {
        self.decoded.event
    }

    /// The build's number, and how its layout is known. `None` if no build was given.
    pub(crate) fn basis(&self) -> Option<(u32, Basis)> {
        let build = self.decoded.build().filter(|_| !self.is_build_borrowed)?;
        Some((build.number(), self.decoded.basis()))
    }

    /// Layouts of other builds that the payload fits just as well.
    pub(crate) fn also_fits(&self) -> Option<Candidates> {
        self.decoded.also_fits().filter(|_| !self.is_build_borrowed)
    }

    /// What the manifest says apart from the fields: for the build, or else the newest.
    pub(crate) fn header(&self) -> Option<&'static HeaderInfo> {
        if self.is_build_borrowed { self.decoded.layout().newest_header() } else { self.decoded.header() }
    }

    /// The message as the build words it, or else in its newest wording. `None` if the manifest has none.
    pub(crate) fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Option<Message<'s, Event<'a>>> {
        self.header().and_then(|header| header.message)?;
        Some(if self.is_build_borrowed {
            self.decoded.event.message(status_texts)
        } else {
            self.decoded.message(status_texts)
        })
    }
}

/// The options of decoding.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// The build of events without one.
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
    if rules.lenient && build.is_none() {
        return Err(failed(Cause::Input(InputError::NoBuild)));
    }
    let decoded = match (build, raw.layout.and_then(LayoutInfo::until)) {
        (Some(build), _) => decode_raw(raw, Some(build), version, rules.lenient).map(Answer::new),
        // The names settled the layout. This build is one that has it.
        (None, Some(has)) => decode_raw(raw, Some(Build::from(has)), version, false)
            .map(|decoded| Answer { is_build_borrowed: true, ..Answer::new(decoded) }),
        (None, None) => decode_raw(raw, None, version, false).map(Answer::new),
    };
    decoded.map_err(|error| failed(Cause::Decode(error)))
}

fn decode_raw(raw: &Raw, build: Option<Build>, version: u8, lenient: bool) -> Result<Decoded<'_>, DecodeError> {
    let strict = build.map_or(Decoder::any_build(), Decoder::new).with_pointer_size(raw.pointer_size);
    let decoder = if lenient { strict.lenient() } else { strict };
    decoder.decode_payload(EventKey::new(raw.id, version), &raw.payload)
}

/// The version of an event that has only one: in the build, or in all of them.
fn only_version(id: u16, build: Option<Build>) -> Option<u8> {
    let versions = PROVIDER.event(id)?.versions;
    let capture = build.and_then(|build| PROVIDER.capture_for(build.number()));
    let mut known = versions.iter().filter(|known| capture.is_none_or(|capture| known.holds_in(capture)));
    match (known.next(), known.next()) {
        (Some(only), None) => Some(only.version),
        // Any version will do: the error says that the build does not have the event.
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
