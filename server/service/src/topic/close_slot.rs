//! `CloseSlot`: the reader gives its place up; whoever follows through it stops.

use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::ids::{SlotId, TopicId};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::{SlotAuth, TopicResponse};

use super::key;
use crate::batch::Answer;
use crate::deliver::end_follow;
use crate::plan::{Ask, Done, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, auth: &SlotAuth) -> Planned {
    ask.charge_read()?;
    let key = key(auth);
    Ok(Plan::log(LogOp::CloseSlot(key), move |done, outcome| {
        outcome!(outcome, LogOutcome::CloseSlot)?;
        end_elsewhere(done, key.topic, key.slot);
        let own = done.state.connections.topic(done.connection).and_then(|side| side.get(key.topic));
        if own.is_some_and(|follow| follow.slot == key.slot) {
            done.state.connections.unfollow(done.connection, key.topic);
        }
        done.state.touch(key.topic);
        Ok(Answer::Topic(TopicResponse::SlotClosed))
    }))
}

/// Ends every follow through a slot on connections other than the one that asks.
pub(super) fn end_elsewhere(done: &mut Done<'_>, topic: TopicId, slot: SlotId) {
    let mut others = Vec::new();
    let asking = done.connection;
    done.state.connections.each_follow(topic, |id, follow| {
        if follow.slot == slot && id != asking {
            others.push(id);
        }
    });
    for id in others {
        end_follow(done.state, done.batch, id, topic, ErrorCode::SlotUnknown);
    }
}
