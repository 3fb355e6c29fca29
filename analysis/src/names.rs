//! Whose connection, session, tree and open it is. The rules are in the documentation of the crate.

use std::{collections::VecDeque, net::IpAddr};

use smbserver_etw::{Event, Guid, SocketAddr, Utf16};

use crate::{
    exchange::Ids,
    table::{FastMap, Table, Text, Texts},
};

/// So many files that were closed are still known by their GUIDs, for what comes late.
const CLOSED: usize = 65_536;
/// So many opens without a name of an event 650 wait for one. Beyond that the names are those that are known at once.
const WAITING: usize = 262_144;

/// What names are known by.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub(crate) texts: Texts,
    pub(crate) connections: Table<Guid, Connection>,
    pub(crate) sessions: Table<Guid, Session>,
    pub(crate) trees: Table<Guid, Tree>,
    opens: FastMap<Guid, u32>,
    open_entries: Vec<Open>,
    free: Vec<u32>,
    closed: VecDeque<Guid>,
    held: usize,
    /// Opens that were given up without a name, and the records on them.
    given_up: Missing,
    shares: FastMap<Guid, Text>,
    rundown: Rundown,
}

/// What the rundown (3004-3006) says, by ids that are no GUIDs.
#[derive(Clone, Default)]
struct Rundown {
    users: FastMap<u64, Text>,
    files: FastMap<u64, (Text, u64)>,
    shares: FastMap<u64, Text>,
}

impl Rundown {
    fn file(&self, id: u64) -> Option<Text> {
        self.files.get(&id).map(|(name, _)| *name)
    }

    fn share_of_file(&self, id: u64) -> Option<Text> {
        self.files.get(&id).and_then(|(_, share)| self.shares.get(share)).copied()
    }
}

#[derive(Clone, Default)]
pub(crate) struct Connection {
    /// The address, and the rank of the event that told it: 500 before 501 before 502.
    address: Option<(IpAddr, u16)>,
    pub(crate) records: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Session {
    user: Option<Text>,
    id: u64,
    pub(crate) records: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Tree {
    /// By 600.
    allocated: Option<Text>,
    /// By 650.
    share: Option<Guid>,
    /// By 4 and 104.
    connected: Option<Text>,
    /// By 3004 and 3006, told when one of its opens was given up.
    by_rundown: Option<Text>,
    pub(crate) records: u64,
}

#[derive(Clone, Default)]
struct Open {
    /// By 650.
    opened: Option<Text>,
    /// By 8 and 108.
    created: Option<Text>,
    id: u64,
    tree: Guid,
    records: u64,
    /// Whether groups hold its number, so that it must stay.
    is_held: bool,
    is_closed: bool,
}

impl Open {
    /// Its file by the best rule that gives one.
    fn name(&self, rundown: &Rundown) -> Option<Text> {
        self.opened.or(self.created).or_else(|| rundown.file(self.id))
    }
}

/// A file as a group or a record keeps it, until all names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum File {
    /// There is none.
    None,
    /// One without a name for good.
    Unknown,
    /// By name.
    Named(Text),
    /// That of an open.
    Open(u32),
}

/// Something that has no name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// How many different ones.
    pub ids: u64,
    /// How many records are concerned.
    pub records: u64,
}

impl Missing {
    fn count(&mut self, is_named: bool, records: u64) {
        if !is_named && records > 0 {
            self.ids += 1;
            self.records += records;
        }
    }
}

