//! What keeps a connection from coming about, with the way out.

use sotto_native::ConnectTrouble;

use super::Failure;

impl From<ConnectTrouble> for Failure {
    fn from(trouble: ConnectTrouble) -> Self {
        let mut what = format!("The server cannot be used: {trouble}.");
        what = what.replace("..", ".");
        let (code, way_out) = match &trouble {
            ConnectTrouble::ServerAddress => {
                ("server_address", "Give the server as https://chat.example.org.")
            }
            ConnectTrouble::PlainRefused => {
                ("plain_http", "Use https:// (http:// is for a server on this machine).")
            }
            ConnectTrouble::NameUnknown => {
                ("server_name", "Check the server's name (`sotto whoami`) and your network.")
            }
            ConnectTrouble::Refused => (
                "server_gone",
                "Check the address (`sotto whoami`), or wait until the server runs again; what is queued stays queued.",
            ),
            ConnectTrouble::Unreachable => {
                ("server_gone", "Check your network; what is queued stays queued.")
            }
            ConnectTrouble::TimedOut | ConnectTrouble::Lost | ConnectTrouble::ClosedByServer => (
                "server_slow",
                "Repeat the command later, or give it more time with --wait SECONDS; what is queued stays queued.",
            ),
            ConnectTrouble::Tls { .. } => (
                "tls",
                "Check this device's clock. For a private server give its certificate: --ca FILE. If neither explains \
                 it, somebody may be between you and the server.",
            ),
            ConnectTrouble::ProxyUnreachable => {
                ("proxy", "Check that the proxy (Tor, say) runs where --proxy says. Nothing went around it.")
            }
            ConnectTrouble::ProxyRefused { .. } => {
                ("proxy", "Check --proxy and its login. Nothing went around it.")
            }
            ConnectTrouble::NotSotto { .. } => ("not_sotto", "Check the server's address (`sotto whoami`)."),
            ConnectTrouble::Malformed => (
                "malformed",
                "Check the server's address (`sotto whoami`); if it is right, tell whoever runs the server.",
            ),
        };
        Self::new(code, what, way_out)
    }
}

/// Whether trying again by itself may help.
pub(crate) fn may_pass(trouble: &ConnectTrouble) -> bool {
    match trouble {
        ConnectTrouble::NameUnknown
        | ConnectTrouble::Refused
        | ConnectTrouble::Unreachable
        | ConnectTrouble::TimedOut
        | ConnectTrouble::Lost
        | ConnectTrouble::ClosedByServer
        | ConnectTrouble::ProxyUnreachable => true,
        ConnectTrouble::NotSotto { status } => *status >= 500,
        ConnectTrouble::ServerAddress
        | ConnectTrouble::PlainRefused
        | ConnectTrouble::Tls { .. }
        | ConnectTrouble::ProxyRefused { .. }
        | ConnectTrouble::Malformed => false,
    }
}
