//! What can go wrong, and where. Every error is `Copy` and holds no heap memory.

use core::fmt;

use crate::{BuildRange, EventInfo, EventKey, Guid, LayoutInfo, VersionInfo};

/// A field that could not be read, before it is known which layout it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The index of the field, or of the first field of a segment.
    pub field: u16,
    /// The offset in the payload at which it begins.
    pub offset: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// A fault at a field, by its index, and at an offset in the payload.
    #[must_use]
    pub const fn new(field: u16, offset: usize, kind: FaultKind) -> Self {
        Self { field, offset, kind }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The payload ends inside the field.
    Truncated {
        /// Bytes that the field needs.
        needed: usize,
        /// Bytes that are left in the payload.
        available: usize,
    },
    /// A NUL-terminated string runs to the end of the payload.
    Unterminated {
        /// Bytes from the string's start to the payload's end.
        available: usize,
    },
    /// The byte count of a UTF-16 string is odd.
    OddLength {
        /// The count.
        bytes: usize,
    },
    /// The bytes of a `win:SID` field are not a SID: the revision is not 1, or there are more than 15 sub-authorities.
    NoSid {
        /// The first byte.
        revision: u8,
        /// The second byte.
        sub_authorities: u8,
    },
    /// The layout asked for is not one of this provider's.
    UnknownLayout,
}

/// Why a payload does not fit a layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    layout: &'static LayoutInfo,
    /// As the reader found it: a fault in a segment names the segment's first field.
    found: MismatchKind,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MismatchKind {
    /// A field cannot be read.
    Field(Fault),
    /// Bytes are left over after the last field.
    LeftOver {
        /// The offset of the first of them.
        offset: usize,
        /// Their number.
        bytes: usize,
    },
}

impl Mismatch {
    #[inline]
    pub(crate) fn of_field(layout: &'static LayoutInfo, fault: Fault) -> Self {
        Self { layout, found: MismatchKind::Field(fault) }
    }

    #[cold]
    pub(crate) fn left_over(layout: &'static LayoutInfo, offset: usize, bytes: usize) -> Self {
        Self { layout, found: MismatchKind::LeftOver { offset, bytes } }
    }

    /// The layout.
    pub fn layout(&self) -> &'static LayoutInfo {
        self.layout
    }

    /// What does not fit, and where.
    pub fn reason(&self) -> MismatchKind {
        match self.found {
            MismatchKind::Field(fault) => MismatchKind::Field(locate(self.layout, fault)),
            left_over @ MismatchKind::LeftOver { .. } => left_over,
        }
    }

    /// Whether lenient decoding accepts it: bytes are left over, or the last field is a string without its NUL. In any
    /// other field a missing NUL means that the fields after it are missing too.
    pub(crate) fn is_forgivable(&self) -> bool {
        match self.found {
            MismatchKind::LeftOver { .. } => true,
            MismatchKind::Field(Fault { field, kind: FaultKind::Unterminated { .. }, .. }) => {
                usize::from(field) + 1 == self.layout.fields.len()
            }
            MismatchKind::Field(_) => false,
        }
    }

    /// The manifest's name of the field that could not be read; `None` for left-over bytes.
    pub fn field_name(&self) -> Option<&'static str> {
        match self.reason() {
            MismatchKind::Field(fault) => self.layout.fields.get(usize::from(fault.field)).map(|f| f.name),
            MismatchKind::LeftOver { .. } => None,
        }
    }

    /// The offset in the payload at which the layout stops fitting.
    pub fn offset(&self) -> usize {
        match self.reason() {
            MismatchKind::Field(fault) => fault.offset,
            MismatchKind::LeftOver { offset, .. } => offset,
        }
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "the reason is what was found, at the field where it was")]
impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch").field("layout", &self.layout).field("reason", &self.reason()).finish()
    }
}

/// The first field that the payload does not hold completely. `fault` names the first field of a segment.
fn locate(layout: &'static LayoutInfo, mut fault: Fault) -> Fault {
    let FaultKind::Truncated { available: mut left, .. } = fault.kind else { return fault };
    for (index, field) in (fault.field..).zip(layout.fields.iter().skip(usize::from(fault.field))) {
        let Some(size) = field.fixed_size() else { break };
        if size > left {
            fault.field = index;
            fault.kind = FaultKind::Truncated { needed: size, available: left };
            break;
        }
        left -= size;
        fault.offset += size;
    }
    fault
}

/// Some of the layouts of a version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    version: &'static VersionInfo,
    chosen: u64,
}

impl Candidates {
    /// The most layouts that a version can have. A generator refuses a schema with more.
    pub const MAX: usize = 64;

    pub(crate) fn none_of(version: &'static VersionInfo) -> Self {
        Self { version, chosen: 0 }
    }

    pub(crate) fn all_of(version: &'static VersionInfo) -> Self {
        let mut all = Self::none_of(version);
        (0..version.layouts.len()).for_each(|at| all.add(at));
        all
    }

    pub(crate) fn from_bits(version: &'static VersionInfo, bits: u64) -> Self {
        Self { version, chosen: bits }
    }

