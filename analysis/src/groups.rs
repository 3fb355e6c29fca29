//! Records by client, user, share … The names come at the end; until then groups are by ids.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    net::IpAddr,
};

use smbserver_etw::{Guid, NtStatus};

use crate::{
    command::Command,
    exchange::Ids,
    figures::Figures,
    names::{File, Names, Resolved},
    pairing::{Answer, Waiting},
    table::{FastMap, Text},
};

/// So many files, and other groups, of one kind are told apart; more are counted together.
const GROUPS: usize = 262_144;

/// By what records may be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// The command.
    Command,
    /// The client's address.
    Client,
    /// The session's user.
    User,
    /// The session.
    Session,
    /// The share.
    Share,
    /// The file in its share.
    File,
    /// The final status.
    Status,
    /// The connection.
    Connection,
    /// `Srv2Instance`, from build 26100 on.
    Instance,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Command,
        Self::Client,
        Self::User,
        Self::Session,
        Self::Share,
        Self::File,
        Self::Status,
        Self::Connection,
        Self::Instance,
    ];

    /// The name: `command`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Client => "client",
            Self::User => "user",
            Self::Session => "session",
            Self::Share => "share",
            Self::File => "file",
            Self::Status => "status",
            Self::Connection => "connection",
            Self::Instance => "instance",
        }
    }

    /// The dimension by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name().eq_ignore_ascii_case(name))
    }
}

/// What a record is in a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// Of a command.
    Command(Command),
    /// From a client; none if the connection's address is not known.
    Client(Option<IpAddr>),
    /// Of a user, `DOMAIN\name`; none if the session's user is not known.
    User(Option<String>),
    /// Of a session.
    Session(Guid),
    /// On a share; none if the tree's share is not known.
    Share(Option<String>),
    /// On a file of a share. Either may not be known.
    File(Option<String>, Option<String>),
    /// With this final status.
    Status(NtStatus),
    /// On a connection.
    Connection(Guid),
    /// Of an instance of the server.
    Instance(u32),
    /// One of those beyond what is told apart.
    Rest,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &Option<String>, f: &mut fmt::Formatter<'_>| f.write_str(text.as_deref().unwrap_or("?"));
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Client(Some(address)) => address.fmt(f),
            Self::Client(None) => f.write_str("?"),
            Self::User(name) | Self::Share(name) => known(name, f),
            Self::File(share, file) => {
                known(share, f)?;
                f.write_str("\\")?;
                known(file, f)
            }
            Self::Status(status) => match status.name() {
                Some(name) => f.write_str(name),
                None => write!(f, "{:#x}", status.0),
            },
            Self::Session(guid) | Self::Connection(guid) => guid.fmt(f),
            Self::Instance(number) => number.fmt(f),
            Self::Rest => f.write_str("(others)"),
        }
    }
}

/// A record's ids, until names are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) command: Command,
    pub(crate) connection: u32,
    pub(crate) session: Option<u32>,
    pub(crate) tree: Option<u32>,
    pub(crate) file: File,
    status: Option<NtStatus>,
    instance: Option<u32>,
}

impl Place {
    pub(crate) fn of_answer(answer: &Answer, names: &mut Names) -> Self {
        let name = answer.request.and_then(|request| request.name);
        Self {
            status: Some(answer.response.status),
            instance: answer.response.instance,
            ..Self::new(answer.command, &answer.ids(), name, names)
        }
    }

    pub(crate) fn of_unanswered(waiting: &Waiting, names: &mut Names) -> Self {
        Self::new(waiting.command, &waiting.ids, waiting.name, names)
    }

    fn new(command: Command, ids: &Ids, name: Option<Text>, names: &mut Names) -> Self {
        let Ids { session, tree, file, .. } = *ids;
        let connection = names.connections.number(ids.connection);
        if let Some(connection) = names.connections.get_mut(connection) {
            connection.records += 1;
        }
        let session = (!session.is_nil()).then(|| names.sessions.number(session));
        if let Some(session) = session.and_then(|number| names.sessions.get_mut(number)) {
            session.records += 1;
        }
        let tree = (!tree.is_nil()).then(|| names.trees.number(tree));
        if let Some(tree) = tree.and_then(|number| names.trees.get_mut(number)) {
            tree.records += 1;
        }
        let file = if file.is_nil() {
            // One that was not opened, by the name that was asked for.
            name.filter(|_| command == Command::CREATE).map_or(File::None, File::Named)
        } else {
            names.file_of_record(file)
        };
        Self { command, connection, session, tree, file, status: None, instance: None }
    }

