//! `ProveSlot`: the slot's read right moves on to a later generation; whoever follows through it goes on.

use sotto_ports::logs::Prove;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::ids::Capability;
use sotto_wire::topic::{SlotAuth, TopicResponse};

use super::key;
use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, auth: &SlotAuth, capability: &Capability) -> Planned {
    ask.charge_read()?;
    let key = key(auth);
    let op = Prove { key, capability: capability.hash(), today: ask.now.minute().day() };
    Ok(Plan::log(LogOp::Prove(op), move |done, outcome| {
        let view = outcome!(outcome, LogOutcome::Prove)?;
        let mut behind = Vec::new();
        done.state.connections.each_follow(key.topic, |id, follow| {
            if follow.slot == key.slot {
                follow.end = view.readable_to;
                if follow.sent < view.newest {
                    behind.push(id);
                }
            }
        });
        for id in behind {
            done.state.connections.topic(id).into_iter().for_each(|side| side.wait(key.topic));
            done.batch.look_at.insert(id);
        }
        Ok(Answer::Signed(done.batch.state_slot(key.topic, &view), TopicResponse::SlotProved))
    }))
}
