//! The answers for people.

use super::{
    LOGON_FAILURE, NO_MESSAGE, Run, command, golden, hex, json::query_info_of_either_layout, layout, message_table,
    negotiate, numbered, smbetw, without_builds,
};

fn run(args: &str) -> Run {
    smbetw(&["decode"].into_iter().chain(args.split_whitespace()).collect::<Vec<_>>(), "")
}

/// The text for an event that can be decoded.
fn text(args: &str) -> String {
    let run = run(args);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args}");
    run.text
}

/// The text before and after the message, which may have empty lines itself.
fn blocks(args: &str) -> (String, String) {
    let text = text(args);
    let (header, rest) = text.split_once("\n\n").unwrap();
    (header.to_owned(), rest.to_owned())
}

/// The standard error of a run that fails.
fn error(args: &str) -> String {
    let run = run(args);
    assert_eq!((run.code, run.text.as_str()), (1, ""), "{args}");
    run.stderr
}

fn wide(text: &str) -> String {
    hex(&format!("{text}\0").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

/// The row of the table with this label.
fn row<'t>(text: &'t str, label: &str) -> &'t str {
    text.lines().find(|line| line.split_whitespace().next() == Some(label)).unwrap_or_else(|| panic!("{label}: {text}"))
}

#[test]
fn a_small_event_is_four_lines() {
    let expected = concat!(
        "TdiModeEnabled: event 1900, version 0, level Informational, channel Microsoft-Windows-SMBServer/Operational, ",
        "builds …\n",
        "task TdiModeEnabled, keywords Nsi\n",
        "\nTDI mode enabled: true\n",
        "\nIsTdiEnabled  true\n",
    );
    let args = "--build 26100 --id 1900 --version 0 01000000";
    assert_eq!(without_builds(&text(args)), expected);
    assert_eq!(without_builds(&text(&format!("{args} --format text --names"))), expected);
    let range = layout("TdiModeEnabledV0").builds[0];
    assert!(text(args).contains(&format!(", builds {} to {}\n", range.first, range.last)), "{}", text(args));
    for (file, command) in [("../README.md", "cargo smbetw"), ("README.md", "smbetw")] {
        let readme = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let readme = without_builds(&readme.replace("\n    ", "\n"));
        assert!(readme.contains(&format!("$ {command} decode {args}\n{expected}\n")), "the example of {file}");
    }
}

#[test]
fn the_header_is_that_of_the_build() {
    let header = |args: &str| blocks(args).0;
    let old = header("--build 20348 --id 1900 --version 0 01000000");
    assert!(old.contains("channel Microsoft-Windows-SMBServer/Analytic") && !old.contains("task"), "{old}");
    let read = |build, name| header(&format!("--build {build} --id 111 --version 2 {}", hex(&numbered(layout(name)))));
    let read_20348 = read(20348, "Smb2ResponseReadV2");
    assert!(read_20348.contains("Smb2ResponseRead: event 111, version 2, level "), "{read_20348}");
    assert!(read_20348.contains("\ntask Smb2ResponseRead, keywords Response"), "{read_20348}");
    assert_ne!(read(26100, "Smb2ResponseReadV2Build26100"), read_20348);
    let accept = format!("--build 10240 --id 500 --version 0 {}", "00".repeat(16 + 4));
    assert!(header(&accept).ends_with("task Smb2ConnectionAccept, opcode Start, keywords Connection"));
}

#[test]
fn captured_events_print_what_windows_printed() {
    for id in [1006, 1010] {
        let text = text(&format!("--build 20348 --id {id} --version 0 {}", golden(id, "payload.hex")));
        let message = golden(id, "message.txt").replace("\r\n", "\n");
        assert!(text.contains(&format!("\n\n{message}\n\n")), "{text}");
        assert!(!text.contains('\r'));
    }
    let (header, _) = blocks(&format!("--build 20348 --id 1006 --version 0 {}", golden(1006, "payload.hex")));
    assert!(header.contains("level Error, channel Microsoft-Windows-SMBServer/Security"), "{header}");
    assert!(header.ends_with("keywords Operational | AuditFailure"), "{header}");
}

