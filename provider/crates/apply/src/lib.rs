//! Runs steps against engines; keeps the journal and says what is left behind.
