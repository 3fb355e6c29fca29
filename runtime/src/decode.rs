//! Choosing the layout: strict, lenient and without a build.
//!
//! Id and version do not fix the layout of the bytes; the build does. These functions hold the rules, generated code
//! holds the tables and the views.

use crate::reader::Reader;
use crate::view::finish;
use crate::{
    Candidates, Consulted, DecodeError, Decoded, EventInfo, EventKey, Events, Fault, LayoutInfo, Mismatch, PointerSize,
    Provider, ProviderInfo, VersionInfo, View,
};

/// Decodes a payload by the layout that its build has, as a view, which is one of the versions of an event. The
/// arguments are in the order of [`Events::decode`], so that the call from there is a jump.
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
) -> Result<Decoded<'a, E>, DecodeError> {
    match V::fits(payload) {
        Some(view) => {
            let also_fits = if V::CONFUSABLE { confused_with::<E>(V::INFO, Payload::new(payload)) } else { 0 };
            Ok(Decoded::new(event(of_version(view)), Some(build), V::INFO.index, payload, also_fits))
        }
        None => refuse(build, id, version, payload),
    }
}

/// Reads the view of one layout, as one of the versions of an event. For [`Events::read`].
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

/// Decodes what the generated `match` has no arm for, or what did not fit its arm; or says why it cannot be decoded.
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
) -> Result<Decoded<'a, E>, DecodeError> {
    by_tables(build, EventKey::new(id, version), Payload::new(payload))
}

/// Decodes a payload of a known build, to its last byte.
#[inline]
pub(crate) fn for_build<'a, E: Events<'a>>(
    build: u32,
    key: EventKey,
    payload: Payload<'a>,
) -> Result<Decoded<'a, E>, DecodeError> {
    match payload.pointers {
        PointerSize::Bits64 => E::decode(build, key.id, key.version, payload.bytes),
        PointerSize::Bits32 => by_tables(build, key, payload),
    }
}

/// [`for_build`] by the tables alone. The tables are the schema; the generated `match` is made from them.
fn by_tables<'a, E: Events<'a>>(
    build: u32,
    key: EventKey,
    payload: Payload<'a>,
) -> Result<Decoded<'a, E>, DecodeError> {
    let info = info::<E>();
    let Some(capture) = info.capture_for(build) else {
        return Err(DecodeError::UnknownBuild { build, oldest: info.builds.first().copied().unwrap_or(0) });
    };
    let Some(version) = known::<E>(key) else { return Err(unknown::<E>(Some(build), key)) };
    match version.layout_at(capture) {
        Some(layout) => Chosen { version, layout }.decode(build, payload),
        None => of_other_builds(consulted(info, build, capture), key, version, payload),
    }
}

/// Decodes an event that the build's capture lacks and other captures have: an update may have added it. Exactly one
/// layout must fit; [`Decoded::basis`] says that the layout is that of another build.
fn of_other_builds<'a, E: Events<'a>>(
    asked: Consulted,
    key: EventKey,
    version: &'static VersionInfo,
    payload: Payload<'a>,
) -> Result<Decoded<'a, E>, DecodeError> {
    let tried = Tried::<E>::new(version, payload);
    match tried.found {
        Some(event) if tried.fits.len() == 1 => Ok(payload.decoded(event, Some(asked.build), 0)),
        Some(_) => Err(DecodeError::Ambiguous { candidates: tried.fits, build: Some(asked) }),
        None => Err(unknown::<E>(Some(asked.build), key)),
    }
}

/// Decodes the front of a payload that was refused, if nothing can be misread by that: bytes are left over, or the last
/// string lacks its NUL.
///
/// # Errors
/// The error that it was refused with.
#[cold]
pub(crate) fn forgive<'a, E: Events<'a>>(
    error: DecodeError,
    build: u32,
    payload: Payload<'a>,
) -> Result<Decoded<'a, E>, DecodeError> {
    let DecodeError::Mismatch(mismatch) = error else { return Err(error) };
    let layout = mismatch.layout();
    let Some(version) = known::<E>(layout.key()).filter(|_| mismatch.is_forgivable()) else { return Err(error) };
    let mut reader = payload.reader().tolerant();
    let event: E =
        E::read(layout.index, &mut reader).map_err(|fault| DecodeError::Mismatch(Mismatch::of_field(layout, fault)))?;
    let end = lenient_end(&reader);
    let others = Chosen { version, layout }.others(|layout| {
        let mut reader = payload.reader().tolerant();
        E::read(layout.index, &mut reader).is_ok() && lenient_end(&reader) <= end
    });
    let (left_over, unterminated) = end;
    Ok(payload.decoded(event, Some(build), others.bits()).with_end(left_over, unterminated))
}

/// How far a payload is from one that fits: the bytes left over, and whether a NUL is missing. Less is nearer.
fn lenient_end(reader: &Reader<'_>) -> (usize, bool) {
    (reader.rest().len(), reader.unterminated())
}

