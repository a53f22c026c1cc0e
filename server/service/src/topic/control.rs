//! `Control`: a signed change of the topic itself.

use sha2::{Digest, Sha256};
use sotto_ports::logs::{Asked, Control as Op, ControlStamp, Controlled};
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::digest::control_to_sign;
use sotto_wire::ids::TopicId;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signature;
use sotto_wire::topic::{Control, ControlChange, TopicResponse};

use super::append::end_generation;
use super::create_topic::ttl_default;
use crate::batch::Answer;
use crate::plan::{Ask, Done, Plan, Planned, outcome};
use crate::refused::Refused;

/// What followers have to hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Rotated,
    Closed,
    Unseen,
}

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: Control) -> Planned {
    ask.charge_check()?;
    let signed = control_to_sign(request.topic, &request.signed);
    signature::verify(request.control_key, &signed, request.signature)
        .map_err(|_| Refused::from(ErrorCode::ControlRefused))?;
    let effect = match request.action.change {
        ControlChange::Rotate { .. } => Effect::Rotated,
        ControlChange::Close => Effect::Closed,
        ControlChange::Keys(_) | ControlChange::Ttl(_) => Effect::Unseen,
    };
    let topic = request.topic;
    let op = Op {
        topic,
        stamp: stamp(&request.signed),
        action: request.action,
        signed_by: request.control_key,
        ttl_default: ttl_default()?,
        today: ask.now.minute().day(),
    };
    Ok(Plan::log(LogOp::Control(op), move |done, outcome| {
        let controlled = outcome!(outcome, LogOutcome::Control)?;
        if controlled.asked == Asked::First {
            take_effect(done, topic, effect, controlled);
        }
        Ok(Answer::Topic(TopicResponse::Controlled))
    }))
}

fn stamp(signed: &[u8]) -> ControlStamp {
    let mut stamp = [0; 16];
    stamp.copy_from_slice(&Sha256::digest(signed)[..16]);
    ControlStamp(stamp)
}

fn take_effect(done: &mut Done<'_>, topic: TopicId, effect: Effect, controlled: Controlled) {
    match effect {
        Effect::Rotated => end_generation(done, topic, controlled.newest),
        Effect::Closed => {
            done.state.connections.each_follow(topic, |_, follow| follow.closed = true);
            done.batch.closed.insert(topic, controlled.newest);
        }
        Effect::Unseen => {}
    }
    done.state.touch(topic);
}
