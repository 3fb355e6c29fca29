//! Attributes of a manifest that take one of a few words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants are words.
macro_rules! words {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The variant with this word, in upper or lower case.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word().eq_ignore_ascii_case(word))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// The audience of a channel's events.
    ChannelType {
        /// Administrators: something to act on.
        Admin = "Admin",
        /// Analysis of a problem.
        Operational = "Operational",
        /// High volume, off by default.
        Analytic = "Analytic",
        /// Developers, off by default.
        Debug = "Debug",
    }
}

words! {
    /// Whose access rights and session a channel shares.
    Isolation {
        /// Those of the Application log.
        Application = "Application",
        /// Those of the System log.
        System = "System",
        /// Its own.
        Custom = "Custom",
    }
}

words! {
    /// The kinds of facts, in the words of `builds.toml`.
    FactKind {
        /// Types of channels, whether they are on, their isolation.
        ChannelTypes = "channel_types",
        /// Channels and their events.
        Channels = "channels",
        /// Which events there are.
        EventList = "event_list",
        /// The fields of events.
        Fields = "fields",
        /// The masks of keywords.
        KeywordMasks = "keyword_masks",
        /// Keywords of single events, where they differ from the rest.
        Keywords = "keywords",
        /// Lengths and counts that are numbers.
        Lengths = "length_count",
        /// Levels, opcodes, keywords and tasks of events.
        Descriptors = "levels_opcodes_keywords_tasks",
        /// Maps.
        Maps = "maps",
        /// Messages.
        Messages = "messages",
        /// outTypes.
        OutTypes = "outtype",
        /// Symbols of anything.
        Symbols = "symbols",
        /// The numbers of tasks.
        TaskValues = "task_values",
    }
}

words! {
    /// Whether a kind of fact was captured from a build itself.
    #[derive(Default)]
    FactStatus {
        /// The build's own captures hold it.
        Captured = "captured",
        /// Some facts of the kind are captured, others inferred.
        Mixed = "mixed",
        /// It was taken from other builds or reasoned.
        #[default]
        Inferred = "inferred",
    }
}
