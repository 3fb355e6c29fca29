//! Status codes: their names, and the texts that Windows prints for them.
//!
//! A message of Windows shows `STATUS_ACCESS_DENIED` as `{Access Denied}` and a sentence. These texts belong to the
//! message tables of Windows' files (ntdll.dll for NTSTATUS), and no complete, exact and free table of them exists. So
//! the caller chooses the source of the texts, with a [`StatusText`]:
//!
//! | source | what it is |
//! |---|---|
//! | [`BuiltIn`] | the one text that is known for certain, and else the symbolic name in brackets |
//! | [`NtDll`] | the [`MessageTable`] of an ntdll.dll that the caller read: Windows' own wording, on any system. The feature `dll` finds it in the file |
//! | `System` | the running Windows; only there, with the feature `system-messages` |
//! | [`FromFn`] | a function |
//! | [`Chain`] | two sources, the first that knows |
//!
//! [`write_status`] writes the text, or what Windows writes if it has none:
//!
#![cfg_attr(feature = "status-names", doc = "```")]
#![cfg_attr(not(feature = "status-names"), doc = "```ignore")]
//! use etw_runtime::status::{BuiltIn, StatusKind, write_status};
//!
//! let mut text = String::new();
//! write_status(StatusKind::NtStatus, 0xC000_0022, &BuiltIn, &mut text)?;
//! assert!(text.starts_with("{Access Denied}\r\nA process has requested access"));
//!
//! text.clear();
//! write_status(StatusKind::NtStatus, 0xC000_006D, &BuiltIn, &mut text)?;
//! assert_eq!(text, "[STATUS_LOGON_FAILURE]"); // A name, not Windows' wording.
//!
//! text.clear();
//! write_status(StatusKind::NtStatus, 0xDEAD_BEEF, &BuiltIn, &mut text)?;
//! assert_eq!(text, "Unknown NTSTATUS Error code: 0xdeadbeef");
//! # Ok::<(), core::fmt::Error>(())
//! ```

use core::fmt;

mod code;
#[cfg(feature = "dll")]
mod dll;
mod message_table;
#[cfg(feature = "status-names")]
mod names;
#[cfg(not(feature = "status-names"))]
mod names {
    //! Without the feature `status-names` no code has a name.

    pub(super) fn nt_status(_: u32) -> Option<&'static str> {
        None
    }

    pub(super) fn code_of(_: &str) -> Option<u32> {
        None
    }
}
mod sources;
#[cfg(all(windows, feature = "system-messages"))]
mod system;

#[cfg(test)]
mod tests;

#[cfg(feature = "dll")]
pub use self::dll::DllError;
#[cfg(feature = "dll")]
#[doc(hidden)]
pub use self::dll::{Resource, ResourceType, language_rank, resource};
#[cfg(all(windows, feature = "system-messages"))]
pub use self::system::System;
pub use self::{
    code::{HResult, NtStatus, Severity, Win32Error},
    message_table::{Entries, MessageTable, MessageTableError, MessageTableErrorKind, MessageTableText},
    sources::{BuiltIn, Chain, FromFn, NtDll},
};

/// The kind of a status code: the same number means different things in each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusKind {
    /// An [`NtStatus`], the outType `win:NTSTATUS`.
    NtStatus,
    /// A [`Win32Error`], the outType `win:Win32Error`.
    Win32,
    /// An [`HResult`], the outType `win:HResult`.
    HResult,
}

impl StatusKind {
    /// The word that the text of an unknown code has for it.
    const fn word(self) -> &'static str {
        match self {
            Self::NtStatus => "NTSTATUS",
            Self::Win32 => "Win32",
            Self::HResult => "HResult",
        }
    }
}

/// A source of texts for status codes.
pub trait StatusText: Sync {
    /// Writes the system's text for a code and returns true, or writes nothing and returns false.
    ///
    /// The text keeps its inner line breaks (CR LF), has none at its end, and keeps inserts such as `%hs`.
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error>;
}

impl<T: StatusText + ?Sized> StatusText for &T {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        (**self).write(kind, code, out)
    }
}

/// Writes the text of a status code; if the source has none, `Unknown NTSTATUS Error code: 0xdeadbeef` as Windows does.
pub fn write_status(kind: StatusKind, code: u32, texts: &dyn StatusText, out: &mut dyn fmt::Write) -> fmt::Result {
    if texts.write(kind, code, out)? {
        return Ok(());
    }
    write!(out, "Unknown {} Error code: {code:#x}", kind.word())
}
