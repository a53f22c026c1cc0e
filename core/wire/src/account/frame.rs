//! Server to client on the account plane.

use std::fmt;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{ParseError, Reason};
use crate::fields::{self, at_most_items, filled, fixed, handle, no_duplicate, present};
use crate::frames::{Hello, Incompatible, Refusal};
use crate::ids::{Handle, InboxKey};
use crate::limits::{
    INBOX_ITEM_BYTES_MAX, INBOX_ITEMS_MAX, INBOX_ITEMS_PER_FRAME_MAX, KEY_PACKAGES_STORED_MAX,
};
use crate::proto::{self, account_frame::Frame, account_response::Response};
use crate::signed::{Pin, pin};

/// One frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountFrame {
    /// The first one.
    Hello(Hello),
    /// The first one, of a server this client cannot talk to.
    Incompatible(Incompatible),
    /// The answer to one request.
    Response {
        /// Which request.
        id: u32,
        /// The answer, or a refusal.
        outcome: Result<AccountResponse, Refusal>,
    },
    /// Items of the followed inbox.
    InboxItems(Vec<InboxItem>),
    /// The last one: why the server closes.
    Closing(Refusal),
}

/// What the server answers on the account plane.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountResponse {
    /// The account exists.
    Registered,
    /// The device is who it says.
    Authenticated {
        /// The account's name.
        handle: Handle,
        /// The newest list the server holds for it.
        list: Pin,
    },
    /// The list is the account's newest.
    DeviceListStored(Pin),
    /// The key packages are stored.
    KeyPackagesStored {
        /// One-time packages there are now.
        one_time_left: u32,
    },
    /// What is left to claim.
    KeyPackageCount(KeyPackageCount),
    /// The inbox is being streamed.
    InboxFollowed {
        /// Stored items that come first.
        waiting: u32,
    },
    /// The items are forgotten.
    InboxAcked,
}

/// A device's key packages at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPackageCount {
    /// One-time packages not yet claimed.
    pub one_time_left: u32,
    /// What there is when they run out.
    pub last_resort: LastResort,
}

/// The key package that is handed out when no other is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// There is none.
    Absent,
    /// Nobody has claimed it.
    Unused,
    /// Claimed since it was uploaded: time for a new one.
    Used,
}

/// One sealed item of a device's inbox.
#[derive(Clone, PartialEq, Eq)]
pub struct InboxItem {
    /// Names it in an ack.
    pub key: InboxKey,
    /// HPKE ciphertext for the device's seal key.
    pub sealed: Bytes,
}

impl AccountFrame {
    /// Reads one frame.
    ///
    /// # Errors
    /// When the bytes are no such frame or a field breaks its limits.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        let message: proto::AccountFrame = fields::frame(frame)?;
        Ok(match message.frame.ok_or(Reason::Unknown { what: "frame" })? {
            Frame::Hello(hello) => Hello::parse(&hello)?.map_or_else(Self::Incompatible, Self::Hello),
            Frame::Response(message) => {
                let id = message.id;
                let response = message.response.ok_or(Reason::Unknown { what: "response" });
                let outcome = response.and_then(outcome).map_err(|reason| reason.of(id))?;
                Self::Response { id, outcome }
            }
            Frame::InboxItems(message) => Self::InboxItems(items(message)?),
            Frame::Closing(error) => Self::Closing(Refusal::parse(&error)),
        })
    }

    /// The frame that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        let frame = match self {
            Self::Hello(hello) => Some(Frame::Hello(hello.to_proto())),
            // Only ever received.
            Self::Incompatible(_) => None,
            Self::Response { id, outcome } => {
                let response = Some(match outcome {
                    Ok(response) => response.to_proto(),
                    Err(refusal) => Response::Error(refusal.to_proto()),
                });
                Some(Frame::Response(proto::AccountResponse { id: *id, response }))
            }
            Self::InboxItems(items) => {
                Some(Frame::InboxItems(proto::InboxItems { items: items.iter().map(Into::into).collect() }))
            }
            Self::Closing(refusal) => Some(Frame::Closing(refusal.to_proto())),
        };
        proto::AccountFrame { frame }.encode_to_vec().into()
    }

    /// The answer to request `id`.
    pub const fn response(id: u32, response: AccountResponse) -> Self {
        Self::Response { id, outcome: Ok(response) }
    }

    /// The refusal of request `id`.
    pub const fn refused(id: u32, refusal: Refusal) -> Self {
        Self::Response { id, outcome: Err(refusal) }
    }
}

