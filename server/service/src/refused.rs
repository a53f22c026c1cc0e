//! Every reason of the ports and of the service as the code a peer is told.

use sotto_identity::{KeyPackageError, ListError};
use sotto_ports::directory::{DropRefused, ListRefused, NoKeyPackage, PublishRefused, RegisterRefused};
use sotto_ports::logs::{
    AckRefused, AppendRefused, ControlRefused, CreateRefused, OpenSlotRefused, ProveRefused, SlotRefused,
    TopicRefused,
};
use sotto_wire::frames::Refusal;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signature::BadSignature;

use crate::buckets::Limited;
use crate::tokens::TokenRefused;

/// A request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) Refusal);

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self(Refusal::new(code))
    }
}

impl From<Limited> for Refused {
    fn from(limited: Limited) -> Self {
        Self(Refusal::until(ErrorCode::RateLimited, limited.retry_after))
    }
}

impl From<TokenRefused> for Refused {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Invalid => ErrorCode::TokenRefused.into(),
            TokenRefused::Limited(limited) => limited.into(),
        }
    }
}

impl From<BadSignature> for Refused {
    fn from(_: BadSignature) -> Self {
        ErrorCode::Unauthenticated.into()
    }
}

impl From<KeyPackageError> for Refused {
    fn from(error: KeyPackageError) -> Self {
        match error {
            KeyPackageError::DeviceNotListed | KeyPackageError::Signature(_) => ErrorCode::Unauthenticated,
            KeyPackageError::Pin { .. } => ErrorCode::ListRefused,
            KeyPackageError::Malformed(reason) => reason.code(),
            KeyPackageError::OtherDevice | KeyPackageError::Expired { .. } => ErrorCode::Malformed,
        }
        .into()
    }
}

impl From<ListError> for Refused {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Malformed(reason) => reason.code().into(),
            _ => ErrorCode::ListRefused.into(),
        }
    }
}

macro_rules! codes {
    ($($refused:ident { $($variant:pat => $code:ident),+ $(,)? })+) => {$(
        impl From<$refused> for Refused {
            fn from(refused: $refused) -> Self {
                match refused {
                    $($variant => ErrorCode::$code.into(),)+
                }
            }
        }
    )+};
}

codes! {
    RegisterRefused {
        RegisterRefused::HandleTaken => HandleTaken,
        RegisterRefused::AccountExists => ListRefused,
        RegisterRefused::InvitationInvalid => InviteInvalid,
    }
    ListRefused {
        ListRefused::AccountUnknown => AccountUnknown,
        ListRefused::NotNewest => ListRefused,
    }
    PublishRefused {
        PublishRefused::TooMany => Quota,
    }
    NoKeyPackage {
        NoKeyPackage => NoKeyPackage,
    }
    DropRefused {
        DropRefused::Capability => DropRefused,
        DropRefused::Full => InboxFull,
    }
    CreateRefused {
        CreateRefused::Exists => TopicExists,
    }
    AppendRefused {
        AppendRefused::TopicUnknown => TopicUnknown,
        AppendRefused::Capability => CapabilityRefused,
        // Answered with the head; see `topic/append.rs`.
        AppendRefused::Conflict { .. } => Internal,
        AppendRefused::AppendIdReused => Malformed,
        AppendRefused::Closed => TopicClosed,
        AppendRefused::Control => ControlRefused,
        AppendRefused::SlotTaken => SlotUnknown,
        AppendRefused::TooManySlots => Quota,
    }
    OpenSlotRefused {
        OpenSlotRefused::TopicUnknown => TopicUnknown,
        OpenSlotRefused::Capability => CapabilityRefused,
        OpenSlotRefused::SlotTaken => SlotUnknown,
        OpenSlotRefused::TooManySlots => Quota,
    }
    SlotRefused {
        SlotRefused::TopicUnknown => TopicUnknown,
        SlotRefused::SlotUnknown => SlotUnknown,
    }
    ProveRefused {
        ProveRefused::TopicUnknown => TopicUnknown,
        ProveRefused::SlotUnknown => SlotUnknown,
        ProveRefused::Capability => CapabilityRefused,
    }
    AckRefused {
        AckRefused::TopicUnknown => TopicUnknown,
        AckRefused::SlotUnknown => SlotUnknown,
        AckRefused::Beyond => Malformed,
    }
    ControlRefused {
        ControlRefused::TopicUnknown => TopicUnknown,
        ControlRefused::Closed => TopicClosed,
        ControlRefused::Control => ControlRefused,
        ControlRefused::TooMany => Quota,
    }
    TopicRefused {
        TopicRefused::TopicUnknown => TopicUnknown,
        TopicRefused::Capability => CapabilityRefused,
    }
}
