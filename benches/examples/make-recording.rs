//! Makes a recording to measure with: a trace, an event log, or JSON lines for `smbetw decode`.
//!
//! `cargo run -p smbserver-etw-benches --example make-recording -- trace|all-trace|log|lines|all-lines EVENTS FILE`

#[path = "../common/payload.rs"]
mod payload;
#[path = "../common/recordings.rs"]
mod recordings;

use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use recordings::Mix;

const USAGE: &str = "usage: make-recording trace|all-trace|log|lines|all-lines EVENTS FILE";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match make(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn make(arguments: &[String]) -> io::Result<()> {
    let [kind, count, path] = arguments else { return Err(io::Error::other(USAGE)) };
    let count = count.parse().map_err(|_| io::Error::other(USAGE))?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    match kind.as_str() {
        "trace" => recordings::write_trace(&mut out, Mix::Busy, count),
        "all-trace" => recordings::write_trace(&mut out, Mix::All, count),
        "log" => recordings::write_log(&mut out, count),
        "lines" => recordings::write_lines(&mut out, Mix::Busy, count),
        "all-lines" => recordings::write_lines(&mut out, Mix::All, count),
        _ => Err(io::Error::other(USAGE)),
    }
}
