//! An account's chain of lists as the store holds it, checked again.

use sotto_identity::DeviceList;
use sotto_ports::Store;
use sotto_wire::ids::AccountId;
use sotto_wire::proto::ErrorCode;

use crate::limits::LISTS_PER_ACCOUNT_MAX;
use crate::plan::Ask;
use crate::refused::Refused;

/// Lists whose checking counts as one more check of signatures.
const COST_LISTS: usize = 16;

/// The newest list of an account, with the pins of all before it.
pub(super) fn newest<S: Store>(ask: &mut Ask<'_, S>, account: AccountId) -> Result<DeviceList, Refused> {
    let lists = ask
        .read(|store| store.lists(account, None, LISTS_PER_ACCOUNT_MAX))?
        .ok_or(ErrorCode::AccountUnknown)?;
    ask.charge_checks((lists.len() / COST_LISTS) as u32)?;
    DeviceList::chain(account, &lists).map_err(|_| ErrorCode::Internal.into())
}
