//! What is measured, apart from how: time (`decode`) and instructions (`instructions`) are taken of the same code.

pub(crate) mod by_hand;
pub(crate) mod payload;
pub(crate) mod stream;
pub(crate) mod views;
