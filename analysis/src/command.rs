//! The commands of SMB2.

use std::fmt;

use smbserver_etw::maps::Smb2Command;

/// A command that a client sends and the server answers.
///
/// One is named by the id of its request's event: 11 is READ, whose code on the wire is 8. OPLOCK_BREAK of the wire
/// (MS-SMB2 2.2.24) is two: the acknowledgement of an oplock's break and that of a lease's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(u8);

/// Name and code on the wire by the request's id. 7 is CANCEL, which nothing answers, and 14 goes from server to client.
const NAMES: [(&str, u16); 22] = [
    ("", NO_CODE),
    ("NEGOTIATE", 0),
    ("SESSION_SETUP", 1),
    ("LOGOFF", 2),
    ("TREE_CONNECT", 3),
    ("TREE_DISCONNECT", 4),
    ("ECHO", 13),
    ("", NO_CODE),
    ("CREATE", 5),
    ("CLOSE", 6),
    ("FLUSH", 7),
    ("READ", 8),
    ("WRITE", 9),
    ("OPLOCK_BREAK_ACK", 18),
    ("", NO_CODE),
    ("LEASE_BREAK_ACK", 18),
    ("LOCK", 10),
    ("IOCTL", 11),
    ("QUERY_DIRECTORY", 14),
    ("CHANGE_NOTIFY", 15),
    ("QUERY_INFO", 16),
    ("SET_INFO", 17),
];
const NO_CODE: u16 = u16::MAX;

macro_rules! constants {
    ($($name:ident = $id:literal;)*) => {
        impl Command {
            $(#[doc = concat!("Event ", $id, ".")] pub const $name: Self = Self($id);)*
        }
    };
}

constants! {
    NEGOTIATE = 1;
    SESSION_SETUP = 2;
    LOGOFF = 3;
    TREE_CONNECT = 4;
    TREE_DISCONNECT = 5;
    ECHO = 6;
    CREATE = 8;
    CLOSE = 9;
    FLUSH = 10;
    READ = 11;
    WRITE = 12;
    OPLOCK_BREAK_ACK = 13;
    LEASE_BREAK_ACK = 15;
    LOCK = 16;
    IOCTL = 17;
    QUERY_DIRECTORY = 18;
    CHANGE_NOTIFY = 19;
    QUERY_INFO = 20;
    SET_INFO = 21;
}

impl Command {
    /// All of them, by the ids of their requests.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=21).filter_map(Self::from_request_id)
    }

    /// The command of a request's event. None for other events, and for 7 and 14, which nothing answers.
    pub fn from_request_id(id: u16) -> Option<Self> {
        let (name, _) = NAMES.get(usize::from(id))?;
        u8::try_from(id).ok().filter(|_| !name.is_empty()).map(Self)
    }

    /// The command with this code on the wire. 18 is [`OPLOCK_BREAK_ACK`](Self::OPLOCK_BREAK_ACK).
    pub fn from_wire(code: Smb2Command) -> Option<Self> {
        Self::all().find(|command| u32::from(command.wire()) == code.0)
    }

    /// The command by its [`name`](Self::name), in capitals or not, with `_` or `-`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::all().find(|command| command.name().eq_ignore_ascii_case(&name))
    }

    /// The id of the request's event. That of the answer's is 100 higher; 122 answers any.
    pub const fn id(self) -> u16 {
        self.0 as u16
    }

    /// The code on the wire (MS-SMB2 2.2.1.2).
    pub fn wire(self) -> u16 {
        NAMES.get(usize::from(self.0)).map_or(NO_CODE, |(_, code)| *code)
    }

    /// The name: `READ`.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commands(u32);

impl Commands {
    /// All that there are.
    pub const ALL: Self = Self(u32::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// These and this one.
    #[must_use]
    pub const fn with(self, command: Command) -> Self {
        Self(self.0 | 1 << command.0)
    }

    /// Whether this one is among them.
    pub const fn contains(self, command: Command) -> bool {
        self.0 & 1 << command.0 != 0
    }
}

impl FromIterator<Command> for Commands {
    fn from_iter<T: IntoIterator<Item = Command>>(commands: T) -> Self {
        commands.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_an_id_a_code_and_a_name() {
        assert_eq!(Command::all().count(), 19);
        assert_eq!(Command::from_request_id(11), Some(Command::READ));
        for id in [0, 7, 14, 22, 111, 65535] {
            assert_eq!(Command::from_request_id(id), None, "{id}");
        }
        assert_eq!(Command::from_wire(Smb2Command(8)), Some(Command::READ));
        assert_eq!(Command::from_wire(Smb2Command(18)), Some(Command::OPLOCK_BREAK_ACK));
        assert_eq!(Command::from_wire(Smb2Command(12)), None, "CANCEL");
        assert_eq!(Command::from_wire(Smb2Command(0xFFFF)), None);
        assert_eq!(Command::from_name("query-directory"), Some(Command::QUERY_DIRECTORY));
        assert_eq!(Command::from_name(""), None);
        assert!(Commands::from_iter([Command::READ]).contains(Command::READ));
        assert!(!Commands::from_iter([Command::READ]).contains(Command::WRITE));
    }
}
