//! Messages into a `String` that is used again: [`View::write_to`], and a view's `Display`, beside a `write!` of the same text.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, str};

use etw_runtime::{HexInt32, HexInt64};
use smbserver_etw::View;
use smbserver_etw::events::response::Smb2ResponseReadV2Build26100;
use smbserver_etw::events::session::Smb2SessionAuthFailureV3;
use smbserver_etw::events::share::SrvShareAccessCheckFailureV0;
use smbserver_etw::status::{BuiltIn, StatusKind, write_status};

use crate::common::payload;

/// Writes the message of a payload into a string.
type Writer = fn(&[u8], &mut String);

/// A message and the three ways to it.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) payload: Vec<u8>,
    pub(crate) write_to: Writer,
    pub(crate) display: Writer,
    pub(crate) by_hand: Writer,
}

/// The cases; both ways write the same, or it is no comparison.
pub(crate) fn cases() -> Vec<Case> {
    let cases = vec![
        Case {
            id: "message_1006",
            title: "message of 1006 v0",
            payload: golden_1006(),
            write_to: |payload, out| write_to::<SrvShareAccessCheckFailureV0<'_>>(payload, out),
            display: |payload, out| display::<SrvShareAccessCheckFailureV0<'_>>(payload, out),
            by_hand: share_access,
        },
        Case {
            id: "message_551_v3",
            title: "message of 551 v3",
            payload: payload::of_layout(Smb2SessionAuthFailureV3::INFO),
            write_to: |payload, out| write_to::<Smb2SessionAuthFailureV3<'_>>(payload, out),
            display: |payload, out| display::<Smb2SessionAuthFailureV3<'_>>(payload, out),
            by_hand: authentication,
        },
        Case {
            id: "message_111_v2",
            title: "message of 111 v2",
            payload: payload::of_layout(Smb2ResponseReadV2Build26100::INFO),
            write_to: |payload, out| write_to::<Smb2ResponseReadV2Build26100<'_>>(payload, out),
            display: |payload, out| display::<Smb2ResponseReadV2Build26100<'_>>(payload, out),
            by_hand: read,
        },
    ];
    for case in &cases {
        let [write_to, display, by_hand] = [case.write_to, case.display, case.by_hand].map(|write| {
            let mut text = String::new();
            write(&case.payload, &mut text);
            text
        });
        assert_eq!((&write_to, &display), (&by_hand, &by_hand), "{}", case.title);
        assert!(!by_hand.is_empty());
    }
    cases
}

/// The payload of the message that Windows printed: `tests/data/golden`.
fn golden_1006() -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/golden/golden_1006.payload.hex");
    let hex = fs::read_to_string(file).expect("the golden payload");
    let pairs = hex.trim().as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("hex is ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

fn parse<'a, V: View<'a>>(payload: &'a [u8]) -> V {
    V::parse(payload).expect("the payload is one of the layout")
}

fn write_to<'a, V: View<'a>>(payload: &'a [u8], out: &mut String) {
    out.clear();
    parse::<V>(payload).write_to(out).expect("a string takes all");
}

fn display<'a, V: View<'a> + std::fmt::Display>(payload: &'a [u8], out: &mut String) {
    out.clear();
    write!(out, "{}", parse::<V>(payload)).expect("a string takes all");
}

/// A status's text, as [`write!`] takes it.
struct Status(u32);

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_status(StatusKind::NtStatus, self.0, &BuiltIn, f)
    }
}

fn share_access(payload: &[u8], out: &mut String) {
    let view: SrvShareAccessCheckFailureV0<'_> = parse(payload);
    out.clear();
    write!(
        out,
        "The share denied access to the client.\r\n\r\nClient Name: {}\r\nClient Address: {}\r\nUser Name: {}\r\n\
         Session ID: {:#X}\r\nShare Name: {}\r\nShare Path: {}\r\nStatus: {} ({:#X})\r\nMapped Access: {:#X}\r\n\
         Granted Access: {:#X}\r\nSecurity Descriptor: {:#X}{GUIDANCE_1006}",
        view.client_name(),
        view.client_address(),
        view.user_name(),
        HexInt64(view.session_id()),
        view.share_name(),
        view.share_path(),
        Status(view.translated_status_raw()),
        HexInt32(view.status_raw()),
        HexInt32(view.mapped_access_raw()),
        HexInt32(view.granted_access_raw()),
        view.share_security_descriptor(),
    )
    .expect("a string takes all");
}

/// What follows the last field in the message of 1006.
const GUIDANCE_1006: &str = "\r\n\r\nGuidance:\r\n\r\nYou should expect access denied errors when a principal accesses a \
share without the necessary permissions. Usually, this indicates that the principal does not have direct security \
permissions or lacks membership in a group that has direct access permissions. To determine and correct the permissions \
on the specified share, an administrator can use the Security tab in File Explorer Properties dialog, the SMBSHARE Windows \
PowerShell module, or the NET SHARE command. You can also use the Effective Access tab in File Explorer to help diagnose \
the issue.\r\n\r\nApplications may generate access denied errors if they attempt to open files in a writable mode first, \
and then reopen the files in a read-only mode. In this case, no user action is required.\r\n\r\nIf access to the share is \
denied and this event is not logged, you can examine the file and folder NTFS/REFS permissions.\r\n\r\nThis error does not \
indicate a problem with authentication, only authorization.";

fn authentication(payload: &[u8], out: &mut String) {
    let view: Smb2SessionAuthFailureV3<'_> = parse(payload);
    let policy = view.spn_validation_policy();
    out.clear();
    write!(
        out,
        "SMB Session Authentication Failure\r\n\r\nClient Name: {}\r\nClient Address: {}\r\nUser Name: {}\r\n\
         Session ID: {:#X}\r\nStatus: {} ({:#X})\r\nSPN: {}\r\nSPN Validation Policy: ",
        view.client_name(),
        view.client_address(),
        view.user_name(),
        HexInt64(view.session_id()),
        Status(view.translated_status_raw()),
        HexInt32(view.status_raw()),
        view.spn(),
    )
    .expect("a string takes all");
    match policy.name() {
        Some(text) => out.push_str(text),
        None => write!(out, "{}", policy.0).expect("a string takes all"),
    }
    out.push_str(GUIDANCE_551);
}

/// What follows the last field in the message of 551.
const GUIDANCE_551: &str = "\r\n\r\nGuidance:\r\n\r\nYou should expect this error when attempting to connect to shares using \
incorrect credentials.\r\n\r\nThis error does not always indicate a problem with authorization, but mainly authentication. \
It is more common with non-Windows clients.\r\n\r\nThis error can occur when using incorrect usernames and passwords with \
NTLM, mismatched LmCompatibility settings between client and server, an incorrect service principal name, duplicate \
Kerberos service principal names, incorrect Kerberos ticket-granting service tickets, or Guest accounts without Guest \
access enabled";

fn read(payload: &[u8], out: &mut String) {
    let _: Smb2ResponseReadV2Build26100<'_> = parse(payload);
    out.clear();
    write!(out, "SMB2 Response Read").expect("a string takes all");
}
