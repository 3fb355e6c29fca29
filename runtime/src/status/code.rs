//! Status codes as numbers with parts and names.

use core::fmt;

use super::names;

/// The bit of an HRESULT that says that the rest is an NTSTATUS.
const NT_BIT: u32 = 0x1000_0000;

/// The facility of an HRESULT that holds a Win32 error code.
const FACILITY_WIN32: u16 = 7;

/// Declares a newtype over a status code.
macro_rules! status_code {
    ($(#[$meta:meta])* $type:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub u32);

        impl $type {
            /// The code.
            pub const fn code(self) -> u32 {
                self.0
            }
        }

        impl From<u32> for $type {
            fn from(code: u32) -> Self {
                Self(code)
            }
        }

        impl From<$type> for u32 {
            fn from(status: $type) -> Self {
                status.0
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u32(self.0)
            }
        }

        /// As `Display`.
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

status_code! {
    /// An NTSTATUS.
    ///
    /// `Display` and `Debug` print the symbolic name and the code, `STATUS_LOGON_FAILURE (0xc000006d)`, or the code
    /// alone where no name is known. Windows' own text for a code comes from a [`StatusText`](super::StatusText).
    NtStatus
}

status_code! {
    /// A Win32 error code, printed as `0x5`. It has no table of names: `winerror.h` has more than three thousand, and
    /// people know these codes by the number and the system's text.
    Win32Error
}

status_code! {
    /// An HRESULT, printed as `0x80070005`. It has no table of names; see [`HResult::nt_status`] and
    /// [`HResult::win32`] for those that wrap a code of another kind.
    HResult
}

/// The severity in the two highest bits of an NTSTATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// `0x0…` to `0x3…`.
    Success,
    /// `0x4…` to `0x7…`.
    Informational,
    /// `0x8…` to `0xb…`.
    Warning,
    /// `0xc…` to `0xf…`.
    Error,
}

impl NtStatus {
    /// Zero. The message table of Windows calls it `STATUS_WAIT_0`.
    pub const SUCCESS: Self = Self(0);

    /// The severity.
    pub const fn severity(self) -> Severity {
        match self.0 >> 30 {
            0 => Severity::Success,
            1 => Severity::Informational,
            2 => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether somebody other than Microsoft defined the code.
    pub const fn is_customer(self) -> bool {
        self.0 & 0x2000_0000 != 0
    }

    /// The part of the system that the code is about: 12 bits.
    pub const fn facility(self) -> u16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high & 0x0F])
    }

    /// Whether the code is a success or informational, as `NT_SUCCESS` tests it.
    pub const fn is_success(self) -> bool {
        matches!(self.severity(), Severity::Success | Severity::Informational)
    }

    /// Whether the severity is [`Severity::Warning`].
    pub const fn is_warning(self) -> bool {
        matches!(self.severity(), Severity::Warning)
    }

    /// Whether the severity is [`Severity::Error`].
    pub const fn is_error(self) -> bool {
        matches!(self.severity(), Severity::Error)
    }

    /// The symbolic name, `STATUS_LOGON_FAILURE`. If several names share a code, it is always the same one.
    pub fn name(self) -> Option<&'static str> {
        names::nt_status(self.0)
    }

    /// The code of a symbolic name, `STATUS_LOGON_FAILURE`: one that [`name`](Self::name) returns.
    pub fn from_name(name: &str) -> Option<Self> {
        names::code_of(name).map(Self)
    }
}

impl HResult {
    /// Whether it is a failure: the highest bit is set.
    pub const fn is_failure(self) -> bool {
        self.0 >> 31 != 0
    }

    /// The part of the system that the code is about: 11 bits.
    pub const fn facility(self) -> u16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high & 0x07])
    }

    /// The NTSTATUS that it wraps (`0x10000000` is set).
    pub const fn nt_status(self) -> Option<NtStatus> {
        if self.0 & NT_BIT != 0 { Some(NtStatus(self.0 & !NT_BIT)) } else { None }
    }

    /// The Win32 error that it wraps (`0x8007…`).
    pub const fn win32(self) -> Option<Win32Error> {
        let wraps = self.is_failure() && self.facility() == FACILITY_WIN32 && self.nt_status().is_none();
        if wraps { Some(Win32Error(self.0 & 0xFFFF)) } else { None }
    }
}

impl fmt::Display for NtStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#x})", self.0),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl fmt::Display for Win32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[cfg(feature = "status-names")]
    #[test]
    fn a_status_prints_name_and_code() {
        use std::{format, string::ToString as _};

        assert_eq!(NtStatus(0xC000_006D).to_string(), "STATUS_LOGON_FAILURE (0xc000006d)");
        assert_eq!(format!("{:?}", NtStatus(0xC000_0022)), "STATUS_ACCESS_DENIED (0xc0000022)");
        assert_eq!(NtStatus::SUCCESS.to_string(), "STATUS_SUCCESS (0x0)");
        assert_eq!(NtStatus(0xDEAD_BEEF).to_string(), "0xdeadbeef");
        assert_eq!(NtStatus(0xDEAD_BEEF).name(), None);
        assert_eq!(NtStatus::from_name("STATUS_LOGON_FAILURE"), Some(NtStatus(0xC000_006D)));
        assert_eq!(NtStatus::from_name("STATUS_LOGON"), None);
        assert_eq!(Win32Error(5).to_string(), "0x5");
        assert_eq!(format!("{:?}", HResult(0x8007_2F9A)), "0x80072f9a");
    }

    #[test]
    fn a_status_has_parts() {
        let status = NtStatus(0xC000_006D);
        assert_eq!((status.severity(), status.facility(), status.is_customer()), (Severity::Error, 0, false));
        assert!(status.is_error() && !status.is_success() && !status.is_warning());
        assert!(NtStatus(0x8000_0005).is_warning());
        assert!(NtStatus(0x4000_0000).is_success() && NtStatus(0x103).is_success());
        assert_eq!(NtStatus(0x4000_0000).severity(), Severity::Informational);
        let status = NtStatus(0xEABC_1234);
        assert_eq!((status.facility(), status.is_customer()), (0xABC, true));
        assert_eq!(u32::from(NtStatus::from(7)), 7);
    }

    #[test]
    fn an_hresult_may_wrap_another_code() {
        let wrapped = HResult(0xD000_0022);
        assert_eq!(wrapped.nt_status(), Some(NtStatus(0xC000_0022)));
        assert_eq!(wrapped.win32(), None);
        let wrapped = HResult(0x8007_0005);
        assert_eq!((wrapped.win32(), wrapped.nt_status()), (Some(Win32Error(5)), None));
        assert!(wrapped.is_failure() && !HResult(0).is_failure());
        assert_eq!(HResult(0x0007_0005).win32(), None);
        assert_eq!(HResult(0x8009_0016).facility(), 9);
    }
}
