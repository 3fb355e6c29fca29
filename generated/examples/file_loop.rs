//! A loop over the events of a recording: what was read, and what could not be.
//!
//! The records stand here in the program; a reader of files, such as the crate `etw-recording`, makes them of a trace.
//!
//! ```text
//! cargo run -p smbserver-etw --example file_loop
//! ```

use smbserver_etw::{Decoder, Event, EventKey, RawEvent};

/// What a reader of files hands over for each event: build, id, version, payload.
const RECORDS: &[(u32, u16, u8, &[u8])] = &[
    (26100, 1900, 0, &[1, 0, 0, 0]),
    (26100, 1900, 0, &[1, 0]),
    (20348, 202, 0, &[7; 16]),
    (9600, 1900, 0, &[0, 0, 0, 0]),
];

fn main() {
    // Each record says its build; the decoder needs none of its own.
    let decoder = Decoder::any_build();
    let mut failed = 0;
    for &(build, id, version, payload) in RECORDS {
        let raw = RawEvent::new(Event::PROVIDER, EventKey::new(id, version), payload).with_build(build);
        match decoder.decode(&raw) {
            Ok(found) => println!("{} ({}): {found}", found.event.name(), found.basis()),
            // One bad event is no reason to stop.
            Err(error) => {
                failed += 1;
                eprintln!("build {build}, {}: {error}", raw.key);
            }
        }
    }
    println!("{} events, {failed} not decoded", RECORDS.len());
}
