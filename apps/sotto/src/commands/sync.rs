//! `sotto sync`: fetch once.

use clap::Args;
use serde::Serialize;

use crate::client::Client;
use crate::failure::Failure;

/// Fetch what is new and send what waits, once
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto sync")]
pub(crate) struct Sync {}

#[derive(Serialize)]
struct SyncedRecord {
    r#type: &'static str,
    received: u64,
    waiting: u64,
}

impl Sync {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        if client.offline {
            return Err(Failure::usage("offline", "sync needs the network.", "Leave out --offline."));
        }
        let waiting = client.sync().await?;
        let record = SyncedRecord { r#type: "synced", received: client.received(), waiting };
        client
            .screen
            .data(&record, || format!("{} received, {} waiting to be sent", record.received, record.waiting))
    }
}
