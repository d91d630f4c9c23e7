//! Who we are to others who want to change the same thing at the same time.

use nodes::lock::Holder;
use uuid::Uuid;

use crate::environment::variable;

/// This run of this process, and whose it is: user, host, process and the configuration's owner.
pub(crate) fn holder(owner: &str) -> Holder {
    let user = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| variable("HOSTNAME")).or_else(|| variable("COMPUTERNAME"));
    let host = host.map(|host| format!("@{}", host.trim())).unwrap_or_default();
    let who = format!("{user}{host} (process {}, owner `{owner}`)", std::process::id());
    Holder { id: Uuid::new_v4().to_string(), who }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_another_one_and_says_whose_it_is() {
        let (one, two) = (holder("site"), holder("site"));
        assert_ne!(one.id, two.id);
        assert!(
            one.who.contains("owner `site`") && one.who.contains(&std::process::id().to_string()),
            "{one:?}"
        );
    }
}