fn outcome(response: Response) -> Result<Result<AccountResponse, Refusal>, Reason> {
    Ok(Ok(match response {
        Response::Error(error) => return Ok(Err(Refusal::parse(&error))),
        Response::Registered(_) => AccountResponse::Registered,
        Response::Authenticated(m) => {
            AccountResponse::Authenticated { handle: handle(&m.handle)?, list: pin(m.list.as_ref())? }
        }
        Response::DeviceListStored(m) => AccountResponse::DeviceListStored(pin(m.pin.as_ref())?),
        Response::KeyPackagesStored(m) => {
            AccountResponse::KeyPackagesStored { one_time_left: one_time_left(m.one_time_left)? }
        }
        Response::KeyPackageCount(m) => AccountResponse::KeyPackageCount(KeyPackageCount {
            one_time_left: one_time_left(m.one_time_left)?,
            last_resort: LastResort::from_flags(m.has_last_resort, m.last_resort_used)?,
        }),
        Response::InboxFollowed(m) => {
            at_most_items("waiting inbox items", m.waiting as usize, INBOX_ITEMS_MAX)?;
            AccountResponse::InboxFollowed { waiting: m.waiting }
        }
        Response::InboxAcked(_) => AccountResponse::InboxAcked,
    }))
}

fn one_time_left(count: u32) -> Result<u32, Reason> {
    at_most_items("one-time key packages", count as usize, KEY_PACKAGES_STORED_MAX)?;
    Ok(count)
}

fn items(message: proto::InboxItems) -> Result<Vec<InboxItem>, Reason> {
    at_most_items("inbox items", message.items.len(), INBOX_ITEMS_PER_FRAME_MAX)?;
    present("inbox items", message.items.first())?;
    let items = message.items.into_iter().map(InboxItem::from_proto).collect::<Result<Vec<_>, _>>()?;
    no_duplicate("inbox item", items.iter().map(|item| item.key))?;
    Ok(items)
}

impl InboxItem {
    fn from_proto(item: proto::InboxItem) -> Result<Self, Reason> {
        let sealed = filled("inbox item", item.sealed, INBOX_ITEM_BYTES_MAX)?;
        Ok(Self { key: fixed(&item.key)?, sealed })
    }
}

impl From<&InboxItem> for proto::InboxItem {
    fn from(item: &InboxItem) -> Self {
        Self { key: item.key.into(), sealed: item.sealed.clone() }
    }
}

impl LastResort {
    const fn from_flags(present: bool, used: bool) -> Result<Self, Reason> {
        match (present, used) {
            (false, false) => Ok(Self::Absent),
            (true, false) => Ok(Self::Unused),
            (true, true) => Ok(Self::Used),
            (false, true) => Err(Reason::NotAllowed { what: "use of an absent key package" }),
        }
    }
}

impl AccountResponse {
    /// Its name: all that a log says about it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Authenticated { .. } => "authenticated",
            Self::DeviceListStored(_) => "device_list_stored",
            Self::KeyPackagesStored { .. } => "key_packages_stored",
            Self::KeyPackageCount(_) => "key_package_count",
            Self::InboxFollowed { .. } => "inbox_followed",
            Self::InboxAcked => "inbox_acked",
        }
    }

    fn to_proto(&self) -> Response {
        match self {
            Self::Registered => Response::Registered(proto::Registered {}),
            Self::Authenticated { handle, list } => Response::Authenticated(proto::Authenticated {
                handle: handle.as_str().to_owned(),
                list: Some((*list).into()),
            }),
            Self::DeviceListStored(pin) => {
                Response::DeviceListStored(proto::DeviceListStored { pin: Some((*pin).into()) })
            }
            Self::KeyPackagesStored { one_time_left } => {
                Response::KeyPackagesStored(proto::KeyPackagesStored { one_time_left: *one_time_left })
            }
            Self::KeyPackageCount(count) => Response::KeyPackageCount(proto::KeyPackageCount {
                one_time_left: count.one_time_left,
                has_last_resort: count.last_resort != LastResort::Absent,
                last_resort_used: count.last_resort == LastResort::Used,
            }),
            Self::InboxFollowed { waiting } => {
                Response::InboxFollowed(proto::InboxFollowed { waiting: *waiting })
            }
            Self::InboxAcked => Response::InboxAcked(proto::InboxAcked {}),
        }
    }
}

impl fmt::Debug for AccountResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for InboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InboxItem({} bytes)", self.sealed.len())
    }
}
