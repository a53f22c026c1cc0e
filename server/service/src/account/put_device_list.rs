//! `PutDeviceList`: the chain grows by a list that follows from its newest one.
//!
//! Any device of the account may bring it, for the list proves itself. A recovery may come from a device that no
//! list names yet, over a connection that is nobody's.

use sotto_identity::{ListBody, ListEvent};
use sotto_ports::directory::PutList;
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store};
use sotto_wire::account::AccountResponse;
use sotto_wire::ids::DeviceId;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signed::SignedList;

use super::lists;
use crate::batch::Answer;
use crate::limits::LISTS_PER_ACCOUNT_MAX;
use crate::plan::{Ask, Done, Plan, Planned, outcome};
use crate::refused::Refused;
use crate::service::close;

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, list: SignedList) -> Planned {
    ask.charge_check()?;
    let body = ListBody::parse(&list.list).map_err(|reason| Refused::from(reason.code()))?;
    let who = ask.state.connections.account(ask.connection).and_then(|side| side.who);
    match who {
        Some(who) if who.account != body.account => return Err(ErrorCode::ListRefused.into()),
        None if !matches!(body.event, ListEvent::Recovery { .. }) => {
            return Err(ErrorCode::Unauthenticated.into());
        }
        _ => {}
    }
    let newest = lists::newest(ask, body.account)?;
    if let Some(pin) = newest.pins().iter().find(|pin| pin.hash == list.hash()) {
        return Ok(Plan::Answer(Answer::Account(AccountResponse::DeviceListStored(*pin))));
    }
    let next = newest.successor(&list)?;
    if next.pins().len() > LISTS_PER_ACCOUNT_MAX {
        return Err(ErrorCode::Quota.into());
    }
    let devices: Vec<DeviceId> = next.devices().iter().map(|device| device.id).collect();
    let (account, pin) = (body.account, next.pin());
    let op = PutList { account, follows: newest.pin(), pin, list, devices: devices.clone() };
    Ok(Plan::directory(DirectoryOp::PutList(op), move |done, outcome| {
        outcome!(outcome, DirectoryOutcome::PutList)?;
        done.state.counters.device_lists += 1;
        for id in done.state.connections.of_other_devices(account, &devices) {
            shut_out(done, id);
        }
        Ok(Answer::Account(AccountResponse::DeviceListStored(pin)))
    }))
}

/// A device that was revoked is nobody here from this moment on.
fn shut_out(done: &mut Done<'_>, id: crate::connection::ConnectionId) {
    // The one that brought the list hears its answer first, and stays.
    if id != done.connection {
        close(done.state, done.batch, id, ErrorCode::Unauthenticated);
    }
}
