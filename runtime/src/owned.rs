//! A decoded event that can be kept.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::decode::Payload;
use crate::decoded::Reading;
use crate::{Decoded, Events, Provider};

/// A decoded event with its payload. It borrows nothing, so that it can be kept, collected or sent to another thread.
///
/// It holds the bytes and how they were read, not the fields. [`OwnedEvent::event`] reads the event again: this cannot
/// fail, and costs as much as reading one layout. Two are equal if their layouts, bytes, builds and pointer sizes are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedEvent<P> {
    payload: Box<[u8]>,
    reading: Reading,
    provider: PhantomData<P>,
}

impl<P: Provider> OwnedEvent<P> {
    pub(crate) fn new(payload: &[u8], reading: Reading) -> Self {
        Self { payload: payload.into(), reading, provider: PhantomData }
    }

    /// The event.
    pub fn event(&self) -> P::Event<'_> {
        let reader = Payload { bytes: &self.payload, pointers: self.reading.pointer_size }.reader();
        let mut reader = if self.reading.unterminated { reader.tolerant() } else { reader };
        match P::Event::read(self.reading.index, &mut reader) {
            Ok(event) => event,
            // It can only be made from a `Decoded`, whose bytes and index do not change.
            Err(_) => unreachable!("these bytes were read as this layout before"),
        }
    }

    /// The event with all that was known when it was decoded.
    pub fn decoded(&self) -> Decoded<'_, P::Event<'_>> {
        Decoded::from_reading(self.event(), &self.payload, self.reading)
    }

    /// The payload, left-over bytes included.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl<P: Provider> fmt::Debug for OwnedEvent<P>
where
    for<'a> P::Event<'a>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedEvent").field(&self.decoded()).finish()
    }
}

/// The message as the build words it, with the built-in texts of status codes.
impl<P: Provider> fmt::Display for OwnedEvent<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.decoded(), f)
    }
}

impl<'a, E: Events<'a>> From<Decoded<'a, E>> for OwnedEvent<E::Provider> {
    fn from(decoded: Decoded<'a, E>) -> Self {
        decoded.into_owned()
    }
}
