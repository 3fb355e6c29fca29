//! The example of the README, `examples/server.etl`. It is made here from typed events, and read by the command.

use std::{path::PathBuf, process::Stdio};

use etw_runtime::encode::SocketAddrBytes;
use insta::assert_snapshot;
use smbserver_etw::{
    Build, Encode, Guid,
    encode::{
        connection::Smb2ConnectionAcceptV0Build17763,
        open::Smb2FileOpenV0,
        request::{Smb2RequestCreateV2, Smb2RequestReadV2},
        response::{Smb2ResponseCreateV2Build26100, Smb2ResponseReadV2Build26100},
        session::{Smb2SessionAuthFailureV3, Smb2SessionAuthenticatedV0},
        tree_connect::Smb2TreeConnectAllocateV0,
    },
    schema::PROVIDER,
};

use super::{
    Run, command,
    etl_writer::{Event, Session},
    smbetw, without_builds,
};

const CONNECTION: Guid = Guid::from_u128(0x1f2d_44c0_0001_4a6e_9b11_5a0c_77d1_0001);
const OTHER_CONNECTION: Guid = Guid::from_u128(0x1f2d_44c0_0001_4a6e_9b11_5a0c_77d1_0002);
const SESSION: Guid = Guid::from_u128(0x2f2d_44c0_0002_4a6e_9b11_5a0c_77d1_0001);
const OTHER_SESSION: Guid = Guid::from_u128(0x2f2d_44c0_0002_4a6e_9b11_5a0c_77d1_0002);
const TREE: Guid = Guid::from_u128(0x3f2d_44c0_0003_4a6e_9b11_5a0c_77d1_0001);
const FILE: Guid = Guid::from_u128(0x4f2d_44c0_0004_4a6e_9b11_5a0c_77d1_0001);
const SHARE: Guid = Guid::from_u128(0x5f2d_44c0_0005_4a6e_9b11_5a0c_77d1_0001);

/// The build that the example is of.
const BUILD: Build = Build::B26100;

/// A record, at a number of units of 100 ns after the start of the trace.
fn record(event: &impl Encoded, ticks: i64) -> Vec<u8> {
    let layout = event.layout();
    let header = layout.header(BUILD.number()).unwrap();
    let channel = header.channel.unwrap();
    let mut record = Event {
        provider: PROVIDER.guid.to_bytes(),
        id: layout.id,
        version: layout.version,
        raw: Session::default().raw0 + ticks,
        payload: event.payload(),
        ..Event::default()
    }
    .write();
    record[8..12].copy_from_slice(&184_u32.to_le_bytes());
    record[12..16].copy_from_slice(&4_u32.to_le_bytes());
    record[0x2B..0x2E].copy_from_slice(&[channel, header.level, header.opcode]);
    record[0x2E..0x30].copy_from_slice(&header.task.to_le_bytes());
    let channel_bit = 1_u64 << (63 - (channel - 16));
    record[0x30..0x38].copy_from_slice(&(header.keywords | channel_bit).to_le_bytes());
    record
}

/// An event of any type.
trait Encoded {
    fn layout(&self) -> &'static smbserver_etw::LayoutInfo;
    fn payload(&self) -> Vec<u8>;
}

impl<E: Encode> Encoded for E {
    fn layout(&self) -> &'static smbserver_etw::LayoutInfo {
        E::LAYOUT
    }

    fn payload(&self) -> Vec<u8> {
        self.encode().unwrap()
    }
}

/// A client logs on, opens a file and reads it; another one fails to log on, and a file is not found.
fn example() -> Vec<u8> {
    let session = Session { buffer_size: 4096, names: ("smb", "C:\\smb.etl"), ..Session::default() };
    let read = Smb2RequestReadV2 {
        session_id: 0x1_0000_0005,
        tree_id: 1,
        message_id: 4,
        command: 8,
        length: 65536,
        connection_guid: CONNECTION,
        session_guid: SESSION,
        tree_connect_guid: TREE,
        file_guid: FILE,
        ..Smb2RequestReadV2::default()
    };
    let answer = Smb2ResponseReadV2Build26100 {
        session_id: 0x1_0000_0005,
        tree_id: 1,
        message_id: 4,
        command: 8,
        processing_hits: 1,
        processing_time: 120,
        file_system_slow_hits: 1,
        file_system_slow_time: 24_310,
        total_time: 24_900,
        length_read: 65536,
        connection_guid: CONNECTION,
        session_guid: SESSION,
        tree_connect_guid: TREE,
        file_guid: FILE,
        ..Smb2ResponseReadV2Build26100::default()
    };
    let first = [
        accepted(CONNECTION, "10.1.2.3:51344", 10_000),
        authenticated(),
        tree(),
        create("plan.xlsx", 2, 40_000),
        created(0, 2, 45_000),
        opened(),
    ];
    let second = [
        record(&read, 60_000),
        record(&answer, 85_000),
        create("plan.old", 5, 90_000),
        created(0xC000_0034, 5, 91_000),
    ];
    let other = [accepted(OTHER_CONNECTION, "[2001:db8::17]:49811", 70_000), failure()];
    let mut trace = session.first(&[]);
    trace.extend(session.buffer(0, 1, &first));
    trace.extend(session.buffer(1, 2, &other));
    trace.extend(session.buffer(0, 3, &second));
    trace
}