/// Decodes a payload whose build is not known: by the only known layout that consumes it to its last byte.
///
/// # Errors
/// An unknown id or version; no layout that fits, or several.
pub(crate) fn any_build<'a, E: Events<'a>>(key: EventKey, payload: Payload<'a>) -> Result<Decoded<'a, E>, DecodeError> {
    let Some(version) = known::<E>(key) else { return Err(unknown::<E>(None, key)) };
    if let [layout] = version.layouts {
        return match read_strict(layout, payload) {
            Ok(event) => Ok(payload.decoded(event, None, 0)),
            Err(mismatch) => Err(DecodeError::Mismatch(mismatch)),
        };
    }
    let tried = Tried::<E>::new(version, payload);
    match (tried.found, tried.newest_mismatch) {
        (Some(event), _) if tried.fits.len() == 1 => Ok(payload.decoded(event, None, 0)),
        (Some(_), _) => Err(DecodeError::Ambiguous { candidates: tried.fits, build: None }),
        (None, Some(newest)) => Err(DecodeError::NoLayoutFits { tried: Candidates::all_of(version), newest }),
        (None, None) => Err(unknown::<E>(None, key)),
    }
}

/// All layouts of a version, tried on a payload.
struct Tried<E> {
    /// Those that fit to the last byte.
    fits: Candidates,
    /// The event as the last of them.
    found: Option<E>,
    /// Why the newest of the others does not fit.
    newest_mismatch: Option<Mismatch>,
}

impl<E> Tried<E> {
    fn new<'a>(version: &'static VersionInfo, payload: Payload<'a>) -> Self
    where
        E: Events<'a>,
    {
        let mut tried = Self { fits: Candidates::none_of(version), found: None, newest_mismatch: None };
        for (at, layout) in version.layouts.iter().enumerate() {
            match read_strict::<E>(layout, payload) {
                Ok(event) => {
                    tried.fits.add(at);
                    tried.found = Some(event);
                }
                Err(mismatch) => tried.newest_mismatch = Some(mismatch),
            }
        }
        tried
    }
}

/// The bytes of an event, and the size of their pointers.
#[derive(Clone, Copy)]
pub(crate) struct Payload<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) pointers: PointerSize,
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pointers: PointerSize::Bits64 }
    }

    pub(crate) fn reader(self) -> Reader<'a> {
        Reader::new(self.bytes).with_pointers(self.pointers)
    }

    /// The result for an event that was read from it.
    fn decoded<E: Events<'a>>(self, event: E, build: Option<u32>, also_fits: u64) -> Decoded<'a, E> {
        let index = event.layout().index;
        Decoded::new(event, build, index, self.bytes, also_fits).with_pointer_size(self.pointers)
    }
}

fn read_strict<'a, E: Events<'a>>(layout: &'static LayoutInfo, payload: Payload<'a>) -> Result<E, Mismatch> {
    let mut reader = payload.reader();
    let read = E::read(layout.index, &mut reader);
    finish(layout, read, &reader)
}

fn info<'a, E: Events<'a>>() -> &'static ProviderInfo {
    <E::Provider as Provider>::INFO
}

fn consulted(info: &ProviderInfo, build: u32, capture: u32) -> Consulted {
    Consulted::new(build, capture).with_version(info.binary_version(capture))
}

fn known<'a, E: Events<'a>>(key: EventKey) -> Option<&'static VersionInfo> {
    info::<E>().event(key.id)?.version(key.version)
}

/// The layouts, other than this one, of the same id and version that the payload fits: the bits of [`Candidates`].
#[cold]
fn confused_with<'a, E: Events<'a>>(layout: &'static LayoutInfo, payload: Payload<'a>) -> u64 {
    let Some(version) = known::<E>(layout.key()) else { return 0 };
    Chosen { version, layout }.others_that_fit::<E>(payload).bits()
}

/// The layout that a build has for an (id, version).
#[derive(Clone, Copy)]
struct Chosen {
    version: &'static VersionInfo,
    layout: &'static LayoutInfo,
}

impl Chosen {
    /// The event, or why the payload cannot be decoded as one.
    fn decode<'a, E: Events<'a>>(&self, build: u32, payload: Payload<'a>) -> Result<Decoded<'a, E>, DecodeError> {
        match read_strict(self.layout, payload) {
            Ok(event) => Ok(payload.decoded(event, Some(build), confused_with::<E>(self.layout, payload))),
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
fn unknown<'a, E: Events<'a>>(build: Option<u32>, key: EventKey) -> DecodeError {
    let EventKey { id, version } = key;
    let info = info::<E>();
    let known = info.event(id);
    let build = build.and_then(|build| Some(consulted(info, build, info.capture_for(build)?)));
    let in_build = |event: &&'static EventInfo| match build {
        None => true,
        Some(Consulted { capture, .. }) => event.versions.iter().any(|v| v.layout_at(capture).is_some()),
    };
    match known.filter(in_build) {
        Some(event) => DecodeError::UnknownVersion { event, version, build },
        None => DecodeError::UnknownEvent { id, build, known },
    }
}
