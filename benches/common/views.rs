//! Views beside hand-written code: the same bytes, the same fields, read in the same order.

use std::hint::black_box;

use smbserver_etw::View;
use smbserver_etw::events::open::SrvReopenFailureV0;
use smbserver_etw::events::request::Smb2RequestTreeConnectV2;
use smbserver_etw::events::response::Smb2ResponseReadV2Build26100;

use super::by_hand::{ReopenFailure, ResponseRead, TreeConnect};
use super::payload;

/// Decodes a payload and reads fields; false if the payload does not fit.
pub(crate) type Read = fn(&[u8]) -> bool;

/// One question, answered twice.
pub(crate) struct Case {
    /// The name of the benchmark group.
    pub(crate) id: &'static str,
    /// What is decoded and read, for people.
    pub(crate) title: &'static str,
    pub(crate) payload: Vec<u8>,
    pub(crate) view: Read,
    pub(crate) by_hand: Read,
}

/// A case: the view and its peer, and the fields that are read of either.
///
/// Every value goes to `black_box` on its own, so that none of the reads is dropped or merged with its neighbour.
/// The functions are not inlined: a caller of either pays for the same call.
macro_rules! case {
    ($id:literal, $title:literal, $view:ident, $by_hand:ident, $($field:ident),+ $(,)?) => {{
        #[inline(never)]
        fn view(payload: &[u8]) -> bool {
            let Ok(event) = $view::parse(payload) else { return false };
            $(black_box(event.$field());)+
            true
        }

        #[inline(never)]
        fn by_hand(payload: &[u8]) -> bool {
            let Some(event) = $by_hand::parse(payload) else { return false };
            $(black_box(event.$field());)+
            true
        }

        Case { id: $id, title: $title, payload: payload::of_layout($view::INFO), view, by_hand }
    }};
}

/// All cases, each tried once.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::from(response_read());
    cases.extend(tree_connect());
    cases.extend(reopen_failure());
    for case in &cases {
        assert!((case.view)(&case.payload), "{}: the view refuses the payload", case.title);
        assert!((case.by_hand)(&case.payload), "{}: the hand-written code refuses the payload", case.title);
    }
    cases
}

#[rustfmt::skip]
fn response_read() -> [Case; 2] {
    [
        case!(
            "view_111_all", "view 111 v2, all 33 fields", Smb2ResponseReadV2Build26100, ResponseRead,
            session_id, process_id, tree_id, message_id, master_message_id, command, credits_granted, flags, status,
            srv2_instance, processing_hits, processing_time, queue_hits, queue_time, file_system_fast_hits,
            file_system_fast_time, file_system_slow_hits, file_system_slow_time, transport_fast_hits,
            transport_fast_time, transport_slow_hits, transport_slow_time, transport_dp_hits, transport_dp_time,
            security_hits, security_time, total_time, length_read, connection_guid, session_guid, tree_connect_guid,
            file_guid, file_id,
        ),
        case!(
            "view_111_three", "view 111 v2, three fields", Smb2ResponseReadV2Build26100, ResponseRead,
            status, total_time, length_read,
        ),
    ]
}

#[rustfmt::skip]
fn tree_connect() -> [Case; 2] {
    [
        case!(
            "view_4_all", "view 4 v2, all 12 fields", Smb2RequestTreeConnectV2, TreeConnect,
            session_id, process_id, tree_id, message_id, master_message_id, command, credits_requested, flags,
            path_length, path, connection_guid, session_guid,
        ),
        case!(
            "view_4_three", "view 4 v2, three fields", Smb2RequestTreeConnectV2, TreeConnect,
            session_id, path, session_guid,
        ),
    ]
}

#[rustfmt::skip]
fn reopen_failure() -> [Case; 2] {
    [
        case!(
            "view_1016_all", "view 1016 v0, all 21 fields", SrvReopenFailureV0, ReopenFailure,
            status, translated_status, rkf_status, translated_rkf_status, connection_guid, client_name_length,
            client_name, client_address_length, client_address, share_name_length, share_name, user_name_length,
            user_name, session_id, file_name_length, file_name, durable_handle, resilient_handle, persistent_handle,
            resume_key, reason,
        ),
        case!(
            "view_1016_three", "view 1016 v0, three fields", SrvReopenFailureV0, ReopenFailure,
            status, file_name, reason,
        ),
    ]
}
