//! A server's address as people type it: `https://host[:port]`, or `http://` on loopback.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A parsed server address; it prints as it should be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    tls: bool,
    host: Host<String>,
    port: u16,
    bare_host: String,
}

/// Why a text is no server address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerAddressError {
    /// Not `http://` or `https://` and a host.
    #[error("a server's address looks like https://chat.example.org")]
    NotAnAddress,
    /// A path, query, user or fragment: nothing a server's address has.
    #[error("a server's address ends after the host and port")]
    TooMuch,
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, ServerAddressError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerAddressError::NotAnAddress)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(ServerAddressError::NotAnAddress),
        };
        let host = url.host().ok_or(ServerAddressError::NotAnAddress)?.to_owned();
        let port = url.port_or_known_default().ok_or(ServerAddressError::NotAnAddress)?;
        let more = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        if more || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err(ServerAddressError::TooMuch);
        }
        let bare_host = match &host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        Ok(Self { tls, host, port, bare_host })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl ServerAddress {
    /// Whether connections are encrypted by TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(_) => self.is_localhost_name(),
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        }
    }

    /// Host name or number, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.bare_host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn is_localhost_name(&self) -> bool {
        matches!(&self.host, Host::Domain(name) if name == "localhost" || name.ends_with(".localhost"))
    }

    pub(crate) fn is_onion(&self) -> bool {
        matches!(&self.host, Host::Domain(name) if name.ends_with(".onion"))
    }

    /// Whether the host is a name that somebody would have to look up.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.host, Host::Domain(_))
    }

    /// `host[:port]` as it stands in a URL.
    pub(crate) fn authority(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ServerAddress {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_print_as_they_should_be_stored() {
        assert_eq!(parsed("https://Chat.Example.org/").to_string(), "https://chat.example.org");
        assert_eq!(parsed("https://chat.example.org:443").to_string(), "https://chat.example.org");
        assert_eq!(parsed("http://127.0.0.1:8080").to_string(), "http://127.0.0.1:8080");
        assert_eq!(parsed("http://[::1]:8080").authority(), "[::1]:8080");
        assert_eq!(parsed("http://[::1]:8080").host(), "::1");
    }

    #[test]
    fn loopback_is_this_machine_only() {
        assert!(parsed("http://127.9.9.9").is_loopback());
        assert!(parsed("http://localhost:1").is_loopback());
        assert!(parsed("http://[::1]").is_loopback());
        assert!(!parsed("http://localhost.example.org").is_loopback());
        assert!(!parsed("http://10.0.0.1").is_loopback());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["chat.example.org", "ftp://chat.example.org", "https://", ""] {
            assert_eq!(text.parse::<ServerAddress>(), Err(ServerAddressError::NotAnAddress), "{text}");
        }
        for text in ["https://h/path", "https://u@h", "https://h?q", "https://h#f"] {
            assert_eq!(text.parse::<ServerAddress>(), Err(ServerAddressError::TooMuch), "{text}");
        }
    }
}
