//! Payloads that real machines wrote, decoded by the code that is generated for their providers.
//!
//! The traces and the manifests of their providers are third-party data beside the checkout. Without them the tests are
//! skipped.

use std::fs;

use serde_json::Value as Json;
use smbserver_etw::{Build, Event};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/recorded");

/// The records of a file; none if it is absent.
fn records(name: &str) -> Vec<Json> {
    let path = format!("{FOLDER}/{name}");
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("skipped: {path} is absent");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn bytes(hex: &Json) -> Vec<u8> {
    let hex = hex.as_str().expect("hex");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn number<T: TryFrom<u64, Error: std::fmt::Debug>>(record: &Json, key: &str) -> T {
    record[key].as_u64().and_then(|number| number.try_into().ok()).unwrap_or_else(|| panic!("{key} of {record}"))
}

#[cfg(dumps)]
mod of_dumps {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use etw_recording::etl::Trace;
    use etw_runtime::{DecodeError, EventKey, Guid, PointerSize};

    use super::{Json, bytes, number, records};

    /// The modules that `build.rs` made from the dumps of build 10240.
    #[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::pedantic)]
    mod http_service {
        include!(concat!(env!("OUT_DIR"), "/http_service.rs"));
    }

    #[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::pedantic)]
    mod kernel_process {
        include!(concat!(env!("OUT_DIR"), "/kernel_process.rs"));
    }

    /// A record from any source.
    struct Recorded {
        key: EventKey,
        pointers: PointerSize,
        payload: Vec<u8>,
    }

    /// The records in the output of another reader.
    fn written_down(name: &str) -> Vec<Recorded> {
        let recorded = |record: &Json| Recorded {
            key: EventKey::new(number(record, "id"), number(record, "version")),
            pointers: if record["header_bits"] == 32 { PointerSize::Bits32 } else { PointerSize::Bits64 },
            payload: bytes(&record["userdata_hex"]),
        };
        records(name).iter().map(recorded).collect()
    }

    /// The records of a provider in a trace, read from the file; none if it is absent.
    fn of_trace(name: &str, provider: Guid) -> Vec<Recorded> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/etl").join(name);
        let Ok(bytes) = fs::read(&path) else {
            eprintln!("skipped: {} is absent", path.display());
            return Vec::new();
        };
        let mut trace = Trace::from_bytes(&bytes).expect("a trace");
        let mut records = trace.records();
        let mut found = Vec::new();
        while let Some(record) = records.next() {
            let record = record.expect("a record");
            let Some(raw) = record.raw_event().filter(|raw| raw.provider == provider) else { continue };
            found.push(Recorded { key: raw.key, pointers: raw.pointer_size, payload: raw.payload.to_vec() });
        }
        found
    }

    /// How the records of one event were read, and the fields of the first.
    #[derive(Debug, Default)]
    struct Seen {
        strict: usize,
        unterminated: usize,
        first: Option<Json>,
    }

    /// Reads every record to its last byte. The only exception is a last string without its NUL.
    macro_rules! read_all {
        ($provider:ident, $records:expr) => {{
            let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
            for Recorded { key, pointers, payload } in $records {
                let EventKey { id, version } = key;
                let build = $provider::Build::B10240;
                let decoder = $provider::Decoder::new(build).with_pointer_size(pointers);
                let event = match decoder.decode_payload(key, &payload) {
                    Ok(decoded) => (decoded.event, false),
                    Err(DecodeError::Mismatch(_)) => {
                        let lenient = decoder.lenient().decode_payload(key, &payload);
                        let lenient = lenient.unwrap_or_else(|error| panic!("{error}"));
                        let left_over = lenient.left_over();
                        assert!(lenient.unterminated(), "event {id}: {} bytes are left over", left_over.len());
                        assert!(left_over.is_empty(), "event {id}");
                        (lenient.event, true)
                    }
                    Err(error) => panic!("{error}"),
                };
                let seen = seen.entry(format!("{id} v{version} {}", event.0.name())).or_default();
                if event.1 {
                    seen.unterminated += 1
                } else {
                    seen.strict += 1
                }
                seen.first.get_or_insert_with(|| serde_json::to_value(event.0).expect("JSON"));
            }
            seen
        }};
    }

    /// One event on each line.
    fn shown(seen: &BTreeMap<String, Seen>) -> String {
        let line = |(name, seen): (&String, &Seen)| {
            let first = seen.first.as_ref().map(Json::to_string).unwrap_or_default();
            format!("{name}, {} whole, {} without the last NUL\n    {first}\n", seen.strict, seen.unterminated)
        };
        seen.iter().map(line).collect()
    }

    fn counts(seen: &BTreeMap<String, Seen>) -> (usize, usize) {
        (seen.values().map(|seen| seen.strict).sum(), seen.values().map(|seen| seen.unterminated).sum())
    }

    #[test]
    fn http_service_is_read_straight_from_its_trace() {
        let seen = read_all!(http_service, of_trace("tx-HTTP_Server.etl", http_service::schema::PROVIDER.guid));
        if seen.is_empty() {
            return;
        }
        println!("HttpService of the trace: {:?} payloads whole, and without their last NUL", counts(&seen));
        assert_eq!(counts(&seen), (1750, 291), "each of the trace's 2,041 events");
        assert_eq!(seen.values().filter(|seen| seen.unterminated > 0).count(), 1, "one event forgets its NUL");
        // The output of the other reader has some of these events.
        let chosen = read_all!(http_service, written_down("http-service.jsonl"));
        for (name, chosen) in &chosen {
            let all = seen.get(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(all.strict >= chosen.strict && all.unterminated >= chosen.unterminated, "{name}");
        }
    }

    #[test]
    fn kernel_process_is_read_straight_from_a_trace() {
        let provider = kernel_process::schema::PROVIDER.guid;
        let seen = read_all!(kernel_process, of_trace("pv-net452-x64.first90.etl", provider));
        if !seen.is_empty() {
            assert_eq!(counts(&seen), (1, 0), "{}", shown(&seen));
        }
    }

    #[test]
    fn http_service_is_read_to_the_last_byte() {
        let seen = read_all!(http_service, written_down("http-service.jsonl"));
        if seen.is_empty() {
            return;
        }
        let (strict, unterminated) = counts(&seen);
        println!("HttpService: {strict} payloads to the last byte, {unterminated} without their last NUL");
        assert_eq!(seen.keys().filter(|name| seen[*name].unterminated > 0).count(), 1, "one event forgets its NUL");
        insta::assert_snapshot!("http_service", shown(&seen));
    }

    #[test]
    fn kernel_process_is_read_to_the_last_byte() {
        let seen = read_all!(kernel_process, written_down("kernel-process.jsonl"));
        if seen.is_empty() {
            return;
        }
        let (strict, unterminated) = counts(&seen);
        println!("Kernel-Process: {strict} payloads to the last byte, {unterminated} without their last NUL");
        assert_eq!(unterminated, 0);
        insta::assert_snapshot!("kernel_process", shown(&seen));
    }
}

/// The bytes of a recorded value as they were in the payload. Only the terminators of strings are not recorded.
fn payload(record: &Json) -> Vec<u8> {
    record["values"].as_array().expect("values").iter().flat_map(|value| bytes(&value["hex"])).collect()
}

#[test]
fn smb_server_records_decode_to_the_values_that_the_log_holds() {
    let mut compared = 0;
    let mut values = 0;
    for record in records("smbserver-evtx.jsonl") {
        let payload = payload(&record);
        let id = number(&record, "id");
        let version = number(&record, "version");
        // The records are from 2019: build 17763.
        let decoded =
            Event::decode(Build::B17763, id, version, &payload).unwrap_or_else(|error| panic!("{error}\n{record}"));
        let fields = serde_json::to_value(decoded.event).expect("JSON");
        let fields = fields.as_object().expect("an object");
        let recorded = record["values"].as_array().expect("values");
        assert_eq!(fields.len(), recorded.len(), "event {id}");
        for ((name, read), value) in fields.iter().zip(recorded) {
            assert_eq!(Some(name.as_str()), value["name"].as_str(), "event {id}");
            assert_eq!(*read, value["value"], "event {id}, {name}");
            values += 1;
        }
        compared += 1;
    }
    if compared > 0 {
        println!("{compared} records of SMBServer, {values} values equal");
        assert_eq!(compared, 227);
    }
}
