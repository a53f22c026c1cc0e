//! `sotto history`: a timeline, oldest first.

use clap::Args;
use sotto_engine::api::{MessageView, Target};
use sotto_native::HISTORY_PAGE_MAX;
use sotto_wire::ids::MessageId;

use crate::client::Client;
use crate::failure::Failure;
use crate::record::MessageRecord;
use crate::screen::{Screen, Style};
use crate::{instant, target};

/// Show a conversation, oldest first; fetches what is new before
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto history @bob
  sotto history @bob --limit 1000 --json > with-bob.jsonl")]
pub(crate) struct History {
    /// Which conversation: @name or its id
    #[arg(value_name = "CONV", value_parser = target::conversation)]
    conversation: Target,

    /// How many messages at most, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// Only what is older than this message
    #[arg(long, value_name = "ID", value_parser = target::message)]
    before: Option<MessageId>,
}

impl History {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        client.sync_if_possible().await?;
        if client.session.resolve(self.conversation.clone()).await?.is_none() {
            return Err(sotto_engine::api::Refusal::ConversationUnknown.into());
        }
        let mut day = None;
        for page in self.pages(client).await?.iter().rev() {
            for line in page {
                show(client.screen, line, &mut day)?;
            }
        }
        Ok(())
    }

    /// Newest page first: each reaches back from the oldest line of the one before.
    async fn pages(&self, client: &mut Client) -> Result<Vec<Vec<MessageView>>, Failure> {
        let (mut pages, mut left, mut before) = (Vec::new(), self.limit, self.before);
        while left > 0 {
            let wanted = left.min(HISTORY_PAGE_MAX);
            let page = client.session.history(self.conversation.clone(), wanted, before).await?;
            before = page.first().map(|line| line.id);
            left -= page.len().min(left);
            let was_last = page.len() < wanted;
            pages.push(page);
            if was_last {
                break;
            }
        }
        Ok(pages)
    }
}

/// On a terminal days are headings; elsewhere each line has its own date.
fn show(screen: Screen, line: &MessageView, day: &mut Option<String>) -> Result<(), Failure> {
    let record = MessageRecord::from(line);
    let minute = record.shown_minute();
    if screen.shows_to_person() {
        let today = instant::date(minute);
        if day.as_ref() != Some(&today) {
            screen.raw(&screen.paint(Style::Aside, &format!("── {today} (UTC)")))?;
            *day = Some(today);
        }
        return screen.raw(&record.text(screen, &instant::time(minute)));
    }
    screen.data(&record, || record.dated(screen))
}
