//! `sotto whoami`: this profile's account.

use clap::Args;
use sotto_engine::api::AccountView;

use crate::client::Client;
use crate::failure::Failure;
use crate::plain;
use crate::record::Outcome;

/// Show this profile's account, device and server
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto whoami")]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let account = client.account().await?;
        let record = Outcome::Account {
            handle: account.handle.to_string(),
            display_name: account.display_name.as_deref(),
            account: account.account,
            device: account.device,
            server: &account.server,
            registered: account.registered,
            independently_witnessed: account.independently_witnessed,
        };
        client.screen.data(&record, || text(&account))
    }
}

fn text(account: &AccountView) -> String {
    let AccountView { handle, account: id, device, server, .. } = account;
    let name = account.display_name.as_deref().map_or_else(|| "(none)".to_owned(), plain::line);
    let witnessed = if account.independently_witnessed {
        "independently witnessed"
    } else {
        "not independently witnessed"
    };
    format!(
        "handle   {handle}\nname     {name}\naccount  {id}\ndevice   {device}\nserver   {server} ({witnessed})"
    )
}
