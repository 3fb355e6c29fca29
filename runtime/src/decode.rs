//! Choosing the layout: strict, lenient and without a build.
//!
//! (id, version) does not say what the bytes are; the build does. These functions hold the rules, generated code
//! holds the tables and the views.

use core::fmt;

use crate::message::Message;
use crate::status::{BuiltIn, StatusText};
use crate::view::finish;
use crate::{
    Candidates, Consulted, DecodeError, EventInfo, Fault, HeaderInfo, LayoutInfo, Mismatch, PointerSize, ProviderInfo,
    Reader, Record, VersionInfo, View,
};

/// Every event of a provider, as one generated enum.
pub trait Events<'a>: Record<'a> {
    /// The provider.
    const PROVIDER: &'static ProviderInfo;

    /// Decodes a payload of a known build, to its last byte: a generated `match` that calls [`decode_as`] for a layout
    /// that the build has, and [`refuse`] for all else.
    ///
    /// # Errors
    /// An unknown build, id or version; a payload that does not fit, with the layout that it does fit, if any.
    fn decode(build: u32, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<Self>, DecodeError>;

    /// Reads one layout's view.
    fn read(layout: &'static LayoutInfo, reader: &mut Reader<'a>) -> Result<Self, Fault>;
}

/// An event, decoded for a build.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<E> {
    /// The event.
    pub event: E,
    /// The build that it was decoded for.
    pub build: u32,
    /// Layouts of other builds that the same payload fits to its last byte, where there are any: if the build was not
    /// the one that wrote the payload, the event may be one of these. Nearly always none, for layouts of one id and
    /// version nearly always differ in size. Lenient decoding names those that leave no more bytes over.
    pub also_fits: Option<Candidates>,
}

impl<'a, E: Events<'a>> Decoded<E> {
    /// The layout it was read as.
    pub fn layout(&self) -> &'static LayoutInfo {
        self.event.layout()
    }

    /// What the build's manifest says beside the fields: channel, level, keywords …
    pub fn header(&self) -> Option<&'static HeaderInfo> {
        self.layout().header(self.capture())
    }

    /// How sure it is that the build has this layout.
    pub fn basis(&self) -> Basis {
        let capture = self.capture();
        match E::PROVIDER.capture_after(self.build) {
            _ if capture == self.build => Basis::Captured,
            Some(upper) => Basis::Between { lower: capture, upper, same: self.layout().holds_in(upper) },
            None => Basis::Newer { newest: capture },
        }
    }

    /// The capture that served the build. There is one, or nothing would have been decoded.
    fn capture(&self) -> u32 {
        E::PROVIDER.capture_for(self.build).unwrap_or(self.build)
    }

    /// The message in the words of the build, to be displayed, with the texts of status codes from `status_texts`.
    pub fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Message<'s, E> {
        Message::new(self.event, self.build, status_texts)
    }
}

/// The message in the words of the build, with the built-in texts of status codes.
impl<'a, E: Events<'a>> fmt::Display for Decoded<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.message(&BuiltIn), f)
    }
}

/// How the layout of a build is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Basis {
    /// The build itself was captured.
    Captured,
    /// The build lies between two captures; the lower one's layout was taken.
    Between {
        /// The capture whose layout was taken.
        lower: u32,
        /// The next capture.
        upper: u32,
        /// Whether the next capture has the same layout. Where it has not, the change came at some build between
        /// the two, and that the payload fits does not prove that its fields mean the same.
        same: bool,
    },
    /// The build is newer than every capture; the newest one's layout was taken.
    Newer {
        /// The newest capture.
        newest: u32,
    },
}

/// An event and what the payload holds beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Lenient<'a, E> {
    /// The event.
    pub decoded: Decoded<E>,
    /// The bytes after the last field; later builds append fields.
    pub left_over: &'a [u8],
    /// Whether the last string ended with the payload, without its NUL. It may have been cut.
    pub unterminated: bool,
}

/// Decodes a payload as the layout that its build has: as a view, which is one of the versions of an event. The arguments
/// stand in the order of [`Events::decode`], so that the call from there is a jump.
///
/// # Errors
/// Those of [`refuse`].
#[inline(never)]
pub fn decode_as<'a, E: Events<'a>, V: View<'a>, O>(
    build: u32,
    id: u16,
    version: u8,
    payload: &'a [u8],
    of_version: impl FnOnce(V) -> O,
    event: impl FnOnce(O) -> E,
) -> Result<Decoded<E>, DecodeError> {
    match V::fits(payload) {
        Some(view) => {
            let also_fits = if V::CONFUSABLE { confused_with::<E>(V::INFO, Payload::new(payload)) } else { None };
            Ok(Decoded { event: event(of_version(view)), build, also_fits })
        }
        None => refuse(build, id, version, payload),
    }
}

