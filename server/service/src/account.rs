//! The account plane, one file per request.

mod ack_inbox;
mod authenticate;
mod follow_inbox;
mod key_package_status;
mod lists;
mod publish_key_packages;
mod put_device_list;
mod register;

pub use register::invite_hash;

use sotto_ports::Store;
use sotto_wire::account::AccountRequest;

use crate::plan::{Ask, Planned};

pub(crate) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: AccountRequest) -> Planned {
    match request {
        AccountRequest::Register(request) => register::plan(ask, request),
        AccountRequest::Authenticate(request) => authenticate::plan(ask, &request),
        AccountRequest::PutDeviceList(list) => put_device_list::plan(ask, list),
        AccountRequest::PublishKeyPackages(request) => publish_key_packages::plan(ask, request),
        AccountRequest::KeyPackageStatus => key_package_status::plan(ask),
        AccountRequest::FollowInbox => follow_inbox::plan(ask),
        AccountRequest::AckInbox(keys) => ack_inbox::plan(ask, keys),
    }
}
