//! Recordings with SMBServer events from an independent program, and the contents of each event. Skipped if they are
//! absent.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{Run, smbetw};

/// The folder; if it is absent, a message and `None`.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/made");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

fn lines(path: &Path) -> Vec<Value> {
    let file = File::open(path).unwrap();
    let reader: Box<dyn Read> = if path.extension().is_some_and(|end| end == "gz") {
        Box::new(flate2::read::GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    BufReader::new(reader).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn read(folder: &Path, args: &[&str], file: &str) -> Run {
    let path = folder.join(file);
    let args: Vec<&str> =
        ["read", "--format", "jsonl"].iter().chain(args).copied().chain([path.to_str().unwrap()]).collect();
    smbetw(&args, "")
}

/// FILETIME ticks of an ISO time with seven digits.
pub(super) fn ticks(time: &Value) -> u64 {
    let text = time.as_str().unwrap();
    let (date, clock) = text.trim_end_matches('Z').split_once('T').unwrap();
    let date: Vec<u64> = date.split('-').map(|part| part.parse().unwrap()).collect();
    let (clock, fraction) = clock.split_once('.').unwrap();
    assert_eq!(fraction.len(), 7, "{text}");
    let seconds = clock.split(':').fold(0, |all, part| all * 60 + part.parse::<u64>().unwrap());
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let years: u64 = (1601..date[0]).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(date[0]) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: u64 = lengths.iter().take(usize::try_from(date[1]).unwrap() - 1).sum();
    ((years + months + date[2] - 1) * 86_400 + seconds) * 10_000_000 + fraction.parse::<u64>().unwrap()
}

/// A GUID of the reference, with the braces that it lacks there. A GUID of zeros in the reference is absent in the
/// answers.
fn guid(value: &Value) -> Value {
    let known = value.as_str().filter(|text| text.contains(|c: char| c != '0' && c != '-'));
    known.map_or(Value::Null, |text| format!("{{{text}}}").into())
}

fn check_header(answer: &Value, expected: &Value) {
    for (key, other) in [
        ("id", "id"),
        ("version", "version"),
        ("pid", "pid"),
        ("tid", "tid"),
        ("cpu", "cpu"),
        ("user", "user"),
        ("computer", "computer"),
    ] {
        assert_eq!(answer[key], expected[other], "{key} of {answer}");
    }
    assert_eq!(answer["activity"], guid(&expected["activity"]), "{answer}");
    assert_eq!(answer["related_activity"], guid(&expected["related_activity"]), "{answer}");
    let level = ["LogAlways", "Critical", "Error", "Warning", "Informational", "Verbose"];
    assert_eq!(answer["level"], level[usize::try_from(expected["level"].as_u64().unwrap()).unwrap()], "{answer}");
}

fn compare_trace(name: &str, build: u32) {
    let Some(folder) = folder() else { return };
    let expected = lines(&folder.join(format!("{name}.events.jsonl.gz")));
    let run = read(&folder, &[], &format!("{name}.etl"));
    let answers: Vec<_> = run.answers.iter().filter(|answer| answer.get("error").is_none()).collect();
    assert!(!expected.is_empty());
    assert_eq!(answers.len(), expected.len(), "{}", run.stderr);
    for (answer, expected) in answers.into_iter().zip(&expected) {
        assert_eq!(ticks(&answer["time"]), expected["ts_100ns"].as_u64().unwrap(), "{answer}");
        assert_eq!(answer["build"], build);
        check_header(answer, expected);
        assert_eq!(answer["fields"], expected["fields"], "{answer}");
    }
    // Each event that was damaged on purpose is an error with its location.
    let errors: Vec<_> = run.answers.iter().filter_map(|answer| answer.get("error")).collect();
    assert_eq!(run.code, i32::from(!errors.is_empty()));
    for error in errors {
        assert!(error["time"].is_string() && error["record"].is_u64() && error["file"].is_string(), "{error}");
    }
}

#[test]
fn every_event_of_the_trace_of_20348_is_equal() {
    compare_trace("a20348", 20348);
}

#[test]
fn every_event_of_the_trace_of_26100_is_equal() {
    compare_trace("a26100", 26100);
}

/// The fields of the reference, its FILETIMEs as text.
fn fields(expected: &Value, answer: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = expected.as_object().unwrap().clone();
    for (name, value) in &mut fields {
        let text = answer.get(name).and_then(Value::as_str);
        let is_time = |text: &str| text.len() == 30 && text.ends_with("00Z") && text.as_bytes()[10] == b'T';
        if let (Some(number), Some(text)) = (value.as_u64(), text.filter(|text| is_time(text))) {
            let short = format!("{}Z", &text[..27]);
            if ticks(&short.into()) == number {
                *value = text.into();
            }
        }
    }
    fields
}

fn compare_log(name: &str, args: &[&str]) -> Vec<Value> {
    let Some(folder) = folder() else { return Vec::new() };
    let expected = lines(&folder.join(format!("{name}.jsonl")));
    let smb = expected.iter().filter(|expected| {
        let recovers = args.contains(&"--recover");
        expected["provider"] == "d48ce617-33a2-4bc3-a5c7-11aa4f29619e" && (recovers || expected["live"] == true)
    });
    let run = read(&folder, args, &format!("{name}.evtx"));
    let mut count = 0;
    for (answer, expected) in run.answers.iter().zip(smb.clone()) {
        assert!(answer.get("error").is_none(), "{answer}");
        assert_eq!(answer["record"], expected["record_id"]);
        assert_eq!(ticks(&answer["time"]), expected["time_created"].as_u64().unwrap(), "{answer}");
        check_header(answer, expected);
        assert_eq!(answer["channel"], expected["channel"]);
        let found = answer["fields"].as_object().unwrap();
        assert_eq!(*found, fields(&expected["fields"], found), "{answer}");
        if args.contains(&"--build") {
            assert_eq!(answer["build"], 26100);
        } else {
            assert_eq!(answer.get("build"), None, "{answer}");
        }
        let is_noted = expected["names"].is_array() || expected["processing_error"] == true;
        if args.is_empty() {
            assert_eq!(answer.get("notes").is_some(), is_noted, "{answer}");
        }
        count += 1;
    }
    assert_eq!((run.answers.len(), count), (smb.clone().count(), smb.count()), "{}", run.stderr);
    assert_eq!(run.code, 0);
    run.answers
}

#[test]
fn every_event_of_the_logs_is_equal_with_and_without_a_build() {
    for name in ["e1-plain", "e3-dirty", "e5-windows-names", "e6-all"] {
        compare_log(name, &["--build", "26100"]);
        compare_log(name, &[]);
    }
}

#[test]
fn names_that_differ_are_told() {
    let answers = compare_log("e5-windows-names", &[]);
    let notes: BTreeSet<_> = answers.iter().filter_map(|answer| answer["notes"][0].as_str()).collect();
    if !answers.is_empty() {
        let notes = format!("{notes:?}");
        assert!(notes.contains("SessionID for SessionId"), "{notes}");
        assert!(
            notes.contains("Duration for DurationInMilliseconds, Threshold for ThresholdInMilliseconds"),
            "{notes}"
        );
    }
}

#[test]
fn with_the_wrong_build_a_log_is_not_misread() {
    let Some(folder) = folder() else { return };
    let expected = lines(&folder.join("e1-plain.jsonl"));
    let run = read(&folder, &["--build", "10240"], "e1-plain.evtx");
    for answer in &run.answers {
        if answer.get("error").is_none() {
            let same = expected.iter().find(|expected| expected["record_id"] == answer["record"]).unwrap();
            let found = answer["fields"].as_object().unwrap();
            assert_eq!(*found, fields(&same["fields"], found), "{answer}");
        }
    }
}
