//! `sotto sync`: fetch once.

use clap::Args;

use crate::client::Client;
use crate::failure::{Code, Failure};
use crate::record::Outcome;

/// Fetch what is new and send what waits, once
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto sync")]
pub(crate) struct Sync {}

impl Sync {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        if client.offline {
            return Err(Failure::usage(Code::Offline, "sync needs the network.", "Leave out --offline."));
        }
        let waiting = client.sync().await.map_err(|failure| failure.and("What is queued stays queued."))?;
        let received = client.received();
        let record = Outcome::Synced { received, waiting };
        client.screen.data(&record, || format!("{received} received, {waiting} waiting to be sent"))
    }
}
