//! `KeyPackageStatus`: what is left to claim of this device.

use sotto_ports::Store;
use sotto_wire::account::AccountResponse;

use crate::batch::Answer;
use crate::plan::{Ask, Plan, Planned};

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>) -> Planned {
    let who = ask.who()?;
    ask.charge_read()?;
    let count = ask.read(|store| store.key_packages(who.account, who.device))?;
    Ok(Plan::Answer(Answer::Account(AccountResponse::KeyPackageCount(count))))
}
