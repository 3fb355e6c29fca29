//! A decoded event: what it is, for which build, and how certain that is.

use core::fmt;

use crate::message::Message;
#[cfg(feature = "alloc")]
use crate::owned::OwnedEvent;
use crate::status::{BuiltIn, StatusText};
use crate::{BuildRange, Candidates, EventKey, Events, HeaderInfo, LayoutInfo, PointerSize, Provider};

/// A decoded event.
///
/// It does not deref to the event: match on [`Decoded::event`]. Everything else says where the event comes from and how
/// the layout was chosen. It borrows the payload and is `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Decoded<'a, E> {
    /// The event.
    pub event: E,
    payload: &'a [u8],
    reading: Reading,
}

/// How a payload was read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Reading {
    /// Bits of [`Candidates`].
    also_fits: u64,
    /// How many bytes at the payload's end belong to no field.
    left_over: usize,
    build: Option<u32>,
    /// The index of the layout that was read. Anybody can replace the event of a [`Decoded`]; this is private and
    /// stays.
    pub(crate) index: u16,
    pub(crate) pointer_size: PointerSize,
    pub(crate) unterminated: bool,
}

impl<'a, E> Decoded<'a, E> {
    /// An event that fits its payload to the last byte.
    #[inline]
    pub(crate) fn new(event: E, build: Option<u32>, index: u16, payload: &'a [u8], also_fits: u64) -> Self {
        let pointer_size = PointerSize::Bits64;
        let reading = Reading { also_fits, left_over: 0, build, index, pointer_size, unterminated: false };
        Self { event, payload, reading }
    }

    pub(crate) fn with_pointer_size(self, pointer_size: PointerSize) -> Self {
        Self { reading: Reading { pointer_size, ..self.reading }, ..self }
    }

    /// The same event, for a payload that it does not fill.
    pub(crate) fn with_end(self, left_over: usize, unterminated: bool) -> Self {
        Self { reading: Reading { left_over, unterminated, ..self.reading }, ..self }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn from_reading(event: E, payload: &'a [u8], reading: Reading) -> Self {
        Self { event, payload, reading }
    }

    /// The payload, left-over bytes included.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The bytes after the last field. Only lenient decoding leaves any: later builds append fields.
    pub fn left_over(&self) -> &'a [u8] {
        let fields = self.payload.len().saturating_sub(self.reading.left_over);
        self.payload.get(fields..).unwrap_or_default()
    }

    /// Whether the last string ended with the payload, without its NUL: it may have been cut off. Only lenient decoding
    /// accepts that.
    pub fn unterminated(&self) -> bool {
        self.reading.unterminated
    }

    /// The size of the payload's pointers.
    pub fn pointer_size(&self) -> PointerSize {
        self.reading.pointer_size
    }
}

