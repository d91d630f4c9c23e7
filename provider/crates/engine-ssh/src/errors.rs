//! What the SSH library says, in our kinds.

use engines::error::Kind;
pub(crate) use engines::error::said;
use russh::ChannelOpenFailure;

/// Of which kind trouble with a connection is, and what to say of it.
pub(crate) fn judge(error: &russh::Error) -> (Kind, String) {
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            let theirs = theirs.join(", ");
            let text = format!("it has nothing in common with us for {kind:?}: it offers {theirs}");
            (Kind::Rejected, text)
        }
        russh::Error::Version => (Kind::Unreachable, "what answers there is no SSH server".to_owned()),
        russh::Error::ChannelOpenFailure(failure) => {
            (judge_refused(failure), format!("the channel was refused: {failure:?}"))
        }
        russh::Error::IO(error) => (Kind::Unreachable, error.to_string()),
        russh::Error::PacketAuth
        | russh::Error::WrongServerSig
        | russh::Error::DecryptionError
        | russh::Error::StrictKeyExchangeViolation { .. } => (Kind::Untrusted, error.to_string()),
        _ => (Kind::Unreachable, error.to_string()),
    }
}

/// What a refused connection to somewhere else means.
pub(crate) fn judge_refused(failure: &ChannelOpenFailure) -> Kind {
    match failure {
        ChannelOpenFailure::AdministrativelyProhibited | ChannelOpenFailure::UnknownChannelType => {
            Kind::Rejected
        }
        _ => Kind::Unreachable,
    }
}
