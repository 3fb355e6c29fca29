//! `smbetw read` and `info` from the outside, on recordings of the reference corpus. Skipped if they are absent.

use std::path::Path;

use super::{Run, smbetw};

/// Runs a command in the folder of the simulated recordings.
fn run(args: &[&str]) -> Option<Run> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/made");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    let args: Vec<String> = args
        .iter()
        .map(|arg| {
            if Path::new(arg).extension().is_some() && !arg.contains('/') && folder.join(arg).is_file() {
                folder.join(arg).to_string_lossy().into_owned()
            } else {
                (*arg).to_owned()
            }
        })
        .collect();
    Some(smbetw(&args.iter().map(String::as_str).collect::<Vec<_>>(), ""))
}

#[test]
fn filters_let_pass_what_they_say() {
    let ids = |args: &[&str]| {
        let args: Vec<&str> = ["read", "--format", "jsonl"].iter().chain(args).copied().collect();
        run(&args).map(|run| run.answers)
    };
    let Some(all) = ids(&["e1-plain.evtx"]) else { return };
    let count = |args: &[&str]| ids(args).unwrap().len();
    let of = |id: u16| all.iter().filter(|answer| answer["id"] == id).count();
    assert_eq!(count(&["e1-plain.evtx", "--id", "551"]), of(551));
    assert_eq!(count(&["e1-plain.evtx", "--id", "551,1000-1009"]), of(551) + of(1006) + of(1009));
    assert_eq!(count(&["e1-plain.evtx", "--exclude-id", "551"]), all.len() - of(551));
    assert_eq!(count(&["e1-plain.evtx", "--event", "Smb2SessionAuthFailure"]), of(551));
    assert_eq!(count(&["e1-plain.evtx", "--event", "Audit*"]), of(3000) + of(3002));
    assert_eq!(count(&["e1-plain.evtx", "--limit", "3"]), 3);
    let channel = |name: &str| all.iter().filter(|answer| answer["channel"].as_str().unwrap().ends_with(name)).count();
    assert_eq!(count(&["e1-plain.evtx", "--channel", "security"]), channel("/Security"));
    let graver = all.iter().filter(|answer| answer["level"] == "Error").count();
    assert_eq!(count(&["e1-plain.evtx", "--level", "error"]), graver);
    let denied = all.iter().filter(|answer| answer["fields"]["Status"] == "0xc0000022").count();
    assert!(denied > 0);
    for status in ["STATUS_ACCESS_DENIED", "access_denied", "0xc0000022"] {
        assert_eq!(count(&["e1-plain.evtx", "--status", status]), denied, "{status}");
    }
    assert_eq!(count(&["e1-plain.evtx", "--where", "Status == STATUS_ACCESS_DENIED && UserNameLength >= 0"]), denied);
    let middle = all[all.len() / 2]["time"].as_str().unwrap();
    let before = count(&["e1-plain.evtx", "--until", middle]);
    let after = count(&["e1-plain.evtx", "--since", middle]);
    assert_eq!(before + after, all.len());
    assert!(before > 0 && after > 0);
    let block = ids(&["e1-plain.evtx", "--client", "10.0.0.0/8"]).unwrap();
    let all_in_block = block.iter().all(|answer| {
        let address = answer["addresses"]["ClientAddress"].as_str();
        let named = answer["fields"]["ClientName"].as_str();
        address.or(named).is_some_and(|text| text.trim_start_matches('\\').starts_with("10."))
    });
    assert!(!block.is_empty() && block.len() < all.len() && all_in_block);
    let users = ids(&["e1-plain.evtx", "--user", "contoso\\*"]).unwrap();
    assert!(!users.is_empty());
    assert!(users.iter().all(|answer| answer["fields"]["UserName"].as_str().unwrap().starts_with("CONTOSO\\")));
    let shares = ids(&["e1-plain.evtx", "--share", "data"]).unwrap();
    assert!(shares.iter().all(|answer| answer["fields"]["ShareName"].as_str().unwrap().ends_with("\\DATA")));
}

