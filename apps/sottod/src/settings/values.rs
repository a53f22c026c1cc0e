//! What the text of a setting may be.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use sotto_wire::ids::Host;
use url::Url;

/// A type that a setting can have. Errors complete the sentence "… is not ".
pub(crate) trait Value: Sized {
    fn read(text: &str) -> Result<Self, String>;

    /// What a setting without default and without value means; most have a default.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

macro_rules! from_str {
    ($($type:ty: $what:literal;)+) => {$(
        impl Value for $type {
            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $what.to_owned())
            }
        }
    )+};
}

from_str! {
    SocketAddr: "an address with a port, like 127.0.0.1:7688 or [::]:443";
    u32: "a number";
    usize: "a number";
    Span: "a time, like 500ms, 30s, 5m, 12h or 7d";
}

impl Value for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("a path".to_owned()) } else { Ok(text.into()) }
    }
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $type:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $type {
            $($variant),+
        }

        impl Value for $type {
            fn read(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("one of: {}", [$($word),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }
    )+};
}

words! {
    /// Who may open an account.
    RegistrationMode { Open = "open", Invite = "invite", Closed = "closed" }
    /// Who may read `/metrics`.
    MetricsTo { Local = "local", Public = "public", Off = "off" }
    /// Least important log line to write.
    LogLevel { Error = "error", Warn = "warn", Info = "info", Debug = "debug" }
    /// Form of the log.
    LogFormat { Text = "text", Json = "json" }
    /// Yes or no.
    Switch { On = "true", Off = "false" }
}

/// A length of time: `500ms`, `30s`, `5m`, `12h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) struct Span(pub(crate) Duration);

/// The text is no length of time.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("not a time, like 500ms, 30s, 5m, 12h or 7d")]
pub(crate) struct SpanError;

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(SpanError)?;
        let (count, unit) = text.split_at(digits);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(SpanError),
        };
        let count: u64 = count.parse().map_err(|_| SpanError)?;
        count.checked_mul(millis).map(|millis| Self(Duration::from_millis(millis))).ok_or(SpanError)
    }
}

/// How people reach the server: scheme, host and port, nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    url: Url,
    name: Host,
}

impl PublicUrl {
    /// Host, and port unless it is the scheme's own: the server's public name, which devices sign.
    pub(crate) fn name(&self) -> &Host {
        &self.name
    }

    /// Host without port.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether clients connect to it by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl Value for PublicUrl {
    fn read(text: &str) -> Result<Self, String> {
        let what = "an address like https://chat.example.org, without a path";
        let url = Url::parse(text).map_err(|_| what.to_owned())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || !anonymous {
            return Err(what.to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        let name = match url.port() {
            Some(port) => Host::parse(&format!("{host}:{port}")),
            None => Host::parse(host),
        };
        name.map(|name| Self { url, name }).map_err(|error| format!("{what}: {error}"))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        let read = |text: &str| text.parse::<Span>().map(|span| span.0.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("30s"), Ok(30_000));
        assert_eq!(read("7d"), Ok(7 * 86_400_000));
        for wrong in
            ["", "s", "30", "-1s", "1.5s", "30 s", "1w", "99999999999999999999d", "999999999999999999d"]
        {
            assert_eq!(read(wrong), Err(SpanError), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_is_a_host_and_nothing_more() {
        let url = PublicUrl::read("https://Chat.Example.org").unwrap();
        assert_eq!(
            (url.name().as_str(), url.to_string().as_str()),
            ("chat.example.org", "https://chat.example.org")
        );
        let url = PublicUrl::read("http://127.0.0.1:7688/").unwrap();
        assert_eq!((url.name().as_str(), url.is_https()), ("127.0.0.1:7688", false));
        for wrong in [
            "chat.example.org",
            "ftp://a",
            "https://a/path",
            "https://a/?q",
            "https://a/#f",
            "https://user@a",
            "https://",
            "https://a_b",
        ] {
            assert!(PublicUrl::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_listed_when_none_fits() {
        assert_eq!(RegistrationMode::read("open"), Ok(RegistrationMode::Open));
        assert_eq!(RegistrationMode::read("Open").unwrap_err(), "one of: open, invite, closed");
    }
}
