//! `sotto whoami`: this profile's account.

use clap::Args;
use serde::Serialize;
use sotto_wire::ids::{AccountId, DeviceId};

use crate::client::Client;
use crate::failure::Failure;
use crate::plain;

/// Show this profile's account, device and server
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto whoami")]
pub(crate) struct Whoami {}

#[derive(Serialize)]
struct AccountRecord<'a> {
    r#type: &'static str,
    handle: String,
    display_name: Option<&'a str>,
    account: AccountId,
    device: DeviceId,
    server: &'a str,
    registered: bool,
    independently_witnessed: bool,
}

impl Whoami {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let account = client.account().await?;
        let record = AccountRecord {
            r#type: "account",
            handle: account.handle.to_string(),
            display_name: account.display_name.as_deref(),
            account: account.account,
            device: account.device,
            server: &account.server,
            registered: account.registered,
            independently_witnessed: account.independently_witnessed,
        };
        client.screen.data(&record, || record.text())
    }
}

impl AccountRecord<'_> {
    fn text(&self) -> String {
        let name = self.display_name.map_or_else(|| "(none)".to_owned(), plain::line);
        let witnessed = if self.independently_witnessed {
            "independently witnessed"
        } else {
            "not independently witnessed"
        };
        format!(
            "handle   {}\nname     {name}\naccount  {}\ndevice   {}\nserver   {} ({witnessed})",
            self.handle, self.account, self.device, self.server
        )
    }
}
