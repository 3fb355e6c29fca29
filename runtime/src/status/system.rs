//! The running system's texts, from its FormatMessage.

extern crate alloc;

use alloc::string::String;
use core::fmt;

use windows_result::HRESULT;

use super::{HResult, NtStatus, StatusKind, StatusText};

/// The bit with which [`HRESULT::message`] looks into ntdll.dll.
const NT_BIT: u32 = 0x1000_0000;

/// The texts of the running Windows, in its language. It allocates. White space at the end of a text is cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct System;

impl StatusText for System {
    fn write(&self, kind: StatusKind, code: u32, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
        match (kind, HResult(code).nt_status()) {
            (StatusKind::NtStatus, None) => write_nt_status(NtStatus(code), out),
            (StatusKind::HResult, Some(status)) => write_nt_status(status, out),
            (StatusKind::HResult | StatusKind::Win32, None) => write_text(&message(code), out),
            // `message` would clear the bit and give the text of another code.
            (StatusKind::NtStatus | StatusKind::Win32, Some(_)) => Ok(false),
        }
    }
}

/// If ntdll.dll has no text, FormatMessage looks in the system's table, where the numbers are Win32 codes and HRESULTs
/// and mean something else. A text that is found there too does not come from ntdll.dll.
fn write_nt_status(status: NtStatus, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
    let text = message(status.0 | NT_BIT);
    if text == message(status.0) { Ok(false) } else { write_text(&text, out) }
}

fn message(code: u32) -> String {
    HRESULT(code.cast_signed()).message()
}

fn write_text(text: &str, out: &mut dyn fmt::Write) -> Result<bool, fmt::Error> {
    out.write_str(text).map(|()| !text.is_empty())
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn text(kind: StatusKind, code: u32) -> Option<String> {
        let mut text = String::new();
        System.write(kind, code, &mut text).expect("a string takes all").then_some(text)
    }

    #[test]
    fn the_systems_texts_are_those_of_the_kind() {
        let denied = text(StatusKind::Win32, 5).expect("ERROR_ACCESS_DENIED has a text in any language");
        assert_eq!(denied, denied.trim_end());
        assert_eq!(text(StatusKind::HResult, 0x8007_0005), Some(denied.clone()), "E_ACCESSDENIED is the same error");
        // No Win32 code has the number of STATUS_LOGON_FAILURE.
        let Some(logon) = text(StatusKind::NtStatus, 0xC000_006D) else {
            // Wine's ntdll.dll has none; that of Windows has one.
            return std::eprintln!("skipped: this system's ntdll.dll has no message table");
        };
        assert_ne!(logon, denied);
        assert_eq!(text(StatusKind::HResult, 0xC000_006D | NT_BIT), Some(logon), "an HRESULT may hold an NTSTATUS");
    }

    #[test]
    fn a_number_of_another_kind_has_no_text() {
        // 5 as an NTSTATUS is not ERROR_ACCESS_DENIED.
        assert_eq!(text(StatusKind::NtStatus, 5), None);
        assert_eq!(text(StatusKind::NtStatus, 0xDEAD_BEEF), None);
        assert_eq!(text(StatusKind::Win32, 0x1234_5678), None);
    }
}