fn accepted(connection_guid: Guid, address: &str, ticks: i64) -> Vec<u8> {
    let address = SocketAddrBytes::from(address.parse::<std::net::SocketAddr>().unwrap());
    let event = Smb2ConnectionAcceptV0Build17763 {
        connection_guid,
        address: address.as_bytes(),
        transport_name: "\\Device\\Tcp".into(),
    };
    record(&event, ticks)
}

fn authenticated() -> Vec<u8> {
    let event = Smb2SessionAuthenticatedV0 {
        session_guid: SESSION,
        connection_guid: CONNECTION,
        user_name: "alice".into(),
        domain_name: "CONTOSO".into(),
    };
    record(&event, 20_000)
}

fn tree() -> Vec<u8> {
    let event = Smb2TreeConnectAllocateV0 {
        tree_connect_guid: TREE,
        session_guid: SESSION,
        connection_guid: CONNECTION,
        share_guid: SHARE,
        share_name: "\\\\*\\DATA".into(),
        scope_name: "*".into(),
        ..Smb2TreeConnectAllocateV0::default()
    };
    record(&event, 30_000)
}

fn create(file_name: &str, message_id: u64, ticks: i64) -> Vec<u8> {
    let event = Smb2RequestCreateV2 {
        session_id: 0x1_0000_0005,
        tree_id: 1,
        message_id,
        command: 5,
        desired_access: 0x0012_0089,
        create_disposition: 1,
        file_name: file_name.into(),
        connection_guid: CONNECTION,
        session_guid: SESSION,
        tree_connect_guid: TREE,
        ..Smb2RequestCreateV2::default()
    };
    record(&event, ticks)
}

fn created(status: u32, message_id: u64, ticks: i64) -> Vec<u8> {
    let event = Smb2ResponseCreateV2Build26100 {
        session_id: 0x1_0000_0005,
        tree_id: 1,
        message_id,
        command: 5,
        status,
        connection_guid: CONNECTION,
        session_guid: SESSION,
        tree_connect_guid: TREE,
        file_guid: if status == 0 { FILE } else { Guid::NIL },
        ..Smb2ResponseCreateV2Build26100::default()
    };
    record(&event, ticks)
}

fn opened() -> Vec<u8> {
    let event = Smb2FileOpenV0 {
        open_guid: FILE,
        tree_connect_guid: TREE,
        session_guid: SESSION,
        connection_guid: CONNECTION,
        share_guid: SHARE,
        name: "plan.xlsx".into(),
        desired_access: 0x0012_0089,
        ..Smb2FileOpenV0::default()
    };
    record(&event, 46_000)
}

fn failure() -> Vec<u8> {
    let address = SocketAddrBytes::from("[2001:db8::17]:49811".parse::<std::net::SocketAddr>().unwrap());
    let event = Smb2SessionAuthFailureV3 {
        session_guid: OTHER_SESSION,
        connection_guid: OTHER_CONNECTION,
        status: 0xC000_006D,
        translated_status: 0xC000_006D,
        client_address: address.as_bytes(),
        session_id: 0x1_0000_0009,
        user_name: "CONTOSO\\mallory".into(),
        client_name: "\\\\[2001:db8::17]".into(),
        ..Smb2SessionAuthFailureV3::default()
    };
    record(&event, 75_000)
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/server.etl"))
}

/// Runs a command on the example, under the file name that the README uses.
fn run(args: &str) -> Run {
    let path = path();
    let words = args.split(' ').map(|word| if word == "server.etl" { path.to_str().unwrap() } else { word });
    let mut run = smbetw(&words.collect::<Vec<_>>(), "");
    run.text = run.text.replace(path.to_str().unwrap(), "server.etl");
    assert!(!run.text.contains('\x1b'), "no colour but on a terminal");
    run
}

/// With `UPDATE_EXAMPLE` set the file is written again.
#[test]
fn the_example_is_what_is_made_here() {
    let made = example();
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        std::fs::write(path(), &made).unwrap();
    }
    assert!(std::fs::read(path()).unwrap() == made, "examples/server.etl: set UPDATE_EXAMPLE and run this test");
}