#[test]
fn fields_come_in_order_with_what_they_mean() {
    let payload = golden(1006, "payload.hex");
    let text = text(&format!("--build 20348 --id 1006 --version 0 {payload}"));
    let (_, table) = text.rsplit_once("\n\n").unwrap();
    let labels: Vec<_> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let layout = layout("SrvShareAccessCheckFailureV0");
    assert_eq!(labels, layout.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    let expected = [
        r"ShareName                      \\*\EvtLabDeny",
        "ClientAddress                  1700EDB0000000000000000000000000000000000000000100000000  [::1]:60848",
        "MappedAccess                   0x80        FILE_READ_ATTRIBUTES",
        "GrantedAccess                  0x0",
        "Status                         0xc0000022  STATUS_ACCESS_DENIED (0xc0000022)",
    ];
    for line in expected {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
}

#[test]
fn numbers_are_named_by_maps_and_specifications() {
    let failed = text(&format!("--build 20348 --id 551 --version 0 {LOGON_FAILURE}"));
    assert!(failed.contains("\nStatus          3221225581  STATUS_LOGON_FAILURE (0xc000006d)\n"), "{failed}");
    // A dialect that is in the map, and one that is not: it stays a number in message and table.
    let changed = text("--build 20348 --id 1028 --version 0 00007777");
    assert_eq!(row(&changed, "NewDialect"), "NewDialect  0  N/A");
    assert_eq!(row(&changed, "OldDialect"), "OldDialect  30583");
    assert!(changed.contains("30583\n"), "{changed}");
    let dialects = text(&format!("--build 20348 --id 1 --version 2 {}", negotiate(&[0x0202, 0x7777])));
    assert!(row(&dialects, "Dialects").ends_with("  [SMB_2_0_2, 30583]"), "{dialects}");
    assert!(row(&dialects, "Command").ends_with("  Negotiate") && !dialects.contains("inferred"), "{dialects}");
    assert!(row(&dialects, "SecurityMode").ends_with("  SMB2_NEGOTIATE_SIGNING_ENABLED"), "{dialects}");
}

#[test]
fn a_map_with_inserts_is_named_as_it_is_and_expanded_in_the_message() {
    let rdma = text("--build 20348 --id 1034 --version 0 01000000 05000000 220000c0 0200 41004200 07000000");
    assert!(rdma.contains("for interface 5. {Access Denied}\nA process has requested"), "{rdma}");
    assert!(row(&rdma, "FailureType").ends_with("for interface %2. %3"), "{rdma}");
    assert!(rdma.contains("\n\nnote: which value of FailureType has which text is inferred"), "{rdma}");
}

#[test]
fn an_event_may_have_no_message() {
    let (header, rest) = blocks(&format!("--build 26100 --id 3021 --version 1 {NO_MESSAGE}"));
    assert!(header.starts_with("Smb2ClientDoesNotSupportSigning: event 3021, version 1"), "{header}");
    assert!(rest.starts_with("ClientNameLength       0\nClientName\nUserNameLength"), "{rest}");
}

#[test]
fn notes_say_what_to_know_first() {
    let note = |args: &str, expected: &str| {
        let text = text(args);
        let (_, notes) = text.rsplit_once("\n\n").unwrap();
        assert!(notes.starts_with(&format!("note: {expected}")), "{notes}");
    };
    let event = "--id 1900 --version 0 01000000";
    note(&format!("--build 99999 {event}"), "build 99999 is newer than every captured build; this is the layout of");
    note(&format!("--build 20349 {event}"), "build 20349 was never captured; this is the layout of build 20348, and");
    let read = hex(&numbered(layout("Smb2ResponseReadV2")));
    note(
        &format!("--build 22632 --id 111 --version 2 {read}"),
        "build 22632 was never captured; this is the layout of",
    );
    note(event, "no build was given; level, channel and message are those of build ");
    note(&format!("--build 26100 {event} --lenient 07AB"), "2 bytes are left over after the last field: 07AB\n");
    note("--build 26100 --id 1029 --version 0 --lenient 4100", "the last string has no terminating NUL");
    let either = query_info_of_either_layout();
    note(
        &format!("--build 20348 --id 120 --version 2 {either}"),
        "the payload fits just as well: Smb2ResponseQueryInfoV2Build26100 (build 26100",
    );
    assert!(!text(&format!("--build 26100 {event}")).contains("note:"));
}

/// Clients choose names. These must not control the terminal of the reader.
#[test]
fn what_a_terminal_obeys_is_escaped() {
    let evil = wide("%1 \u{1b}[31mred\u{7}\u{9b}2J\r\n\tx\rspoof\u{202e}");
    let text = text(&format!("--build 26100 --id 1029 --version 0 {evil}"));
    let shown = r"%1 \u{1b}[31mred\u{7}\u{9b}2J";
    assert!(text.contains(&format!("{shown}\\r\\n\tx\\rspoof\\u{{202e}}\"")), "{text}");
    assert_eq!(row(&text, "CipherSuiteOrder"), format!("CipherSuiteOrder  {shown}{}", r"\r\n\tx\rspoof\u{202e}"));
    assert!(text.chars().all(|char| matches!(char, '\n' | '\t') || !char.is_control()));
}

/// Whoever connects chooses names. They may not look like lines of the event either.
#[test]
fn a_value_cannot_look_like_a_line() {
    let evil = wide("aes\n\nStatus  0x0\r\nnote: all is well\u{2028}x");
    let args = format!("--build 26100 --id 1029 --version 0 {evil}");
    let text = text(&args);
    assert!(!text.lines().any(|line| line.starts_with("Status") || line.starts_with("note:")), "{text}");
    assert!(text.contains(r"aes\n\nStatus  0x0\r\nnote: all is well\u{2028}x"), "{text}");
    // What is for programs has the message as Windows prints it.
    let json = smbetw(&["decode", "--format", "json"].into_iter().chain(args.split(' ')).collect::<Vec<_>>(), "");
    let message = json.answers[0]["message"].as_str().unwrap();
    assert!(message.contains("aes\n\nStatus  0x0\r\nnote"), "{message}");
}

#[test]
fn colour_is_for_terminals() {
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = command(args);
        command.envs(variables.iter().copied()).stdin(std::process::Stdio::null());
        let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    let decode = ["decode", "--build", "26100", "--id", "1900", "--version", "0"];
    for payload in ["01000000", "01"] {
        let args = [&decode[..], &[payload]].concat();
        let plain = with(&[], &args);
        assert!(!plain.contains('\x1b'), "{plain}");
        assert_eq!(with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], &args), plain);
        assert!(with(&[("CLICOLOR_FORCE", "1")], &args).contains("\x1b["), "colour, where it is asked for");
        let json = [&args[..], &["--format", "json"]].concat();
        assert_eq!(with(&[("CLICOLOR_FORCE", "1")], &json), with(&[], &json));
    }
}

