//! `Authenticate`: a device proves that it is one of the account's newest list.

use sotto_identity::ListBody;
use sotto_ports::Store;
use sotto_wire::account::{AccountResponse, Authenticate};
use sotto_wire::digest::authenticate_to_sign;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signature;

use crate::batch::Answer;
use crate::connections::Who;
use crate::plan::{Ask, Plan, Planned};
use crate::refused::Refused;

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: &Authenticate) -> Planned {
    ask.charge_check()?;
    let who = Who { account: request.account, device: request.device };
    let standing = ask.state.connections.account(ask.connection).and_then(|side| side.who);
    if standing.is_some_and(|standing| standing != who) {
        return Err(ErrorCode::Malformed.into());
    }
    let account = ask.read(|store| store.account(request.account))?.ok_or(ErrorCode::AccountUnknown)?;
    // The store holds only lists that were checked before.
    let list = ListBody::parse(&account.newest.list).map_err(|_| Refused::from(ErrorCode::Internal))?;
    let device = list.device(request.device).ok_or(ErrorCode::Unauthenticated)?;
    let nonce = ask.peer()?.nonce;
    let host = &ask.state.settings.host;
    let signed = authenticate_to_sign(nonce, host.as_str(), request.account, request.device);
    signature::verify(device.key, &signed, request.signature)?;
    ask.state.connections.authenticate(ask.connection, who);
    let response = AccountResponse::Authenticated { handle: account.handle, list: account.pin };
    Ok(Plan::Answer(Answer::Account(response)))
}
