//! Events of a server of build 26100, by hand.

use smbserver_analysis::{Analysis, Report, Settings};
use smbserver_etw::{
    Build, Encode, Event, FileTime, Guid,
    encode::{connection, open, request, response, rundown, session, tree_connect},
};

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const PENDING: u32 = 0x103;
pub(crate) const CANCELLED: u32 = 0xC000_0120;
pub(crate) const ACCESS_DENIED: u32 = 0xC000_0022;
/// The header is an asynchronous one.
pub(crate) const ASYNC: u32 = 2;

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) ticks: u64,
    pub(crate) id: u16,
    pub(crate) version: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn record<E: Encode>(ticks: u64, event: &E) -> Recorded {
    Recorded { ticks, id: E::LAYOUT.id, version: E::LAYOUT.version, payload: event.encode().unwrap() }
}

pub(crate) fn analyse_with<'r>(settings: Settings, records: impl IntoIterator<Item = &'r Recorded>) -> Report {
    let mut analysis = Analysis::new(settings);
    for it in records {
        let decoded = Event::decode(Build::B26100, it.id, it.version, &it.payload).unwrap();
        analysis.add(FileTime::from_ticks(it.ticks), &decoded.event);
    }
    analysis.finish()
}

pub(crate) fn analyse<'r>(records: impl IntoIterator<Item = &'r Recorded>) -> Report {
    analyse_with(Settings::new(), records)
}

/// The GUID of this kind and number.
pub(crate) fn guid(kind: u8, number: u64) -> Guid {
    Guid::from_u128(u128::from(kind) << 120 | u128::from(number))
}

/// Where a request is made: numbers of connection, session, tree and file; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) connection: u64,
    pub(crate) session: u64,
    pub(crate) tree: u64,
    pub(crate) file: u64,
}

impl At {
    pub(crate) fn connection(self) -> Guid {
        guid(1, self.connection)
    }

    pub(crate) fn session(self) -> Guid {
        of(2, self.session)
    }

    pub(crate) fn tree(self) -> Guid {
        of(3, self.tree)
    }

    pub(crate) fn file(self) -> Guid {
        of(4, self.file)
    }
}

fn of(kind: u8, number: u64) -> Guid {
    if number == 0 { Guid::NIL } else { guid(kind, number) }
}

macro_rules! on_file {
    ($kind:ident, $at:ident, $message:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $kind {
            message_id: $message,
            session_id: $at.session,
            connection_guid: $at.connection(),
            session_guid: $at.session(),
            tree_connect_guid: $at.tree(),
            file_guid: $at.file(),
            $($field: $value,)*
            ..Default::default()
        }
    };
}

/// A READ of `length` bytes.
pub(crate) fn read(ticks: u64, at: At, message: u64, length: u32) -> Recorded {
    use request::Smb2RequestReadV2;
    record(ticks, &on_file!(Smb2RequestReadV2, at, message { command: 8, length: length, file_id: at.file }))
}

/// The answer to a READ: its time is all the file system's.
pub(crate) fn read_answer(ticks: u64, at: At, message: u64, status: u32, length: u32, taken: u64) -> Recorded {
    use response::Smb2ResponseReadV2Build26100;
    let event = on_file!(
        Smb2ResponseReadV2Build26100,
        at,
        message {
            command: 8,
            status: status,
            length_read: length,
            file_system_slow_hits: 1,
            file_system_slow_time: taken,
            total_time: taken,
            credits_granted: 1,
        }
    );
    record(ticks, &event)
}

pub(crate) fn write(ticks: u64, at: At, message: u64) -> Recorded {
    use request::Smb2RequestWriteV2;
    record(ticks, &on_file!(Smb2RequestWriteV2, at, message { command: 9, file_id: at.file }))
}

pub(crate) fn write_answer(ticks: u64, at: At, message: u64, length: u32) -> Recorded {
    use response::Smb2ResponseWriteV2Build26100;
    record(ticks, &on_file!(Smb2ResponseWriteV2Build26100, at, message { command: 9, length_written: length }))
}

