//! `AckInbox`: what the device has stored itself is forgotten here.

use sotto_ports::directory::AckInbox;
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store};
use sotto_wire::account::AccountResponse;
use sotto_wire::ids::InboxKey;

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, keys: Vec<InboxKey>) -> Planned {
    let who = ask.who()?;
    ask.charge_read()?;
    let op = AckInbox { account: who.account, device: who.device, keys };
    Ok(Plan::directory(DirectoryOp::AckInbox(op), |_, outcome| {
        let _items_that_were_there = outcome!(outcome, DirectoryOutcome::AckInbox);
        Ok(Answer::Account(AccountResponse::InboxAcked))
    }))
}
