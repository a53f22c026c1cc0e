//! Every setting, defined once: flag, environment variable, TOML key, default and documentation follow from it.

mod document;
mod flags;
mod sources;
mod values;

use std::{net::SocketAddr, path::PathBuf};

pub(crate) use document::markdown;
pub(crate) use flags::{AllFlags, InviteFlags, PlaceFlags};
pub(crate) use sources::{Origin, Origins, SettingsError};
#[cfg(test)]
pub(crate) use values::Value;
pub(crate) use values::{LogFormat, LogLevel, MetricsTo, PublicUrl, RegistrationMode, Span, Switch};

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The name in its one spelling, `public-url`: the flag is `--public-url`, the TOML key `public-url`, the
    /// variable `SOTTOD_PUBLIC_URL`.
    pub(crate) name: &'static str,
    pub(crate) value_name: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) kind: Kind,
    /// What it does.
    pub(crate) help: &'static str,
}

/// Where a setting may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Flag, variable and file; the flag takes a value.
    Value,
    /// The same; the flag alone means `true`.
    Switch,
    /// Flag and variable only: it says where the file is.
    OutsideFile,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_uppercase().replace('-', "_"))
    }
}

/// What every variable of ours begins with.
pub(crate) const PREFIX: &str = "SOTTOD_";

/// Names of the settings that say where things are: every command takes them.
const PLACES: [&str; 2] = ["config", "data"];

macro_rules! settings {
    ($($(#[doc = $help:literal])+ $name:literal $field:ident: $kind:ident $type:ty, $value_name:literal $(= $default:literal)?;)+) => {
        /// The settings in force.
        #[derive(Debug)]
        pub(crate) struct Settings {
            $($(#[doc = $help])+ pub(crate) $field: $type,)+
            /// Where each came from.
            pub(crate) origins: Origins,
        }

        /// Every setting there is.
        pub(crate) const TABLE: &[Setting] = &[$(Setting {
            name: $name,
            value_name: $value_name,
            default: settings!(@default $($default)?),
            kind: Kind::$kind,
            help: concat!($($help),+),
        },)+];

        impl Settings {
            /// Reads the collected texts into their types.
            fn read(texts: &sources::Texts) -> Result<Self, SettingsError> {
                let mut problems = Vec::new();
                $(let $field = texts.read::<$type>($name, &mut problems);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if problems.is_empty() => Ok(Self { $($field,)+ origins: texts.origins() }),
                    _ => Err(SettingsError { problems }),
                }
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

settings! {
    /// Settings file, TOML. Without it: /etc/sottod/sottod.toml if sottod runs as a system service and the file
    /// exists
    "config" config: OutsideFile Option<PathBuf>, "FILE";

    /// Data directory: databases and the log-signing key. Without it: /var/lib/sottod for a system service, else
    /// the user's data folder (~/.local/share/sottod)
    "data" data: Value Option<PathBuf>, "DIR";

    /// Address and port to listen on; port 0 takes a free one
    "listen" listen: Value SocketAddr, "ADDR" = "127.0.0.1:7688";

    /// How people reach this server, `https://chat.example.org` say; may be left out on loopback
    "public-url" public_url: Value Option<PublicUrl>, "URL";

    /// Who may open an account: anybody (open), whoever has an invitation (invite), nobody (closed)
    "registration" registration: Value RegistrationMode, "MODE" = "invite";

    /// Work asked of somebody who opens an account while registration is open: leading zero bits of a hash, 0 to 28
    "work-bits" work_bits: Value u32, "BITS" = "18";

    /// Certificate chain, PEM; read again on SIGHUP. Goes with tls-key
    "tls-cert" tls_cert: Value Option<PathBuf>, "FILE";

    /// Private key of the certificate, PEM
    "tls-key" tls_key: Value Option<PathBuf>, "FILE";

    /// A reverse proxy does TLS and names each peer as the last address in X-Forwarded-For; allows plain HTTP on
    /// any address
    "behind-proxy" behind_proxy: Switch Switch, "BOOL" = "false";

    /// Who may read /metrics: programs on this machine (local), everybody (public), nobody (off)
    "metrics" metrics: Value MetricsTo, "WHO" = "local";

    /// Open connections at one time; each needs a file descriptor
    "connections-max" connections_max: Value usize, "N" = "10000";

    /// Open connections at one time from one network (IPv4 /24, IPv6 /48)
    "connections-per-network-max" connections_per_network_max: Value usize, "N" = "1000";

    /// Silence after which a client is asked for a sign of life; after twice as much it is given up
    "ping-after" ping_after: Value Span, "TIME" = "45s";

    /// Time without any progress after which a client that does not read is closed
    "slow-reader-after" slow_reader_after: Value Span, "TIME" = "30s";

    /// Time for clients to be told goodbye when the server stops
    "stop-within" stop_within: Value Span, "TIME" = "10s";

    /// Memory for large messages on their way in, of all connections together, in MiB; at least 8
    "large-message-mib" large_message_mib: Value usize, "MIB" = "64";

    /// Least important log line to write: error, warn, info or debug. None of them names a person, a topic or an
    /// address
    "log" log: Value LogLevel, "LEVEL" = "info";

    /// Form of the log on standard error: text or json
    "log-format" log_format: Value LogFormat, "FORM" = "text";
}

impl Settings {
    /// Reads settings from flags, environment, file and defaults, in this precedence.
    pub(crate) fn load(flags: &flags::Given) -> Result<Self, SettingsError> {
        let environment = std::env::vars_os().collect();
        Self::read(&sources::collect(flags, environment, &crate::places::default_config())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_one_spelling() {
        let mut names: Vec<&str> = TABLE.iter().map(|setting| setting.name).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        assert!(PLACES.iter().all(|place| names.contains(place)));
    }

    #[test]
    fn the_documentation_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations/settings.md");
        let found = std::fs::read_to_string(path).unwrap();
        assert!(
            found == markdown(),
            "write it anew: sottod settings --markdown > docs/operations/settings.md"
        );
    }
}
