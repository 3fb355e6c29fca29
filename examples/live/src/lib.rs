//! From the record that Windows hands to a consumer of events to the one that a decoder takes.
//!
//! `smbserver-etw` and `etw-runtime` have no unsafe code. A consumer on Windows cannot do without: Windows hands over a
//! pointer to the event and in it a pointer to the payload. This crate is where that ends. `raw_event` makes of both what
//! borrows from the record and cannot outlive it; all that comes after is safe, on any system.
//!
//! Two programs use it: `windows_sys` with the functions of Windows as they are, `ferrisetw` with the crate of that name.

use smbserver_etw::{Decoder, RawEvent, schema::PROVIDER};

/// Decodes an event and prints it as its message says it, or says why it cannot be decoded.
pub fn print_event(raw: &RawEvent<'_>, decoder: &Decoder) {
    // A session may hold events of others too.
    if raw.provider != PROVIDER.guid {
        return;
    }
    match decoder.decode(raw) {
        Ok(answer) => println!("{}: {}", raw.key, answer.event),
        Err(error) => eprintln!("{error}"),
    }
}

#[cfg(windows)]
pub use self::boundary::{build_number, of_ferrisetw, raw_event};

#[cfg(windows)]
mod boundary {
    use etw_runtime::{EventKey, Guid, PointerSize, RawEvent};
    use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
    use windows_sys::Win32::System::Diagnostics::Etw::EVENT_RECORD;
    use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOW;

    /// What a decoder takes of a record; the payload is borrowed.
    ///
    /// # Safety
    ///
    /// `UserData` must point to `UserDataLength` bytes that stay as they are while the answer is used, or be null with a
    /// length of 0. Windows keeps to it for the record of a callback until that returns.
    pub unsafe fn raw_event(record: &EVENT_RECORD) -> RawEvent<'_> {
        let payload: &[u8] = if record.UserData.is_null() {
            &[]
        } else {
            // SAFETY: the caller promises the bytes, and the answer cannot outlive the record.
            unsafe { std::slice::from_raw_parts(record.UserData.cast(), record.UserDataLength.into()) }
        };
        let header = &record.EventHeader;
        let provider = header.ProviderId;
        let provider = Guid::from_fields(provider.data1, provider.data2, provider.data3, provider.data4);
        let key = EventKey::new(header.EventDescriptor.Id, header.EventDescriptor.Version);
        RawEvent::new(provider, key, payload).with_pointer_size(PointerSize::from_header_flags(header.Flags))
    }

    /// The record inside ferrisetw's. Its methods tell all of the header, but not the payload.
    ///
    /// # Safety
    ///
    /// It must be the record that a callback was given.
    pub unsafe fn of_ferrisetw(record: &ferrisetw::EventRecord) -> &EVENT_RECORD {
        const { assert!(size_of::<ferrisetw::EventRecord>() == size_of::<EVENT_RECORD>()) };
        const { assert!(align_of::<ferrisetw::EventRecord>() == align_of::<EVENT_RECORD>()) };
        // SAFETY: ferrisetw 1.2.0 declares its type `repr(transparent)` around Windows' structure, and makes it by a cast of
        // the pointer that Windows gave to it; Cargo.toml asks for that very version.
        unsafe { &*std::ptr::from_ref(record).cast() }
    }

    /// The number of the Windows that runs: it decides how events are laid out.
    pub fn build_number() -> u32 {
        let size = u32::try_from(size_of::<OSVERSIONINFOW>()).unwrap_or(u32::MAX);
        let mut version = OSVERSIONINFOW { dwOSVersionInfoSize: size, ..Default::default() };
        // SAFETY: the structure is one of Windows', and says its own size.
        unsafe { RtlGetVersion(&raw mut version) };
        version.dwBuildNumber
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_record_of_windows_is_read() {
            let payload = [1_u8, 0, 0, 0];
            let mut record = EVENT_RECORD::default();
            record.EventHeader.ProviderId = windows_sys::core::GUID::from_u128(super::super::PROVIDER.guid.to_u128());
            record.EventHeader.EventDescriptor.Id = 1900;
            record.EventHeader.Flags = 0x40;
            // SAFETY: it has no payload yet.
            assert_eq!(unsafe { raw_event(&record) }.payload, []);
            record.UserData = payload.as_ptr().cast_mut().cast();
            record.UserDataLength = 4;
            // SAFETY: the payload has four bytes and lives longer than the event.
            let raw = unsafe { raw_event(&record) };
            assert_eq!((raw.key, raw.payload), (EventKey::new(1900, 0), &payload[..]));
            assert_eq!((raw.provider, raw.pointer_size), (super::super::PROVIDER.guid, PointerSize::Bits64));
            let decoder = smbserver_etw::Decoder::new(smbserver_etw::Build::B26100);
            let event = decoder.decode(&raw).expect("an event of that build").event;
            assert_eq!(event.id(), 1900);
            record.EventHeader.Flags = 0x20;
            // SAFETY: as above.
            assert_eq!(unsafe { raw_event(&record) }.pointer_size, PointerSize::Bits32);
            assert!(build_number() >= 7600, "Windows 7 at least");
        }
    }
}
