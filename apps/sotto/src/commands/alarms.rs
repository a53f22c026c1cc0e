//! `sotto alarms`: what a hostile server might have done.

use clap::Args;
use sotto_engine::api::Command;

use crate::client::Client;
use crate::failure::{Code, Failure};
use crate::record::AlarmRecord;

/// List alarms: signs of a server that withholds, forges or swaps something
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto alarms
  sotto alarms --seen 3")]
pub(crate) struct Alarms {
    /// Mark this alarm as seen instead of listing
    #[arg(long, value_name = "NUMBER")]
    seen: Option<i64>,
}

impl Alarms {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let alarms = client.session.alarms().await?;
        let Some(seen) = self.seen else {
            for alarm in &alarms {
                let record = AlarmRecord::from(alarm);
                client.screen.data(&record, || record.text(client.screen))?;
            }
            return Ok(());
        };
        if !alarms.iter().any(|alarm| alarm.id == seen) {
            return Err(Failure::new(
                Code::AlarmUnknown,
                "There is no alarm with this number.",
                "`sotto alarms` lists them.",
            ));
        }
        client.done(Command::AcknowledgeAlarm { alarm: seen }).await?;
        for alarm in client.session.alarms().await?.iter().filter(|alarm| alarm.id == seen) {
            let record = AlarmRecord::from(alarm);
            client.screen.data(&record, || record.text(client.screen))?;
        }
        Ok(())
    }
}
