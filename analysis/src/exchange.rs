//! What is asked of requests and responses, whatever command they are of.

use smbserver_etw::{Event, Guid, NtStatus, Utf16, maps::Smb2Command};

use crate::{
    command::Command,
    components::{Components, Spelling},
};

/// The bit of an asynchronous header, whose `ProcessId` and `TreeId` are an AsyncId (MS-SMB2 2.2.1.1).
const ASYNC: u32 = 2;

/// A request or a response.
pub(crate) enum Exchange<'a> {
    Request(Request<'a>),
    Response(Response),
}

/// A request. GUIDs that it has not got are zero.
#[derive(Clone, Copy, Default)]
pub(crate) struct Request<'a> {
    pub(crate) command: Option<Command>,
    pub(crate) ids: Ids,
    pub(crate) credits: u16,
    pub(crate) offset: u64,
    pub(crate) length: u32,
    /// The path of TREE_CONNECT, the file of CREATE.
    pub(crate) name: Option<Utf16<'a>>,
}

/// A response.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Response {
    /// None for 122, which may answer any.
    pub(crate) command: Option<Command>,
    pub(crate) wire: Smb2Command,
    pub(crate) ids: Ids,
    pub(crate) status: NtStatus,
    pub(crate) is_async: bool,
    pub(crate) credits: u16,
    pub(crate) bytes_read: u32,
    pub(crate) bytes_written: u32,
    pub(crate) instance: Option<u32>,
    pub(crate) components: Components,
}

/// What requests and responses are joined by, and to names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ids {
    pub(crate) message: u64,
    pub(crate) session_id: u64,
    pub(crate) file_id: u64,
    pub(crate) connection: Guid,
    pub(crate) session: Guid,
    pub(crate) tree: Guid,
    pub(crate) file: Guid,
}

impl<'a> Exchange<'a> {
    /// What the event is; none if it is neither.
    pub(crate) fn of(event: &Event<'a>) -> Option<Self> {
        request(event).map(Self::Request).or_else(|| response(event).map(Self::Response))
    }
}

macro_rules! ids {
    ($event:ident $(, $field:ident: $accessor:ident)*) => {
        Ids {
            message: $event.message_id(),
            session_id: $event.session_id(),
            connection: $event.connection_guid(),
            $($field: $event.$accessor(),)*
            ..Ids::default()
        }
    };
}

macro_rules! ids_of {
    (connection, $event:ident) => { ids!($event) };
    (session, $event:ident) => { ids!($event, session: session_guid) };
    (tree, $event:ident) => { ids!($event, session: session_guid, tree: tree_connect_guid) };
    (file, $event:ident) => { ids!($event, session: session_guid, tree: tree_connect_guid, file: file_guid) };
    (file_id, $event:ident) => { Ids { file_id: $event.file_id(), ..ids_of!(file, $event) } };
}

fn request<'a>(event: &Event<'a>) -> Option<Request<'a>> {
    macro_rules! with {
        ($part:ident, $event:ident) => {
            Request { ids: ids_of!($part, $event), credits: $event.credits_requested(), ..Request::default() }
        };
    }
    let request = match event {
        Event::Smb2RequestNegotiate(e) => with!(connection, e),
        Event::Smb2RequestSessionSetup(e) => with!(session, e),
        Event::Smb2RequestLogoff(e) => with!(session, e),
        Event::Smb2RequestTreeConnect(e) => Request { name: Some(e.path()), ..with!(session, e) },
        Event::Smb2RequestTreeDisconnect(e) => with!(tree, e),
        Event::Smb2RequestEcho(e) => with!(connection, e),
        Event::Smb2RequestCreate(e) => Request { name: Some(e.file_name()), ..with!(tree, e) },
        Event::Smb2RequestClose(e) => with!(file_id, e),
        Event::Smb2RequestFlush(e) => with!(file_id, e),
        Event::Smb2RequestRead(e) => Request { offset: e.offset(), length: e.length(), ..with!(file_id, e) },
        Event::Smb2RequestWrite(e) => Request { offset: e.offset(), length: e.length(), ..with!(file_id, e) },
        Event::Smb2RequestBreakOplock(e) => with!(file_id, e),
        Event::Smb2RequestAcknowledgeBreakLease(e) => with!(file, e),
        Event::Smb2RequestLock(e) => with!(file_id, e),
        Event::Smb2RequestIoctl(e) => with!(file_id, e),
        Event::Smb2RequestQueryDirectory(e) => with!(file_id, e),
        Event::Smb2RequestChangeNotify(e) => with!(file_id, e),
        Event::Smb2RequestQueryInfo(e) => with!(file_id, e),
        Event::Smb2RequestSetInfo(e) => with!(file_id, e),
        _ => return None,
    };
    Some(Request { command: Command::from_request_id(event.id()), ..request })
}

