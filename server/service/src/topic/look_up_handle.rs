//! `LookUpHandle`: whose name it is.

use sotto_ports::Store;
use sotto_wire::ids::{Handle, Token};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::TopicResponse;

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned};
use crate::tokens::Purpose;

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, handle: &Handle, token: Option<&Token>) -> Planned {
    ask.state.gate.spend(ask.connection, Purpose::LookUp, token, ask.now)?;
    let account = ask.read(|store| store.account_named(handle))?.ok_or(ErrorCode::HandleUnknown)?;
    Ok(Plan::Answer(Answer::Topic(TopicResponse::HandleFound(account))))
}