#[test]
fn several_files_come_merged_by_time() {
    let Some(run) = run(&["read", "--format", "jsonl", "e6-all.evtx", "e1-plain.evtx", "e3-dirty.evtx"]) else {
        return;
    };
    let times: Vec<_> = run.answers.iter().map(|answer| answer["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    let files: std::collections::BTreeSet<_> =
        run.answers.iter().map(|answer| answer["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 3);
}

#[test]
fn a_broken_file_among_good_ones_costs_only_itself() {
    let folder = std::env::temp_dir().join(format!("smbetw-read-{}", std::process::id()));
    let Some(good) = run(&["read", "--format", "jsonl", "e1-plain.evtx"]) else { return };
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/made/e1-plain.evtx");
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::copy(&made, folder.join("good.EVTX")).unwrap();
    std::fs::copy(&made, folder.join("sub/deep.evtx")).unwrap();
    std::fs::write(folder.join("broken.etl"), [0x5A; 5000]).unwrap();
    std::fs::write(folder.join("other.txt"), "not meant").unwrap();
    let path = folder.to_str().unwrap();
    let flat = smbetw(&["read", "--format", "jsonl", path], "");
    let deep = smbetw(&["read", "-r", "-q", "--format", "jsonl", path], "");
    let pattern = smbetw(&["read", "--format", "jsonl", &format!("{path}/g*.evtx")], "");
    let bytes = std::fs::read(&made).unwrap();
    let piped = smbetw(&["read", "--format", "jsonl", "-"], &bytes);
    let alone = smbetw(&["read", &format!("{path}/broken.etl")], "");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((flat.code, flat.answers.len()), (1, good.answers.len()));
    assert!(flat.stderr.contains("broken.etl: neither a trace (.etl) nor an event log (.evtx)"), "{}", flat.stderr);
    assert_eq!((deep.code, deep.answers.len(), deep.stderr.as_str()), (1, 2 * good.answers.len(), ""));
    assert_eq!((pattern.code, pattern.answers.len()), (0, good.answers.len()));
    assert_eq!((piped.code, piped.answers.len()), (0, good.answers.len()));
    assert_eq!(piped.answers[0]["file"], "standard input");
    assert_eq!((alone.code, alone.text.as_str()), (2, ""));
}

#[test]
fn a_command_line_that_cannot_be_meant_is_refused_with_a_hint() {
    for (args, hint) in [
        (&["--where", "Stauts == 0"][..], "did you mean Status?"),
        (&["--event", "TdiModeEnabld"], "did you mean `TdiModeEnabled`?"),
        (&["--fields", "UserNam"], "did you mean UserName?"),
        (&["--channel", "x"], "channels are Performance"),
        (&["--keyword", "Sesion"], "did you mean Session?"),
        (&["--level", "x"], "levels are"),
        (&["--since", "yesterday"], "how long ago"),
        (&["--client", "10.0.0.0/99"], "0 to 32"),
        (&["--status", "x"], "STATUS_ACCESS_DENIED"),
        (&["--id", "5-1"], "5 is more than 1"),
        (&["--build", "x"], "not a number"),
    ] {
        let args: Vec<&str> = ["read", "x.etl"].iter().chain(args).copied().collect();
        let run = smbetw(&args, "");
        assert_eq!((run.code, run.text.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(hint), "{args:?}: {}", run.stderr);
    }
    for args in [&["read"][..], &["read", "/no/such/file"], &["info", "/no/such/*.etl"], &["read", "/"]] {
        let run = smbetw(args, "");
        assert_eq!((run.code, run.text.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn help_shows_examples() {
    for command in ["read", "info"] {
        let run = smbetw(&[command, "--help"], "");
        assert_eq!(run.code, 0);
        assert!(run.text.contains("Examples:") && run.text.contains("Exit codes:"), "{}", run.text);
    }
}
