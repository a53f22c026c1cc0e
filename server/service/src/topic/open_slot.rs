//! `OpenSlot`: a reader's place, for whoever holds a capability of any retained generation.

use sotto_ports::logs::OpenSlot as Op;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::topic::{OpenSlot, TopicResponse};

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: &OpenSlot) -> Planned {
    ask.charge_read()?;
    let topic = request.topic;
    let op = Op {
        topic,
        capability: request.capability.hash(),
        slot: request.slot,
        today: ask.now.minute().day(),
    };
    Ok(Plan::log(LogOp::OpenSlot(op), move |done, outcome| {
        let view = outcome!(outcome, LogOutcome::OpenSlot)?;
        Ok(Answer::Signed(done.batch.state_slot(topic, &view), TopicResponse::SlotOpened))
    }))
}
