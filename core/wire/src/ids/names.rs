//! Texts that name things: handles, display names, hosts; and the two bearer texts, invitations and tokens.

use std::fmt;

use prost::bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::Reason;
use crate::limits::{
    DISPLAY_NAME_BYTES_MAX, HANDLE_CHARS_MAX, HANDLE_CHARS_MIN, HOST_BYTES_MAX, INVITE_CHARS_MAX,
    TOKEN_BYTES_MAX,
};

/// An account's public name without the `@`: 3-32 of `a-z 0-9 _ .`, protocol §2.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

/// Why a text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Too short or too long.
    #[error("a handle has {HANDLE_CHARS_MIN} to {HANDLE_CHARS_MAX} characters")]
    Length,
    /// A character outside the allowed set.
    #[error("a handle has only the letters a-z, digits, '_' and '.'")]
    Character,
    /// A dot at an end, or two in a row: reserved for hosts and files.
    #[error("a handle does not start or end with '.', nor has two in a row")]
    Dots,
}

impl Handle {
    /// Reads a handle; one leading `@` is allowed.
    ///
    /// # Errors
    /// When it breaks the rules of protocol §2.
    pub fn parse(text: &str) -> Result<Self, HandleError> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        if !name.chars().all(allowed) {
            return Err(HandleError::Character);
        }
        if !(HANDLE_CHARS_MIN..=HANDLE_CHARS_MAX).contains(&name.len()) {
            return Err(HandleError::Length);
        }
        if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            return Err(HandleError::Dots);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name without `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

// A handle is a person's name: it never reaches a log through `{:?}`.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

/// The name a person gives themselves: not unique, not proved. Nothing in it moves a cursor or turns text around.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Empty or too long.
    #[error("a display name has 1 to {DISPLAY_NAME_BYTES_MAX} bytes")]
    Length,
    /// A control character, a line break, or one that changes the direction of the text around it.
    #[error("a display name has no control characters and no line breaks")]
    Character,
}

impl DisplayName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that would reach beyond it on a screen.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let reaches_out =
            |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if text.chars().any(reaches_out) {
            return Err(DisplayNameError::Character);
        }
        if text.is_empty() || text.len() > DISPLAY_NAME_BYTES_MAX {
            return Err(DisplayNameError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An empty field is none.
    pub(crate) fn parse_field(text: &str) -> Result<Option<Self>, DisplayNameError> {
        if text.is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

// A person's name, as a handle is.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName")
    }
}

/// Public name of a server: what its certificate names, with the port if it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Host(String);

/// Why a text is no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Empty or too long.
    #[error("a host has 1 to {HOST_BYTES_MAX} characters")]
    Length,
    /// A character outside the allowed set.
    #[error("a host has only the letters a-z, digits, '.', '-', ':' and brackets")]
    Character,
}

impl Host {
    /// Reads a host name or address, lowercase.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters no host has.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        if !text.bytes().all(allowed) {
            return Err(HostError::Character);
        }
        if text.is_empty() || text.len() > HOST_BYTES_MAX {
            return Err(HostError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it travels and is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An invitation code: printable ASCII. Whoever has it may register once, so it never prints.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Invite(String);

impl Invite {
    /// Reads a code.
    ///
    /// # Errors
    /// When it is empty, too long or not printable.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let what = "invite";
        if text.is_empty() {
            return Err(Reason::Missing { what });
        }
        if text.len() > INVITE_CHARS_MAX {
            return Err(Reason::TooLarge { what, max: INVITE_CHARS_MAX, found: text.len() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Reason::Text { what });
        }
        Ok(Self(text.to_owned()))
    }

    /// The code, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invite")
    }
}

/// Pays for one request without naming anybody, protocol §8. Servers that ask for none ignore it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Bytes);

impl Token {
    /// The token in a field; an empty field is none.
    ///
    /// # Errors
    /// When it is longer than [`TOKEN_BYTES_MAX`].
    pub fn parse(field: &Bytes) -> Result<Option<Self>, Reason> {
        let (max, found) = (TOKEN_BYTES_MAX, field.len());
        if found > max {
            return Err(Reason::TooLarge { what: "token", max, found });
        }
        Ok((found > 0).then(|| Self(field.clone())))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn to_proto(token: Option<&Self>) -> Bytes {
        token.map(|token| token.0.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_follow_the_rules() {
        assert_eq!(Handle::parse("@alice").unwrap().as_str(), "alice");
        assert_eq!(Handle::parse("a_1.b").unwrap().to_string(), "@a_1.b");
        assert_eq!(Handle::parse("al"), Err(HandleError::Length));
        assert_eq!(Handle::parse(&"a".repeat(33)), Err(HandleError::Length));
        assert_eq!(Handle::parse("Alice"), Err(HandleError::Character));
        assert_eq!(Handle::parse("аlice"), Err(HandleError::Character), "a Cyrillic а is not an a");
        assert_eq!(Handle::parse(".ali"), Err(HandleError::Dots));
        assert_eq!(Handle::parse("a..b"), Err(HandleError::Dots));
    }

    #[test]
    fn a_handle_in_json_has_its_sign() {
        let alice = Handle::parse("alice").unwrap();
        assert_eq!(serde_json::to_string(&alice).unwrap(), "\"@alice\"");
        assert_eq!(serde_json::from_str::<Handle>("\"@alice\"").unwrap(), alice);
        assert!(serde_json::from_str::<Handle>("\"@@alice\"").is_err());
    }

    #[test]
    fn a_display_name_stays_within_its_line() {
        for good in ["Ada", "Ada Lovelace", "Ада", "عائشة", "👩🏽‍🚀", " "] {
            assert_eq!(DisplayName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["a\nb", "a\u{1b}[2J", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b", "\u{7f}", "\u{85}"] {
            assert_eq!(DisplayName::parse(bad), Err(DisplayNameError::Character), "{bad:?}");
        }
        assert_eq!(DisplayName::parse(""), Err(DisplayNameError::Length));
        assert_eq!(DisplayName::parse(&"é".repeat(64)).unwrap().as_str().len(), DISPLAY_NAME_BYTES_MAX);
        assert_eq!(DisplayName::parse(&"é".repeat(65)), Err(DisplayNameError::Length));
    }

    #[test]
    fn a_host_is_what_a_certificate_names() {
        for good in ["chat.example.org", "127.0.0.1:8420", "[::1]:8420", "localhost", "xn--bcher-kva.example"]
        {
            assert_eq!(Host::parse(good).unwrap().as_str(), good);
        }
        for bad in ["Chat.example.org", "a b", "user@host", "https://host/", "bücher.example", "a\n"] {
            assert_eq!(Host::parse(bad), Err(HostError::Character), "{bad:?}");
        }
        assert_eq!(Host::parse(""), Err(HostError::Length));
        assert_eq!(Host::parse(&"a".repeat(HOST_BYTES_MAX + 1)), Err(HostError::Length));
    }

    #[test]
    fn an_invitation_is_printable() {
        assert_eq!(Invite::parse("ABCD-1234").unwrap().expose(), "ABCD-1234");
        assert_eq!(Invite::parse(""), Err(Reason::Missing { what: "invite" }));
        assert_eq!(Invite::parse("a b"), Err(Reason::Text { what: "invite" }));
        let long = Reason::TooLarge { what: "invite", max: INVITE_CHARS_MAX, found: INVITE_CHARS_MAX + 1 };
        assert_eq!(Invite::parse(&"a".repeat(INVITE_CHARS_MAX + 1)), Err(long));
    }

    #[test]
    fn no_token_is_an_empty_field() {
        assert_eq!(Token::parse(&Bytes::new()), Ok(None));
        assert!(Token::parse(&vec![0; TOKEN_BYTES_MAX].into()).unwrap().is_some());
        assert!(Token::parse(&vec![0; TOKEN_BYTES_MAX + 1].into()).is_err());
    }

    #[test]
    fn names_of_people_do_not_print() {
        assert_eq!(format!("{:?}", Handle::parse("alice").unwrap()), "Handle");
        assert_eq!(format!("{:?}", DisplayName::parse("Alice").unwrap()), "DisplayName");
        assert_eq!(format!("{:?}", Invite::parse("code").unwrap()), "Invite");
    }
}
