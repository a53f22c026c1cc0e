//! `Register`: an account comes into being with its genesis list and its handle.
//!
//! Who is let in is the operator's setting: anybody for some work, whoever has an invitation, or nobody. A
//! repeat of what succeeded is answered whatever the setting, so a lost answer costs nothing.

use sha2::{Digest, Sha256};
use sotto_identity::{Device, DeviceList, ListBody};
use sotto_ports::directory::{Admission, InviteHash, Registered};
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store, directory};
use sotto_wire::account::{AccountResponse, Register};
use sotto_wire::digest::{leading_zero_bits, register_to_sign, work};
use sotto_wire::frames::Registration;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signature;

use crate::batch::Answer;
use crate::connections::Who;
use crate::plan::{Ask, Plan, Planned, outcome};
use crate::refused::Refused;

/// What is stored of an invitation code.
pub fn invite_hash(code: &str) -> InviteHash {
    InviteHash(Sha256::new().chain_update(b"sotto invite v1").chain_update(code).finalize().into())
}

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: Register) -> Planned {
    ask.charge_check()?;
    let list = genesis(&request)?;
    let who = first_device(ask, &request, &list)?;
    let standing = ask.state.connections.account(ask.connection).and_then(|side| side.who);
    if standing.is_some_and(|standing| standing != who) {
        return Err(ErrorCode::Malformed.into());
    }
    if is_registered(ask, &request, &list)? {
        ask.state.connections.authenticate(ask.connection, who);
        return Ok(Plan::Answer(Answer::Account(AccountResponse::Registered)));
    }
    let op = directory::Register {
        account: who.account,
        pin: list.pin(),
        admission: admission(ask, &request)?,
        handle: request.handle,
        genesis: request.genesis_list,
        today: ask.now.minute().day(),
    };
    Ok(Plan::directory(DirectoryOp::Register(op), move |done, outcome| {
        let registered = outcome!(outcome, DirectoryOutcome::Register)?;
        done.state.counters.registrations += u64::from(registered == Registered::New);
        done.state.connections.authenticate(done.connection, who);
        Ok(Answer::Account(AccountResponse::Registered))
    }))
}

fn genesis(request: &Register) -> Result<DeviceList, Refused> {
    let body = ListBody::parse(&request.genesis_list.list).map_err(|reason| Refused::from(reason.code()))?;
    Ok(DeviceList::genesis(body.account, &request.genesis_list)?)
}

/// The device that signs, once its signature is checked: the first of the list.
fn first_device<S: Store>(
    ask: &mut Ask<'_, S>,
    request: &Register,
    list: &DeviceList,
) -> Result<Who, Refused> {
    let first = list.devices().first().ok_or(ErrorCode::ListRefused)?;
    let Device { id, key, .. } = *first;
    let nonce = ask.peer()?.nonce;
    let host = &ask.state.settings.host;
    let signed = register_to_sign(nonce, host.as_str(), list.account(), id, &request.handle);
    signature::verify(key, &signed, request.signature)?;
    Ok(Who { account: list.account(), device: id })
}

fn is_registered<S: Store>(
    ask: &mut Ask<'_, S>,
    request: &Register,
    list: &DeviceList,
) -> Result<bool, Refused> {
    let Some(account) = ask.read(|store| store.account(list.account()))? else { return Ok(false) };
    let first = ask.read(|store| store.lists(list.account(), None, 1))?.unwrap_or_default();
    Ok(account.handle == request.handle && first.first().is_some_and(|first| first.hash() == list.hash()))
}

fn admission<S: Store>(ask: &mut Ask<'_, S>, request: &Register) -> Result<Admission, Refused> {
    match ask.state.settings.registration {
        Registration::Closed => Err(ErrorCode::RegistrationClosed.into()),
        Registration::Invite => {
            let code = request.invite.as_ref().ok_or(ErrorCode::InviteInvalid)?;
            Ok(Admission::Invitation(invite_hash(code.expose())))
        }
        Registration::Open { work_bits } => {
            let (nonce, prefix) = { (ask.peer()?.nonce, ask.peer()?.prefix) };
            if leading_zero_bits(&work(nonce, request.work_answer)) < work_bits {
                return Err(ErrorCode::WorkInvalid.into());
            }
            ask.state.limits.register(prefix, ask.now)?;
            Ok(Admission::Granted)
        }
    }
}
