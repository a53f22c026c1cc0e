//! Limits without identity, protocol §8: a token is spent for each purpose that costs others something.
//!
//! Issuing and redeeming blind tokens comes with its own adapter of [`TokenGate`]; until then a connection has a
//! number of each for nothing.

use std::collections::BTreeMap;

use sotto_wire::ids::{Millis, Token};

use crate::buckets::{Bucket, Limited};
use crate::connection::ConnectionId;
use crate::settings::{Quotas, Rate};

/// What a token is spent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A new topic.
    Topic,
    /// Somebody's key package.
    Claim,
    /// Whose handle it is.
    LookUp,
}

/// Why a token did not open the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    /// Missing, spent or forged.
    Invalid,
    /// Too many, too soon.
    Limited(Limited),
}

/// Decides whether a token pays for what is asked.
pub trait TokenGate {
    /// Spends a token.
    ///
    /// # Errors
    /// When it does not pay for this.
    fn spend(
        &mut self,
        connection: ConnectionId,
        purpose: Purpose,
        token: Option<&Token>,
        now: Millis,
    ) -> Result<(), TokenRefused>;

    /// A connection is gone.
    fn disconnected(&mut self, connection: ConnectionId);
}

/// Asks for no token: a connection may do each thing so often.
#[derive(Debug)]
pub struct PerConnection {
    topics: Rate,
    claims: Rate,
    look_ups: Rate,
    buckets: BTreeMap<(ConnectionId, Purpose), Bucket>,
}

impl PerConnection {
    /// With these limits.
    pub fn new(quotas: &Quotas) -> Self {
        Self {
            topics: quotas.topics_per_connection,
            claims: quotas.claims_per_connection,
            look_ups: quotas.look_ups_per_connection,
            buckets: BTreeMap::new(),
        }
    }
}

impl TokenGate for PerConnection {
    fn spend(
        &mut self,
        connection: ConnectionId,
        purpose: Purpose,
        _: Option<&Token>,
        now: Millis,
    ) -> Result<(), TokenRefused> {
        let rate = match purpose {
            Purpose::Topic => self.topics,
            Purpose::Claim => self.claims,
            Purpose::LookUp => self.look_ups,
        };
        self.buckets
            .entry((connection, purpose))
            .or_default()
            .take(rate, 1, now)
            .map_err(TokenRefused::Limited)
    }

    fn disconnected(&mut self, connection: ConnectionId) {
        for purpose in [Purpose::Topic, Purpose::Claim, Purpose::LookUp] {
            self.buckets.remove(&(connection, purpose));
        }
    }
}
