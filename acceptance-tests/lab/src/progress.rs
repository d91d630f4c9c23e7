//! Where the lab says what it is doing.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// A place to say one line to. Cheap to clone.
#[derive(Clone)]
pub struct Progress {
    say: Arc<dyn Fn(&str) + Send + Sync>,
    begun: Instant,
}

impl Progress {
    /// Says nothing.
    pub fn silent() -> Self {
        Self::to(|_| {})
    }

    /// Hands every line, with the seconds since now in front, to `say`.
    pub fn to(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { say: Arc::new(say), begun: Instant::now() }
    }

    /// Says one line.
    pub fn say(&self, line: &str) {
        (self.say)(&format!("{:6.1} s  {line}", self.begun.elapsed().as_secs_f64()));
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Progress")
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::silent()
    }
}
