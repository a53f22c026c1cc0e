//! `FollowInbox`: stored items are sent as fast as the connection takes them, then new ones as they come.

use std::collections::VecDeque;

use sotto_ports::Store;
use sotto_wire::account::AccountResponse;
use sotto_wire::proto::ErrorCode;

use crate::batch::Answer;
use crate::limits::INBOX_FOLLOWERS_MAX;
use crate::plan::{Ask, Plan, Planned};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>) -> Planned {
    let who = ask.who()?;
    ask.charge_read()?;
    if ask.state.connections.of_device(who.account, who.device).len() > INBOX_FOLLOWERS_MAX {
        return Err(ErrorCode::Quota.into());
    }
    let waiting = VecDeque::from(ask.read(|store| store.inbox(who.account, who.device))?);
    let count = waiting.len() as u32;
    // At once: an item that is dropped in the same call is none of these, and must find somebody who follows.
    if let Some(side) = ask.state.connections.account(ask.connection) {
        side.inbox = Some(waiting);
    }
    // In the order of the logs' operations there is nothing to wait for; the answer comes first, then the items.
    Ok(Plan::Logs(
        Vec::new(),
        Box::new(move |done, _| {
            done.batch.look_at.insert(done.connection);
            Ok(Answer::Account(AccountResponse::InboxFollowed { waiting: count }))
        }),
    ))
}
