//! `AckSlot`: everything up to here is stored by the reader, and may go when the others say so too.

use sotto_ports::logs::Ack;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::ids::Seq;
use sotto_wire::topic::{SlotAuth, TopicResponse};

use super::key;
use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, auth: &SlotAuth, seq: Seq) -> Planned {
    ask.charge_read()?;
    let key = key(auth);
    let op = Ack { key, seq, today: ask.now.minute().day() };
    Ok(Plan::log(LogOp::Ack(op), move |done, outcome| {
        let view = outcome!(outcome, LogOutcome::Ack)?;
        if view.ack >= view.first {
            done.state.touch(key.topic);
        }
        Ok(Answer::Signed(done.batch.state_slot(key.topic, &view), TopicResponse::SlotAcked))
    }))
}
