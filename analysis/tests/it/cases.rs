//! What the protocol allows, one case a test.

use smbserver_analysis::{Command, Component, Dimension, Key, Report};

use crate::wire::*;

const AT: At = At { connection: 1, session: 1, tree: 1, file: 1 };

/// Pairs, unanswered requests and orphans.
fn counts(report: &Report) -> (u64, u64, u64) {
    (report.total.pairs(), report.total.unanswered(), report.total.orphans())
}

#[test]
fn a_pair_has_a_time_bytes_and_components() {
    let report = analyse(&[read(1000, AT, 7, 4096), read_answer(3500, AT, 7, SUCCESS, 4000, 2400)]);
    assert_eq!(counts(&report), (1, 0, 0));
    let [pair] = report.slowest.as_slice() else { panic!("{:?}", report.slowest) };
    assert_eq!((pair.command, pair.wall_ns, pair.bytes), (Command::READ, Some(250_000), 4000));
    assert_eq!((pair.offset, pair.length), (Some(0), Some(4096)));
    assert_eq!(pair.components.dominating(), Some(Component::FileSystemSlow));
    assert_eq!(report.load.most_in_flight(), 1);
    // One from before the trace may have taken any time: that of the pairs is told apart.
    let report =
        analyse(&[read_answer(10, AT, 1, SUCCESS, 1, 99), read(20, AT, 2, 1), read_answer(30, AT, 2, SUCCESS, 1, 9)]);
    let slow = Component::FileSystemSlow;
    assert_eq!((report.total.time(slow), report.total.time_paired(slow)), (108, 9));
}

/// MS-SMB2 3.2.4.1.3: numbers of messages count on each connection from 0.
#[test]
fn a_number_is_used_again_on_another_connection() {
    let other = At { connection: 2, ..AT };
    let report = analyse(&[
        read(1000, AT, 7, 1),
        read(1100, other, 7, 1),
        read_answer(1200, other, 7, SUCCESS, 1, 1),
        read_answer(1900, AT, 7, SUCCESS, 1, 1),
    ]);
    assert_eq!(counts(&report), (2, 0, 0));
    assert_eq!(report.slowest.iter().map(|pair| pair.wall_ns).collect::<Vec<_>>(), [Some(90_000), Some(10_000)]);
}

/// MS-SMB2 3.3.5.5.2: a session is bound to a second connection.
#[test]
fn a_session_has_two_channels() {
    let other = At { connection: 2, ..AT };
    let report = analyse(&[
        accept(1, AT, 1),
        accept(2, other, 2),
        authenticated(3, AT, "ann"),
        read(1000, AT, 1, 1),
        read(1100, other, 1, 1),
        read_answer(1200, AT, 1, SUCCESS, 1, 1),
        read_answer(1300, other, 1, SUCCESS, 1, 1),
    ]);
    let users = report.groups(&[Dimension::User]).unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].keys, [Key::User(Some("DOM\\ann".to_owned()))]);
    assert_eq!(report.groups(&[Dimension::Client]).unwrap().len(), 2);
}

/// MS-SMB2 3.2.4.1.4: the requests of a compound have numbers of their own.
#[test]
fn each_request_of_a_compound_is_one() {
    let mut records = vec![create(1000, At { file: 0, ..AT }, 5, "a.txt"), read(1001, AT, 6, 1)];
    records.extend([create_answer(1500, AT, 5), read_answer(1501, AT, 6, SUCCESS, 1, 1)]);
    let report = analyse(&records);
    assert_eq!(counts(&report), (2, 0, 0));
    assert!(report.slowest.iter().all(|pair| pair.owner.file.as_deref() == Some("a.txt")), "{:?}", report.slowest);
}

/// MS-SMB2 3.3.5.16: the cancelled request is answered, CANCEL is not.
#[test]
fn a_pending_request_is_cancelled() {
    let report = analyse(&[
        read(1000, AT, 9, 1),
        error(1100, AT, 9, 8, PENDING, ASYNC),
        cancel(5000, AT, 9),
        error(5100, AT, 9, 8, CANCELLED, ASYNC),
    ]);
    assert_eq!(counts(&report), (1, 0, 0));
    assert_eq!(report.slowest[0].status.0, CANCELLED);
    assert_eq!(report.slowest[0].first_ns, Some(10_000));
    assert_eq!(report.total.errors(), 1);
}

/// MS-SMB2 3.3.4.2: an interim response says that the answer takes time; here two do, one by the command's own event.
#[test]
fn a_request_is_pending_twice() {
    let report = analyse(&[
        read(1000, AT, 9, 1),
        error(1100, AT, 9, 8, PENDING, ASYNC),
        read_answer(1300, AT, 9, PENDING, 0, 0),
        read_answer(9000, AT, 9, SUCCESS, 1, 1),
        error(9100, AT, 10, 8, PENDING, ASYNC),
    ]);
    assert_eq!(counts(&report), (1, 0, 0));
    assert_eq!((report.interims.count, report.interims.orphans), (3, 1));
    assert_eq!((report.slowest[0].interims, report.slowest[0].first_ns), (2, Some(10_000)));
    assert_eq!(report.calibration.pairs(), 0, "what was pending says nothing of the unit");
}

