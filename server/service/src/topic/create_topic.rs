//! `CreateTopic`: an empty log. Idempotent on its arguments.

use sotto_ports::logs::{Asked, Create};
use sotto_ports::{LogOp, LogOutcome, Store};
use sotto_wire::digest::chain_start;
use sotto_wire::ids::Seq;
use sotto_wire::limits::TTL_DAYS_DEFAULT;
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::{BatchReceipt, Item};
use sotto_wire::topic::{CreateTopic, TopicResponse, TtlDays};

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};
use crate::refused::Refused;
use crate::tokens::Purpose;

/// What an absent time-to-live stands for.
pub(super) fn ttl_default() -> Result<TtlDays, Refused> {
    TtlDays::new(TTL_DAYS_DEFAULT).ok_or_else(|| ErrorCode::Internal.into())
}

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: CreateTopic) -> Planned {
    ask.state.gate.spend(ask.connection, Purpose::Topic, request.token.as_ref(), ask.now)?;
    let topic = request.topic;
    let op = Create {
        topic,
        capability: request.capability,
        control_keys: request.control_keys,
        ttl: request.ttl.map_or_else(ttl_default, Ok)?,
    };
    Ok(Plan::log(LogOp::Create(op), move |done, outcome| {
        let created = outcome!(outcome, LogOutcome::Create)?;
        done.state.counters.topics += u64::from(created.asked == Asked::First);
        let receipt = BatchReceipt {
            from: Seq(0),
            to: Seq(0),
            chain: chain_start(topic),
            first_available: created.first,
            minute: done.batch.minute(),
        };
        Ok(Answer::Signed(done.batch.state(topic, Item::Batch(receipt)), TopicResponse::TopicCreated))
    }))
}
