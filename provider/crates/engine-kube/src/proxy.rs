//! Through which proxy a cluster is reached.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The proxy that the environment asks for on the way to `server`, with its login in it.
///
/// `matcher` knows `HTTPS_PROXY` and `NO_PROXY`. Loopback is never reached through a proxy, as kubectl has it
/// (Go, `httpproxy.Config.ProxyFunc`). kube's own reading compares `NO_PROXY` with the proxy's name and not with
/// the server's, so it is not used.
pub(crate) fn from_environment(matcher: &Matcher, server: &Uri) -> Option<Uri> {
    let host = server.host()?.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback {
        return None;
    }
    let proxy = matcher.intercept(server)?;
    let uri = proxy.uri();
    let Some(login) = proxy.basic_auth().and_then(login) else { return Some(uri.clone()) };
    let text = format!("{}://{login}@{}", uri.scheme_str()?, uri.authority()?);
    text.parse().ok()
}

/// `Basic BASE64` as `user:password`, encoded for a URL.
fn login(header: &http::HeaderValue) -> Option<String> {
    use base64::Engine as _;
    let encoded = header.to_str().ok()?.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':').unwrap_or((&text, ""));
    let encode = |part| utf8_percent_encode(part, NON_ALPHANUMERIC);
    Some(format!("{}:{}", encode(user), encode(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(server: &str) -> Option<String> {
        let matcher = Matcher::builder()
            .https("http://jane:pa%40ss@proxy.example:3128")
            .no("internal.example,10.0.0.0/8")
            .build();
        from_environment(&matcher, &server.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn the_environments_proxy_is_for_what_is_neither_local_nor_excepted() {
        let through = Some("http://jane:pa%40ss@proxy.example:3128/".to_owned());
        assert_eq!(proxy("https://api.example:6443"), through);
        assert_eq!(proxy("https://hub.internal.example:6443"), None);
        assert_eq!(proxy("https://10.1.2.3:6443"), None);
        assert_eq!(proxy("https://127.0.0.1:6443"), None);
        assert_eq!(proxy("https://[::1]:6443"), None);
        assert_eq!(proxy("https://localhost:6443"), None);
    }
}
