//! The long texts of `--help`.

/// The meaning of the exit code.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  every event was decoded, every file read
  1  some event or file was not: there is an error for it, and answers for all others
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

The fields of an event depend on the Windows build that wrote it. A trace has its build. An event log has the names of its \
fields instead: they are compared with every known build, and an event whose names and types do not settle its layout is \
an error, never a guess. A System.evtx in the same folder has the build as well. --build overrides all of these.

Events of other providers are skipped; `smbetw info` counts them.";

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
parentheses join them. A comparison with a field that an event lacks is false.

Filters by a field drop events that lack it. An event that cannot be decoded is not dropped by them: it is an error.

JSON: one object on each line; keys without a value are left out
  time      ISO 8601 in UTC, seven digits
  file      as it was given; record is a log's EventRecordID, or the number of a trace's record, from 0
  build     the build that the event was decoded for, if it is known
  event, id, version, layout, channel, level, opcode, task, keywords, pid, tid, cpu, activity, related_activity, user, computer
            from the event's header, as a name if there is one; user is the SID
  fields    by name, as the manifest spells it, in the payload's order: see `smbetw decode --help`
  message   only with --message; names only with --names
  addresses each socket address of the fields as text: {\"ClientAddress\":\"10.1.2.3:50000\"}
  basis, also_fits
            as in `smbetw decode`
  notes     what to know about the reliability of the answer
An event that cannot be decoded: {\"error\":{\"kind\",\"message\",\"time\",\"file\",\"record\",..}}; kinds as in `smbetw decode`, and
  names_differ  the names and types in a log fit no layout, or several: found, layouts
  unreadable    something in a file cannot be read: file, offset
  wrong_checksum
                something in a log is not as it was written: file, offset. Its records are read all the same
";

/// What `info` does.
pub(crate) const INFO: &str = "\
Shows what recordings contain: format, Windows build and where it comes from, time span, clock, losses while recording, \
SMBServer events by id, records of other providers, and what could not be read.";

/// What `latency` does.
pub(crate) const LATENCY: &str = "\
Joins the requests and responses of a trace, and says which were slow, in what part of the server, for whom and on which file.

A request and its final response have the same connection and MessageId. Names come from the events of connections, sessions, \
tree connects, opens and the rundown; what none of them names is shown as ? and counted in the notes. The unit of the \
components' times is inferred from the times of the events. All definitions are in the documentation of the crate \
smbserver-analysis.";

/// Examples, and the form of the answers.
pub(crate) const LATENCY_AFTER: &str = "\
Examples:
  smbetw latency server.etl
  smbetw latency server.etl --by client,command --slower-than 100ms
  smbetw latency server.etl --command read,write --timeline 100ms --open
  smbetw latency --compare before.etl after.etl
  smbetw latency server.etl --format json --top 0 | jq '.commands[] | [.command, .wall_ns.p99]'

JSON: one object. Durations are in nanoseconds, times ISO 8601 in UTC with seven digits; components are in the raw unit. What is \
not known is null.
  inputs, build, start, end, lost, lost_buffers
            the files, the build if it is one, when the recording began and ended, what it lost
  events    total, smbserver, other_providers; by_id, undecodable and unknown by \"id/version\"
  requests, pairs, orphans, unanswered_count
            orphans are final responses without a request
  interims  count, and orphans: those without a request
  unit      name (100ns, us, ns, qpc, tsc), per_second, source, error: by how much the components miss the time by the clock;
            calibration has the sums that it was inferred from
  total, commands, clients, users, shares, files
            command and id, client, user, share, share and file; requests, interims, count (pairs and orphans), pairs, orphans,
            unanswered, errors, bytes, bytes_read, bytes_written; wall_ns (of pairs) and first_ns (to the first interim \
response): n, sum,
            mean, min, max, p50, p95, p99; components by name: hits, time, share; total_time. errors_paired and bytes_paired are
            of pairs alone. A group {\"rest\":true} is what is beyond 262,144 groups.
            percentiles_off_by is there where they are not exact: with more than 100,000 pairs
  statuses  status, status_name, error, count, commands
  by        a table for each --by: by, groups
  slowest, orphan_responses
            command, connection, message_id, client, user, share, file, status, status_name, wall_ns, first_ns, time_request,
            time_response, bytes, interims, components, total_time; offset and length of READ and WRITE
  unanswered
            command, connection, message_id, client, user, share, file, time_request, interims
  unknown, unknown_records
            connections, sessions, trees, opens without a name, and the records on them
  in_flight max, at
  timeline  slice_ns; slices: time, requests, responses, bytes, errors, in_flight, credits_requested, credits_granted,
            p99_ns, at most an eighth too high
With --compare: before and after, each such an object.

Lists end after --top entries, but for commands. No list of records has more than 10,000.";

/// What to know before decoding the first event.
pub(crate) const DECODE: &str = "\
Decodes events, and shows each with its message and fields.

An event is an id, a version and a payload: the bytes that the provider logged, its fields one after the other and \
nothing in between (UserData of an EVENT_RECORD). Only the manifest on the machine that wrote it says which fields \
these are, and every Windows build has a different manifest.

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
  smbetw decode --jsonl monday.jsonl --jsonl tuesday.jsonl

Text, for one event, is blocks with an empty line between:
  1. the event's name, id and version, its level and channel, the captured builds with this layout;
     below them task, opcode and keywords, if it has any
  2. the message, as Windows shows it, with LF for its line breaks; none if the manifest has none
  3. the fields in the payload's order: name, value, and what the value means where that is known:
     the text of the manifest's map, the name of a status, the names of bits, an address
  4. notes: what to know about the reliability of the answer
Errors are written to standard error. Colour is for terminals; NO_COLOR turns it off. Clients choose names and paths, so \
a control character that a terminal would obey is shown as an escape, \\u{1b}. For the exact text use --format json.

Status codes: the texts that Windows prints for them are in its ntdll.dll. Except for access denied (0xc0000022), messages \
have the code's name in brackets instead, [STATUS_LOGON_FAILURE]. For Windows' own texts give --message-table a copy of \
C:\\Windows\\System32\\ntdll.dll, or of the ntdll.dll.mui in the folder of a language there:
  smbetw decode --message-table ntdll.dll --build 26100 --id 1901 --version 0 9a0000c0

Hex: two digits for each byte, in either case. White space, commas, colons and dashes are allowed between bytes, but not \
inside one; 0x is allowed before a byte or a run of bytes. C literals are read too: \\x01\\x00 and {0x01,0x00}. Bytes keep \
the order in which they are written. Numbers are decimal, or hex with 0x.

JSON lines: one object on each line with \"id\", \"version\", \"payload\" (hex) and \"build\", which may be null or absent. \
The payload may also be base64, the id an event's name, the build 26100.6584. Other keys are passed through under \
\"input\"; a key that differs from one of these only in the case of its letters is an error. Numbers may be strings, so that \
they can be hex. There is one answer for each line, in the same order, and \"line\" has the line's number, with \"file\" if several files are given; blank lines have no \
answer. The answer to a line that cannot be read is an error with its number, and reading goes on. Answers are written \
before waiting for more input, so that a live pipe works.

Answers in JSON: {\"line\",\"build\",\"event\",\"id\",\"version\",\"layout\",\"channel\",\"level\",\"opcode\",\"task\",\"keywords\",\"fields\":{..},\"message\"}
  event       the event's name
  layout      the name of the layout that was read; it never changes its meaning
  message     the text that Windows shows, its line breaks CR LF; absent if the manifest has none
  fields      by name, as the manifest spells it, in the payload's order. Integers are numbers, up
              to 2^64-1, but text (\"0x1f\") if the manifest shows them in hex; Booleans and arrays
              are those of JSON; everything else is text. A second field of one name is \"Name#2\"
  names       only with --names: the names of values, from a map of the manifest or from a
              specification: \"STATUS_LOGON_FAILURE (0xc000006d)\". For an array it is an array, with
              null for elements without a name. The text of a map may have inserts (%2)
  basis       only if the build itself was never captured and the layout of a neighbour was used:
              {\"between\":[20348,22000],\"same_layout\":true|false} or {\"newer_than\":26200}. With
              same_layout false the fields may mean something else, though the payload fits. Or the
              build's capture has no such event, and other builds have it: {\"other_build\":
              [[26100,26200]],\"capture_as_of\":\"10.0.20348.4171\"}; a newer update may have brought it
  also_fits   only if the payload fits layouts of other builds just as well: [{\"layout\",\"builds\"}].
              If the build is not certain, the fields are not certain either
  left_over   only with --lenient: the bytes after the last field, in hex
  addresses   each socket address of the fields as text
  input       the other keys of the line
  unterminated
              only with --lenient: true if a string ended with the payload; it may have been cut

Errors in JSON: {\"error\":{\"kind\",\"message\",..}}, with \"line\", \"build\", \"id\", \"version\" if known
  unknown_build    older than every captured build: oldest_build
  unknown_event    no such id, or not in this build: event, known_versions if another has it
  unknown_version  no such version, or not in this build: event, known_versions
                   (both with capture_as_of, the version of the binary that the build's capture is of)
  truncated        the payload ends inside a field: layout, field, offset, needed, available
  unterminated     a string has no NUL up to the payload's end: layout, field, offset, available
  no_sid           the bytes are no SID: layout, field, offset, revision, sub_authorities
  odd_length       a UTF-16 string has half a unit: layout, field, offset, bytes
  left_over        bytes are left after the last field: layout, offset, left_over (how many)
  other_layout     it does not fit the build's layout (mismatch says why, with that kind's data)
                   but exactly fits that of another build: fits
  ambiguous        no build was given and several layouts fit: candidates
  no_layout_fits   no build was given and none of several layouts fits: mismatch, of the newest one
  bad_line         not a JSON object in UTF-8: column
  too_long         more than a MiB: limit
  missing_key      an id or a payload is missing, or its key has capital letters: key, hint
  missing_version  the event has several: event, known_versions
  bad_number       not a number, or too large: key
  bad_hex          the payload is not hex: position, from 1
  no_build         --lenient, and neither the line nor --build gives a build
where fits and candidates are [{\"layout\",\"builds\":[[first,last],..]},..] and known_versions is
[{\"version\",\"builds\":[[first,last],..]},..]
";

/// Examples and the form of the answer of `info`.
pub(crate) const INFO_AFTER: &str = "\
Examples:
  smbetw info server.etl
  smbetw info *.evtx --format json | jq -c '.by_id[] | [.event, .count]'

JSON: one object for each file
  file, format, size, build (builds, if there are several: [{build,events}]), build_known_by, first, last (times)
  described    of a merged trace: the number of SMBServer events whose fields it describes
  session, clock, processors, pointer_bits, events_lost, buffers_lost of a trace; chunks of a log
  records      of all providers; events is the number of those of SMBServer
  channels     events by channel
  by_id        [{id,version,event,count}], with undecodable or unknown (the number of them) and why (for the first one), if any
  others       [{provider,records}], those with the most records first
  notes        what to know about the file; unreadable the number of errors in it, errors the first 20 of them
Exit code 1 means that something could not be read, or that some event has no known layout.
";

/// Examples of `events`.
pub(crate) const EVENTS_AFTER: &str = "\
Examples:
  smbetw events
  smbetw events logon
  smbetw events ShareName --build 20348
One line for each event: id, name, channel, level, and the first line of the message with its inserts (%1).
";

/// Examples of `show`.
pub(crate) const SHOW_AFTER: &str = "\
Examples:
  smbetw show 551
  smbetw show Smb2ResponseRead --build 26100
For each layout: version and builds, channel, level and keywords, the message, and the fields with their offset, their number \
in the message, their type, and the field that holds their length or count.
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
