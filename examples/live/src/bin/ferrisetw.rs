//! Prints SMBServer's events for a minute, by the crate ferrisetw, which begins and ends the session.
//!
//! To be run as an administrator. What ferrisetw tells of an event by itself needs the provider's manifest to be registered on
//! the machine, and gives fields by name. Here the layout is the generated crate's, and so are the types. The payload is the one
//! thing that ferrisetw 1.2 keeps to itself: `of_ferrisetw` gets it.

#[cfg(windows)]
fn main() {
    use std::time::Duration;

    use ferrisetw::provider::Provider;
    use ferrisetw::schema_locator::SchemaLocator;
    use ferrisetw::trace::UserTrace;
    use ferrisetw::{EventRecord, GUID};
    use live_example::{build_number, of_ferrisetw, print_event, raw_event};
    use smbserver_etw::schema::PROVIDER;
    use smbserver_etw::{Build, Decoder};

    let decoder = Decoder::new(Build::from_number(build_number()));
    let print = move |record: &EventRecord, _: &SchemaLocator| {
        // SAFETY: it is the record that this callback was given, and its payload stays until the callback returns.
        let raw = unsafe { raw_event(of_ferrisetw(record)) };
        print_event(&raw, &decoder);
    };
    let provider = Provider::by_guid(GUID::from_u128(PROVIDER.guid.to_u128())).add_callback(print).build();
    match UserTrace::new().named("smb-example".to_owned()).enable(provider).start_and_process() {
        Ok(trace) => {
            std::thread::sleep(Duration::from_secs(60));
            drop(trace); // ends the session
        }
        Err(error) => eprintln!("no session: {error:?}"),
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("live sessions are Windows'");
}