/// Reads one layout's view, as one of the versions of an event: for [`Events::read`].
///
/// # Errors
/// Those of [`View::read`].
pub fn read_as<'a, E: Events<'a>, V: View<'a>, O>(
    reader: &mut Reader<'a>,
    of_version: impl FnOnce(V) -> O,
    event: impl FnOnce(O) -> E,
) -> Result<E, Fault> {
    V::read(reader).map(|view| event(of_version(view)))
}

/// Says why a payload of a known build is not decoded.
///
/// # Errors
/// An unknown build, id or version; a payload that does not fit, with the layout that it does fit, if any.
#[cold]
#[inline(never)]
pub fn refuse<'a, E: Events<'a>>(
    build: u32,
    id: u16,
    version: u8,
    payload: &'a [u8],
) -> Result<Decoded<E>, DecodeError> {
    let chosen = Chosen::new::<E>(build, id, version)?;
    // It fits only if the generated `match` and the tables disagreed; the tables are the schema.
    chosen.decode(build, Payload::new(payload))
}

/// [`Events::decode`] for payloads with pointers of this size, which the event's header tells: a 64-bit trace holds events
/// of 32-bit processes.
///
/// # Errors
/// Those of [`Events::decode`].
pub fn decode_with<'a, E: Events<'a>>(
    pointers: PointerSize,
    build: u32,
    id: u16,
    version: u8,
    payload: &'a [u8],
) -> Result<Decoded<E>, DecodeError> {
    match pointers {
        PointerSize::Bits64 => E::decode(build, id, version, payload),
        PointerSize::Bits32 => {
            Chosen::new::<E>(build, id, version)?.decode(build, Payload { bytes: payload, pointers })
        }
    }
}

/// Decodes the front of a payload of a known build: bytes after the last field are no error but part of the
/// result, and a last string may lack its NUL.
///
/// # Errors
/// As [`Events::decode`], left-over bytes apart. A payload that exactly fits another layout of this id and version is
/// still refused: to read it as this build's would misread it.
pub fn decode_lenient<'a, E: Events<'a>>(
    build: u32,
    id: u16,
    version: u8,
    payload: &'a [u8],
) -> Result<Lenient<'a, E>, DecodeError> {
    decode_lenient_with(PointerSize::Bits64, build, id, version, payload)
}

/// [`decode_lenient`] for payloads with pointers of this size.
///
/// # Errors
/// Those of [`decode_lenient`].
pub fn decode_lenient_with<'a, E: Events<'a>>(
    pointers: PointerSize,
    build: u32,
    id: u16,
    version: u8,
    payload: &'a [u8],
) -> Result<Lenient<'a, E>, DecodeError> {
    let chosen = Chosen::new::<E>(build, id, version)?;
    let payload = Payload { bytes: payload, pointers };
    if let Err(mismatch) = read_strict::<E>(chosen.layout, payload) {
        let error = chosen.explain::<E>(mismatch, payload);
        if matches!(error, DecodeError::OtherLayout { .. }) || !mismatch.is_forgivable() {
            return Err(error);
        }
    }
    let mut reader = payload.reader().tolerant();
    let event = E::read(chosen.layout, &mut reader)
        .map_err(|fault| DecodeError::Mismatch(Mismatch::of_field(chosen.layout, fault)))?;
    let end = lenient_end(&reader);
    let others = chosen.others(|layout| {
        let mut reader = payload.reader().tolerant();
        E::read(layout, &mut reader).is_ok() && lenient_end(&reader) <= end
    });
    Ok(Lenient {
        decoded: Decoded { event, build, also_fits: Some(others).filter(|others| !others.is_empty()) },
        left_over: reader.rest(),
        unterminated: reader.unterminated(),
    })
}

/// How far a payload is from one that fits, the less the nearer: the bytes left over, and whether a NUL is missing.
fn lenient_end(reader: &Reader<'_>) -> (usize, bool) {
    (reader.rest().len(), reader.unterminated())
}

/// Decodes a payload whose build is not known: the one known layout that consumes it to its last byte.
///
/// # Errors
/// An unknown id or version; no layout that fits, or several.
pub fn decode_any_build<'a, E: Events<'a>>(id: u16, version: u8, payload: &'a [u8]) -> Result<E, DecodeError> {
    decode_any_build_with(PointerSize::Bits64, id, version, payload)
}

