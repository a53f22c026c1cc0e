//! `Unfollow`: nothing more of these slots on this connection.

use sotto_wire::ids::SlotId;
use sotto_wire::topic::TopicResponse;

use crate::batch::Answer;
use crate::plan::{Plan, Planned};

/// No operation, but in its turn: after a `Follow` before it, before an append after it.
pub(super) fn plan(slots: Vec<SlotId>) -> Planned {
    Ok(Plan::Logs(
        Vec::new(),
        Box::new(move |done, _| {
            for slot in slots {
                let side = done.state.connections.topic(done.connection);
                if let Some(topic) = side.and_then(|side| side.topic_of(slot)) {
                    done.state.connections.unfollow(done.connection, topic);
                }
            }
            Ok(Answer::Topic(TopicResponse::Unfollowed))
        }),
    ))
}
