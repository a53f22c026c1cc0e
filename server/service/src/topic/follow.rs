//! `Follow`: the backlog of each slot as fast as the connection takes it, then new entries as they come.
//!
//! A connection follows a topic through one slot; following it again replaces what was there.

use sotto_ports::logs::SlotView;
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::frames::Refusal;
use sotto_wire::ids::{Seq, SlotId, TopicId};
use sotto_wire::limits::FOLLOWS_PER_CONNECTION_MAX;
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic;

use super::key;
use crate::batch::{Answer, Receipt};
use crate::connections::Follow;
use crate::plan::{Ask, Done, Plan, Planned};
use crate::refused::Refused;

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, follows: &[topic::Follow]) -> Planned {
    ask.charge_read()?;
    let ops = follows.iter().map(|follow| LogOp::ReadSlot(key(&follow.auth))).collect();
    let asked: Vec<_> =
        follows.iter().map(|follow| (follow.auth.topic, follow.auth.slot, follow.from)).collect();
    Ok(Plan::Logs(
        ops,
        Box::new(move |done, outcomes| {
            let each = asked.into_iter().zip(outcomes);
            let outcome = |((topic, slot, from), outcome)| (slot, one(done, topic, slot, from, outcome));
            let outcomes = each.map(outcome).collect();
            done.batch.look_at.insert(done.connection);
            Ok(Answer::Followed(outcomes))
        }),
    ))
}

fn one(
    done: &mut Done<'_>,
    topic: TopicId,
    slot: SlotId,
    from: Seq,
    outcome: LogOutcome,
) -> Result<Receipt, Refusal> {
    let LogOutcome::ReadSlot(outcome) = outcome else { return Err(Refusal::new(ErrorCode::Internal)) };
    let view = outcome.map_err(|refused| Refused::from(refused).0)?;
    start(done, topic, slot, from, &view)?;
    Ok(done.batch.state_slot(topic, &view))
}

fn start(
    done: &mut Done<'_>,
    topic: TopicId,
    slot: SlotId,
    from: Seq,
    view: &SlotView,
) -> Result<(), Refusal> {
    let Some(side) = done.state.connections.topic(done.connection) else { return Ok(()) };
    if side.get(topic).is_none() && side.len() >= FOLLOWS_PER_CONNECTION_MAX {
        return Err(Refusal::new(ErrorCode::Quota));
    }
    // Somebody who knows more than there is (a restored backup, say) is sent what comes next, and sees the fork.
    let sent = from.min(view.newest);
    done.state.connections.follow(
        done.connection,
        topic,
        Follow::new(slot, sent, view.readable_to, view.closed),
    );
    let Some(side) = done.state.connections.topic(done.connection) else { return Ok(()) };
    if sent < view.newest {
        side.wait(topic);
    } else if view.closed {
        done.batch.closed.insert(topic, view.newest);
    }
    Ok(())
}
