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
            // `message` would clear the bit and tell of another code.
            (StatusKind::NtStatus | StatusKind::Win32, Some(_)) => Ok(false),
        }
    }
}

/// Where ntdll.dll has no text, FormatMessage goes on to the system's table, whose numbers are Win32's and HRESULTs:
/// there the number has another meaning. A text that is found there too is none of ntdll's.
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
