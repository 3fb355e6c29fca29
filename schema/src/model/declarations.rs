//! What a provider declares for its events to use, one after the other.

use serde::Serialize;

use super::schema::Schema;
use super::{Channel, Keyword, Level, Map, Opcode, Place, Provider, Task};

/// What kind of thing a manifest declares for its events to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationKind {
    /// A channel, by its id.
    Channel,
    /// A level of the provider's own.
    Level,
    /// An opcode of the provider's own: its task, if any, and its name.
    Opcode,
    /// A task.
    Task,
    /// A keyword.
    Keyword,
    /// A map.
    Map,
    /// An entry of a map: the map's name and the number.
    MapEntry,
}

impl DeclarationKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Level => "level",
            Self::Opcode => "opcode",
            Self::Task => "task",
            Self::Keyword => "keyword",
            Self::Map => "map",
            Self::MapEntry => "map entry",
        }
    }
}

/// What channels, levels, opcodes, tasks, keywords and maps have in common.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'p> {
    /// The kind.
    pub kind: DeclarationKind,
    /// The name that events and fields use.
    pub name: &'p str,
    /// The name that people see: a channel's path.
    pub shown: &'p str,
    /// The task that an opcode belongs to.
    pub task: Option<&'p str>,
    /// The number or the mask; none for maps, for channels that have none, and for tasks whose number is not known.
    pub value: Option<u64>,
    /// The C symbol.
    pub symbol: Option<&'p str>,
    /// The display name.
    pub message: Option<&'p str>,
    /// Source location.
    pub at: &'p Place,
}

/// Something that events or fields refer to by name.
pub trait Declare {
    /// Its facts.
    fn declaration(&self) -> Declaration<'_>;
    /// Its C symbol.
    fn symbol_mut(&mut self) -> &mut Option<String>;
    /// Its display name; a map has none.
    fn message_mut(&mut self) -> Option<&mut Option<String>>;
}

macro_rules! declare {
    ($($type:ident as $it:ident { $name:expr, $shown:expr, $task:expr, $value:expr, $message:expr, $message_mut:expr })+) => {$(
        impl Declare for $type {
            fn declaration(&self) -> Declaration<'_> {
                let $it = self;
                Declaration {
                    kind: DeclarationKind::$type,
                    name: &$name,
                    shown: &$shown,
                    task: $task,
                    value: $value,
                    symbol: $it.symbol.as_deref(),
                    message: $message,
                    at: &$it.at,
                }
            }

            fn symbol_mut(&mut self) -> &mut Option<String> {
                &mut self.symbol
            }

            fn message_mut(&mut self) -> Option<&mut Option<String>> {
                let $it = self;
                $message_mut
            }
        }
    )+};
}

declare! {
    Channel as it {
        it.id, it.name, None, it.value.map(u64::from), it.message.as_deref(), Some(&mut it.message)
    }
    Level as it { it.name, it.name, None, Some(it.value.into()), it.message.as_deref(), Some(&mut it.message) }
    Opcode as it {
        it.name, it.name, it.task.as_deref(), Some(it.value.into()), it.message.as_deref(), Some(&mut it.message)
    }
    Task as it { it.name, it.name, None, it.number().map(u64::from), it.message.as_deref(), Some(&mut it.message) }
    Keyword as it { it.name, it.name, None, Some(it.mask), it.message.as_deref(), Some(&mut it.message) }
    Map as it { it.name, it.name, None, None, None, { let _ = it; None } }
}

/// Every declaration of a provider or a schema. `$declared` is what an item `$it` of a list declares.
macro_rules! all_declarations {
    ($of:expr, |$it:ident| $declared:expr) => {{
        let of = $of;
        let channels = of.channels.iter().map(|$it| $declared.declaration());
        channels
            .chain(of.levels.iter().map(|$it| $declared.declaration()))
            .chain(of.opcodes.iter().map(|$it| $declared.declaration()))
            .chain(of.tasks.iter().map(|$it| $declared.declaration()))
            .chain(of.keywords.iter().map(|$it| $declared.declaration()))
            .chain(of.maps.iter().map(|$it| $declared.declaration()))
    }};
}

impl Schema {
    /// Channels, levels, opcodes, tasks, keywords and maps of all builds, in this order.
    pub fn declarations(&self) -> impl Iterator<Item = Declaration<'_>> {
        all_declarations!(self, |held| held.value)
    }
}

impl Provider {
    /// Channels, levels, opcodes, tasks, keywords and maps, in this order, and those of each kind in their own.
    pub fn declarations(&self) -> impl Iterator<Item = Declaration<'_>> {
        all_declarations!(self, |it| it)
    }

    /// Hands every text that people see to `visit`: those of the provider, of its declarations, of the entries of its maps
    /// and of its events, each with its place and what to call its owner in a diagnostic.
    pub fn visit_texts(&mut self, mut visit: impl FnMut(&mut Option<String>, &Place, &dyn Fn() -> String)) {
        fn each<T: Declare>(items: &mut [T], visit: &mut impl FnMut(&mut Option<String>, &Place, &dyn Fn() -> String)) {
            for item in items {
                let declared = item.declaration();
                let owner = format!("{} {}", declared.kind.word(), declared.shown);
                let at = declared.at.clone();
                if let Some(text) = item.message_mut() {
                    visit(text, &at, &|| owner.clone());
                }
            }
        }
        let owner = format!("provider {}", self.name);
        visit(&mut self.message, &self.at, &|| owner.clone());
        each(&mut self.channels, &mut visit);
        each(&mut self.levels, &mut visit);
        each(&mut self.opcodes, &mut visit);
        each(&mut self.tasks, &mut visit);
        each(&mut self.keywords, &mut visit);
        for map in &mut self.maps {
            for entry in &mut map.entries {
                visit(&mut entry.message, &entry.at, &|| format!("map {}, value {}", map.name, entry.value));
            }
        }
        for event in &mut self.events {
            let key = event.key();
            visit(&mut event.message, &event.at, &|| key.to_string());
        }
    }
}
