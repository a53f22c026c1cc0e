//! `ReplaceSlotSecret`: from here on only the new secret opens the slot, and whoever read with the old one stops.

use sotto_ports::logs::ReplaceSecret;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::ids::SlotSecretHash;
use sotto_wire::topic::{SlotAuth, TopicResponse};

use super::close_slot::end_elsewhere;
use super::key;
use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, auth: &SlotAuth, new: SlotSecretHash) -> Planned {
    ask.charge_read()?;
    let key = key(auth);
    Ok(Plan::log(LogOp::ReplaceSecret(ReplaceSecret { key, new }), move |done, outcome| {
        outcome!(outcome, LogOutcome::ReplaceSecret)?;
        end_elsewhere(done, key.topic, key.slot);
        Ok(Answer::Topic(TopicResponse::SlotSecretReplaced))
    }))
}
