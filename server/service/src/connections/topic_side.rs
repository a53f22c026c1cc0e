//! What a connection on the topic plane has: the topics it follows, and how far each has been sent.

use std::collections::{BTreeMap, VecDeque};

use sotto_wire::ids::{Seq, SlotId, TopicId};

#[derive(Debug, Default)]
pub(crate) struct TopicSide {
    follows: BTreeMap<TopicId, Follow>,
    /// Topics with something to send, in turn.
    waiting: VecDeque<TopicId>,
}

/// One followed topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Follow {
    /// Through this slot.
    pub(crate) slot: SlotId,
    /// Everything up to here has been sent.
    pub(crate) sent: Seq,
    /// The end of the slot's read right.
    pub(crate) end: Option<Seq>,
    /// Whether the topic is closed: the follow ends when everything has been sent.
    pub(crate) closed: bool,
    waiting: bool,
}

/// What becomes of a live frame at one follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It comes next: send it.
    Taken,
    /// Something has to be sent before it, or only part of it may be read.
    Behind,
    /// The follower may not read it.
    Beyond,
}

impl Follow {
    pub(crate) const fn new(slot: SlotId, sent: Seq, end: Option<Seq>, closed: bool) -> Self {
        Self { slot, sent, end, closed, waiting: false }
    }

    /// The last entry this follower may be sent, of a log that ends with `newest`.
    pub(crate) fn limit(&self, newest: Seq) -> Seq {
        self.end.map_or(newest, |end| end.min(newest))
    }

    /// Offers entries `(after, to]`; when they are taken they count as sent.
    pub(crate) fn offer(&mut self, after: Seq, to: Seq) -> Offer {
        let limit = self.limit(to);
        if limit <= self.sent {
            return Offer::Beyond;
        }
        if self.waiting || self.sent != after || limit < to {
            return Offer::Behind;
        }
        self.sent = to;
        Offer::Taken
    }
}

impl TopicSide {
    pub(crate) fn len(&self) -> usize {
        self.follows.len()
    }

    pub(crate) fn get(&self, topic: TopicId) -> Option<&Follow> {
        self.follows.get(&topic)
    }

    pub(crate) fn get_mut(&mut self, topic: TopicId) -> Option<&mut Follow> {
        self.follows.get_mut(&topic)
    }

    /// Starts a follow; the one it replaces.
    pub(crate) fn insert(&mut self, topic: TopicId, follow: Follow) -> Option<Follow> {
        self.follows.insert(topic, follow)
    }

    /// Ends a follow; whether there was one.
    pub(crate) fn remove(&mut self, topic: TopicId) -> bool {
        self.follows.remove(&topic).is_some()
    }

    /// The topic followed through a slot.
    pub(crate) fn topic_of(&self, slot: SlotId) -> Option<TopicId> {
        self.follows.iter().find(|(_, follow)| follow.slot == slot).map(|(topic, _)| *topic)
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = TopicId> {
        self.follows.keys().copied()
    }

    /// Notes that a topic has something to send.
    pub(crate) fn wait(&mut self, topic: TopicId) {
        if let Some(follow) = self.follows.get_mut(&topic)
            && !follow.waiting
        {
            follow.waiting = true;
            self.waiting.push_back(topic);
        }
    }

    /// The topic whose turn it is; it waits no longer.
    pub(crate) fn next(&mut self) -> Option<TopicId> {
        while let Some(topic) = self.waiting.pop_front() {
            if let Some(follow) = self.follows.get_mut(&topic)
                && follow.waiting
            {
                follow.waiting = false;
                return Some(topic);
            }
        }
        None
    }

    pub(crate) fn has_backlog(&self) -> bool {
        !self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(sent: u64, end: Option<u64>) -> Follow {
        Follow::new(SlotId::new([1; 16]), Seq(sent), end.map(Seq), false)
    }

    #[test]
    fn a_follower_takes_what_comes_next_and_nothing_else() {
        let mut at_five = follow(5, None);
        assert_eq!(at_five.offer(Seq(6), Seq(7)), Offer::Behind);
        assert_eq!(at_five.offer(Seq(3), Seq(5)), Offer::Beyond);
        assert_eq!(at_five.offer(Seq(4), Seq(6)), Offer::Behind, "never the same entry twice");
        assert_eq!(at_five.offer(Seq(5), Seq(7)), Offer::Taken);
        assert_eq!(at_five.sent, Seq(7));
    }

    #[test]
    fn a_follower_takes_nothing_beyond_its_end() {
        assert_eq!(follow(5, Some(5)).offer(Seq(5), Seq(6)), Offer::Beyond);
        assert_eq!(follow(5, Some(6)).offer(Seq(5), Seq(7)), Offer::Behind);
        assert_eq!(follow(5, Some(6)).offer(Seq(5), Seq(6)), Offer::Taken);
    }

    #[test]
    fn topics_wait_in_turn_and_once() {
        let mut side = TopicSide::default();
        let (one, two) = (TopicId::new([1; 32]), TopicId::new([2; 32]));
        side.insert(one, follow(0, None));
        side.insert(two, follow(0, None));
        side.wait(one);
        side.wait(two);
        side.wait(one);
        assert_eq!(side.get_mut(one).map(|follow| follow.offer(Seq(0), Seq(1))), Some(Offer::Behind));
        assert_eq!((side.next(), side.next(), side.next()), (Some(one), Some(two), None));
        side.wait(one);
        side.remove(one);
        assert_eq!(side.next(), None);
    }
}
