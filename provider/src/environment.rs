//! The one place of this crate that reads the environment.

/// What a variable holds; nothing where it is empty or no text.
#[expect(clippy::disallowed_methods, reason = "everybody else asks here")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
