//! The long texts of `--help`.

/// The meaning of the exit code.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  every event was decoded, every file read
  1  some event or file was not; its answer is an error, the others are answered all the same
  2  the command line is wrong, no file can be read, or nothing can be written";

/// The first examples.
pub(crate) const TOP: &str = "\
Examples:
  smbetw info server.etl
  smbetw read server.etl
  smbetw read *.evtx --id 551 --since 7d
  smbetw decode --build 26100 --id 1900 01000000
";

/// What `read` does.
pub(crate) const READ: &str = "\
Reads traces (.etl) and event logs (.evtx) on any system, and shows their SMBServer events, merged by time.

The fields of an event depend on the Windows build that wrote it. A trace tells its build. An event log does not, but has \
the names of its fields: they are checked against every known build, and an event whose names and types do not settle its \
layout is an error, never a guess. A System.evtx in the same folder tells the build as well. --build overrides all of these.

Events of other providers are passed over; `smbetw info` counts them.";

/// Examples, filters, the form of the answers.
pub(crate) const READ_AFTER: &str = "\
Examples:
  smbetw read server.etl
  smbetw read server.etl --format text --event Smb2ResponseCreate --status error
  smbetw read SMBServer%4Security.evtx --id 551 --client 10.0.0.0/8 --format text
  smbetw read *.evtx --id 551 --format csv > failed-logons.csv
  smbetw read logs -r --since 2026-11-20 --format jsonl | jq -r .addresses.ClientAddress | sort | uniq -c
  smbetw read server.etl --where 'LengthRead > 65536 && Status != 0' --fields Status,LengthRead
  smbetw read logs -r --format timesketch > timeline.csv

Conditions (--where): fields of the events, compared by == != < <= > >= with a number, by == != ~ with a text in quotes (~ takes \
* and ?) or with an address or a block of them; Flags & 2 == 2 looks at bits, STATUS_ACCESS_DENIED is a number too; && || ! and \
parentheses join them. A comparison with a field that an event has not is false.

Filters by a field drop events that lack it. An event that cannot be decoded is not dropped by them: it is an error.