#[test]
fn what_cannot_be_decoded_is_said_on_standard_error() {
    let expected = concat!(
        "error: the payload is not hex: 'g' at position 3 is not a hex digit\n",
        "  of: event 1900, version 0, build 26100\n",
    );
    assert_eq!(error("--build 26100 --id 1900 --version 0 01g0"), expected);
    let truncated = error("--id 1900 --version 0 0100");
    assert!(truncated.contains("field IsTdiEnabled at offset 0 needs 4 bytes, 2 bytes left"), "{truncated}");
    assert!(truncated.ends_with("\n  of: event 1900, version 0\n"), "{truncated}");
    let other = hex(&numbered(layout("Smb2ResponseReadV2Build26100")));
    let other = error(&format!("--build 20348 --id 111 --version 2 {other}"));
    assert!(other.contains("the payload exactly fits Smb2ResponseReadV2Build26100"), "{other}");
    assert!(error("--build 26100 --id 9999 --version 0 00").starts_with("error: there is no event 9999"));
    assert!(error("--build 26100 --id 111 --version 9 00").contains("has no version 9"));
    assert!(error("--build 5 --id 111 --version 2 00").contains("older than the oldest captured build"));
}

#[test]
fn status_codes_are_told_in_the_words_of_a_message_table() {
    let path = |name: &str| std::env::temp_dir().join(format!("smbetw-{name}-{}", std::process::id()));
    let with = |name: &str, bytes: &[u8], code: &str| {
        let path = path(name);
        std::fs::write(&path, bytes).unwrap();
        let args = ["decode", "--build", "26100", "--id", "1901", "--version", "0", code, "--message-table"];
        let run = smbetw(&[&args[..], &[path.to_str().unwrap()]].concat(), "");
        std::fs::remove_file(&path).unwrap();
        run
    };
    let table = message_table(0xC000_009A, "Too little,\r\ntoo late.");
    let dll = etw_schema::compile::wrap(None, Some(&table)).unwrap();
    for (name, bytes) in [("known", &table), ("known-dll", &dll)] {
        let known = with(name, bytes, "9a0000c0");
        assert!(known.text.contains("enumeration: Too little,\ntoo late.\n\nStatus"), "{}", known.text);
    }
    let unknown = with("unknown", &table, "6d0000c0");
    assert!(unknown.text.contains("enumeration: [STATUS_LOGON_FAILURE]\n"), "{}", unknown.text);
    for (name, bytes, expected) in [
        ("dll", &b"MZ\x90\0"[..], "not a PE file"),
        ("short", &table[..8], "the bytes end before"),
        ("empty", b"", "the bytes end within"),
    ] {
        let run = with(name, bytes, "9a0000c0");
        assert_eq!((run.code, run.text.as_str()), (2, ""));
        assert!(run.stderr.contains(expected) && run.stderr.contains("smbetw-"), "{}", run.stderr);
    }
}
