//! `smbetw` from the outside: input, output and exit code.

mod corpus;
// The writer from the tests of the trace reader.
#[path = "../../../recording/tests/it/etl_writer.rs"]
#[allow(dead_code, reason = "its other records are for the reader's own tests")]
mod etl_writer;
mod every_layout;
#[path = "../../../recording/tests/it/evtx_writer.rs"]
#[allow(dead_code, reason = "its other records are for the reader's own tests")]
mod evtx_writer;
mod example;
mod json;
mod knows;
mod latency;
mod logs;
mod merged;
mod read;
mod text;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use smbserver_etw::{LayoutInfo, schema::PROVIDER};

/// One run of the command.
struct Run {
    code: i32,
    /// The lines of standard output.
    answers: Vec<Value>,
    text: String,
    stderr: String,
}

fn smbetw(args: &[&str], stdin: impl AsRef<[u8]>) -> Run {
    let mut child = command(args).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.as_ref().to_vec();
    // In a thread, so that the two sides do not wait for each other. A command that reads nothing closes the pipe.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Run {
        code: output.status.code().unwrap(),
        answers: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        text,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smbetw"));
    // The environment of the tests must not decide about colour.
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn layout(name: &str) -> &'static LayoutInfo {
    PROVIDER.layouts().find(|layout| layout.name == name).unwrap()
}

/// The oldest and the newest captured build.
fn first_and_last_build() -> (u32, u32) {
    let builds = PROVIDER.builds;
    (*builds.first().unwrap(), *builds.last().unwrap())
}

/// The builds of layouts, as JSON has them.
fn ranges(layouts: &[&LayoutInfo]) -> Value {
    layouts.iter().flat_map(|layout| layout.builds).map(|range| serde_json::json!([range.first, range.last])).collect()
}

/// A text without the builds that a layout holds in: they grow with each build that is added.
fn without_builds(text: &str) -> String {
    let line = |line: &str| match line.split_once(", builds ").or_else(|| line.split_once(", build ")) {
        Some((before, behind)) => {
            let name = behind.split_once(" (").map_or_else(String::new, |(_, name)| format!(" ({name}"));
            format!("{before}, builds …{name}")
        }
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A payload with the field's index, from 1, in the lowest byte of each field.
fn numbered(layout: &LayoutInfo) -> Vec<u8> {
    let mut payload = Vec::new();
    for (index, field) in (1u8..).zip(layout.fields) {
        payload.push(index);
        payload.resize(payload.len() + field.fixed_size().unwrap() - 1, 0);
    }
    payload
}

/// The payload of a failed logon (event 551, version 0).
const LOGON_FAILURE: &str = "11111111111111111111111111111111222222222222222222222222222222226d0000c0";

/// The payload of an event for which the manifest has no message (event 3021, version 1).
const NO_MESSAGE: &str = "0000000001000000";

/// Part of a captured event: `payload.hex` or `message.txt`.
fn golden(id: u16, part: &str) -> String {
    let path = format!("{}/../tests/data/golden/golden_{id}.{part}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().trim_end_matches(['\n', '\r']).to_owned()
}

/// The payload of a request to negotiate (event 1, version 2) these dialects.
fn negotiate(dialects: &[u16]) -> String {
    let layout = layout("Smb2RequestNegotiateV2");
    let mut payload = Vec::new();
    for field in layout.fields {
        match (field.name, field.fixed_size()) {
            ("Dialects", _) => payload.extend(dialects.iter().flat_map(|dialect| dialect.to_le_bytes())),
            ("DialectCount", _) => payload.extend(u16::try_from(dialects.len()).unwrap().to_le_bytes()),
            ("SecurityMode", _) => payload.extend([1, 0]),
            (_, size) => payload.resize(payload.len() + size.unwrap(), 0),
        }
    }
    hex(&payload)
}

/// A message table resource with one text for one id.
fn message_table(id: u32, text: &str) -> Vec<u8> {
    let mut bytes: Vec<_> = [1, id, id, 16].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let units: Vec<_> = format!("{text}\r\n\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.extend(u16::try_from(units.len() + 4).unwrap().to_le_bytes());
    bytes.extend([1, 0]);
    bytes.extend(units);
    bytes
}
