//! `sotto chats`: the conversation list.

use clap::Args;

use crate::client::Client;
use crate::failure::Failure;
use crate::record::ConversationRecord;

/// List conversations, newest first, from what is here
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto chats
  sotto chats --json | jq -r .handle")]
pub(crate) struct Chats {}

impl Chats {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        for view in client.session.conversations().await? {
            let record = ConversationRecord::new(&view);
            client.screen.data(&record, || record.text(client.screen))?;
        }
        Ok(())
    }
}
