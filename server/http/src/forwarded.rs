//! What a reverse proxy says about the peer: the value of `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

/// The last address of a header's value: the proxy added it. Those before it are the peer's own claim.
pub fn last_address(value: &str) -> Option<IpAddr> {
    let address = value.rsplit(',').next()?.trim();
    // Some proxies add the port.
    address.parse().ok().or_else(|| Some(address.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_that_the_proxy_added_counts() {
        let last = |value: &str| last_address(value).map(|address| address.to_string());
        assert_eq!(last("203.0.113.9, 192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(last("192.0.2.1:443").as_deref(), Some("192.0.2.1"));
        assert_eq!(last("[2001:db8::1]:443").as_deref(), Some("2001:db8::1"));
        for none in ["", "192.0.2.1, ", "unknown", "192.0.2.1, _hidden"] {
            assert_eq!(last(none), None, "{none:?}");
        }
    }
}
