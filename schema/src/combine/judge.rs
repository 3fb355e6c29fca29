//! Decides which of two contradicting facts is taken.
#![expect(clippy::needless_pass_by_value, reason = "a word is two references")]

use std::fmt::Debug;

use super::{Contradiction, FactName, Subject};
use crate::diagnostic::Diagnostics;
use crate::message;
use crate::model::Place;

/// What a capture says of a fact, and where.
pub(super) struct Word<'p, T>(pub(super) T, pub(super) &'p Place);

/// How a contradiction was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The earlier fact stays.
    Old,
    /// The new fact is taken.
    New,
    /// There is no decision: an error was reported.
    Open,
}

/// Uses the value that is present; on conflict looks up the decisions.
pub(super) struct Judge<'d> {
    decisions: &'d [Contradiction],
    used: Vec<bool>,
    files: Vec<String>,
    found: Diagnostics,
}

impl<'d> Judge<'d> {
    pub(super) fn new(decisions: &'d [Contradiction], files: Vec<String>) -> Self {
        Self { decisions, used: vec![false; decisions.len()], files, found: Diagnostics::new() }
    }

    /// A fact that is taken from the first capture that gives it.
    pub(super) fn fact<T: Clone + PartialEq + Debug>(
        &mut self,
        about: &Subject,
        fact: FactName,
        old: Word<'_, &mut Option<T>>,
        new: Word<'_, &Option<T>>,
    ) {
        self.fact_by(about, fact, old, new, T::eq);
    }

    /// A message: two spellings of one text are one.
    pub(super) fn text(&mut self, about: &Subject, old: Word<'_, &mut Option<String>>, new: Word<'_, &Option<String>>) {
        self.fact_by(about, FactName::Message, old, new, |a, b| message::parse(a) == message::parse(b));
    }

    fn fact_by<T: Clone + Debug>(
        &mut self,
        about: &Subject,
        fact: FactName,
        old: Word<'_, &mut Option<T>>,
        new: Word<'_, &Option<T>>,
        same: impl Fn(&T, &T) -> bool,
    ) {
        match (&mut *old.0, new.0) {
            (_, None) => {}
            (slot @ None, Some(word)) => *slot = Some(word.clone()),
            (Some(a), Some(b)) if same(a, b) => {}
            (Some(a), Some(b)) => {
                let old_word = format!("{a:?}");
                let new_word = format!("{b:?}");
                if self.decide(about, fact, Word(&old_word, old.1), Word(&new_word, new.1)) == Choice::New {
                    *a = b.clone();
                }
            }
        }
    }

    /// Looks a contradiction up among the decisions; reports it where there is none.
    pub(super) fn decide(
        &mut self,
        about: &Subject,
        fact: FactName,
        old: Word<'_, &str>,
        new: Word<'_, &str>,
    ) -> Choice {
        let is_about = |decision: &Contradiction| decision.subject == *about && decision.fact == fact;
        let decided = self.decisions.iter().position(is_about);
        if let Some(at) = decided {
            self.used[at] = true;
            let take = &self.decisions[at].take;
            if is_file(take, &new.1.file) {
                return Choice::New;
            }
            // The earlier fact may come from any of the earlier files.
            if self.files.iter().any(|file| is_file(take, file)) {
                return Choice::Old;
            }
            let message = format!("unknown file {take}; expected one of the files: {}", self.files.join(", "));
            self.found.error(new.1, self.decisions[at].to_string(), message);
            return Choice::Open;
        }
        let keys = format!("[[contradiction]] with {}fact = \"{fact}\"", about.toml());
        let message = format!("here {}, but {} at {}; decide it in overrides.toml, {keys}", new.0, old.0, old.1);
        self.found.error(new.1, format!("{about}: {fact}"), message);
        Choice::Open
    }

    /// What was found, with the decisions that decided nothing.
    pub(super) fn finish(mut self) -> Diagnostics {
        for (decision, _) in self.decisions.iter().zip(&self.used).filter(|(_, used)| !**used) {
            let message = "has no effect: the captures do not contradict each other there";
            self.found.error(&Place::default(), decision.to_string(), message);
        }
        self.found
    }
}

/// Whether a decision names this file: by its path, or by its last part.
fn is_file(take: &str, file: &str) -> bool {
    take == file || file.rsplit(['/', '\\']).next() == Some(take)
}
