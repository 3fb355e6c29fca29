//! What the tests of several crates share. It depends on nothing, so that every crate can.

#![no_std]

/// Pseudo-random numbers, the same in every run: Marsaglia's xorshift with shifts 13, 7 and 17.
#[derive(Clone, Debug)]
pub struct XorShift(u64);

impl XorShift {
    /// A sequence. The seed zero would give zeros alone; it stands for one.
    pub const fn new(seed: u64) -> Self {
        Self(if seed == 0 { 1 } else { seed })
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number less than `end`; zero if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::XorShift;

    #[test]
    fn numbers_are_spread_and_repeat() {
        let mut random = XorShift::new(7);
        let mut seen = [0; 10];
        for _ in 0..1000 {
            seen[random.below(10)] += 1;
        }
        assert!(seen.iter().all(|count| (50..200).contains(count)), "{seen:?}");
        assert_eq!(XorShift::new(7).next(), XorShift::new(7).next());
        assert_eq!(XorShift::new(0).below(0), 0);
    }
}
