//! What the server reads besides frames.

use sotto_http::forwarded::last_address;

/// `X-Forwarded-For` of a proxy in front: the peer's own claims before the last comma change nothing.
pub fn forwarded(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let address = last_address(text);
    assert_eq!(last_address(&format!("192.0.2.1, {text}")), address, "a peer's own claim was believed");
    if let Some(address) = address {
        assert_eq!(last_address(&address.to_string()), Some(address));
    }
}

/// Good ones.
pub(super) fn forwarded_seeds() -> Vec<Vec<u8>> {
    let texts =
        ["192.0.2.1", "203.0.113.9, 192.0.2.1", "192.0.2.1:443", "[2001:db8::1]:443", "2001:db8::1, ::1"];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
