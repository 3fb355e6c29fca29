//! Prints SMBServer's events as they happen, by Windows' own functions.
//!
//! A session must be running, and its name is the argument. As an administrator (`smbetw record-help` has better masks):
//!
//! ```text
//! logman create trace smb -rt -p "{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}" 0xffffffffffffffff 0xff -ets
//! windows_sys smb
//! logman stop smb -ets
//! ```

#[cfg(windows)]
mod session {
    use std::ffi::c_void;
    use std::io::{Error, Result};
    use std::ptr;

    use live_example::{build_number, print_event, raw_event};
    use smbserver_etw::{Build, Decoder};
    use windows_sys::Win32::System::Diagnostics::Etw::{
        CloseTrace, EVENT_RECORD, EVENT_TRACE_LOGFILEW, EVENT_TRACE_LOGFILEW_0, EVENT_TRACE_LOGFILEW_1, OpenTraceW,
        PROCESS_TRACE_MODE_EVENT_RECORD, PROCESS_TRACE_MODE_REAL_TIME, ProcessTrace,
    };

    /// Windows calls it for each event, from the thread that called `ProcessTrace`.
    unsafe extern "system" fn on_event(record: *mut EVENT_RECORD) {
        // SAFETY: the record is Windows', and stays until this returns.
        let Some(record) = (unsafe { record.as_ref() }) else { return };
        // SAFETY: `UserContext` is what `print_events` put into `Context`, and lives until `ProcessTrace` returns.
        let Some(decoder) = (unsafe { record.UserContext.cast::<Decoder>().as_ref() }) else { return };
        // SAFETY: as the record, so its payload.
        print_event(&unsafe { raw_event(record) }, decoder);
    }

    /// Prints the events of a session until it ends.
    pub(crate) fn print_events(session: &str) -> Result<()> {
        let decoder = Decoder::new(Build::from_number(build_number()));
        let mut name: Vec<u16> = session.encode_utf16().chain([0]).collect();
        let mut file = EVENT_TRACE_LOGFILEW {
            LoggerName: name.as_mut_ptr(),
            Anonymous1: EVENT_TRACE_LOGFILEW_0 {
                ProcessTraceMode: PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD,
            },
            Anonymous2: EVENT_TRACE_LOGFILEW_1 { EventRecordCallback: Some(on_event) },
            Context: ptr::from_ref(&decoder).cast::<c_void>().cast_mut(),
            ..Default::default()
        };
        // SAFETY: the name ends with a NUL, and outlives the session, as does the decoder.
        let trace = unsafe { OpenTraceW(&raw mut file) };
        if trace.Value == u64::MAX {
            return Err(Error::last_os_error());
        }
        // SAFETY: the handle is that of an open trace; times that are null mean all events.
        let status = unsafe { ProcessTrace(&raw const trace, 1, ptr::null(), ptr::null()) };
        // SAFETY: as above, and it is not used again.
        unsafe { CloseTrace(trace) };
        if status == 0 { Ok(()) } else { Err(Error::from_raw_os_error(status.cast_signed())) }
    }
}

#[cfg(windows)]
fn main() -> std::io::Result<()> {
    let session = std::env::args().nth(1).unwrap_or_else(|| "smb".to_owned());
    session::print_events(&session)
}

#[cfg(not(windows))]
fn main() {
    eprintln!("live sessions are Windows'");
}
