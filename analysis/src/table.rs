//! Ids of a recording, numbered as they come.

use std::{collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;

/// A hash table that nobody can fill with colliding keys on purpose.
pub(crate) type FastMap<K, V> = HashMap<K, V, RandomState>;

/// What is known of each key, by number.
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    numbers: FastMap<K, u32>,
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { numbers: FastMap::default(), entries: Vec::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Table<K, V> {
    /// The key's number, a new one if it has none.
    pub(crate) fn number(&mut self, key: K) -> u32 {
        let next = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(key).or_insert_with(|| {
            self.entries.push((key, V::default()));
            next
        })
    }

    /// What is known of the key, from now on.
    pub(crate) fn entry(&mut self, key: K) -> Option<&mut V> {
        let number = self.number(key);
        self.get_mut(number)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&V> {
        self.entries.get(number as usize).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut V> {
        self.entries.get_mut(number as usize).map(|(_, value)| value)
    }

    pub(crate) fn key(&self, number: u32) -> Option<K> {
        self.entries.get(number as usize).map(|(key, _)| *key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }
}

/// Texts, each kept once.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    numbers: FastMap<Box<str>, Text>,
    kept: Vec<Box<str>>,
    scratch: String,
}

/// A text among [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text(pub(crate) u32);

impl Texts {
    /// The text of these characters.
    pub(crate) fn keep(&mut self, chars: impl IntoIterator<Item = char>) -> Text {
        self.scratch.clear();
        self.scratch.extend(chars);
        if let Some(&text) = self.numbers.get(self.scratch.as_str()) {
            return text;
        }
        let text = Text(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        self.kept.push(self.scratch.as_str().into());
        self.numbers.insert(self.scratch.as_str().into(), text);
        text
    }

    pub(crate) fn get(&self, text: Text) -> &str {
        self.kept.get(text.0 as usize).map_or("", |text| text)
    }
}
