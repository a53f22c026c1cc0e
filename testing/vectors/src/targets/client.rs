//! What the native client reads besides frames: its profile's socket, a proxy's answer, addresses people type.

use sotto_native::parsers;
use sotto_native::{Proxy, ServerAddress};

/// A line of JSON on a profile's socket, from a guest or from the holder: what is read is written and read back the
/// same.
pub fn profile_socket(bytes: &[u8]) {
    for (what, read) in [
        ("a request", parsers::request_line as fn(&[u8]) -> Option<Vec<u8>>),
        ("an answer", parsers::answer_line),
        ("a greeting", parsers::greeting_line),
    ] {
        if let Some(written) = read(bytes) {
            assert_eq!(read(&written).as_ref(), Some(&written), "{what} changes on the way");
        }
    }
}

/// Good lines.
pub(super) fn profile_socket_seeds() -> Vec<Vec<u8>> {
    let account = "0f".repeat(32);
    let message = "ab".repeat(16);
    let lines = [
        r#"{"id":1,"request":{"command":{"command":"sync"}}}"#.to_owned(),
        r#"{"id":2,"request":{"command":{"command":"send","to":{"handle":"@bob"},"text":"hello"}}}"#
            .to_owned(),
        r#"{"id":3,"request":{"question":"account"}}"#.to_owned(),
        format!(
            r#"{{"id":4,"request":{{"question":{{"history":{{"of":{{"account":"{account}"}},"limit":20,"before":"{message}"}}}}}}}}"#
        ),
        format!(
            r#"{{"answer":{{"id":5,"result":{{"Ok":{{"reply":{{"reply":"queued","message":"{message}"}}}}}}}}}}"#
        ),
        r#"{"answer":{"id":6,"result":{"Err":{"refused":{"refused":"no_account"}}}}}"#.to_owned(),
        r#"{"notice":{"notice":"missed"}}"#.to_owned(),
        r#"{"notice":{"notice":"event","event":{"event":"offline","plane":"topic","retry_at":5}}}"#
            .to_owned(),
        r#"{"socket":1,"version":"0.1.0","proxy":null}"#.to_owned(),
    ];
    lines.into_iter().map(String::into_bytes).collect()
}

/// A server's or a proxy's address, and the first line of a proxy's answer: an address prints as one that reads as the
/// same; nothing of a login prints; a server's address holds a host and a port and nothing else.
pub fn addresses(bytes: &[u8]) {
    if let Some(status) = parsers::proxy_status(bytes) {
        assert!(bytes.starts_with(b"HTTP/1.") && status <= 999);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(address) = text.parse::<ServerAddress>() {
        let printed = address.to_string();
        assert!(printed.parse::<ServerAddress>().is_ok_and(|again| again == address), "{printed}");
        assert!(!address.host().is_empty() && !printed.contains(['@', '?', '#', ' ']), "{printed}");
    }
    if let Ok(proxy) = text.parse::<Proxy>() {
        let (Proxy::Socks5h { at, login } | Proxy::HttpConnect { at, login }) = &proxy;
        let printed = proxy.to_string();
        assert!(!printed.contains('@'), "a login on the screen");
        assert_eq!(format!("{proxy:?}"), "Proxy");
        let again = printed.parse::<Proxy>();
        assert!(
            again.is_ok_and(|again| {
                let (Proxy::Socks5h { at: same, .. } | Proxy::HttpConnect { at: same, .. }) = &again;
                same == at && (login.is_some() || again == proxy)
            }),
            "{printed} is another proxy"
        );
    }
}

/// Good ones.
pub(super) fn address_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "https://chat.example.org",
        "https://chat.example.org:8443/",
        "http://127.0.0.1:7688",
        "http://[::1]:7688",
        "https://bücher.example",
        "socks5h://127.0.0.1:9050",
        "socks5h://[::1]",
        "http://jo:p%40ss@proxy.example.org:3128",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 407 Proxy Authentication Required\r\n\r\n",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
