//! Sources of texts other than the running system.

use core::fmt;

use super::{HResult, MessageTable, NtStatus, StatusKind, StatusText};

/// Texts that Windows prints for NTSTATUS codes, as the documented page about the provider shows them.
const SEEN: &[(u32, &str)] = &[(
    0xC000_0022,
    "{Access Denied}\r\nA process has requested access to an object, but has not been granted those access rights.",
)];

/// The NTSTATUS that a code is or wraps.
fn nt_status(kind: StatusKind, code: u32) -> Option<NtStatus> {
    match kind {
        StatusKind::NtStatus => Some(NtStatus(code)),
        StatusKind::HResult => HResult(code).nt_status(),
        StatusKind::Win32 => None,
    }
}

/// The texts that are built in: that of `STATUS_ACCESS_DENIED`, which is known for certain, and for other NTSTATUS
/// codes the symbolic name in brackets, `[STATUS_LOGON_FAILURE]`. The brackets show that it is not Windows' wording. It
/// has no texts for Win32 codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuiltIn;

impl StatusText for BuiltIn {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        let Some(status) = nt_status(kind, code) else { return Ok(false) };
        if let Some((_, text)) = SEEN.iter().find(|(seen, _)| *seen == status.0) {
            out.write_str(text)?;
        } else if let Some(name) = status.name() {
            write!(out, "[{name}]")?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// A function as a source.
///
/// ```
/// use etw_runtime::status::{FromFn, StatusKind, write_status};
///
/// let texts = FromFn(|kind, code| match (kind, code) {
///     (StatusKind::NtStatus, 0xC000_00BB) => Some("The request is not supported."),
///     _ => None,
/// });
/// let mut text = String::new();
/// write_status(StatusKind::NtStatus, 0xC000_00BB, &texts, &mut text)?;
/// assert_eq!(text, "The request is not supported.");
/// # Ok::<(), core::fmt::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(pub F);

impl<F: Fn(StatusKind, u32) -> Option<&'static str> + Sync> StatusText for FromFn<F> {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        match (self.0)(kind, code) {
            Some(text) if !is_blank(text) => out.write_str(text).map(|()| true),
            _ => Ok(false),
        }
    }
}

/// The message table of an ntdll.dll: the texts of NTSTATUS codes, also for those that an HRESULT wraps.
#[derive(Clone, Copy, Debug)]
pub struct NtDll<'a> {
    /// The table. The caller must know that it comes from ntdll.dll: other files use the same numbers for other texts.
    pub table: MessageTable<'a>,
}

impl StatusText for NtDll<'_> {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        match nt_status(kind, code).and_then(|status| self.table.text(status.0)) {
            Some(text) if !is_blank(text) => write!(out, "{text}").map(|()| true),
            _ => Ok(false),
        }
    }
}

/// Whether a text shows nothing: it is as good as none, or the status would vanish from the message.
fn is_blank(text: impl fmt::Display) -> bool {
    struct Blank;

    impl fmt::Write for Blank {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            if text.trim().is_empty() { Ok(()) } else { Err(fmt::Error) }
        }
    }

    fmt::Write::write_fmt(&mut Blank, format_args!("{text}")).is_ok()
}

/// Two sources: the text of the first, or of the second where the first has none.
#[derive(Clone, Copy, Debug)]
pub struct Chain<A, B>(pub A, pub B);

impl<A: StatusText, B: StatusText> StatusText for Chain<A, B> {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        Ok(self.0.write(kind, code, out)? || self.1.write(kind, code, out)?)
    }
}
