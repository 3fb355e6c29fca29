//! Work on all processors with its order kept: blocks go to the threads in turn, and come back in the same order.

use std::{
    collections::VecDeque,
    num::NonZero,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, Scope},
};

/// More threads would wait for the one that reads and writes.
const MOST_THREADS: usize = 8;
/// The blocks that each thread has: one in work, one waiting.
const BLOCKS_EACH: usize = 2;

/// Threads that work on blocks. They are started with the first block.
pub(crate) struct Crew<'scope, 'env, B> {
    scope: &'scope Scope<'scope, 'env>,
    work: &'env (dyn Fn(&mut B) + Sync),
    size: usize,
    threads: Vec<Worker<B>>,
    /// The blocks that were given but not yet taken back: the threads that have them.
    given: VecDeque<usize>,
    next: usize,
}

/// The two ends of a thread.
struct Worker<B> {
    to: SyncSender<B>,
    from: Receiver<B>,
}

impl<'scope, 'env, B: Send + 'env> Crew<'scope, 'env, B> {
    /// Threads for this work, within a scope.
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, work: &'env (dyn Fn(&mut B) + Sync)) -> Self {
        let size = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        Self { scope, work, size, threads: Vec::new(), given: VecDeque::new(), next: 0 }
    }

    /// Whether a block must be taken back before another one is given.
    pub(crate) fn is_full(&self) -> bool {
        self.given.len() >= self.size * BLOCKS_EACH
    }

    /// Gives a block to a thread.
    pub(crate) fn give(&mut self, block: B) {
        let turn = self.next % self.size;
        self.next += 1;
        if turn == self.threads.len() {
            self.threads.push(self.start());
        }
        if let Some(worker) = self.threads.get(turn)
            // It refuses only after a panic, of which the scope tells.
            && worker.to.send(block).is_ok()
        {
            self.given.push_back(turn);
        }
    }

    /// Takes back the block that was given first. Waits until it is done. `None` if no block is out.
    pub(crate) fn take(&mut self) -> Option<B> {
        let turn = self.given.pop_front()?;
        self.threads.get(turn)?.from.recv().ok()
    }

    fn start(&self) -> Worker<B> {
        let (to, blocks) = sync_channel::<B>(BLOCKS_EACH);
        let (done, from) = sync_channel(BLOCKS_EACH);
        let work = self.work;
        self.scope.spawn(move || {
            for mut block in blocks {
                work(&mut block);
                if done.send(block).is_err() {
                    break;
                }
            }
        });
        Worker { to, from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_in_their_order() {
        let double = |block: &mut u64| {
            // Some take longer than those behind them.
            if block.is_multiple_of(7) {
                thread::sleep(std::time::Duration::from_millis(2));
            }
            *block *= 2;
        };
        let mut back = Vec::new();
        thread::scope(|scope| {
            let mut crew = Crew::new(scope, &double);
            for block in 0..100 {
                if crew.is_full() {
                    back.extend(crew.take());
                }
                crew.give(block);
            }
            back.extend(std::iter::from_fn(|| crew.take()));
        });
        assert!(back.into_iter().eq((0..100).map(|block| 2 * block)));
    }
}
