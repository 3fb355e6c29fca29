//! Empty: the package is for the test in `tests`.
