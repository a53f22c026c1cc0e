//! `SendEphemeral`: to those who are connected and may read what is said now; never stored.

use sotto_ports::logs::{ReadTopic, Standing};
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::{SendEphemeral, TopicFrame, TopicResponse};

use crate::batch::Answer;
use crate::connection::Then;
use crate::deliver::spend;
use crate::plan::{Ask, Done, Plan, Planned, outcome};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: SendEphemeral) -> Planned {
    let (rate, now) = (ask.state.quotas.ephemerals_per_connection, ask.now);
    ask.peer()?.ephemerals.take(rate, 1, now)?;
    let op = ReadTopic { topic: request.topic, capability: request.capability.hash() };
    Ok(Plan::log(LogOp::ReadTopic(op), move |done, outcome| {
        let view = outcome!(outcome, LogOutcome::ReadTopic)?;
        if view.standing == Standing::Retired {
            return Err(ErrorCode::CapabilityRefused.into());
        }
        if view.closed {
            return Err(ErrorCode::TopicClosed.into());
        }
        done.state.counters.ephemerals += 1;
        broadcast(done, request);
        Ok(Answer::Topic(TopicResponse::EphemeralSent))
    }))
}

/// Whoever has no room for it misses it: it was of this moment only.
fn broadcast(done: &mut Done<'_>, request: SendEphemeral) {
    let mut to = Vec::new();
    for id in done.state.connections.followers(request.topic) {
        let open = done.state.connections.get(id).is_some_and(|connection| connection.window.is_open());
        let follow = done.state.connections.topic(id).and_then(|side| side.get(request.topic));
        let reads_on = follow.is_some_and(|follow| follow.end.is_none());
        if open && reads_on && id != done.connection {
            spend(done.state, done.batch, id, request.body.len());
            to.push(id);
        }
    }
    let frame = TopicFrame::Ephemeral { topic: request.topic, body: request.body }.encode();
    done.batch.event(to, frame, Then::Keep);
}