impl Names {
    /// Takes in what an event says that is neither request nor response.
    pub(crate) fn learn(&mut self, event: &Event<'_>) {
        match event {
            Event::Smb2ConnectionAccept(e) => self.learn_address(e.connection_guid(), Some(e.address()), 500),
            Event::Smb2ConnectionDisconnectEvent(e) => self.learn_address(e.connection_guid(), e.address(), 501),
            Event::Smb2ConnectionTerminate(e) => self.learn_address(e.connection_guid(), e.address(), 502),
            Event::Smb2SessionAuthenticated(e) => {
                let user = self.keep_user(e.domain_name(), e.user_name());
                if let Some(session) = self.sessions.entry(e.session_guid()) {
                    session.user.get_or_insert(user);
                }
            }
            Event::Smb2TreeConnectAllocate(e) => {
                let name = self.keep_share(e.share_name());
                if !e.share_guid().is_nil() {
                    self.shares.entry(e.share_guid()).or_insert(name);
                }
                if let Some(tree) = self.trees.entry(e.tree_connect_guid()) {
                    tree.allocated.get_or_insert(name);
                }
            }
            Event::Smb2FileOpen(e) => {
                if let Some(tree) = self.trees.entry(e.tree_connect_guid()).filter(|_| !e.share_guid().is_nil()) {
                    tree.share.get_or_insert(e.share_guid());
                }
                self.learn_open(e.open_guid(), e.name());
            }
            Event::SrvAdminFileRundown(e) => {
                let name = self.texts.keep(e.file_name().chars());
                self.rundown.files.insert(e.file_id(), (name, e.share_id()));
            }
            Event::SrvAdminSessionRundown(e) => {
                let user = self.keep_user(e.domain_name(), e.user_name());
                self.rundown.users.insert(e.session_id(), user);
            }
            Event::SrvAdminShareRundown(e) => {
                let name = self.keep_share(e.share_name());
                self.rundown.shares.insert(e.share_id(), name);
            }
            _ => {}
        }
    }

    fn learn_address(&mut self, connection: Guid, address: Option<SocketAddr<'_>>, rank: u16) {
        let Some(ip) = address.and_then(SocketAddr::ip) else { return };
        if let Some(connection) = self.connections.entry(connection)
            && connection.address.is_none_or(|(_, known)| rank < known)
        {
            connection.address = Some((ip, rank));
        }
    }

    fn learn_open(&mut self, guid: Guid, name: Utf16<'_>) {
        let name = self.texts.keep(name.chars());
        if let Some(open) = self.open_entry(guid) {
            open.opened.get_or_insert(name);
        }
    }

    /// Takes in what a request or a response says of ids that the rundown has.
    pub(crate) fn link(&mut self, ids: &Ids) {
        if !ids.session.is_nil()
            && ids.session_id != 0
            && let Some(session) = self.sessions.entry(ids.session).filter(|session| session.id == 0)
        {
            session.id = ids.session_id;
        }
        if ids.file_id != 0
            && !ids.file.is_nil()
            && let Some(open) = self.open_entry(ids.file).filter(|open| open.id == 0)
        {
            open.id = ids.file_id;
            open.tree = ids.tree;
        }
    }

    /// A tree's share by the path that it was asked for, since that was granted.
    pub(crate) fn learn_connected(&mut self, tree: Guid, path: Text) {
        if let Some(tree) = self.trees.entry(tree) {
            tree.connected.get_or_insert(path);
        }
    }

    /// An open's file by the name that it was asked for, since that was granted.
    pub(crate) fn learn_created(&mut self, file: Guid, name: Text) {
        if let Some(open) = self.open_entry(file) {
            open.created.get_or_insert(name);
        }
    }

    /// What follows the last backslash of a path: `\\*\DATA` is `DATA`.
    pub(crate) fn keep_share(&mut self, path: Utf16<'_>) -> Text {
        let start = path.units().enumerate().rfind(|(_, unit)| *unit == u16::from(b'\\'));
        let start = start.map_or(0, |(index, _)| 2 * (index + 1));
        let name = path.as_bytes().get(start..).and_then(Utf16::new).unwrap_or(path);
        self.texts.keep(name.chars())
    }

    fn keep_user(&mut self, domain: Utf16<'_>, user: Utf16<'_>) -> Text {
        self.texts.keep(domain.chars().chain(['\\']).chain(user.chars()))
    }

