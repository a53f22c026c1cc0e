//! `DropInInbox`: one sealed item for one device, for whoever holds the right to it.

use sha2::{Digest, Sha256};
use sotto_ports::directory::{DropItem, Dropped, ItemHash};
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store};
use sotto_wire::ids::InboxKey;
use sotto_wire::topic::{DropInInbox, TopicResponse};

use crate::batch::Answer;
use crate::deliver;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: DropInInbox) -> Planned {
    ask.charge_read()?;
    let (account, device, sealed) = (request.account, request.device, request.sealed);
    let key = InboxKey::random(ask.entropy);
    let op = DropItem {
        account,
        device,
        capability: request.capability.hash(),
        key,
        hash: ItemHash(Sha256::digest(&sealed).into()),
        sealed: sealed.clone(),
        today: ask.now.minute().day(),
    };
    Ok(Plan::directory(DirectoryOp::Drop(op), move |done, outcome| {
        if outcome!(outcome, DirectoryOutcome::Drop)? == Dropped::New {
            done.state.counters.inbox_items += 1;
            deliver::arrived(done.state, done.batch, account, device, key, &sealed);
        }
        Ok(Answer::Topic(TopicResponse::DroppedInInbox))
    }))
}
