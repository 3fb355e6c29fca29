//! The commands that need no recording: what the tool knows about events, masks and recording; and input for shells.

use insta::assert_snapshot;

use super::{smbetw, without_builds};

fn text(args: &str) -> String {
    let run = smbetw(&args.split(' ').collect::<Vec<_>>(), "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args}");
    assert!(!run.text.contains('\x1b'), "{args}");
    run.text
}

#[test]
fn events_are_found_by_id_name_field_and_message() {
    let all = text("events");
    assert_eq!(all.lines().count(), smbserver_etw::schema::PROVIDER.events.len());
    assert_snapshot!("events_of_a_field", text("events SPNValidationPolicy --build 26100"));
    assert!(text("events 551").contains("Smb2SessionAuthFailure"));
    assert!(text("events auth*failure").contains("Smb2SessionAuthFailure"));
    let old = text("events --build 10240");
    assert!(old.lines().count() < all.lines().count());
    let nothing = smbetw(&["events", "no such thing"], "");
    assert_eq!((nothing.code, nothing.text.as_str()), (2, ""));
}

#[test]
fn an_event_is_shown_with_the_places_of_its_fields() {
    assert_snapshot!("show_551_of_a_build", without_builds(&text("show 551 --build 17763")));
    assert_snapshot!("show_120", without_builds(&text("show Smb2ResponseQueryInfo")));
    for (args, hint) in [("show Smb2ResponseRaed", "did you mean `Smb2ResponseRead`?"), ("show 9", "")] {
        let run = smbetw(&args.split(' ').collect::<Vec<_>>(), "");
        assert_eq!(run.code == 2, !hint.is_empty(), "{args}");
        assert!(run.stderr.contains(hint), "{}", run.stderr);
    }
}

#[test]
fn masks_and_names_are_told_apart() {
    let of_mask = text("keywords 0x108403c0001fff");
    let events = smbserver_etw::schema::PROVIDER.events.len();
    assert!(of_mask.contains(&format!(" of {events} events pass")), "{of_mask}");
    // How many events a bit lets through grows with each build that is added.
    let without_counts = |line: &str| match line.rsplit_once(' ') {
        Some((before, "events" | "event")) => {
            before.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().to_owned()
        }
        _ => line.split_once(" events pass").map_or(line, |_| "… events pass").to_owned(),
    };
    assert_snapshot!("keywords_of_a_mask", of_mask.lines().map(without_counts).collect::<Vec<_>>().join("\n"));
    assert!(text("keywords Session,File").starts_with("0xa0\n"));
    assert!(
        text("keywords 0xa0 --events").contains("Smb2SessionAuthFailure")
            || text("keywords 0xa0 --events").contains("Smb2FileOpen")
    );
    assert!(text("keywords").contains("Rundown"));
    // Smb2RequestRead and Smb2ResponseRead.
    let of_ids = text("keywords --id 8,108 --events");
    assert!(of_ids.starts_with("0x3\n"), "{of_ids}");
    assert!(of_ids.contains("    8  ") && of_ids.contains("  108  "), "{of_ids}");
    assert_eq!(of_ids, text("keywords 0x3 --events"));
    assert_eq!(smbetw(&["keywords", "0x3", "--id", "8"], "").code, 2);
}

#[test]
fn how_to_record_is_told_with_the_right_mask() {
    let latency = text("record-help");
    assert_eq!(latency, text("record-help --latency"));
    // Request, Response, Connection, Session, TreeConnect, File, Share, Rundown.
    assert!(latency.contains("0x101f3") && latency.contains("{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}"), "{latency}");
    assert!(text("record-help --opens").contains("0x101f0"));
    assert!(text("record-help --security").contains("Microsoft-Windows-SMBServer/Security"));
    assert_snapshot!("record_help", latency);
}

#[test]
fn shells_and_man_get_what_they_need() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(text(&format!("completions {shell}")).contains("record-help"), "{shell}");
    }
    assert!(text("man").contains(".TH smbetw"));
    let read = text("man read");
    assert!(read.contains("smbetw") && read.contains("exclude"), "{read}");
    assert_eq!(smbetw(&["man", "x"], "").code, 2);
    for args in ["help", "help read"] {
        assert!(text(args).contains("Usage: smbetw"), "{args}");
    }
}
