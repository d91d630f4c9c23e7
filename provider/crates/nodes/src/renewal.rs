//! The timer that renews a control plane's certificates, which otherwise end after a year without an upgrade.

use crate::script::Script;
use crate::units;

/// Installs and starts the timer. Answers: `renewal`.
pub fn script() -> Script {
    Script::new("renewal", include_str!("sh/renewal.sh")).files("write_files", &units::renewal())
}
