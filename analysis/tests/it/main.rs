//! Events as a server would write them, and what the analysis makes of them.

mod cases;
mod random;
mod wire;