impl<'a, E: Events<'a>> Decoded<'a, E> {
    /// The event with a copy of its payload, which can be kept. It is the event that the payload was read as, even if
    /// [`Decoded::event`] was replaced since then.
    #[cfg(feature = "alloc")]
    pub fn into_owned(self) -> OwnedEvent<E::Provider> {
        OwnedEvent::new(self.payload, self.reading)
    }

    /// The build that it was decoded for; `None` if no build was given.
    pub fn build(&self) -> Option<<E::Provider as Provider>::Build> {
        self.reading.build.map(Into::into)
    }

    #[cfg(feature = "serde")]
    pub(crate) fn build_number(&self) -> Option<u32> {
        self.reading.build
    }

    /// Its id and version.
    pub fn key(&self) -> EventKey {
        self.layout().key()
    }

    /// The layout that it was read as.
    pub fn layout(&self) -> &'static LayoutInfo {
        self.event.layout()
    }

    /// How the layout was chosen, and how sure it is that the build has it.
    pub fn basis(&self) -> Basis {
        let Some(build) = self.reading.build else { return Basis::OnlyLayout };
        let provider = <E::Provider as Provider>::INFO;
        let layout = self.layout();
        // There is always a capture: without one nothing would have been decoded.
        let capture = provider.capture_for(build).unwrap_or(build);
        if !layout.holds_in(capture) {
            return Basis::OtherBuild { capture, as_of: provider.binary_version(capture), has: layout.builds };
        }
        match provider.capture_after(build) {
            _ if capture == build => Basis::Captured,
            Some(upper) => Basis::Between { lower: capture, upper, same: layout.holds_in(upper) },
            None => Basis::Newer { newest: capture },
        }
    }

    /// Layouts of other builds that the same payload fits to its last byte, where there are any: if the build was not
    /// the one that wrote the payload, the event may be one of these. Nearly always `None`, because layouts of one id
    /// and version nearly always differ in size. After lenient decoding, those that leave no more bytes over.
    pub fn also_fits(&self) -> Option<Candidates> {
        if self.reading.also_fits == 0 {
            return None;
        }
        let key = self.key();
        let version = <E::Provider as Provider>::INFO.event(key.id)?.version(key.version)?;
        Some(Candidates::from_bits(version, self.reading.also_fits))
    }

    /// What the manifest says apart from the fields: channel, level, keywords and the message's template. It is that of
    /// the build, or the newest if no build was given.
    pub fn header(&self) -> Option<&'static HeaderInfo> {
        match self.reading.build {
            Some(build) => {
                let capture = <E::Provider as Provider>::INFO.capture_for(build).unwrap_or(build);
                self.layout().header(capture)
            }
            None => self.layout().newest_header(),
        }
    }

    /// The channel that the event is written to.
    pub fn channel(&self) -> Option<<E::Provider as Provider>::Channel> {
        self.header()?.channel.map(Into::into)
    }

    /// The severity; 0 if the manifest gives none.
    pub fn level(&self) -> <E::Provider as Provider>::Level {
        self.header().map_or(0, |header| header.level).into()
    }

    /// The step of an activity that the event reports; 0 means none.
    pub fn opcode(&self) -> <E::Provider as Provider>::Opcode {
        self.header().map_or(0, |header| header.opcode).into()
    }

    /// The component or activity that the event belongs to; 0 means none.
    pub fn task(&self) -> <E::Provider as Provider>::Task {
        self.header().map_or(0, |header| header.task).into()
    }

    /// The groups that the event belongs to, without the bit of its channel.
    pub fn keywords(&self) -> <E::Provider as Provider>::Keywords {
        self.header().map_or(0, |header| header.keywords).into()
    }

    /// The message as the build words it, for `Display`, with the texts of status codes from `status_texts`. If no
    /// build was given, it is the newest wording.
    pub fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Message<'s, E> {
        Message::new(self.event, self.reading.build.unwrap_or(u32::MAX), status_texts)
    }
}

/// The message as the build words it, with the built-in texts of status codes.
impl<'a, E: Events<'a>> fmt::Display for Decoded<'a, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.message(&BuiltIn), f)
    }
}

impl<'a, E: Events<'a> + fmt::Debug> fmt::Debug for Decoded<'a, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("event", &self.event)
            .field("build", &self.reading.build)
            .field("basis", &self.basis())
            .field("also_fits", &self.also_fits())
            .field("left_over", &self.reading.left_over)
            .field("unterminated", &self.reading.unterminated)
            .finish_non_exhaustive()
    }
}

/// How a layout was chosen.
///
/// `Display` prints a phrase that can follow the build's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        /// Whether the next capture has the same layout. If it has not, the layout changed at some build between the
        /// two. A payload that fits is then no proof that its fields mean the same.
        same: bool,
    },
    /// The build is newer than every capture; the newest one's layout was taken.
    Newer {
        /// The newest capture.
        newest: u32,
    },
    /// The build's capture lacks this id and version, captures of other builds have it, and exactly one known layout
    /// fits the payload to its last byte. A capture shows a build as of one update; a later update may have added the
    /// event.
    OtherBuild {
        /// The capture that was looked at for the build.
        capture: u32,
        /// The version of the binary that the capture is of, where it is known.
        as_of: Option<&'static str>,
        /// The captured builds with the layout.
        has: &'static [BuildRange],
    },
    /// No build was given; of all known layouts of this id and version, this one alone fits.
    OnlyLayout,
}

impl Basis {
    /// Whether there is more to say than the event's build, because the build's own capture does not settle the layout.
    pub const fn says_more_than_the_build(&self) -> bool {
        !matches!(self, Self::Captured | Self::OnlyLayout)
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Captured => f.write_str("the build was captured"),
            Self::Between { lower, upper, same: true } => write!(
                f,
                "the build was never captured; this is the layout of build {lower}, and build {upper} has the same"
            ),
            Self::Between { lower, upper, same: false } => write!(
                f,
                "the build was never captured; this is the layout of build {lower}, but build {upper} has another. The \
                 fields may mean something else, though the payload fits"
            ),
            Self::Newer { newest } => {
                write!(f, "the build is newer than every captured build; this is the layout of build {newest}")
            }
            Self::OtherBuild { capture, as_of, has } => {
                write!(f, "the capture of build {capture} has no such event; this is the layout of build")?;
                BuildRange::write_list(has, f)?;
                f.write_str(", the only known one, and the payload fits it; ")?;
                crate::error::write_as_of(f, *capture, *as_of)
            }
            Self::OnlyLayout => f.write_str("no build was given; no other known layout fits the payload"),
        }
    }
}