    /// Its id in a dimension. None if it has none, so that it is in no group.
    fn id(&self, dimension: Dimension) -> Option<u64> {
        Some(match dimension {
            Dimension::Command => self.command.id().into(),
            Dimension::Client | Dimension::Connection => self.connection.into(),
            Dimension::User | Dimension::Session => self.session?.into(),
            Dimension::Share => self.tree?.into(),
            Dimension::File => return self.file_id(),
            Dimension::Status => self.status?.0.into(),
            Dimension::Instance => self.instance?.into(),
        })
    }

    /// Tree and file in one number: 0 is no tree, and of the file the top bits say what it is.
    fn file_id(&self) -> Option<u64> {
        let tree = self.tree.map_or(0, |tree| u64::from(tree.saturating_add(1)) & 0x3FFF_FFFF) << 34;
        Some(match self.file {
            File::None => return None,
            File::Unknown => tree,
            File::Named(name) => tree | 1 << 32 | u64::from(name.0),
            File::Open(number) => tree | 2 << 32 | u64::from(number),
        })
    }
}

/// By how many dimensions records may be told apart at once.
pub const MOST_DIMENSIONS: usize = 3;

/// A way to group records.
#[derive(Clone)]
pub(crate) struct Grouping {
    dimensions: Vec<Dimension>,
    groups: FastMap<[u64; MOST_DIMENSIONS], Figures>,
    rest: Figures,
}

impl Grouping {
    pub(crate) fn new(dimensions: &[Dimension]) -> Self {
        let dimensions = dimensions.iter().take(MOST_DIMENSIONS).copied().collect();
        Self { dimensions, groups: FastMap::default(), rest: Figures::default() }
    }

    pub(crate) fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The figures of the record's group; none if it is in none.
    pub(crate) fn figures(&mut self, place: &Place) -> Option<&mut Figures> {
        let mut key = [0; MOST_DIMENSIONS];
        for (part, dimension) in key.iter_mut().zip(&self.dimensions) {
            *part = place.id(*dimension)?;
        }
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            return Some(&mut self.rest);
        }
        Some(self.groups.entry(key).or_default())
    }

    /// The groups by name.
    pub(crate) fn resolve(self, names: &Resolved<'_>) -> BTreeMap<Vec<Key>, Figures> {
        let mut by_name = BTreeMap::<Vec<Key>, Figures>::new();
        for (ids, figures) in self.groups {
            let key = self.dimensions.iter().zip(ids).map(|(dimension, id)| key(*dimension, id, names));
            match by_name.entry(key.collect()) {
                Entry::Vacant(entry) => drop(entry.insert(figures)),
                Entry::Occupied(mut entry) => entry.get_mut().merge(&figures),
            }
        }
        if self.rest.requests() + self.rest.orphans() > 0 {
            by_name.insert(vec![Key::Rest; self.dimensions.len()], self.rest);
        }
        by_name
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was made of numbers of 32 bits")]
fn key(dimension: Dimension, id: u64, names: &Resolved<'_>) -> Key {
    let number = id as u32;
    let text = |text: Option<Text>| text.map(|text| names.text(text).to_owned());
    match dimension {
        Dimension::Command => {
            Command::from_request_id(u16::try_from(id).unwrap_or_default()).map_or(Key::Rest, Key::Command)
        }
        Dimension::Client => Key::Client(names.address(number)),
        Dimension::User => Key::User(text(names.user(number))),
        Dimension::Session => Key::Session(names.names.sessions.key(number).unwrap_or_default()),
        Dimension::Share => Key::Share(text(names.share(number))),
        Dimension::File => {
            let share = (id >> 34).checked_sub(1).and_then(|tree| names.share(tree as u32));
            let file = match (id >> 32) & 3 {
                0 => File::Unknown,
                1 => File::Named(Text(number)),
                _ => File::Open(number),
            };
            Key::File(text(share), text(names.file(file)))
        }
        Dimension::Status => Key::Status(NtStatus(number)),
        Dimension::Connection => Key::Connection(names.names.connections.key(number).unwrap_or_default()),
        Dimension::Instance => Key::Instance(number),
    }
}
