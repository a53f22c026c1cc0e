//! What waits to be written to one connection: filled by the service thread, emptied by the connection's task.
//!
//! The service thread never waits here. A connection that does not read fills its mailbox to the maximum and is
//! then closed; one that has much to read is fed piece by piece, because the service sends no more of a backlog
//! until it is told that the last piece left ([`Then::Ask`]).

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use sotto_service::Then;
use sotto_wire::limits::REQUESTS_IN_FLIGHT_MAX;
use tokio::sync::Notify;

use crate::limits::{QUEUE_BYTES_MAX, QUEUE_BYTES_READING, QUEUE_FRAMES_MAX, WRITE_BYTES};

/// The outgoing queue of one connection.
#[derive(Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    frames: VecDeque<(Bytes, Then)>,
    bytes: usize,
    /// Requests handed to the service and not yet handled.
    under_way: usize,
    end: End,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum End {
    #[default]
    Open,
    /// The service's last frame is queued.
    Last,
    /// More was queued than may be.
    Overflowed,
}

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Queued,
    /// The connection has ended or is ending.
    Dropped,
    /// This frame was one too many: the connection will be closed as too slow.
    Overflowed,
}

/// What the connection's task finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Nothing,
    /// Frames were moved out; this many of them asked for more.
    Frames {
        asks: usize,
    },
    /// Like `Frames`, and the last of them is the last of all.
    Last,
    Overflowed,
}

impl Mailbox {
    /// Queues a frame for writing.
    pub(crate) fn deliver(&self, frame: Bytes, then: Then) -> Delivery {
        let mut state = self.lock();
        if state.end != End::Open {
            return Delivery::Dropped;
        }
        if state.bytes + frame.len() > QUEUE_BYTES_MAX || state.frames.len() >= QUEUE_FRAMES_MAX {
            state.frames = VecDeque::new();
            state.bytes = 0;
            state.end = End::Overflowed;
            self.changed.notify_one();
            return Delivery::Overflowed;
        }
        state.bytes += frame.len();
        state.frames.push_back((frame, then));
        if then == Then::Close {
            state.end = End::Last;
        }
        self.changed.notify_one();
        Delivery::Queued
    }

    /// Moves out about as much as one write takes.
    pub(crate) fn take(&self, mut each: impl FnMut(Bytes)) -> Taken {
        let mut state = self.lock();
        if state.end == End::Overflowed {
            return Taken::Overflowed;
        }
        let (mut bytes, mut asks) = (0, 0);
        while bytes < WRITE_BYTES
            && let Some((frame, then)) = state.frames.pop_front()
        {
            bytes += frame.len();
            asks += usize::from(then == Then::Ask);
            each(frame);
        }
        state.bytes -= bytes;
        if !state.frames.is_empty() {
            return Taken::Frames { asks };
        }
        state.frames = VecDeque::new();
        match (state.end, bytes) {
            (End::Last, _) => Taken::Last,
            (_, 0) => Taken::Nothing,
            _ => Taken::Frames { asks },
        }
    }

    /// Waits until something happened since the last wait.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A request goes to the service.
    pub(crate) fn request_accepted(&self) {
        self.lock().under_way += 1;
    }

    /// The service has handled a request; its answer, if any, is queued.
    pub(crate) fn request_handled(&self) {
        self.lock().under_way -= 1;
        self.changed.notify_one();
    }

    /// Whether another request may be read from the connection.
    pub(crate) fn has_room_for_request(&self) -> bool {
        let state = self.lock();
        state.under_way < REQUESTS_IN_FLIGHT_MAX && state.bytes <= QUEUE_BYTES_READING
    }

    /// Whether every accepted request is answered and every answer is out of here.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.lock();
        state.under_way == 0 && state.frames.is_empty()
    }

    /// Bytes that wait to be written.
    pub(crate) fn bytes_waiting(&self) -> usize {
        self.lock().bytes
    }

    // Nothing panics while holding the lock, so a poisoned state is still a whole one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_wire::limits::FRAME_BYTES_MAX;

    fn frame(bytes: usize) -> Bytes {
        Bytes::from(vec![0; bytes])
    }

    #[test]
    fn frames_leave_in_order_and_say_how_often_to_ask() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.take(|_| ()), Taken::Nothing);
        for (text, then) in [("a", Then::Keep), ("b", Then::Ask), ("c", Then::Keep)] {
            assert_eq!(mailbox.deliver(Bytes::from_static(text.as_bytes()), then), Delivery::Queued);
        }
        let mut seen = Vec::new();
        assert_eq!(mailbox.take(|frame| seen.push(frame)), Taken::Frames { asks: 1 });
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(mailbox.take(|_| ()), Taken::Nothing);
    }

    #[test]
    fn one_take_is_about_one_write() {
        let mailbox = Mailbox::default();
        (0..3).for_each(|_| assert_eq!(mailbox.deliver(frame(WRITE_BYTES), Then::Keep), Delivery::Queued));
        for _ in 0..3 {
            let mut count = 0;
            assert_eq!(mailbox.take(|_| count += 1), Taken::Frames { asks: 0 });
            assert_eq!(count, 1);
        }
        assert_eq!(mailbox.take(|_| ()), Taken::Nothing);
    }

    #[test]
    fn a_full_mailbox_overflows_once_and_lets_go_of_what_it_held() {
        let mailbox = Mailbox::default();
        for _ in 0..QUEUE_BYTES_MAX / FRAME_BYTES_MAX {
            assert_eq!(mailbox.deliver(frame(FRAME_BYTES_MAX), Then::Keep), Delivery::Queued);
        }
        assert_eq!(mailbox.deliver(frame(1), Then::Keep), Delivery::Overflowed);
        assert_eq!(mailbox.deliver(frame(1), Then::Keep), Delivery::Dropped);
        assert_eq!(mailbox.take(|_| ()), Taken::Overflowed);
        assert_eq!(mailbox.lock().frames.capacity(), 0);

        let mailbox = Mailbox::default();
        for _ in 0..QUEUE_FRAMES_MAX {
            assert_eq!(mailbox.deliver(frame(0), Then::Keep), Delivery::Queued);
        }
        assert_eq!(mailbox.deliver(frame(0), Then::Keep), Delivery::Overflowed, "empty frames count too");
    }

    #[test]
    fn nothing_follows_the_last_frame() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.deliver(frame(1), Then::Close), Delivery::Queued);
        assert_eq!(mailbox.deliver(frame(1), Then::Keep), Delivery::Dropped);
        assert_eq!(mailbox.take(|_| ()), Taken::Last);
    }

    #[test]
    fn reading_stops_while_requests_or_answers_pile_up() {
        let mailbox = Mailbox::default();
        (0..REQUESTS_IN_FLIGHT_MAX).for_each(|_| mailbox.request_accepted());
        assert!(!mailbox.has_room_for_request());
        mailbox.request_handled();
        assert!(mailbox.has_room_for_request());
        mailbox.deliver(frame(QUEUE_BYTES_READING + 1), Then::Keep);
        assert!(!mailbox.has_room_for_request());
        assert!(!mailbox.is_settled());
    }
}