/// [`decode_any_build`] for payloads with pointers of this size.
///
/// # Errors
/// Those of [`decode_any_build`].
pub fn decode_any_build_with<'a, E: Events<'a>>(
    pointers: PointerSize,
    id: u16,
    version: u8,
    payload: &'a [u8],
) -> Result<E, DecodeError> {
    let payload = Payload { bytes: payload, pointers };
    let known = known::<E>(id, version).ok_or_else(|| unknown::<E>(None, id, version))?;
    let mut candidates = Candidates::none_of(known);
    let mut found = None;
    let mut mismatch = None;
    for (at, layout) in known.layouts.iter().enumerate() {
        match read_strict::<E>(layout, payload) {
            Ok(event) => {
                candidates.add(at);
                found = Some(event);
            }
            Err(why) => mismatch = Some(why),
        }
    }
    match (found, mismatch) {
        (Some(event), _) if candidates.len() == 1 => Ok(event),
        (Some(_), _) => Err(DecodeError::Ambiguous { candidates }),
        (None, Some(mismatch)) if known.layouts.len() == 1 => Err(DecodeError::Mismatch(mismatch)),
        (None, Some(newest)) => Err(DecodeError::NoLayoutFits { tried: Candidates::all_of(known), newest }),
        (None, None) => Err(unknown::<E>(None, id, version)),
    }
}

/// The bytes of an event, and what their pointers are.
#[derive(Clone, Copy)]
struct Payload<'a> {
    bytes: &'a [u8],
    pointers: PointerSize,
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pointers: PointerSize::Bits64 }
    }

    fn reader(self) -> Reader<'a> {
        Reader::new(self.bytes).with_pointers(self.pointers)
    }
}

fn read_strict<'a, E: Events<'a>>(layout: &'static LayoutInfo, payload: Payload<'a>) -> Result<E, Mismatch> {
    let mut reader = payload.reader();
    let read = E::read(layout, &mut reader);
    finish(layout, read, &reader)
}

fn known<'a, E: Events<'a>>(id: u16, version: u8) -> Option<&'static VersionInfo> {
    E::PROVIDER.event(id)?.version(version)
}

/// The layouts, other than this one, of the same id and version that the payload fits, where there are any.
#[cold]
fn confused_with<'a, E: Events<'a>>(layout: &'static LayoutInfo, payload: Payload<'a>) -> Option<Candidates> {
    let version = known::<E>(layout.id, layout.version)?;
    Some(Chosen { version, layout }.others_that_fit::<E>(payload)).filter(|fits| !fits.is_empty())
}

/// The layout that a build has for an (id, version).
#[derive(Clone, Copy)]
struct Chosen {
    version: &'static VersionInfo,
    layout: &'static LayoutInfo,
}

impl Chosen {
    fn new<'a, E: Events<'a>>(build: u32, id: u16, version: u8) -> Result<Self, DecodeError> {
        let provider = E::PROVIDER;
        let Some(capture) = provider.capture_for(build) else {
            return Err(DecodeError::UnknownBuild { build, oldest: provider.builds.first().copied().unwrap_or(0) });
        };
        known::<E>(id, version)
            .and_then(|known| Some(Self { version: known, layout: known.layout_at(capture)? }))
            .ok_or_else(|| unknown::<E>(Some(build), id, version))
    }

    /// The event, or why it is none.
    fn decode<'a, E: Events<'a>>(&self, build: u32, payload: Payload<'a>) -> Result<Decoded<E>, DecodeError> {
        match read_strict(self.layout, payload) {
            Ok(event) => Ok(Decoded { event, build, also_fits: confused_with::<E>(self.layout, payload) }),
            Err(mismatch) => Err(self.explain::<E>(mismatch, payload)),
        }
    }

    /// The version's layouts, other than the build's, that consume the payload to its last byte.
    fn others_that_fit<'a, E: Events<'a>>(&self, payload: Payload<'a>) -> Candidates {
        self.others(|layout| read_strict::<E>(layout, payload).is_ok())
    }

    /// The version's layouts, other than the build's, that fit.
    #[cold]
    fn others(&self, fit: impl Fn(&'static LayoutInfo) -> bool) -> Candidates {
        let mut found = Candidates::none_of(self.version);
        for (at, layout) in self.version.layouts.iter().enumerate() {
            if *layout != self.layout && fit(layout) {
                found.add(at);
            }
        }
        found
    }

    /// The error for a payload that does not fit the build's layout.
    #[cold]
    fn explain<'a, E: Events<'a>>(&self, mismatch: Mismatch, payload: Payload<'a>) -> DecodeError {
        let fits = self.others_that_fit::<E>(payload);
        if fits.is_empty() { DecodeError::Mismatch(mismatch) } else { DecodeError::OtherLayout { mismatch, fits } }
    }
}

#[cold]
fn unknown<'a, E: Events<'a>>(build: Option<u32>, id: u16, version: u8) -> DecodeError {
    let known = E::PROVIDER.event(id);
    let consulted = |build| Some(Consulted { build, capture: E::PROVIDER.capture_for(build)? });
    let build = build.and_then(consulted);
    let in_build = |event: &&'static EventInfo| match build {
        None => true,
        Some(Consulted { capture, .. }) => event.versions.iter().any(|v| v.layout_at(capture).is_some()),
    };
    match known.filter(in_build) {
        Some(event) => DecodeError::UnknownVersion { event, version, build },
        None => DecodeError::UnknownEvent { id, build, known },
    }
}
