//! `TopicState`: head and range, for whoever holds a capability and has to recover from a conflict.

use sotto_ports::logs::ReadTopic;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::ids::{Capability, TopicId};
use sotto_wire::topic::TopicResponse;

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, topic: TopicId, capability: &Capability) -> Planned {
    ask.charge_read()?;
    let op = ReadTopic { topic, capability: capability.hash() };
    Ok(Plan::log(LogOp::ReadTopic(op), |_, outcome| {
        let view = outcome!(outcome, LogOutcome::ReadTopic)?;
        Ok(Answer::Topic(TopicResponse::TopicState {
            head: view.head,
            next_seq: view.newest.next(),
            generation: view.generation,
        }))
    }))
}
