//! Signing, and encoding: answers first, in the order of the requests, then events.

use std::collections::BTreeSet;

use bytes::Bytes;
use sotto_wire::account::AccountFrame;
use sotto_wire::frames::Refusal;
use sotto_wire::proto::{ErrorCode, SignedItem};
use sotto_wire::receipt::SignedBatch;
use sotto_wire::topic::{Entries, FollowOutcome, TopicFrame, TopicResponse};

use crate::batch::{Answer, Batch, Receipt, Reply, What};
use crate::connection::{ConnectionId, Outgoing, Plane, Then};
use crate::connections::Connection;
use crate::state::State;

pub(super) fn encode(state: &mut State, batch: Batch) -> Vec<Outgoing> {
    let signed = state.sign(batch.receipts);
    let mut out = Vec::with_capacity(batch.replies.len() + batch.events.len());
    for reply in batch.replies {
        if let Some(plane) = state.connections.get(reply.connection).map(Connection::plane) {
            let connection = reply.connection;
            out.push(Outgoing { connection, frame: answer(plane, reply, &signed), then: Then::Keep });
        }
    }
    for event in batch.events {
        let frame = match event.what {
            What::Frame(frame) => frame,
            What::Entries { topic, entries, previous, receipt } => {
                let receipt = signed_item(&signed, receipt);
                TopicFrame::Entries(Entries { topic, entries, receipt, prev_chain: previous }).encode()
            }
        };
        let then = event.then;
        out.extend(event.to.iter().map(|to| Outgoing { connection: *to, frame: frame.clone(), then }));
    }
    ask(state, &mut out, batch.asks);
    out
}

/// Lets the last frame of each of these connections ask for a call.
fn ask(state: &mut State, out: &mut [Outgoing], mut asks: BTreeSet<ConnectionId>) {
    for outgoing in out.iter_mut().rev() {
        if asks.is_empty() {
            return;
        }
        if asks.remove(&outgoing.connection) && outgoing.then == Then::Keep {
            outgoing.then = Then::Ask;
        }
    }
    // Nothing goes to the rest of them now, so nothing can ask: the next tick looks at them again.
    for id in asks {
        if let Some(connection) = state.connections.get_mut(id) {
            connection.window.unask();
            state.stalled.insert(id);
        }
    }
}

fn answer(plane: Plane, reply: Reply, signed: &SignedBatch) -> Bytes {
    let id = reply.id;
    match (plane, reply.answer) {
        (Plane::Account, Ok(Answer::Account(response))) => AccountFrame::response(id, response).encode(),
        (Plane::Account, Ok(_)) => AccountFrame::refused(id, Refusal::new(ErrorCode::Internal)).encode(),
        (Plane::Account, Err(refused)) => AccountFrame::refused(id, refused.0).encode(),
        (Plane::Topic, Ok(answer)) => match topic_response(answer, signed) {
            Some(response) => TopicFrame::response(id, response).encode(),
            None => TopicFrame::refused(id, Refusal::new(ErrorCode::Internal)).encode(),
        },
        (Plane::Topic, Err(refused)) => TopicFrame::refused(id, refused.0).encode(),
    }
}

fn topic_response(answer: Answer, signed: &SignedBatch) -> Option<TopicResponse> {
    Some(match answer {
        Answer::Account(_) => return None,
        Answer::Topic(response) => response,
        Answer::Signed(receipt, wrap) => wrap(signed_item(signed, receipt)),
        Answer::Followed(outcomes) => {
            let outcome = |(slot, outcome): (_, Result<Receipt, Refusal>)| FollowOutcome {
                slot,
                outcome: outcome.map(|receipt| signed_item(signed, receipt)),
            };
            TopicResponse::Followed(outcomes.into_iter().map(outcome).collect())
        }
    })
}

// A number that was given out has its receipt; an empty one proves nothing and fails at the client.
fn signed_item(signed: &SignedBatch, receipt: Receipt) -> SignedItem {
    signed.get(receipt).unwrap_or_default()
}
