//! `FetchLists`: the chain after what the peer knows, oldest first. A longer one takes several requests.

use sotto_ports::Store;
use sotto_wire::ids::AccountId;
use sotto_wire::limits::LISTS_PER_REPLY_MAX;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signed::Pin;
use sotto_wire::topic::TopicResponse;

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, account: AccountId, after: Option<Pin>) -> Planned {
    ask.charge_read()?;
    let after = after.map(|pin| pin.place());
    let lists = ask
        .read(|store| store.lists(account, after, LISTS_PER_REPLY_MAX))?
        .ok_or(ErrorCode::AccountUnknown)?;
    Ok(Plan::Answer(Answer::Topic(TopicResponse::Lists(lists))))
}
