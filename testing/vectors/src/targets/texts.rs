//! Texts that people and servers write: handles, names, hosts, invitations, ids.

use sotto_wire::Bytes;
use sotto_wire::ids::{ConversationId, DisplayName, Handle, Host, Invite, MessageId, Token};
use sotto_wire::limits::{
    DISPLAY_NAME_BYTES_MAX, HANDLE_CHARS_MAX, HOST_BYTES_MAX, INVITE_CHARS_MAX, TOKEN_BYTES_MAX,
};

use super::wire::names_no_content;

/// What is accepted has one spelling, fits its limit and cannot reach beyond its line on a screen.
pub fn names(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        handle(text);
        display_name(text);
        host(text);
        invite(text);
        ids(text);
    }
    if let Ok(Some(token)) = Token::parse(&Bytes::copy_from_slice(bytes)) {
        assert!(token.as_bytes() == bytes && bytes.len() <= TOKEN_BYTES_MAX);
    }
}

fn handle(text: &str) {
    let Ok(handle) = Handle::parse(text) else { return };
    assert!(handle.as_str().len() <= HANDLE_CHARS_MAX && handle.as_str().is_ascii());
    assert!(text.strip_prefix('@').unwrap_or(text) == handle.as_str(), "a handle is not what was written");
    assert!(Handle::parse(&handle.to_string()).is_ok_and(|again| again == handle));
    assert_eq!(format!("{handle:?}"), "Handle");
}

fn display_name(text: &str) {
    let Ok(name) = DisplayName::parse(text) else { return };
    assert!(name.as_str() == text && (1..=DISPLAY_NAME_BYTES_MAX).contains(&text.len()));
    assert!(text.chars().all(|c| !c.is_control()), "a name that moves the cursor");
    let turns = ['\u{202a}', '\u{202b}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}'];
    assert!(!text.contains(turns), "a name that turns the text around it");
}

fn host(text: &str) {
    let Ok(host) = Host::parse(text) else { return };
    assert!(host.as_str() == text && (1..=HOST_BYTES_MAX).contains(&text.len()) && text.is_ascii());
    assert!(!text.contains(['/', '@', '?', '#', ' ', '\\']), "a host with more than a host");
}

fn invite(text: &str) {
    match Invite::parse(text) {
        Ok(invite) => {
            assert!(invite.expose() == text && (1..=INVITE_CHARS_MAX).contains(&text.len()));
            assert_eq!(format!("{invite:?}"), "Invite");
        }
        Err(reason) => names_no_content(&reason),
    }
}

fn ids(text: &str) {
    if let Ok(id) = text.parse::<ConversationId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(id) = text.parse::<MessageId>() {
        assert_eq!(id.to_string(), text);
    }
}

/// Good ones, and bad ones that look good.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let ids = ["ab".repeat(32), "0f".repeat(16)];
    let texts = [
        "@alice",
        "a_1.b",
        "Ada Lovelace",
        "عائشة",
        "👩🏽‍🚀",
        "a\u{202e}b",
        "chat.example.org",
        "[::1]:8420",
        "127.0.0.1:7688",
        "MAPLE-7421",
        "0123a-bcdef-ghjkm-npqrs",
    ];
    let texts = texts.iter().map(|text| (*text).to_owned());
    texts.chain(ids).map(String::into_bytes).collect()
}
