//! A crate with a provider of its own: `build.rs` makes a typed module of `queue.man`, and this decodes an event of it.
//!
//! `cargo run -p build-script-example` prints `Job 7 of ada took 1250 ms`.

/// The events of the provider Example-Queue.
#[allow(missing_docs, unreachable_pub, dead_code, clippy::pedantic, reason = "generated")]
mod queue {
    include!(concat!(env!("OUT_DIR"), "/queue.rs"));
}

use std::error::Error;

use queue::{Build, Event};

fn main() -> Result<(), Box<dyn Error>> {
    let payload = payload(7, 1250, "ada");
    let decoded = Event::decode(Build::from_number(0), 1, 0, &payload)?;
    println!("{decoded}");
    Ok(())
}

/// What the provider logs: its fields one after the other.
fn payload(job: u32, milliseconds: u64, owner: &str) -> Vec<u8> {
    let mut bytes = job.to_le_bytes().to_vec();
    bytes.extend(milliseconds.to_le_bytes());
    bytes.extend(owner.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_of_the_manifest_is_decoded() {
        let payload = payload(7, 1250, "ada");
        let decoded = Event::decode(Build::from_number(0), 1, 0, &payload).unwrap();
        assert_eq!(decoded.to_string(), "Job 7 of ada took 1250 ms");
        match decoded.event {
            Event::JobDone(done) => assert_eq!(done.milliseconds(), 1250),
        }
    }
}
