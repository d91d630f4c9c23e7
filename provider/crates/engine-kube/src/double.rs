//! An API server that answers by a script, for tests: what is asked, and what is said.
