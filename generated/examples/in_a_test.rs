//! How to test code that reads events: the encoders make a payload of typed values, and events can be compared.
//!
//! ```text
//! cargo test -p smbserver-etw --example in_a_test --features encode
//! ```

use smbserver_etw::Event;

/// The code under test: whether a client asked for a dialect from before SMB 3.
fn asks_for_an_old_dialect(event: &Event<'_>) -> bool {
    match event {
        Event::Smb2RequestNegotiate(negotiate) => negotiate.dialects_raw().into_iter().any(|dialect| dialect < 0x0300),
        _ => false,
    }
}

fn main() {
    println!("Run me as a test: cargo test -p smbserver-etw --example in_a_test --features encode");
    let _ = asks_for_an_old_dialect;
}

#[cfg(test)]
mod tests {
    use super::*;
    use smbserver_etw::encode::request::Smb2RequestNegotiateV2;
    use smbserver_etw::meanings::Dialect;
    use smbserver_etw::{Build, DecodeError, Encode as _};

    fn negotiate(dialects: &[u16]) -> Vec<u8> {
        let request = Smb2RequestNegotiateV2 { session_id: 7, dialects: dialects.into(), ..Default::default() };
        request.encode().expect("values that fit")
    }

    #[test]
    fn old_dialects_are_found() {
        for (dialects, is_old) in [([0x0202, 0x0311], true), ([0x0300, 0x0311], false)] {
            let payload = negotiate(&dialects);
            let decoded = Event::decode(Build::B26100, 1, 2, &payload).expect("a payload of this layout");
            assert_eq!(asks_for_an_old_dialect(&decoded.event), is_old, "{dialects:?}");
        }
    }

    #[test]
    fn events_and_errors_are_compared() {
        let payload = negotiate(&[0x0311]);
        let copy = payload.clone();
        let decode = |payload| Event::decode(Build::B26100, 1, 2, payload);
        assert_eq!(decode(&payload), decode(&copy));
        assert!(matches!(decode(&payload[1..]), Err(DecodeError::Mismatch(_))));
        let Ok(Event::Smb2RequestNegotiate(event)) = decode(&payload).map(|decoded| decoded.event) else {
            panic!("another event");
        };
        assert!(event.dialects().eq([Dialect::SMB_3_1_1]));
    }
}
