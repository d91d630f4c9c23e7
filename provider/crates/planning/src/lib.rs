//! Desired and found become ordered steps. Pure: no I/O, no clock, no randomness.