    pub(crate) fn bits(self) -> u64 {
        self.chosen
    }

    pub(crate) fn add(&mut self, at: usize) {
        self.chosen |= u32::try_from(at).ok().and_then(|at| 1u64.checked_shl(at)).unwrap_or(0);
    }

    /// The layouts.
    pub fn iter(&self) -> impl Iterator<Item = &'static LayoutInfo> + use<> {
        let chosen = self.chosen;
        self.version.layouts.iter().enumerate().filter(move |(at, _)| chosen >> (at % 64) & 1 == 1).map(|(_, l)| *l)
    }

    /// The number of layouts.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chosen == 0
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|layout| layout.name)).finish()
    }
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, layout) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} (build", layout.name)?;
            BuildRange::write_list(layout.builds, f)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// Why an event was not decoded.
///
/// Nothing is guessed. Each variant holds what is known, so that a consumer can log it and go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The event is another provider's.
    OtherProvider {
        /// The provider that wrote it.
        provider: Guid,
    },
    /// The build is older than every capture.
    UnknownBuild {
        /// The build asked for.
        build: u32,
        /// The oldest capture.
        oldest: u32,
    },
    /// The provider has no event of this id, or not in this build.
    UnknownEvent {
        /// The id asked for.
        id: u16,
        /// The build asked for and the capture that was looked at, if any.
        build: Option<Consulted>,
        /// The event, if other builds have it.
        known: Option<&'static EventInfo>,
    },
    /// The event has no such version, or not in this build.
    UnknownVersion {
        /// The event, with the versions that are known.
        event: &'static EventInfo,
        /// The version asked for.
        version: u8,
        /// The build asked for and the capture that was looked at, if any.
        build: Option<Consulted>,
    },
    /// The payload does not fit the layout, nor any other of this id and version.
    Mismatch(Mismatch),
    /// The payload does not fit the build's layout, but exactly fits that of another build.
    OtherLayout {
        /// The build's layout and why it does not fit.
        mismatch: Mismatch,
        /// The layouts that do fit, to the last byte.
        fits: Candidates,
    },
    /// Several layouts fit to the last byte, and nothing says which it is: no build was given, or the build's capture
    /// lacks this id and version.
    Ambiguous {
        /// The layouts.
        candidates: Candidates,
        /// The build asked for and the capture that was looked at, if any.
        build: Option<Consulted>,
    },
    /// No build was given and none of several layouts fits.
    NoLayoutFits {
        /// The layouts that were tried.
        tried: Candidates,
        /// The newest of them and why it does not fit.
        newest: Mismatch,
    },
}

/// A build, and the capture whose manifest was looked at for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consulted {
    /// The build asked for.
    pub build: u32,
    /// The capture: the build itself, or the nearest below it. In the second case the build's own manifest may have
    /// events that the capture lacks.
    pub capture: u32,
    /// The version of the binary that the capture is of, where it is known. A capture shows a build as of some update: a
    /// newer one may have added events.
    pub as_of: Option<&'static str>,
}

impl Consulted {
    /// A build, and the capture that is used for it.
    #[must_use]
    pub const fn new(build: u32, capture: u32) -> Self {
        Self { build, capture, as_of: None }
    }

    /// The same, with the version of the capture's binary.
    #[must_use]
    pub const fn with_version(mut self, version: Option<&'static str>) -> Self {
        self.as_of = version;
        self
    }
}

/// What a capture is, for messages about what it lacks: a sentence without its full stop.
pub(crate) fn write_as_of(f: &mut fmt::Formatter<'_>, capture: u32, as_of: Option<&str>) -> fmt::Result {
    match as_of {
        Some(version) => {
            write!(f, "the capture of {capture} is as of {version}; newer updates may have added events")
        }
        None => {
            write!(f, "the capture of {capture} is of an update that is not known; other updates may have added events")
        }
    }
}

impl DecodeError {
    /// A word for the kind of error that stays the same from release to release, for logs and scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OtherProvider { .. } => "other_provider",
            Self::UnknownBuild { .. } => "unknown_build",
            Self::UnknownEvent { .. } => "unknown_event",
            Self::UnknownVersion { .. } => "unknown_version",
            Self::Mismatch(mismatch) => mismatch.kind(),
            Self::OtherLayout { .. } => "other_layout",
            Self::Ambiguous { .. } => "ambiguous",
            Self::NoLayoutFits { .. } => "no_layout_fits",
        }
    }

    /// The event's id and version, if the error is about an event of this provider.
    pub fn key(&self) -> Option<EventKey> {
        let of_all = |candidates: &Candidates| candidates.iter().next().map(LayoutInfo::key);
        match self {
            Self::UnknownVersion { event, version, .. } => Some(EventKey::new(event.id, *version)),
            Self::Mismatch(mismatch) | Self::OtherLayout { mismatch, .. } => Some(mismatch.layout().key()),
            Self::NoLayoutFits { tried: candidates, .. } | Self::Ambiguous { candidates, .. } => of_all(candidates),
            Self::OtherProvider { .. } | Self::UnknownBuild { .. } | Self::UnknownEvent { .. } => None,
        }
    }

    /// The layout that did not fit and why, if the error is about one.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        match self {
            Self::Mismatch(m) | Self::OtherLayout { mismatch: m, .. } | Self::NoLayoutFits { newest: m, .. } => Some(m),
            _ => None,
        }
    }
}

