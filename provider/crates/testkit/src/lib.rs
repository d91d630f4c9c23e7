//! Fakes that remember state, fault injection and a protocol client, for tests.
