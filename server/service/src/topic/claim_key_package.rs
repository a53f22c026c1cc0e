//! `ClaimKeyPackage`: one key package of a device, and the right to drop one item at it.
//!
//! A one-time package is gone in the commit that answers: a lost answer costs one package, never hands out one twice.

use sotto_ports::directory::Claim;
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store};
use sotto_wire::ids::DropCapability;
use sotto_wire::topic::{ClaimKeyPackage, TopicResponse};

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned, outcome};
use crate::tokens::Purpose;

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: &ClaimKeyPackage) -> Planned {
    ask.state.gate.spend(ask.connection, Purpose::Claim, request.token.as_ref(), ask.now)?;
    let capability = DropCapability::random(ask.entropy);
    let op = Claim {
        account: request.account,
        device: request.device,
        drop: capability.hash(),
        today: ask.now.minute().day(),
    };
    Ok(Plan::directory(DirectoryOp::Claim(op), move |done, outcome| {
        let claimed = outcome!(outcome, DirectoryOutcome::Claim)?;
        done.state.counters.claims += 1;
        done.state.counters.last_resort_claims += u64::from(claimed.last_resort);
        Ok(Answer::Topic(TopicResponse::ClaimedKeyPackage {
            key_package: claimed.package,
            last_resort: claimed.last_resort,
            capability,
        }))
    }))
}
