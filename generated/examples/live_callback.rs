//! A live session's callback: it decodes, keeps what matters and returns at once; another thread does the rest.
//!
//! The `EventRecord` here has the parts of Windows' `EVENT_RECORD` that decoding needs. The folder `examples/live` of the
//! repository has the same with a real session.
//!
//! ```text
//! cargo run -p smbserver-etw --example live_callback --features alloc
//! ```

use std::sync::mpsc;
use std::thread;

use smbserver_etw::{Build, Decoder, Event, EventKey, Guid, OwnedEvent, PointerSize, RawEvent};

/// What Windows hands to a callback, as far as it matters here.
struct EventRecord {
    provider_id: Guid,  // EventHeader.ProviderId
    flags: u16,         // EventHeader.Flags
    id: u16,            // EventHeader.EventDescriptor.Id
    version: u8,        // EventHeader.EventDescriptor.Version
    user_data: Vec<u8>, // UserData, UserDataLength bytes of it
}

struct Session {
    decoder: Decoder,
    keep: mpsc::Sender<OwnedEvent>,
}

impl Session {
    /// The payload is gone when this returns: what is kept holds a copy.
    fn callback(&self, record: &EventRecord) {
        let raw = RawEvent::new(record.provider_id, EventKey::new(record.id, record.version), &record.user_data)
            .with_pointer_size(PointerSize::from_header_flags(record.flags));
        match self.decoder.decode(&raw) {
            Ok(decoded) => drop(self.keep.send(decoded.into_owned())),
            Err(error) => eprintln!("{}: {error}", raw.key),
        }
    }
}

fn main() {
    let (keep, kept) = mpsc::channel();
    let printer = thread::spawn(move || kept.iter().inspect(|event: &OwnedEvent| println!("{event}")).count());

    // Of a live session the build is that of the machine.
    let session = Session { decoder: Decoder::new(Build::B26100), keep };
    let record = |id, user_data: &[u8]| EventRecord {
        provider_id: Event::PROVIDER,
        flags: 0x40, // EVENT_HEADER_FLAG_64_BIT_HEADER
        id,
        version: 0,
        user_data: user_data.to_vec(),
    };
    session.callback(&record(1900, &[1, 0, 0, 0]));
    session.callback(&record(1900, &[1]));

    drop(session);
    println!("{} events kept", printer.join().unwrap_or_default());
}
