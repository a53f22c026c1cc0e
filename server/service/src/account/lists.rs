//! An account's chain of lists as the store holds it, checked again.

use sotto_identity::DeviceList;
use sotto_ports::Store;
use sotto_wire::ids::AccountId;
use sotto_wire::proto::ErrorCode;

use crate::limits::LISTS_PER_ACCOUNT_MAX;
use crate::plan::Ask;
use crate::refused::Refused;

/// The newest list of an account, with the pins of all before it.
pub(super) fn newest<S: Store>(ask: &Ask<'_, S>, account: AccountId) -> Result<DeviceList, Refused> {
    let lists = ask.store.lists(account, None, LISTS_PER_ACCOUNT_MAX)?.ok_or(ErrorCode::AccountUnknown)?;
    DeviceList::chain(account, &lists).map_err(|_| ErrorCode::Internal.into())
}