#[test]
fn info_says_what_is_in_it() {
    let text = run("info server.etl");
    assert_eq!((text.code, text.stderr.as_str()), (0, ""));
    assert_snapshot!("info", text.text);
    assert_snapshot!("info_json", run("info --format json server.etl").text);
}

#[test]
fn each_form_of_reading_is_as_it_was() {
    for (name, args) in [
        ("lines", "read --format lines server.etl"),
        ("text", "read --format text --id 551,500 server.etl"),
        ("jsonl", "read --format jsonl server.etl"),
        ("jsonl_all", "read --format jsonl --message --names --integers number --id 551 server.etl"),
        ("csv", "read --format csv server.etl --message"),
        ("csv_of_one", "read --format csv --id 551 server.etl"),
        ("timesketch", "read --format timesketch server.etl"),
        ("fields", "read --format lines --fields Status,FileName server.etl"),
        ("errors", "read --format lines --status error server.etl"),
    ] {
        let run = run(args);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args}");
        assert_snapshot!(format!("read_{name}"), without_builds(&run.text));
    }
}

#[test]
fn filters_let_pass_what_they_say() {
    let all = 12;
    for (filter, count) in [
        ("", all),
        ("--id 8", 2),
        ("--id 8,100-199", 5),
        ("--exclude-id 8", all - 2),
        ("--event Smb2Request*", 3),
        ("--channel Performance", 6),
        ("--channel security", 1),
        ("--keyword Request", 3),
        ("--keyword 0x3", 6),
        ("--level Error", 1),
        ("--client 10.0.0.0/8", 1),
        ("--client 2001:db8::/32", 2),
        ("--user mallory", 1),
        ("--user contoso\\alice", 1),
        ("--user *", 2),
        ("--share data", 1),
        ("--status error", 2),
        ("--status object_name_not_found", 1),
        ("--where LengthRead>=65536", 1),
        ("--where Status==STATUS_LOGON_FAILURE||FileName~'*.xlsx'", 2),
        ("--since 2024-12-07", 12),
        ("--until 2024-12-07", 0),
        ("--limit 4", 4),
    ] {
        let run = run(format!("read --format jsonl server.etl {filter}").trim_end());
        assert_eq!((run.answers.len(), run.code, run.stderr.as_str()), (count, 0, ""), "{filter}");
    }
}

/// Each cut of the file and each damaged byte of a record gives an error or is harmless; none gives a panic.
#[test]
fn a_cut_file_is_read_as_far_as_it_goes() {
    let made = example();
    for end in (0..made.len()).step_by(509) {
        let run = smbetw(&["read", "--format", "jsonl", "-"], &made[..end]);
        assert!(matches!(run.code, 0..=2), "{end}: {} {}", run.code, run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
}

/// Times for people and tables, and those that are typed without an offset, are of the machine's zone if that is asked for.
#[test]
fn local_times_are_those_of_the_machine() {
    let path = path();
    let path = path.to_str().unwrap();
    let run = |args: &[&str]| {
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "server.etl" { path } else { arg }).collect();
        let output = command(&args).env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = "2024-12-07T01:06:58.7985099+01:00";
    for (format, begins) in [("lines", first.to_owned()), ("text", first.to_owned()), ("csv", format!("\r\n{first},"))]
    {
        let text = run(&["read", "--format", format, "--local", "server.etl"]);
        assert!(text.contains(&begins), "{format}: {text}");
        assert!(!run(&["read", "--format", format, "--utc", "server.etl"]).contains("+01:00"), "{format}");
    }
    assert!(run(&["info", "--local", "server.etl"]).contains("2024-12-07T01:06:58.7975099+01:00 to "));
    // What programs read stays as it is.
    for args in [&["read", "--format", "jsonl"][..], &["read", "--format", "timesketch"], &["info", "--format", "json"]]
    {
        let local = run(&[args, &["--local", "server.etl"]].concat());
        assert_eq!(local, run(&[args, &["server.etl"]].concat()), "{args:?}");
    }
    let count = |args: &[&str]| run(&[&["read", "--format", "jsonl", "server.etl"], args].concat()).lines().count();
    assert_eq!(count(&["--local", "--since", "2024-12-07T01:06:58"]), 12);
    assert_eq!(count(&["--since", "2024-12-07T01:06:58"]), 0);
    assert_eq!(count(&["--since", "2024-12-07T01:06:58+01:00"]), 12);
    assert_eq!(command(&["read", "--utc", "--local", path]).stderr(Stdio::null()).status().unwrap().code(), Some(2));
}

/// The first command in the README.
#[test]
fn the_readme_shows_what_the_command_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let readme = readme.replace("\n    ", "\n");
    let shown = run("read --format lines --status error server.etl").text;
    assert!(readme.contains(&format!("read --format lines --status error examples/server.etl\n{shown}")), "{shown}");
}