JSON: an object a line, keys without a value left out
  time      ISO 8601 in UTC, seven digits
  file      as it was given; record is a log's EventRecordID, in a trace the place among its records, from 0
  build     what the event was decoded for, if it is known
  event, id, version, layout, channel, level, opcode, task, keywords, pid, tid, cpu, activity, related_activity, user, computer
            what the event's header says, by name where there is one; user is the SID
  fields    by name, as the manifest spells it, in the payload's order: see `smbetw decode --help`
  message   only with --message; names only with --names
  addresses each socket address of the fields as text: {\"ClientAddress\":\"10.1.2.3:50000\"}
  basis, also_fits
            as in `smbetw decode`
  notes     what to know before it is believed
An event that cannot be decoded: {\"error\":{\"kind\",\"message\",\"time\",\"file\",\"record\",..}}; kinds as in `smbetw decode`, and
  names_differ  the names and types in a log agree with no layout, or with several: found, layouts
  unreadable    something in a file cannot be read: file, offset
";

/// What `info` does.
pub(crate) const INFO: &str = "\
Says what is in recordings: format, Windows build and how it is known, time span, clock, what was lost while recording, the \
SMBServer events by id, records of other providers, and what could not be read.";

/// What to know before decoding the first event.
pub(crate) const DECODE: &str = "\
Decodes events, and shows each with its message and fields.

An event is an id, a version and a payload: the bytes that the provider logged, its fields one after the other and \
nothing in between (UserData of an EVENT_RECORD). Only the manifest on the machine that wrote it says which fields \
these are, and every Windows build has another manifest.

So give the build: the number that `ver` and `winver` show, 20348 for Windows Server 2022, 26100 for Windows Server \
2025; a recording's header has it too. Id and version are not enough: twenty of the responses (events 101 to \
122, version 2) have other fields in 26100 than in 20348 under the same id and version. A payload that does not fit its build's layout \
to the last byte is an error, never a guess; if it is another build's, the error says which. Without a build an event \
is decoded only if exactly one known layout fits.";

/// Examples, the form of the answers, the kinds of error.
pub(crate) const DECODE_AFTER: &str = "\
Examples:
  smbetw decode --build 26100 --id 1900 --version 0 01000000
  smbetw decode --build 20348 --id 0x76C --version 0 '0x01, 0x00, 0x00, 0x00'
  echo 01-00-00-00 | smbetw decode --id 1900 --version 0
  smbetw decode --build 26100.6584 --id TdiModeEnabled AQAAAA== --format json
  echo '{\"build\":26100,\"id\":1900,\"version\":0,\"payload\":\"01000000\"}' | smbetw decode --jsonl -
  smbetw decode --jsonl events.jsonl --lenient --names > decoded.jsonl

Text, for one event, is blocks with an empty line between:
  1. the event's name, id and version, its level and channel, the captured builds with this layout;
     below them task, opcode and keywords, if it has any
  2. the message, as Windows shows it, with LF for its line breaks; none if the manifest has none
  3. the fields in the payload's order: name, value, and what the value means where that is known:
     the text of the manifest's map, the name of a status, the names of bits, an address
  4. notes: what to know before it is believed
What could not be decoded is said on standard error. Colour is for terminals; NO_COLOR turns it off. Names and paths \
are chosen by whoever connects, so a character that a terminal would obey is shown as an escape, \\u{1b}. For the \
exact text take --format json.

Status codes: what Windows prints for one is a text of its ntdll.dll. But for access denied (0xc0000022) messages have \
the code's name in brackets instead, [STATUS_LOGON_FAILURE]. For Windows' own words give --message-table a copy of \
C:\\Windows\\System32\\ntdll.dll, or of the ntdll.dll.mui in a language's folder there:
  smbetw decode --message-table ntdll.dll --build 26100 --id 1901 --version 0 9a0000c0

Hex: digits of either case, two a byte. White space, commas, colons and dashes may stand between bytes, not inside \
one; 0x may stand before a byte or a run of them. Bytes are taken in the order written. Numbers are decimal, or hex \
with 0x.

JSON lines: one object a line with \"id\", \"version\", \"payload\" (hex) and \"build\", which may be null or absent. \
Base64 will do for the payload, an event's name for the id, 26100.6584 for the build. Other keys are handed through under \
\"input\"; a key that differs from one of these by its letters' case alone is an error. Numbers may be strings, so that they can \
be hex. There is one answer a line, in the same order, and \"line\" has its number; blank lines have none. A line that cannot be read is answered with an error that has its number, and the next \
one is read. Answers are written before more input is waited for, so that a live pipe works.

Answers in JSON: {\"line\",\"build\",\"event\",\"id\",\"version\",\"layout\",\"channel\",\"level\",\"opcode\",\"task\",\"keywords\",\"fields\":{..},\"message\"}
  event       the event's name
  layout      the name of the layout that was read; it never changes its meaning
  message     the text that Windows shows, its line breaks CR LF; absent if the manifest has none
  fields      by name, as the manifest spells it, in the payload's order. Integers are numbers, up
              to 2^64-1, but text (\"0x1f\") where the manifest wants hex; Booleans and arrays are
              JSON's own; all else is text. Of two with one name the second is \"Name#2\"
  names       only with --names: for the fields whose value has a name, that name, as a map of the
              manifest or a specification has it: \"STATUS_LOGON_FAILURE (0xc000006d)\". Of an array
              an array, with null for elements without one. A map's text may hold inserts (%2)
  basis       only if the build itself was never captured and its neighbour's layout was taken:
              {\"between\":[20348,22000],\"same_layout\":true|false} or {\"newer_than\":26200}. With
              same_layout false the fields may mean something else, though the payload fits
  also_fits   only if the payload fits layouts of other builds just as well: [{\"layout\",\"builds\"}].
              If the build is not certain, neither is the reading
  left_over   only with --lenient: the bytes after the last field, in hex
  addresses   each socket address of the fields as text
  input       the keys of the line that mean nothing here
  unterminated
              only with --lenient: true if a string ended with the payload; it may have been cut

Errors in JSON: {\"error\":{\"kind\",\"message\",..}}, with \"line\", \"build\", \"id\", \"version\" where known
  unknown_build    older than every captured build: oldest_build
  unknown_event    no such id, or not in this build: event, known_versions if another has it
  unknown_version  no such version, or not in this build: event, known_versions
  truncated        the payload ends inside a field: layout, field, offset, needed, available
  unterminated     a string has no NUL up to the payload's end: layout, field, offset, available
  odd_length       a UTF-16 string has half a unit: layout, field, offset, bytes
  left_over        bytes are left after the last field: layout, offset, left_over (how many)
  other_layout     it does not fit the build's layout (mismatch says why, with that kind's data)
                   but exactly fits that of another build: fits
  ambiguous        no build was given and several layouts fit: candidates
  no_layout_fits   no build was given and none of several layouts fits: mismatch, of the newest one
  bad_line         not an object of JSON in UTF-8: column
  too_long         more than a MiB: limit
  missing_key      an id or a payload is missing, or its key has capital letters: key, hint
  missing_version  the event has several: event, known_versions
  bad_number       not a number, or too large: key
  bad_hex          the payload is not hex: position, from 1
  no_build         --lenient, and neither the line nor --build names a build
where fits and candidates are [{\"layout\",\"builds\":[[first,last],..]},..] and known_versions is
[{\"version\",\"builds\":[[first,last],..]},..]
";

/// Examples and the form of the answer of `info`.
pub(crate) const INFO_AFTER: &str = "\
Examples:
  smbetw info server.etl
  smbetw info *.evtx --format json | jq -c '.by_id[] | [.event, .count]'

JSON: an object a file
  file, format, size, build, build_known_by, first, last (times)
  session, clock, processors, pointer_bits, events_lost, buffers_lost of a trace; chunks of a log
  records      of all providers; events is how many of them are SMBServer's
  channels     events by channel
  by_id        [{id,version,event,count}], with undecodable or unknown (how many) and why (the first one) where there are such
  others       [{provider,records}], the most first
  notes        what to know; unreadable how many places cannot be read, errors the first 20 of them
Exit code 1 says that something could not be read, or that some event has no layout that is known.
";

/// Examples of `events`.
pub(crate) const EVENTS_AFTER: &str = "\
Examples:
  smbetw events
  smbetw events logon
  smbetw events ShareName --build 20348
A line an event: id, name, channel, level, and the first line of its message with its inserts (%1).
";

/// Examples of `show`.
pub(crate) const SHOW_AFTER: &str = "\
Examples:
  smbetw show 551
  smbetw show Smb2ResponseRead --build 26100
Of each layout: version and builds, what stands beside the fields, the message, and the fields with their offset, their number in \
the message, their type, and whose value their length or count is.
";

/// Examples of `keywords`.
pub(crate) const KEYWORDS_AFTER: &str = "\
Examples:
  smbetw keywords
  smbetw keywords 0x108403c0001fff
  smbetw keywords Connection,Session,TreeConnect,File --events
  smbetw keywords --id 551,1000-1020
";

/// Examples of `record-help`.
pub(crate) const RECORD_AFTER: &str = "\
Examples:
  smbetw record-help
  smbetw record-help --opens
  smbetw record-help --security
";
