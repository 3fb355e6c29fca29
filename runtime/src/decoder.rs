//! Decoding with options.

use crate::decode::{Payload, any_build, for_build, forgive};
use crate::{DecodeError, Decoded, EventKey, PointerSize, Provider, RawEvent};
use core::marker::PhantomData;

/// Decodes the events of a provider: for a build or without one, strictly or not.
///
/// A generated crate has one for its provider, named `Decoder`. Make it once and use it for every event, whatever the
/// source. It is `Copy` and holds only its options.
///
/// The build is the one that the event's source knows ([`RawEvent::build`]); if it knows none, the one that the decoder
/// was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decoder<P> {
    build: Option<u32>,
    pointer_size: PointerSize,
    lenient: bool,
    provider: PhantomData<P>,
}

impl<P: Provider> Decoder<P> {
    /// A decoder for events that this build wrote, unless their source says otherwise.
    #[must_use]
    pub fn new(build: P::Build) -> Self {
        Self { build: Some(build.into()), ..Self::any_build() }
    }

    /// A decoder for events whose build is known from their source or not at all. Without a build an event is decoded
    /// if exactly one known layout consumes its payload to the last byte.
    #[must_use]
    pub const fn any_build() -> Self {
        Self { build: None, pointer_size: PointerSize::Bits64, lenient: false, provider: PhantomData }
    }

    /// The same decoder, for payloads with pointers of this size. A [`RawEvent`] has a size of its own.
    #[must_use]
    pub const fn with_pointer_size(mut self, pointer_size: PointerSize) -> Self {
        self.pointer_size = pointer_size;
        self
    }

    /// The same decoder, but one that reads the front of a payload that does not fit to its last byte: bytes after the
    /// last field are given as [`Decoded::left_over`], and a last string may lack its NUL ([`Decoded::unterminated`]).
    ///
    /// A payload that exactly fits another layout of its id and version is still refused: read by the build's layout it
    /// would be misread. Without a build decoding is always strict.
    #[must_use]
    pub const fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Decodes an event of any source.
    ///
    /// # Errors
    /// An event of another provider ([`DecodeError::OtherProvider`]), a build older than every capture, an unknown id or
    /// version, a payload that does not fit. If it exactly fits the layout of another build, the error names that layout.
    pub fn decode<'a>(&self, raw: &RawEvent<'a>) -> Result<Decoded<'a, P::Event<'a>>, DecodeError> {
        if raw.provider != P::INFO.guid {
            return Err(DecodeError::OtherProvider { provider: raw.provider });
        }
        let payload = Payload { bytes: raw.payload, pointers: raw.pointer_size };
        self.decode_for(raw.build.or(self.build), raw.key, payload)
    }

    /// Decodes a payload of this provider.
    ///
    /// # Errors
    /// Those of [`Decoder::decode`].
    pub fn decode_payload<'a>(
        &self,
        key: EventKey,
        payload: &'a [u8],
    ) -> Result<Decoded<'a, P::Event<'a>>, DecodeError> {
        self.decode_for(self.build, key, Payload { bytes: payload, pointers: self.pointer_size })
    }

    fn decode_for<'a>(
        &self,
        build: Option<u32>,
        key: EventKey,
        payload: Payload<'a>,
    ) -> Result<Decoded<'a, P::Event<'a>>, DecodeError> {
        let Some(build) = build else { return any_build(key, payload) };
        match for_build(build, key, payload) {
            Err(error) if self.lenient => forgive(error, build, payload),
            strict => strict,
        }
    }
}
