//! The account plane: registering, signing in, key packages, following the inbox.

use prost::Message;
use sha2::{Digest, Sha256};
use sotto_secrecy::{Workspace, new_key_package};
use sotto_wire::account::{
    AccountCall, AccountFrame, AccountRequest, AccountResponse, Authenticate, KeyPackageCount, LastResort,
    PublishKeyPackages, Register,
};
use sotto_wire::digest;
use sotto_wire::frames::{Refusal as ServerRefusal, Registration};
use sotto_wire::ids::{AccountId, HelloNonce, Invite, Minute, UploadId};
use sotto_wire::limits::{KEY_PACKAGE_DAYS, KEY_PACKAGES_ONE_TIME};
use sotto_wire::proto::{self, ErrorCode};
use sotto_wire::signed::SignedKeyPackage;

use crate::api::{Event, Plane, Refusal, Reply};
use crate::engine::Work;
use crate::error::{Cause, Step};
use crate::limits::{KEY_PACKAGES_LOW, LAST_RESORT_DAYS_LEFT, WORK_TRIES_MAX};
use crate::net::{AccountPending, Link};
use crate::store::account::AccountState;
use crate::store::key_packages::{Hint, StoredKeyPackage};

impl Work<'_> {
    pub(crate) fn account_frame(&mut self, frame: AccountFrame) -> Step<()> {
        match frame {
            AccountFrame::Hello(hello) if matches!(self.net.account.link, Link::Open) => {
                self.greeted(Plane::Account, hello)
            }
            AccountFrame::Incompatible(why) => self.incompatible(why),
            AccountFrame::Response { id, outcome } => match self.net.account.answered(id) {
                Some(pending) => self.account_answer(pending, outcome),
                None => self.hang_up(Plane::Account),
            },
            AccountFrame::InboxItems(items) => self.inbox_items(&items),
            AccountFrame::Hello(_) | AccountFrame::Closing(_) => self.hang_up(Plane::Account),
        }
    }

    /// Registers, or proves to be a device of the account.
    pub(crate) fn sign_in(&mut self) -> Step<()> {
        match self.account()?.state {
            AccountState::Prepared => Ok(()),
            AccountState::Registering => self.register(),
            AccountState::Registered => self.authenticate(),
        }
    }

    fn register(&mut self) -> Step<()> {
        let Some(hello) = self.net.account.hello().cloned() else { return Ok(()) };
        let invite = match self.account()?.invite.as_deref().map(Invite::parse).transpose() {
            Ok(invite) => invite,
            Err(_) => return self.registration_refused(Refusal::InviteInvalid),
        };
        let work_answer = match hello.registration {
            Registration::Invite if invite.is_none() => {
                return self.registration_refused(Refusal::InviteInvalid);
            }
            Registration::Open { work_bits } => prove_work(hello.nonce, work_bits),
            // The server answers a repeat of what it has stored, whatever the setting is now.
            Registration::Invite | Registration::Closed => Some(0),
        };
        let Some(work_answer) = work_answer else { return self.hang_up(Plane::Account) };
        let account = self.account()?;
        let lists = self.db.lists(account.account)?;
        let genesis_list = lists.into_iter().next().ok_or(Cause::Bug("own genesis list is missing"))?;
        let keys = account.keys();
        let to_sign = digest::register_to_sign(
            hello.nonce,
            hello.host.as_str(),
            keys.account,
            keys.device,
            &account.handle,
        );
        let request = AccountRequest::Register(Register {
            handle: account.handle.clone(),
            genesis_list,
            invite,
            work_answer,
            signature: keys.sign(&to_sign),
        });
        self.ask_account(AccountPending::Register(keys.account), request);
        Ok(())
    }

    fn registration_refused(&mut self, refusal: Refusal) -> Step<()> {
        // Prepared again: another handle or invitation may be tried without anything left behind.
        self.db.set_account_state(AccountState::Prepared)?;
        if let Some(account) = self.account.as_mut() {
            account.state = AccountState::Prepared;
        }
        if let Some(command) = self.net.registering.take() {
            self.reply(command, Err(refusal));
        }
        self.hang_up(Plane::Account)?;
        self.hang_up(Plane::Topic)
    }

    fn authenticate(&mut self) -> Step<()> {
        let Some(hello) = self.net.account.hello() else { return Ok(()) };
        let (nonce, host) = (hello.nonce, hello.host.clone());
        let keys = self.account()?.keys();
        let to_sign = digest::authenticate_to_sign(nonce, host.as_str(), keys.account, keys.device);
        let request =
            Authenticate { account: keys.account, device: keys.device, signature: keys.sign(&to_sign) };
        self.ask_account(AccountPending::Authenticate, AccountRequest::Authenticate(request));
        Ok(())
    }

    fn ask_account(&mut self, pending: AccountPending, request: AccountRequest) {
        let id = self.net.account.ask(pending, self.now);
        self.send(Plane::Account, AccountCall { id, request }.encode());
    }

    fn account_answer(
        &mut self,
        pending: AccountPending,
        outcome: Result<AccountResponse, ServerRefusal>,
    ) -> Step<()> {
        let response = match outcome {
            Ok(response) => response,
            Err(refusal) => return self.account_refused(&pending, refusal),
        };
        match (pending, response) {
            (AccountPending::Register(account), AccountResponse::Registered) => self.registered_now(account),
            (AccountPending::Authenticate, AccountResponse::Authenticated { .. }) => {
                self.net.signed_in = true;
                self.ask_account(AccountPending::Status, AccountRequest::KeyPackageStatus);
                self.ask_account(AccountPending::FollowInbox, AccountRequest::FollowInbox);
                Ok(())
            }
            (AccountPending::Status, AccountResponse::KeyPackageCount(count)) => self.refill(count),
            (AccountPending::Publish(upload), AccountResponse::KeyPackagesStored { .. }) => {
                self.db.upload_published(upload)?;
                self.answer_registration()
            }
            (AccountPending::FollowInbox, AccountResponse::InboxFollowed { waiting }) => {
                self.net.inbox_waiting = Some(self.net.inbox_waiting.map_or(waiting, |_| waiting));
                Ok(())
            }
            (AccountPending::AckInbox(keys), AccountResponse::InboxAcked) => self.db.inbox_items_acked(&keys),
            _ => self.hang_up(Plane::Account),
        }
    }

    fn registered_now(&mut self, account: AccountId) -> Step<()> {
        if account != self.own_account()? {
            return self.hang_up(Plane::Account);
        }
        self.db.set_account_state(AccountState::Registered)?;
        if let Some(account) = self.account.as_mut() {
            account.state = AccountState::Registered;
        }
        // The answer waits until others can reach the account: until its first key packages are stored.
        self.authenticate()
    }

    /// Says that the account is registered, to whoever still waits to hear it.
    pub(crate) fn answer_registration(&mut self) -> Step<()> {
        let account = self.account()?;
        if account.state == AccountState::Registered {
            let account = account.account;
            if let Some(command) = self.net.registering.take() {
                self.reply(command, Ok(Reply::Registered { account }));
            }
        }
        Ok(())
    }

    fn account_refused(&mut self, pending: &AccountPending, refusal: ServerRefusal) -> Step<()> {
        if matches!(pending, AccountPending::Register(_)) {
            let named = match refusal.code {
                ErrorCode::HandleTaken => Some(Refusal::HandleTaken),
                ErrorCode::RegistrationClosed => Some(Refusal::RegistrationClosed),
                ErrorCode::InviteInvalid => Some(Refusal::InviteInvalid),
                ErrorCode::RateLimited => Some(Refusal::RateLimited {
                    retry_after_ms: refusal.retry_after.map_or(0, |wait| wait.as_millis() as u64),
                }),
                ErrorCode::ShuttingDown | ErrorCode::Storage | ErrorCode::Internal => None,
                code => Some(Refusal::Server { code: code.as_str_name().to_owned() }),
            };
            return match named {
                Some(refusal) => self.registration_refused(refusal),
                None => self.hang_up(Plane::Account),
            };
        }
        let passes = matches!(
            refusal.code,
            ErrorCode::Storage | ErrorCode::RateLimited | ErrorCode::Internal | ErrorCode::ShuttingDown
        );
        if let (AccountPending::Publish(upload), false) = (pending, passes) {
            // Refused for good (expired meanwhile, say): not repeated; the next count asks for new ones.
            return self.db.upload_published(*upload);
        }
        if matches!(pending, AccountPending::Authenticate) {
            let code = refusal.code.as_str_name().to_owned();
            self.event(Event::ServerRefused { refusal: Refusal::Server { code } });
        }
        self.hang_up(Plane::Account)
    }

    /// Publishes key packages where the server has too few, protocol §5: 20 one-time and a last resort.
    fn refill(&mut self, count: KeyPackageCount) -> Step<()> {
        if self.db.pending_upload()?.is_none() {
            let old = self
                .db
                .last_resort_not_after()?
                .is_none_or(|not_after| not_after.0 < self.now.minute().0 + LAST_RESORT_DAYS_LEFT * 24 * 60);
            let last_resort = old || count.last_resort != LastResort::Unused;
            let few = count.one_time_left < KEY_PACKAGES_LOW;
            let one_time = if few { KEY_PACKAGES_ONE_TIME - count.one_time_left as usize } else { 0 };
            // With a clock that is off, packages would look expired, or never expire.
            if (one_time == 0 && !last_resort) || self.clock_off().is_some() {
                return Ok(());
            }
            self.make_key_packages(one_time, last_resort)?;
        }
        self.publish_pending()
    }

    fn publish_pending(&mut self) -> Step<()> {
        let Some(upload) = self.db.pending_upload()? else { return Ok(()) };
        let request = AccountRequest::PublishKeyPackages(PublishKeyPackages {
            upload_id: upload.id,
            one_time: upload.one_time,
            last_resort: upload.last_resort,
        });
        self.ask_account(AccountPending::Publish(upload.id), request);
        Ok(())
    }

    fn make_key_packages(&mut self, one_time: usize, last_resort: bool) -> Step<()> {
        let keys = self.account()?.keys();
        let list = self.db.newest_list(keys.account)?.ok_or(Cause::Bug("own list is missing"))?;
        let pin = list.pin().into();
        let not_after = Minute(self.now.minute().0 + KEY_PACKAGE_DAYS * 24 * 60);
        let upload = UploadId::random(self.entropy);
        let workspace = Workspace::new(&self.db, self.entropy);
        let kinds = std::iter::repeat_n(false, one_time).chain(last_resort.then_some(true));
        let mut packages = Vec::new();
        for last_resort in kinds {
            let new = new_key_package(&workspace, &keys, &pin, not_after, last_resort)?;
            let signed = SignedKeyPackage::try_from(new.signed)
                .map_err(|_| Cause::Bug("own key package does not parse"))?;
            let body = proto::KeyPackageBody::decode(signed.body.clone())
                .map_err(|_| Cause::Bug("own key package does not parse"))?;
            packages.push(StoredKeyPackage {
                hint: hint_of(&body.seal_key),
                seal_secret: new.seal_secret,
                signed,
                last_resort,
                not_after,
            });
        }
        let changes = workspace.into_changes();
        self.db.write_mls(changes)?;
        self.db.add_key_packages(upload, &packages)
    }

    /// Asks how many key packages are left: after one was spent, too.
    pub(crate) fn ask_status(&mut self) {
        if self.net.signed_in
            && !self.net.account.is_waiting(|pending| matches!(pending, AccountPending::Status))
        {
            self.ask_account(AccountPending::Status, AccountRequest::KeyPackageStatus);
        }
    }

    pub(crate) fn ack_inbox(&mut self, keys: Vec<sotto_wire::ids::InboxKey>) {
        self.ask_account(AccountPending::AckInbox(keys.clone()), AccountRequest::AckInbox(keys));
    }
}

/// What an inbox item starts with, so that its reader knows which secret opens it.
pub(crate) fn hint_of(seal_key: &[u8]) -> Hint {
    let mut hint = Hint::default();
    hint.copy_from_slice(&Sha256::digest(seal_key)[..8]);
    hint
}

fn prove_work(nonce: HelloNonce, bits: u32) -> Option<u64> {
    (0..WORK_TRIES_MAX).find(|answer| digest::leading_zero_bits(&digest::work(nonce, *answer)) >= bits)
}