/// MS-SMB2 2.2.1.1: an asynchronous header has no tree. Such a pair does not count for the unit, with or without its interim.
#[test]
fn an_asynchronous_answer_does_not_calibrate() {
    let pair = |flags| [read(1000, AT, 9, 1), error(900_000, AT, 9, 8, SUCCESS, flags)];
    assert_eq!(analyse(&pair(0)).calibration.pairs(), 1);
    assert_eq!(analyse(&pair(ASYNC)).calibration.pairs(), 0);
}

/// MS-SMB2 2.2.2: the error response answers any command, and says which.
#[test]
fn an_error_response_answers_its_command_alone() {
    for wire in 0..=19 {
        let report = analyse(&[read(1000, AT, 9, 1), error(1100, AT, 9, wire, ACCESS_DENIED, 0)]);
        let other = u64::from(wire != 12 && wire != 19); // CANCEL and what is no command are not counted
        let expected = if wire == 8 { (1, 0, 0) } else { (0, 1, other) };
        assert_eq!(counts(&report), expected, "{wire}");
    }
    for command in Command::all() {
        let report = analyse(&[error(1100, AT, 9, command.wire(), ACCESS_DENIED, 0)]);
        let groups = report.groups(&[Dimension::Command]).unwrap();
        let Key::Command(found) = groups[0].keys[0] else { panic!("{groups:?}") };
        assert_eq!(found.wire(), command.wire());
    }
}

/// MS-SMB2 3.3.5.9.7: a durable open goes on, on another connection, with the same GUID.
#[test]
fn an_open_is_reconnected() {
    let later = At { connection: 2, session: 2, tree: 2, file: 1 };
    let report = analyse(&[
        tree_allocated(1, AT, r"\\*\DATA"),
        opened(2, AT, "a.txt"),
        read(1000, AT, 1, 1),
        read_answer(1100, AT, 1, SUCCESS, 1, 1),
        tree_allocated(2000, later, r"\\*\DATA"),
        reconnected(2001, later),
        read(2100, later, 1, 1),
        read_answer(2200, later, 1, SUCCESS, 1, 1),
    ]);
    let files = report.groups(&[Dimension::File]).unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0].keys, [Key::File(Some("DATA".to_owned()), Some("a.txt".to_owned()))]);
    assert_eq!(files[0].figures.pairs(), 2);
}

#[test]
fn a_rundown_at_the_end_names_what_is_older_than_the_trace() {
    let mut records = vec![read(1000, AT, 1, 1), read_answer(1100, AT, 1, SUCCESS, 1, 1)];
    let before = analyse(&records);
    assert_eq!((before.unknown.opens.ids, before.unknown.sessions.ids, before.unknown.trees.records), (1, 1, 1));
    records.extend(rundown(5000, AT, "old.txt", "bob", "HOME"));
    let report = analyse(&records);
    let owner = &report.slowest[0].owner;
    let names = (owner.user.as_deref(), owner.share.as_deref(), owner.file.as_deref());
    assert_eq!(names, (Some("DOM\\bob"), Some("HOME"), Some("old.txt")));
    assert_eq!((report.unknown.opens.ids, report.unknown.connections.ids), (0, 1));
}

#[test]
fn a_clock_that_was_set_back_makes_no_time() {
    let report = analyse(&[read(9000, AT, 1, 1), read_answer(1000, AT, 1, SUCCESS, 1, 1)]);
    assert_eq!(counts(&report), (1, 0, 0));
    assert_eq!(report.slowest[0].wall_ns, Some(0));
    // The same, as a reader that sorts hands it out.
    let report = analyse(&[read_answer(1000, AT, 1, SUCCESS, 1, 1), read(9000, AT, 1, 1)]);
    assert_eq!(counts(&report), (1, 0, 0));
    assert_eq!(report.slowest[0].wall_ns, Some(0));
}

#[test]
fn a_number_that_comes_again_before_an_answer_pairs_with_the_later() {
    let report = analyse(&[read(1000, AT, 1, 1), read(2000, AT, 1, 1), read_answer(2100, AT, 1, SUCCESS, 1, 1)]);
    assert_eq!(counts(&report), (1, 1, 0));
    assert_eq!(report.slowest[0].wall_ns, Some(10_000));
}

#[test]
fn an_answer_to_another_command_is_no_answer() {
    let report = analyse(&[read(1000, AT, 1, 1), write_answer(1100, AT, 1, 10)]);
    assert_eq!(counts(&report), (0, 1, 1));
    let report = analyse(&[write_answer(1000, AT, 1, 10), write(900, AT, 1)]);
    assert_eq!(counts(&report), (1, 0, 0));
}

#[test]
fn a_file_that_was_not_opened_is_named_by_its_request() {
    let at = At { file: 0, ..AT };
    let report = analyse(&[create(1000, at, 1, "secret.txt"), error(1100, at, 1, 5, ACCESS_DENIED, 0)]);
    assert_eq!(report.slowest[0].owner.file.as_deref(), Some("secret.txt"));
    assert_eq!(report.unknown.opens.ids, 0);
}
