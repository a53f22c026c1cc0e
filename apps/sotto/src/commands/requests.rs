//! `sotto requests`: who asks to be accepted.

use clap::Args;

use crate::client::Client;
use crate::failure::Failure;
use crate::record::ConversationRecord;

/// List people who wrote first and wait for your answer; fetches what is new before
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto requests")]
pub(crate) struct Requests {}

impl Requests {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        client.sync_if_possible().await?;
        for view in client.session.requests().await? {
            let record = ConversationRecord::of_type("request", &view);
            client.screen.data(&record, || record.text(client.screen))?;
        }
        Ok(())
    }
}
