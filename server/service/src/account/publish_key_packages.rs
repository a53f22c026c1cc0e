//! `PublishKeyPackages`: a device adds to what others may claim of it.

use sha2::{Digest, Sha256};
use sotto_identity::{DeviceList, VerifiedKeyPackage};
use sotto_ports::directory::{PackageKey, Publish, StoredPackage};
use sotto_ports::{DirectoryOp, DirectoryOutcome, Store};
use sotto_wire::account::{AccountResponse, PublishKeyPackages};
use sotto_wire::ids::{Day, DeviceId, Millis};
use sotto_wire::proto::ErrorCode;
use sotto_wire::signed::SignedKeyPackage;

use super::lists;
use crate::batch::Answer;
use crate::limits::KEY_PACKAGE_KEEP_DAYS;
use crate::plan::{Ask, Plan, Planned, outcome};
use crate::refused::Refused;

/// Which of the two a package is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    OneClaim,
    LastResort,
}

pub(super) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: PublishKeyPackages) -> Planned {
    let who = ask.who()?;
    ask.charge_check()?;
    let list = lists::newest(ask, who.account)?;
    let now = ask.now;
    let check = |package, what| stored(package, &list, who.device, what, now);
    let one_time = request.one_time.into_iter().map(|package| check(package, For::OneClaim));
    let op = Publish {
        account: who.account,
        device: who.device,
        upload: request.upload_id,
        one_time: one_time.collect::<Result<_, _>>()?,
        last_resort: request.last_resort.map(|package| check(package, For::LastResort)).transpose()?,
        today: now.minute().day(),
    };
    Ok(Plan::directory(DirectoryOp::Publish(op), |_, outcome| {
        let one_time_left = outcome!(outcome, DirectoryOutcome::Publish)?;
        Ok(Answer::Account(AccountResponse::KeyPackagesStored { one_time_left }))
    }))
}

fn stored(
    package: SignedKeyPackage,
    list: &DeviceList,
    device: DeviceId,
    what: For,
    now: Millis,
) -> Result<StoredPackage, Refused> {
    let verified = VerifiedKeyPackage::verify(&package, list, device, now)?;
    if verified.last_resort != (what == For::LastResort) {
        return Err(ErrorCode::Malformed.into());
    }
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(&package.body)[..16]);
    let latest = Day(now.minute().day().0.saturating_add(KEY_PACKAGE_KEEP_DAYS));
    Ok(StoredPackage { key: PackageKey(key), package, not_after: verified.not_after.day().min(latest) })
}