pub(crate) fn cancel(ticks: u64, at: At, message: u64) -> Recorded {
    let event = request::Smb2RequestCancelV2 {
        message_id: message,
        session_id: at.session,
        command: 12,
        connection_guid: at.connection(),
        ..Default::default()
    };
    record(ticks, &event)
}

/// 122, which answers any command.
pub(crate) fn error(ticks: u64, at: At, message: u64, wire: u16, status: u32, flags: u32) -> Recorded {
    use response::Smb2ResponseErrorV2Build26100;
    record(ticks, &on_file!(Smb2ResponseErrorV2Build26100, at, message { command: wire, status: status, flags: flags }))
}

pub(crate) fn create(ticks: u64, at: At, message: u64, name: &str) -> Recorded {
    let event = request::Smb2RequestCreateV2 {
        message_id: message,
        session_id: at.session,
        command: 5,
        file_name: name.into(),
        connection_guid: at.connection(),
        session_guid: at.session(),
        tree_connect_guid: at.tree(),
        ..Default::default()
    };
    record(ticks, &event)
}

/// `at` has the file that was opened.
pub(crate) fn create_answer(ticks: u64, at: At, message: u64) -> Recorded {
    use response::Smb2ResponseCreateV2Build26100;
    record(ticks, &on_file!(Smb2ResponseCreateV2Build26100, at, message { command: 5, file_id: at.file }))
}

pub(crate) fn accept(ticks: u64, at: At, last_byte: u8) -> Recorded {
    let mut address = [0; 16];
    address[..8].copy_from_slice(&[2, 0, 0x12, 0x34, 10, 0, 0, last_byte]);
    let event = connection::Smb2ConnectionAcceptV0Build17763 {
        connection_guid: at.connection(),
        address: &address,
        ..Default::default()
    };
    record(ticks, &event)
}

pub(crate) fn authenticated(ticks: u64, at: At, user: &str) -> Recorded {
    let event = session::Smb2SessionAuthenticatedV0 {
        session_guid: at.session(),
        connection_guid: at.connection(),
        user_name: user.into(),
        domain_name: "DOM".into(),
    };
    record(ticks, &event)
}

pub(crate) fn tree_allocated(ticks: u64, at: At, share: &str) -> Recorded {
    let event = tree_connect::Smb2TreeConnectAllocateV0 {
        tree_connect_guid: at.tree(),
        session_guid: at.session(),
        connection_guid: at.connection(),
        share_name: share.into(),
        ..Default::default()
    };
    record(ticks, &event)
}

pub(crate) fn opened(ticks: u64, at: At, name: &str) -> Recorded {
    let event = open::Smb2FileOpenV0 {
        open_guid: at.file(),
        tree_connect_guid: at.tree(),
        session_guid: at.session(),
        connection_guid: at.connection(),
        name: name.into(),
        ..Default::default()
    };
    record(ticks, &event)
}

pub(crate) fn reconnected(ticks: u64, at: At) -> Recorded {
    let event = open::Smb2FileReconnectV0 {
        open_guid: at.file(),
        tree_connect_guid: at.tree(),
        session_guid: at.session(),
        connection_guid: at.connection(),
    };
    record(ticks, &event)
}

/// 3004-3006 for the file, the session and the share of the same number as the tree.
pub(crate) fn rundown(ticks: u64, at: At, file: &str, user: &str, share: &str) -> [Recorded; 3] {
    let of_file = rundown::SrvAdminFileRundownV0 {
        file_id: at.file,
        file_name: file.into(),
        session_id: at.session,
        share_id: at.tree,
    };
    let of_session = rundown::SrvAdminSessionRundownV0 {
        session_id: at.session,
        user_name: user.into(),
        domain_name: "DOM".into(),
        ..Default::default()
    };
    let of_share = rundown::SrvAdminShareRundownV0 { share_id: at.tree, share_name: share.into() };
    [record(ticks, &of_file), record(ticks + 1, &of_session), record(ticks + 2, &of_share)]
}
