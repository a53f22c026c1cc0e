//! The topic plane, one file per request. Nothing here knows who asks.

mod ack_slot;
mod append;
mod claim_key_package;
mod close_slot;
mod control;
mod create_topic;
mod drop_in_inbox;
mod fetch_lists;
mod follow;
mod look_up_handle;
mod open_slot;
mod prove_slot;
mod replace_slot_secret;
mod send_ephemeral;
mod topic_state;
mod unfollow;

use sotto_ports::Store;
use sotto_ports::logs::SlotKey;
use sotto_wire::topic::{SlotAuth, TopicRequest};

use crate::plan::{Ask, Planned};

pub(crate) fn plan<S: Store>(ask: &mut Ask<'_, S>, request: TopicRequest) -> Planned {
    match request {
        TopicRequest::LookUpHandle { handle, token } => look_up_handle::plan(ask, &handle, token.as_ref()),
        TopicRequest::FetchLists { account, after } => fetch_lists::plan(ask, account, after),
        TopicRequest::ClaimKeyPackage(request) => claim_key_package::plan(ask, &request),
        TopicRequest::DropInInbox(request) => drop_in_inbox::plan(ask, request),
        TopicRequest::CreateTopic(request) => create_topic::plan(ask, request),
        TopicRequest::Append(request) => append::plan(ask, request),
        TopicRequest::OpenSlot(request) => open_slot::plan(ask, &request),
        TopicRequest::ReplaceSlotSecret { auth, new_secret } => {
            replace_slot_secret::plan(ask, &auth, new_secret)
        }
        TopicRequest::ProveSlot { auth, capability } => prove_slot::plan(ask, &auth, &capability),
        TopicRequest::Follow(follows) => follow::plan(ask, &follows),
        TopicRequest::Unfollow(slots) => unfollow::plan(slots),
        TopicRequest::AckSlot { auth, seq } => ack_slot::plan(ask, &auth, seq),
        TopicRequest::CloseSlot(auth) => close_slot::plan(ask, &auth),
        TopicRequest::SendEphemeral(request) => send_ephemeral::plan(ask, request),
        TopicRequest::Control(request) => control::plan(ask, request),
        TopicRequest::TopicState { topic, capability } => topic_state::plan(ask, topic, &capability),
    }
}

/// The slot as the store knows it: by the hash of its secret.
fn key(auth: &SlotAuth) -> SlotKey {
    SlotKey { topic: auth.topic, slot: auth.slot, secret: auth.secret.hash() }
}
