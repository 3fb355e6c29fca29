//! `smbetw latency` against the results of an independent simulator. Skipped where its files are not.

use std::{fs::File, path::Path};

use serde_json::{Map, Value};

use super::{
    corpus::{folder, ticks},
    smbetw,
};

/// Compares numbers and texts, counts them, and remembers what differs.
#[derive(Default)]
struct Check {
    compared: usize,
    wrong: Vec<String>,
}

impl Check {
    fn equal(&mut self, place: &str, found: &Value, expected: &Value) {
        self.compared += 1;
        let same = match (found.as_f64(), expected.as_f64()) {
            // As JSON, 2.0 is another number than 2.
            (Some(found), Some(expected)) => found.to_bits() == expected.to_bits(),
            _ => found == expected,
        };
        if !same {
            self.wrong.push(format!("{place}: {found}, expected {expected}"));
        }
    }

    /// All that the reference has must be there; what it has not got may be.
    fn has(&mut self, place: &str, found: &Value, expected: &Value) {
        match expected {
            Value::Object(expected) => {
                for (key, value) in expected {
                    self.has(&format!("{place}.{key}"), &found[key], value);
                }
            }
            _ => self.equal(place, found, expected),
        }
    }

    /// Lists of objects with a key that tells them apart.
    fn has_all(&mut self, place: &str, found: &Value, expected: &Value, keys: &[&str]) {
        let found = found.as_array().unwrap();
        let expected = expected.as_array().unwrap();
        self.equal(&format!("{place}.len"), &found.len().into(), &expected.len().into());
        for entry in expected {
            let is_it = |found: &&Value| keys.iter().all(|key| found[key] == entry[key]);
            let name: Vec<_> = keys.iter().map(|key| entry[key].to_string()).collect();
            let found = found.iter().find(is_it).unwrap_or(&Value::Null);
            self.has(&format!("{place}[{}]", name.join(",")), found, entry);
        }
    }
}

/// The reference's FILETIMEs and other names, as the answers have them.
fn adapted(entry: &Value) -> Value {
    let mut adapted = Map::new();
    for (key, value) in entry.as_object().unwrap() {
        // What a record's ids are, and why it has no answer, is only known to who made it.
        if key == "has" || key == "why" {
            continue;
        }
        adapted.insert(key.clone(), value.clone());
    }
    Value::Object(adapted)
}

/// The answers' times as FILETIMEs, under the reference's names.
fn with_ticks(entry: &Value) -> Value {
    let mut entry = entry.clone();
    for (name, other) in [("time_request", "ts_request"), ("time_response", "ts_response"), ("time_response", "ts")] {
        if entry[name].is_string() {
            entry[other] = ticks(&entry[name]).into();
        }
    }
    entry
}

fn oracle(folder: &Path, name: &str) -> Value {
    let file = File::open(folder.join(format!("{name}.oracle.json.gz"))).unwrap();
    serde_json::from_reader(flate2::read::GzDecoder::new(file)).unwrap()
}

fn latency(path: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> =
        ["latency", "--format", "json"].iter().chain(args).copied().chain([path.to_str().unwrap()]).collect();
    let run = smbetw(&args, "");
    assert_eq!(run.code, 1, "there are events that cannot be decoded: {}", run.stderr);
    serde_json::from_str(&run.text).unwrap()
}

fn compare(name: &str) {
    let Some(folder) = folder() else { return };
    let expected = oracle(&folder, name);
    let found = latency(&folder.join(format!("{name}.etl")), &["--top", "0"]);
    let mut check = Check::default();
    for key in ["build", "lost", "requests", "pairs", "orphans", "unanswered_count", "interims", "total", "calibration"]
    {
        check.has(key, &found[key], &expected[key]);
    }
    for key in ["unknown", "unknown_records", "files_count"] {
        check.has(key, &found[key], &expected[key]);
    }
    check.equal("start", &ticks(&found["start"]).into(), &expected["start"]);
    for key in ["total", "smbserver", "other_providers", "by_id", "undecodable", "unknown"] {
        check.has(&format!("events.{key}"), &found["events"][key], &expected["events"][key]);
    }
    check.equal("unit", &found["unit"]["name"], &expected["unit"]["name"]);
    check.equal("unit", &found["unit"]["per_second"], &expected["unit"]["per_second"]);
    for (list, keys) in [
        ("commands", &["command"][..]),
        ("statuses", &["status"]),
        ("clients", &["client"]),
        ("users", &["user"]),
        ("shares", &["share"]),
        ("files", &["share", "file"]),
    ] {
        check.has_all(list, &found[list], &expected[list], keys);
    }
    compare_lists(&mut check, &found, &expected);
    compare_load(&mut check, &found, &expected);
    assert!(check.wrong.is_empty(), "{name}: {} of {} differ: {:#?}", check.wrong.len(), check.compared, check.wrong);
    assert!(check.compared > 5000, "{}", check.compared);
    println!("{name}: {} equal", check.compared);
}

/// The slowest pairs in their order, and the records without a partner.
fn compare_lists(check: &mut Check, found: &Value, expected: &Value) {
    let slowest: Vec<_> = found["slowest"].as_array().unwrap().iter().map(with_ticks).collect();
    check.equal("slowest.len", &slowest.len().into(), &found["pairs"]);
    for (index, expected) in expected["slowest"].as_array().unwrap().iter().enumerate() {
        check.has(&format!("slowest[{index}]"), &slowest[index], &adapted(expected));
    }
    let without = slowest.iter().filter(|pair| pair["command"] != "CHANGE_NOTIFY");
    for (index, (found, expected)) in without.zip(expected["slowest_no_notify"].as_array().unwrap()).enumerate() {
        check.has(&format!("slowest_no_notify[{index}]"), found, &adapted(expected));
    }
    for list in ["unanswered", "orphan_responses"] {
        let entries =
            |of: &Value, change: fn(&Value) -> Value| of[list].as_array().unwrap().iter().map(change).collect();
        check.has_all(list, &entries(found, with_ticks), &entries(expected, adapted), &["connection", "message_id"]);
    }
}

fn compare_load(check: &mut Check, found: &Value, expected: &Value) {
    check.equal("in_flight.max", &found["in_flight"]["max"], &expected["in_flight"]["max"]);
    check.equal("in_flight.at", &ticks(&found["in_flight"]["at"]).into(), &expected["in_flight"]["at"]);
    let slices = found["timeline"]["slices"].as_array().unwrap();
    let seconds = expected["seconds"].as_object().unwrap();
    check.equal("timeline.len", &slices.len().into(), &seconds.len().into());
    for slice in slices {
        let second = ticks(&slice["time"]) / 10_000_000;
        let expected = &seconds.get(&second.to_string()).unwrap();
        for (index, key) in ["requests", "responses", "bytes"].iter().enumerate() {
            check.equal(&format!("timeline[{second}].{key}"), &slice[key], &expected[index]);
        }
    }
}

#[test]
fn every_figure_of_a_plain_trace_is_that_of_its_maker() {
    compare("a20348");
}

#[test]
fn every_figure_of_a_compressed_trace_is_that_of_its_maker() {
    compare("a26100");
}
