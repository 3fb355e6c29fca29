//! Several recordings at once, merged by time.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Cursor as Bytes, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use etw_recording::{
    Error, ErrorKind, FileTime,
    etl::Trace,
    evtx::{Log, SystemBuilds},
};
use smbserver_etw::Build;

use super::{
    Prefilter, Progress,
    log::{LogBuild, LogCursor},
    trace::TraceCursor,
};
use crate::raw::Raw;

/// A file that can be read.
pub(crate) struct Opened {
    /// Its name, as it was given.
    pub(crate) name: Arc<str>,
    /// Bytes.
    pub(crate) size: u64,
    /// Its reader.
    pub(crate) recording: Recording,
}

/// A trace or an event log.
pub(crate) enum Recording {
    /// `.etl`.
    Trace(Box<Trace<'static>>),
    /// `.evtx`, and where its build comes from.
    Log(Box<Log<'static>>, LogBuild),
}

impl Recording {
    /// How the build is known, where `given` is that of the command line.
    pub(crate) fn build_known_by(&self, given: Option<Build>) -> &'static str {
        match self {
            _ if given.is_some() => "the command line",
            Self::Trace(_) => "the trace's header",
            Self::Log(_, known) if known.system.is_some() => "the System.evtx in the same folder",
            Self::Log(..) => "the names of the fields",
        }
    }
}

/// Opens files, and remembers the `System.evtx` of each folder.
pub(crate) struct Opener {
    build: Option<Build>,
    recover: bool,
    systems: BTreeMap<PathBuf, Option<Arc<SystemBuilds>>>,
}

impl Opener {
    /// An opener with the build of the command line.
    pub(crate) fn new(build: Option<Build>, recover: bool) -> Self {
        Self { build, recover, systems: BTreeMap::new() }
    }

    /// Opens a file. Its contents decide the format, not its name.
    pub(crate) fn open(&mut self, path: &Path) -> Result<Opened, OpenError> {
        if path.as_os_str() == "-" {
            // A trace is read more than once, which a pipe does not allow.
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(OpenError::Io)?;
            let bytes: Arc<[u8]> = bytes.into();
            return self.open_reader("standard input".into(), path, || Ok(Bytes::new(Arc::clone(&bytes))));
        }
        self.open_reader(path.to_string_lossy().into(), path, || File::open(path))
    }

    fn open_reader<R: Read + io::Seek + Send + 'static>(
        &mut self,
        name: Arc<str>,
        path: &Path,
        reader: impl Fn() -> io::Result<R>,
    ) -> Result<Opened, OpenError> {
        match Log::open(reader().map_err(OpenError::Io)?) {
            Ok(mut log) => {
                log.set_recover(self.recover);
                let size = log.file_size();
                let build = LogBuild { given: self.build, system: self.system_beside(path) };
                Ok(Opened { name, size, recording: Recording::Log(Box::new(log), build) })
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotALog) => {
                let trace = Trace::open(reader().map_err(OpenError::Io)?)?;
                Ok(Opened { name, size: trace.file_size(), recording: Recording::Trace(Box::new(trace)) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The builds that the machine of a log was started with, if its `System.evtx` is in the same folder and no build
    /// is given.
    fn system_beside(&mut self, path: &Path) -> Option<Arc<SystemBuilds>> {
        if self.build.is_some() || path.as_os_str() == "-" {
            return None;
        }
        let system = path.with_file_name("System.evtx");
        if system == path {
            return None;
        }
        let read = |path: &Path| {
            let mut log = Log::open(File::open(path).ok()?).ok()?;
            SystemBuilds::read(&mut log).ok().filter(|builds| !builds.boots().is_empty()).map(Arc::new)
        };
        self.systems.entry(system.clone()).or_insert_with(|| read(&system)).clone()
    }
}

/// Why a file cannot be read at all.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// An error of the system.
    Io(io::Error),
    /// It is not a recording, or not one that can be read.
    Recording(Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Recording(error) if matches!(error.kind(), ErrorKind::NotATrace | ErrorKind::NotALog) => {
                f.write_str("neither a trace (.etl) nor an event log (.evtx)")
            }
            Self::Recording(error) => match error.kind() {
                ErrorKind::Io(error) => error.fmt(f),
                kind => kind.fmt(f),
            },
        }
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Recording(error)
    }
}

/// The events of one file.
enum Cursor<'o> {
    Trace(TraceCursor<'o>),
    Log(LogCursor<'o>),
}

impl Cursor<'_> {
    fn next(&mut self, wanted: &Prefilter, raw: &mut Raw) -> Option<Result<(), Error>> {
        match self {
            Self::Trace(cursor) => cursor.next(wanted, raw),
            Self::Log(cursor) => cursor.next(wanted, raw),
        }
    }

    fn progress(&self) -> Progress {
        match self {
            Self::Trace(cursor) => cursor.progress(),
            Self::Log(cursor) => cursor.progress(),
        }
    }
}

/// A file's events, and the next one of them.
struct Head<'o> {
    cursor: Cursor<'o>,
    name: Arc<str>,
    raw: Raw,
    state: State,
}

enum State {
    /// The next event is not known yet.
    Unknown,
    /// It is in `raw`.
    Ready,
    /// There are no more events.
    Ended,
}

/// The next thing in several files.
pub(crate) enum Next<'m> {
    /// An event.
    Event(&'m mut Raw),
    /// An error in a file.
    Fault(Arc<str>, Error),
    /// The end of all files.
    End,
}

/// The events of several files, merged by time. Events of a file keep its order.
pub(crate) struct Merged<'o> {
    heads: Vec<Head<'o>>,
    wanted: Prefilter,
    /// The file whose event was returned last.
    last: Option<usize>,
}

impl<'o> Merged<'o> {
    /// Merges these files.
    pub(crate) fn new(files: &'o mut [Opened], build: Option<Build>, wanted: Prefilter) -> Self {
        let heads = files.iter_mut().map(|opened| {
            let name = Arc::clone(&opened.name);
            let cursor = match &mut opened.recording {
                Recording::Trace(trace) => Cursor::Trace(TraceCursor::new(trace, Arc::clone(&name), build)),
                Recording::Log(log, build) => Cursor::Log(LogCursor::new(log, Arc::clone(&name), build.clone())),
            };
            Head { cursor, name, raw: Raw::default(), state: State::Unknown }
        });
        Self { heads: heads.collect(), wanted, last: None }
    }

    /// The next event, by time.
    pub(crate) fn next(&mut self) -> Next<'_> {
        if let Some(head) = self.last.take().and_then(|last| self.heads.get_mut(last)) {
            head.state = State::Unknown;
        }
        for head in &mut self.heads {
            if matches!(head.state, State::Unknown) {
                match head.cursor.next(&self.wanted, &mut head.raw) {
                    Some(Ok(())) => head.state = State::Ready,
                    Some(Err(error)) => return Next::Fault(Arc::clone(&head.name), error),
                    None => head.state = State::Ended,
                }
            }
        }
        let ready = self.heads.iter_mut().enumerate().filter(|(_, head)| matches!(head.state, State::Ready));
        let first = ready.min_by_key(|(_, head)| head.raw.time.map(FileTime::ticks));
        let Some((index, head)) = first else { return Next::End };
        self.last = Some(index);
        Next::Event(&mut head.raw)
    }

    /// The progress in all files together.
    pub(crate) fn progress(&self) -> Progress {
        self.heads.iter().map(|head| head.cursor.progress()).fold(Progress::default(), |all, one| Progress {
            bytes: all.bytes + one.bytes,
            events: all.events + one.events,
            others: all.others + one.others,
        })
    }
}
