//! What keeps a connection from coming about, with the way out.

use sotto_native::ConnectTrouble;

use super::{Code, Failure};

impl From<ConnectTrouble> for Failure {
    fn from(trouble: ConnectTrouble) -> Self {
        let mut what = format!("The server cannot be used: {trouble}.");
        what = what.replace("..", ".");
        let (code, way_out) = match &trouble {
            ConnectTrouble::ServerAddress => {
                (Code::ServerAddress, "Give the server as https://chat.example.org.")
            }
            ConnectTrouble::PlainRefused => {
                (Code::PlainHttp, "Use https:// (http:// is for a server on this machine).")
            }
            ConnectTrouble::NameUnknown => {
                (Code::ServerName, "Check the server's name (`sotto whoami`) and your network.")
            }
            ConnectTrouble::Refused => {
                (Code::ServerGone, "Check the address (`sotto whoami`), or wait until the server runs again.")
            }
            ConnectTrouble::Unreachable => (Code::ServerGone, "Check your network."),
            ConnectTrouble::TimedOut | ConnectTrouble::Lost | ConnectTrouble::ClosedByServer => {
                (Code::ServerSlow, "Repeat the command later, or give it more time with --wait SECONDS.")
            }
            ConnectTrouble::Tls { .. } => (
                Code::Tls,
                "Check this device's clock. For a private server give its certificate: --ca FILE. If neither explains \
                 it, somebody may be between you and the server.",
            ),
            ConnectTrouble::ProxyUnreachable => (
                Code::Proxy,
                "Check that the proxy (Tor, say) runs where --proxy says. Nothing went around it.",
            ),
            ConnectTrouble::ProxyRefused { .. } => {
                (Code::Proxy, "Check --proxy and its login. Nothing went around it.")
            }
            ConnectTrouble::NotSotto { .. } => {
                (Code::NotSotto, "Check the server's address (`sotto whoami`).")
            }
            ConnectTrouble::Malformed => (
                Code::Malformed,
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
