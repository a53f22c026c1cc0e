//! Client to server on the account plane.

use std::fmt;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{ParseError, Reason};
use crate::fields::{at_most_items, call, distinct, fixed, handle, present};
use crate::ids::{AccountId, DeviceId, Handle, InboxKey, Invite, Signature, UploadId};
use crate::limits::{INBOX_ITEMS_MAX, KEY_PACKAGES_ONE_TIME};
use crate::proto::{self, account_request::Request};
use crate::signed::{self, SignedKeyPackage, SignedList};

/// One request, with the id its response will echo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCall {
    /// Unique among the requests under way on this connection.
    pub id: u32,
    /// What is asked.
    pub request: AccountRequest,
}

/// What a device may ask on the account plane.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountRequest {
    /// Make an account.
    Register(Register),
    /// Prove to be a device of an account.
    Authenticate(Authenticate),
    /// Store the successor of the account's device list.
    PutDeviceList(SignedList),
    /// Store more key packages of this device.
    PublishKeyPackages(PublishKeyPackages),
    /// How many key packages are left?
    KeyPackageStatus,
    /// Stream this device's inbox.
    FollowInbox,
    /// Forget these inbox items.
    AckInbox(Vec<InboxKey>),
}

/// See [`register_to_sign`](crate::digest::register_to_sign) for what the signature covers.
#[derive(Clone, PartialEq, Eq)]
pub struct Register {
    /// The name the account wants.
    pub handle: Handle,
    /// Its first device list.
    pub genesis_list: SignedList,
    /// For a server that asks for one.
    pub invite: Option<Invite>,
    /// For a server that asks for proof of work.
    pub work_answer: u64,
    /// By the first device's key.
    pub signature: Signature,
}

/// See [`authenticate_to_sign`](crate::digest::authenticate_to_sign) for what the signature covers.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// Whose device.
    pub account: AccountId,
    /// Which device.
    pub device: DeviceId,
    /// By the device's key.
    pub signature: Signature,
}

/// Appends to the device's set; a repeat with the same id is harmless.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishKeyPackages {
    /// Names this upload.
    pub upload_id: UploadId,
    /// Each is claimed once.
    pub one_time: Vec<SignedKeyPackage>,
    /// Handed out when no other is left; replaces the previous one.
    pub last_resort: Option<SignedKeyPackage>,
}

impl AccountCall {
    /// Reads one frame.
    ///
    /// # Errors
    /// When the bytes are no such frame or a field breaks its limits.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        let message: proto::AccountRequest = call(frame)?;
        let id = message.id;
        let request = message.request.ok_or(Reason::Unknown { what: "request" });
        let request = request.and_then(AccountRequest::from_proto).map_err(|reason| reason.of(id))?;
        Ok(Self { id, request })
    }

    /// The frame that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        let request = Some(self.request.to_proto());
        proto::AccountRequest { id: self.id, request }.encode_to_vec().into()
    }
}

impl AccountRequest {
    /// Its name: all that a log or a metric says about a request.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Authenticate(_) => "authenticate",
            Self::PutDeviceList(_) => "put_device_list",
            Self::PublishKeyPackages(_) => "publish_key_packages",
            Self::KeyPackageStatus => "key_package_status",
            Self::FollowInbox => "follow_inbox",
            Self::AckInbox(_) => "ack_inbox",
        }
    }

    fn from_proto(request: Request) -> Result<Self, Reason> {
        Ok(match request {
            Request::Register(m) => Self::Register(Register {
                handle: handle(&m.handle)?,
                genesis_list: signed::list(m.genesis_list)?,
                invite: if m.invite.is_empty() { None } else { Some(Invite::parse(&m.invite)?) },
                work_answer: m.work_answer,
                signature: fixed(&m.signature)?,
            }),
            Request::Authenticate(m) => Self::Authenticate(Authenticate {
                account: fixed(&m.account_id)?,
                device: fixed(&m.device_id)?,
                signature: fixed(&m.signature)?,
            }),
            Request::PutDeviceList(m) => Self::PutDeviceList(signed::list(m.list)?),
            Request::PublishKeyPackages(m) => Self::PublishKeyPackages(key_packages(m)?),
            Request::KeyPackageStatus(_) => Self::KeyPackageStatus,
            Request::FollowInbox(_) => Self::FollowInbox,
            Request::AckInbox(m) => Self::AckInbox(distinct("inbox keys", &m.keys, INBOX_ITEMS_MAX)?),
        })
    }

    fn to_proto(&self) -> Request {
        match self {
            Self::Register(r) => Request::Register(proto::Register {
                handle: r.handle.as_str().to_owned(),
                genesis_list: Some((&r.genesis_list).into()),
                invite: r.invite.as_ref().map(|invite| invite.expose().to_owned()).unwrap_or_default(),
                work_answer: r.work_answer,
                signature: r.signature.into(),
            }),
            Self::Authenticate(r) => Request::Authenticate(proto::Authenticate {
                account_id: r.account.into(),
                device_id: r.device.into(),
                signature: r.signature.into(),
            }),
            Self::PutDeviceList(list) => {
                Request::PutDeviceList(proto::PutDeviceList { list: Some(list.into()) })
            }
            Self::PublishKeyPackages(r) => Request::PublishKeyPackages(proto::PublishKeyPackages {
                upload_id: r.upload_id.into(),
                one_time: r.one_time.iter().map(Into::into).collect(),
                last_resort: r.last_resort.as_ref().map(Into::into),
            }),
            Self::KeyPackageStatus => Request::KeyPackageStatus(proto::KeyPackageStatus {}),
            Self::FollowInbox => Request::FollowInbox(proto::FollowInbox {}),
            Self::AckInbox(keys) => {
                Request::AckInbox(proto::AckInbox { keys: keys.iter().map(|key| (*key).into()).collect() })
            }
        }
    }
}

fn key_packages(message: proto::PublishKeyPackages) -> Result<PublishKeyPackages, Reason> {
    at_most_items("one-time key packages", message.one_time.len(), KEY_PACKAGES_ONE_TIME)?;
    let one_time = message.one_time.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>()?;
    let last_resort = message.last_resort.map(TryInto::try_into).transpose()?;
    if one_time.is_empty() {
        present("key packages", last_resort.as_ref())?;
    }
    Ok(PublishKeyPackages { upload_id: fixed(&message.upload_id)?, one_time, last_resort })
}

// Requests name people and carry what people wrote: only the kind of request prints.
impl fmt::Debug for AccountRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
