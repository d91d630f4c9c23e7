//! What is known of a value that is not known.

/// The refinements of an unknown value, kept as they came so that they go back byte for byte.
///
/// Two unknown values are equal whatever their refinements: Terraform compares a plan with configuration and prior
/// state the same way.
#[derive(Clone, Debug, Default, Eq)]
pub struct Refinement(Option<Vec<u8>>);

impl Refinement {
    /// The longest body that Terraform accepts, in bytes.
    pub const MOST: usize = 1024;

    /// Nothing is known.
    pub fn none() -> Self {
        Self(None)
    }

    /// Takes the body of a refined unknown: a msgpack map with integer keys. One that is empty or longer than
    /// [`Refinement::MOST`] says nothing.
    pub fn from_body(body: &[u8]) -> Self {
        let says_something = body.len() > 1 && body.len() <= Self::MOST;
        Self(says_something.then(|| body.to_vec()))
    }

    /// The body, if anything is known.
    pub fn body(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }
}

impl PartialEq for Refinement {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl PartialOrd for Refinement {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Refinement {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}