    /// The open's number.
    fn open(&mut self, guid: Guid) -> u32 {
        if let Some(&number) = self.opens.get(&guid) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.open_entries.push(Open::default());
            u32::try_from(self.open_entries.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(open) = self.open_entries.get_mut(number as usize) {
            *open = Open::default();
        }
        self.opens.insert(guid, number);
        number
    }

    fn open_entry(&mut self, guid: Guid) -> Option<&mut Open> {
        let number = self.open(guid);
        self.open_entries.get_mut(number as usize)
    }

    /// The file of a record that is done with: by name if the best rule gave one, else by its open.
    pub(crate) fn file_of_record(&mut self, guid: Guid) -> File {
        let number = self.open(guid);
        let Some(open) = self.open_entries.get_mut(number as usize) else { return File::Unknown };
        open.records += 1;
        if let Some(name) = open.opened {
            return File::Named(name);
        }
        if !open.is_held {
            if self.held >= WAITING {
                return open.name(&self.rundown).map_or(File::Unknown, File::Named);
            }
            open.is_held = true;
            self.held += 1;
        }
        File::Open(number)
    }

    /// The file was closed: what comes late still finds it, for a while.
    pub(crate) fn close(&mut self, guid: Guid) {
        let Some(&number) = self.opens.get(&guid) else { return };
        let Some(open) = self.open_entries.get_mut(number as usize).filter(|open| !open.is_closed) else { return };
        open.is_closed = true;
        self.closed.push_back(guid);
        if self.closed.len() > CLOSED
            && let Some(oldest) = self.closed.pop_front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, guid: Guid) {
        let Some(&number) = self.opens.get(&guid) else { return };
        let Some(open) = self.open_entries.get(number as usize).filter(|open| !open.is_held) else { return };
        self.given_up.count(open.name(&self.rundown).is_some(), open.records);
        if let Some(share) = self.rundown.share_of_file(open.id).filter(|_| !open.tree.is_nil())
            && let Some(tree) = self.trees.entry(open.tree)
        {
            tree.by_rundown.get_or_insert(share);
        }
        self.opens.remove(&guid);
        self.free.push(number);
    }

    /// The names as far as they are known by now.
    pub(crate) fn resolve(&self) -> Resolved<'_> {
        let mut tree_shares = FastMap::default();
        for open in self.opens.values().filter_map(|number| self.open_entries.get(*number as usize)) {
            if let Some(share) = self.rundown.share_of_file(open.id).filter(|_| !open.tree.is_nil()) {
                tree_shares.entry(open.tree).or_insert(share);
            }
        }
        Resolved { names: self, tree_shares }
    }
}

/// The names, with what is only found by looking at all of them.
pub(crate) struct Resolved<'n> {
    pub(crate) names: &'n Names,
    tree_shares: FastMap<Guid, Text>,
}

impl<'n> Resolved<'n> {
    pub(crate) fn address(&self, connection: u32) -> Option<IpAddr> {
        self.names.connections.get(connection)?.address.map(|(ip, _)| ip)
    }

    pub(crate) fn user(&self, session: u32) -> Option<Text> {
        let session = self.names.sessions.get(session)?;
        session.user.or_else(|| self.names.rundown.users.get(&session.id).copied())
    }

    pub(crate) fn share(&self, tree: u32) -> Option<Text> {
        let guid = self.names.trees.key(tree)?;
        let tree = self.names.trees.get(tree)?;
        let by_open = || tree.share.and_then(|share| self.names.shares.get(&share).copied());
        let by_rundown = || self.tree_shares.get(&guid).copied().or(tree.by_rundown);
        tree.allocated.or_else(by_open).or(tree.connected).or_else(by_rundown)
    }

    pub(crate) fn file(&self, file: File) -> Option<Text> {
        match file {
            File::None | File::Unknown => None,
            File::Named(name) => Some(name),
            File::Open(number) => self.names.open_entries.get(number as usize)?.name(&self.names.rundown),
        }
    }

    pub(crate) fn text(&self, text: Text) -> &'n str {
        self.names.texts.get(text)
    }

    pub(crate) fn missing_connections(&self) -> Missing {
        let records = self.names.connections.iter().map(|(_, it)| (it.address.is_some(), it.records));
        count_missing(Missing::default(), records)
    }

    pub(crate) fn missing_sessions(&self) -> Missing {
        let numbered = (0..).zip(self.names.sessions.iter());
        count_missing(Missing::default(), numbered.map(|(n, (_, it))| (self.user(n).is_some(), it.records)))
    }

    pub(crate) fn missing_trees(&self) -> Missing {
        let numbered = (0..).zip(self.names.trees.iter());
        count_missing(Missing::default(), numbered.map(|(n, (_, it))| (self.share(n).is_some(), it.records)))
    }

    pub(crate) fn missing_opens(&self) -> Missing {
        let known = self.names.opens.values().filter_map(|number| self.names.open_entries.get(*number as usize));
        count_missing(self.names.given_up, known.map(|open| (open.name(&self.names.rundown).is_some(), open.records)))
    }
}

fn count_missing(mut missing: Missing, all: impl Iterator<Item = (bool, u64)>) -> Missing {
    all.for_each(|(is_named, records)| missing.count(is_named, records));
    missing
}
