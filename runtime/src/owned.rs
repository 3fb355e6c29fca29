//! A decoded event that may be kept.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::decode::Payload;
use crate::decoded::Reading;
use crate::{Decoded, Events, Provider};

/// A decoded event with its payload: it borrows nothing, so that it may be kept, collected or sent to another thread.
///
/// It holds the bytes and what was found out about them, not the fields; [`OwnedEvent::event`] gives the event back, which
/// cannot fail and costs what reading one layout costs. Two are equal if layout, bytes, build and pointer size are.
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
            // Nobody can make one but from a `Decoded`, whose bytes and index do not change.
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

/// The message in the words of the build, with the built-in texts of status codes.
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