impl Mismatch {
    /// A word for the kind of mismatch: `truncated`, `unterminated`, `odd_length`,
    /// `no_sid`, `unknown_layout` or `left_over`.
    pub fn kind(&self) -> &'static str {
        match self.found {
            MismatchKind::LeftOver { .. } => "left_over",
            MismatchKind::Field(fault) => match fault.kind {
                FaultKind::Truncated { .. } => "truncated",
                FaultKind::Unterminated { .. } => "unterminated",
                FaultKind::OddLength { .. } => "odd_length",
                FaultKind::NoSid { .. } => "no_sid",
                FaultKind::UnknownLayout => "unknown_layout",
            },
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): ", self.layout.key(), self.layout.name)?;
        let fault = match self.reason() {
            MismatchKind::LeftOver { offset, bytes } => {
                return write!(f, "{} left over after the last field, at offset {offset}", Bytes(bytes));
            }
            MismatchKind::Field(fault) => fault,
        };
        let field = self.field_name().unwrap_or("?");
        let offset = fault.offset;
        match fault.kind {
            FaultKind::Truncated { needed, available } => {
                write!(f, "field {field} at offset {offset} needs {}, {} left", Bytes(needed), Bytes(available))
            }
            FaultKind::Unterminated { available } => {
                write!(f, "field {field} at offset {offset} has no terminating NUL, {} left", Bytes(available))
            }
            FaultKind::OddLength { bytes } => {
                write!(f, "field {field} at offset {offset} is a UTF-16 string of {bytes} bytes, an odd number")
            }
            FaultKind::NoSid { revision, sub_authorities } => write!(
                f,
                "field {field} at offset {offset} is no SID: revision {revision}, {sub_authorities} sub-authorities"
            ),
            FaultKind::UnknownLayout => f.write_str("not a layout of this provider"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherProvider { provider } => write!(f, "the event is one of the provider {provider}"),
            Self::UnknownBuild { build, oldest } => {
                write!(f, "build {build} is older than the oldest captured build, {oldest}")
            }
            Self::UnknownEvent { id, build, known } => {
                write!(f, "there is no event {id}")?;
                write_in_build(f, *build)?;
                if let Some(event) = known {
                    write!(f, "; other builds have it as {}", event.name)?;
                }
                write_gap(f, *build)
            }
            Self::UnknownVersion { event, version, build } => write_unknown_version(f, event, *version, *build),
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::OtherLayout { mismatch, fits } => write!(f, "{mismatch}; the payload exactly fits {fits}"),
            Self::Ambiguous { candidates, build: None } => {
                write!(f, "without a build the payload exactly fits several layouts: {candidates}")
            }
            Self::Ambiguous { candidates, build: build @ Some(Consulted { capture, .. }) } => {
                write!(
                    f,
                    "the capture of build {capture} has no such event, and the payload exactly fits several layouts of \
                     other builds: {candidates}"
                )?;
                write_gap(f, *build)
            }
            Self::NoLayoutFits { tried, newest } => {
                write!(f, "the payload fits none of {tried}; the newest: {newest}")
            }
        }
    }
}

/// What the capture that was looked at is, after what it lacks.
fn write_gap(f: &mut fmt::Formatter<'_>, build: Option<Consulted>) -> fmt::Result {
    let Some(Consulted { capture, as_of, .. }) = build else { return Ok(()) };
    f.write_str("; ")?;
    write_as_of(f, capture, as_of)
}

fn write_in_build(f: &mut fmt::Formatter<'_>, build: Option<Consulted>) -> fmt::Result {
    match build {
        None => Ok(()),
        Some(Consulted { build, capture, .. }) if build == capture => write!(f, " in build {build}"),
        Some(Consulted { build, capture, .. }) => {
            write!(f, " in build {capture}, the nearest capture below build {build}")
        }
    }
}

/// `1 byte`, `2 bytes`.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "byte" } else { "bytes" })
    }
}

fn write_unknown_version(
    f: &mut fmt::Formatter<'_>,
    event: &EventInfo,
    version: u8,
    build: Option<Consulted>,
) -> fmt::Result {
    write!(f, "event {} ({}) has no version {version}", event.id, event.name)?;
    write_in_build(f, build)?;
    f.write_str("; known are")?;
    for known in event.versions {
        write!(f, " v{} (build", known.version)?;
        for (i, layout) in known.layouts.iter().enumerate() {
            f.write_str(if i > 0 { "," } else { "" })?;
            BuildRange::write_list(layout.builds, f)?;
        }
        f.write_str(")")?;
    }
    write_gap(f, build)
}

impl core::error::Error for Mismatch {}
impl core::error::Error for DecodeError {}
