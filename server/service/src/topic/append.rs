//! `Append`: one entry at the end of a log, under the head it was made for.

use sotto_ports::logs::{Append as Op, AppendRefused, Appended, Asked, Rotation};
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::ids::{Seq, TopicId};
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::{AppendReceipt, Item};
use sotto_wire::signature;
use sotto_wire::topic::{Append, TopicResponse};

use crate::batch::Answer;
use crate::plan::{Ask, Done, Plan, Planned, outcome};
use crate::refused::Refused;

/// Bytes of body that count as one more append.
const COST_BYTES: usize = 16 * 1024;

/// What an append brings along, for the answer.
#[derive(Clone, Copy)]
struct Brought {
    topic: TopicId,
    bytes: usize,
    rotates: bool,
}

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: Append) -> Planned {
    let brought =
        Brought { topic: request.topic, bytes: request.body.len(), rotates: request.rotate.is_some() };
    let op = checked(ask, request)?;
    Ok(Plan::log(LogOp::Append(op), move |done, outcome| match outcome!(outcome, LogOutcome::Append) {
        Ok(appended) => Ok(accepted(done, brought, appended)),
        Err(AppendRefused::Conflict { head }) => {
            done.state.counters.conflicts += 1;
            Ok(Answer::Topic(TopicResponse::Conflict { head }))
        }
        Err(refused) => Err(refused.into()),
    }))
}

/// Limits and the control signature; the log decides the rest.
fn checked<S: Store>(ask: &mut Ask<'_, S>, request: Append) -> Result<Op, Refused> {
    let (capability, now) = (request.capability.hash(), ask.now);
    let cost = 1 + (request.body.len() / COST_BYTES) as u32;
    let rate = ask.state.quotas.appends_per_connection;
    ask.peer()?.appends.take(rate, cost, now)?;
    ask.state.limits.append((request.topic, capability), cost, now)?;
    if request.kind == EntryKind::Handshake {
        ask.state.limits.handshake((request.topic, capability), now)?;
    }
    let body_hash = body_hash(&request.body);
    let rotate = match &request.rotate {
        Some(rotate) => {
            let signed = request.rotate_to_sign(rotate);
            signature::verify(rotate.control_key, &signed, rotate.control_signature)
                .map_err(|_| Refused::from(ErrorCode::ControlRefused))?;
            Some(Rotation {
                generation: rotate.generation,
                capability: rotate.capability,
                control_keys: rotate.control_keys.clone(),
                signed_by: rotate.control_key,
            })
        }
        None => None,
    };
    Ok(Op {
        topic: request.topic,
        capability,
        kind: request.kind,
        version: request.version,
        expect_head: request.expect_head,
        append_id: request.append_id,
        body: request.body,
        body_hash,
        minute: now.minute(),
        rotate,
        open_slots: request.open_slots,
    })
}

fn accepted(done: &mut Done<'_>, brought: Brought, appended: Appended) -> Answer {
    let Brought { topic, bytes, rotates } = brought;
    let entry = &appended.entry;
    let receipt = AppendReceipt {
        seq: entry.seq,
        kind: entry.kind,
        head: entry.head,
        append_id: entry.append_id,
        body: appended.body_hash,
        chain: appended.chain,
        minute: entry.minute,
    };
    let receipt = done.batch.state(topic, Item::Append(receipt));
    match appended.asked {
        Asked::Again => done.state.counters.repeated_appends += 1,
        Asked::First => {
            done.state.counters.entries += 1;
            done.state.counters.entry_bytes += bytes as u64;
            if rotates {
                end_generation(done, topic, appended.entry.seq);
            }
            if done.state.connections.is_followed(topic) {
                done.batch.appended(topic, appended);
            }
        }
    }
    Answer::Signed(receipt, TopicResponse::Appended)
}

/// Whoever follows reads to here, until it proves the generation that begins.
pub(super) fn end_generation(done: &mut Done<'_>, topic: TopicId, at: Seq) {
    done.state.counters.rotations += 1;
    done.state.connections.each_follow(topic, |_, follow| {
        follow.end.get_or_insert(at);
    });
}