fn response(event: &Event<'_>) -> Option<Response> {
    macro_rules! with {
        ($part:ident, $event:ident) => {
            Response {
                wire: $event.command(),
                ids: ids_of!($part, $event),
                status: $event.status(),
                is_async: $event.flags().0 & ASYNC != 0,
                credits: $event.credits_granted(),
                instance: $event.srv2_instance(),
                components: components!($event),
                ..Response::default()
            }
        };
    }
    macro_rules! components {
        ($event:ident) => {
            Components {
                hits: [
                    $event.processing_hits(),
                    $event.queue_hits(),
                    $event.file_system_fast_hits(),
                    $event.file_system_slow_hits(),
                    $event.transport_fast_hits(),
                    $event.transport_slow_hits(),
                    0,
                    $event.security_hits(),
                ],
                time: [
                    $event.processing_time().or($event.processing_cycles()).unwrap_or(0),
                    $event.queue_time().or($event.queue_cycles()).unwrap_or(0),
                    $event.file_system_fast_time().or($event.file_system_fast_cycles()).unwrap_or(0),
                    $event.file_system_slow_time().or($event.file_system_slow_cycles()).unwrap_or(0),
                    $event.transport_fast_time().or($event.transport_fast_cycles()).unwrap_or(0),
                    $event.transport_slow_time().or($event.transport_slow_cycles()).unwrap_or(0),
                    0,
                    $event.security_time().or($event.security_cycles()).unwrap_or(0),
                ],
                total: $event.total_time(),
                spelling: if $event.processing_time().is_some() { Spelling::Time } else { Spelling::Cycles },
            }
        };
    }
    macro_rules! with_data_plane {
        ($event:ident, $bytes:ident: $accessor:ident) => {{
            let mut response = with!(file, $event);
            response.ids.file_id = $event.file_id().unwrap_or(0);
            response.components.set_transport_dp($event.transport_dp_hits(), $event.transport_dp_time());
            Response { $bytes: $event.$accessor(), ..response }
        }};
    }
    let response = match event {
        Event::Smb2ResponseNegotiate(e) => with!(connection, e),
        Event::Smb2ResponseSessionSetup(e) => with!(session, e),
        Event::Smb2ResponseLogoff(e) => with!(session, e),
        Event::Smb2ResponseTreeConnect(e) => with!(tree, e),
        Event::Smb2ResponseTreeDisconnect(e) => with!(tree, e),
        Event::Smb2ResponseEcho(e) => with!(connection, e),
        Event::Smb2ResponseCreate(e) => with!(file_id, e),
        Event::Smb2ResponseClose(e) => with!(file, e),
        Event::Smb2ResponseFlush(e) => with!(file, e),
        Event::Smb2ResponseRead(e) => with_data_plane!(e, bytes_read: length_read),
        Event::Smb2ResponseWrite(e) => with_data_plane!(e, bytes_written: length_written),
        Event::Smb2ResponseBreakOplock(e) => with!(file_id, e),
        Event::Smb2ResponseAcknowledgeBreakLease(e) => with!(file, e),
        Event::Smb2ResponseLock(e) => with!(file, e),
        Event::Smb2ResponseIoctl(e) => with!(file_id, e),
        Event::Smb2ResponseQueryDirectory(e) => with!(file, e),
        Event::Smb2ResponseChangeNotify(e) => with!(file, e),
        Event::Smb2ResponseQueryInfo(e) => with!(file, e),
        Event::Smb2ResponseSetInfo(e) => with!(file, e),
        Event::Smb2ResponseError(e) => with!(file, e),
        _ => return None,
    };
    Some(Response { command: Command::from_request_id(event.id() - 100), ..response })
}
