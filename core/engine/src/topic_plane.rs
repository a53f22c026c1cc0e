//! The topic plane: asking, and sorting the answers to whoever asked.

use prost::Message;
use sotto_wire::frames::Refusal as ServerRefusal;
use sotto_wire::ids::{Millis, Seq, SlotId, TopicId};
use sotto_wire::proto::{ErrorCode, SignedItem};
use sotto_wire::receipt::{self, Item as ReceiptItem, ServerItem, SlotReceipt};
use sotto_wire::topic::{
    Follow, FollowOutcome, SlotAuth, TopicCall, TopicFrame, TopicRequest, TopicResponse,
};

use crate::api::{AlarmKind, Plane};
use crate::engine::Work;
use crate::error::Step;
use crate::limits::{FOLLOWS_PER_REQUEST, RETRY_MS_MAX};
use crate::net::{FollowAsked, Followed, Link, TopicPending};
use crate::receiving::DISCARD_UNTIL_FOLLOWED;
use crate::store::legs::{Leg, LegState};

impl Work<'_> {
    pub(crate) fn ask_topic(&mut self, pending: TopicPending, request: TopicRequest) {
        let id = self.net.topic.ask(pending, self.now);
        self.send(Plane::Topic, TopicCall { id, request }.encode());
    }

    pub(crate) fn topic_frame(&mut self, frame: TopicFrame) -> Step<()> {
        match frame {
            TopicFrame::Hello(hello) if matches!(self.net.topic.link, Link::Open) => {
                self.greeted(Plane::Topic, hello)
            }
            TopicFrame::Incompatible(why) => self.incompatible(why),
            TopicFrame::Response { id, outcome } => match self.net.topic.answered(id) {
                Some(pending) => self.topic_answer(pending, outcome),
                None => self.hang_up(Plane::Topic),
            },
            TopicFrame::Entries(entries) => self.entries(entries),
            TopicFrame::Ephemeral { .. } => Ok(()),
            TopicFrame::FollowEnded { slot, refusal } => self.follow_ended(slot, refusal),
            TopicFrame::Hello(_) | TopicFrame::Closing(_) => self.hang_up(Plane::Topic),
        }
    }

    fn topic_answer(
        &mut self,
        pending: TopicPending,
        outcome: Result<TopicResponse, ServerRefusal>,
    ) -> Step<()> {
        use TopicPending as Asked;
        use TopicResponse as Said;
        match (pending, outcome) {
            (Asked::LookUp(key), Ok(Said::HandleFound(account))) => self.looked_up(key, Ok(account)),
            (Asked::LookUp(key), Err(refusal)) => self.looked_up(key, Err(refusal)),
            (Asked::CheckHandle(key, handle), Ok(Said::HandleFound(account))) => {
                self.handle_checked(key, &handle, Ok(account))
            }
            (Asked::CheckHandle(key, handle), Err(refusal)) => {
                self.handle_checked(key, &handle, Err(refusal))
            }
            (Asked::Lists(item, peer), Ok(Said::Lists(lists))) => self.lists_arrived(item, peer, Ok(lists)),
            (Asked::Lists(item, peer), Err(refusal)) => self.lists_arrived(item, peer, Err(refusal)),
            (
                Asked::Claim(item, peer, device),
                Ok(Said::ClaimedKeyPackage { key_package, capability, .. }),
            ) => self.claimed(item, peer, device, Ok((key_package, capability))),
            (Asked::Claim(item, peer, device), Err(refusal)) => {
                self.claimed(item, peer, device, Err(refusal))
            }
            // The append that follows tells whether the topic is good; its refusal is acted on there.
            (Asked::CreateTopic, Ok(Said::TopicCreated(_)) | Err(_)) | (Asked::Unfollow, _) => Ok(()),
            (Asked::OpenSlot(_, topic), Ok(Said::SlotOpened(item))) => {
                if self.slot_receipt(topic, &item)?.is_some() {
                    self.follow_one(topic)?;
                }
                Ok(())
            }
            (Asked::OpenSlot(item, _), Err(refusal)) => {
                self.net.on_wire.remove(&item);
                self.delay(item, refusal)
            }
            (Asked::Append(item, id), Ok(Said::Appended(signed))) => self.appended(item, id, &signed),
            (Asked::Append(item, id), Ok(Said::Conflict { head })) => self.conflict(item, id, head),
            (Asked::Append(item, id), Err(refusal)) => self.append_refused(item, id, refusal),
            (Asked::Follow(legs), Ok(Said::Followed(outcomes))) => self.followed(&legs, outcomes),
            (Asked::Follow(_), Err(_)) => self.hang_up(Plane::Topic),
            (Asked::Ack(topic, seq), Ok(Said::SlotAcked(item))) => self.acked(topic, seq, &item),
            (Asked::Ack(topic, _), Err(_)) => {
                self.net.acks_paused.insert(topic);
                Ok(())
            }
            (Asked::ReplaceSecret(topic), Ok(Said::SlotSecretReplaced)) => self.secret_replaced(topic),
            (Asked::ReplaceSecret(topic), Err(_)) => self.secret_not_replaced(topic),
            (Asked::Drop(item, row), Ok(Said::DroppedInInbox)) => self.dropped(item, row, Ok(())),
            (Asked::Drop(item, row), Err(refusal)) => self.dropped(item, row, Err(refusal)),
            (Asked::CloseSlot, Ok(Said::SlotClosed) | Err(_)) => Ok(()),
            _ => self.hang_up(Plane::Topic),
        }
    }

    /// Checks the server's signature over a receipt about this topic; a wrong one raises an alarm and gives none.
    pub(crate) fn receipt(&mut self, topic: TopicId, signed: &SignedItem) -> Step<Option<ReceiptItem>> {
        let Some(log_key) = self.account()?.log_key else { return Ok(None) };
        match receipt::verify(signed, log_key) {
            Ok(ServerItem { topic: about, item }) if about == topic => Ok(Some(item)),
            Ok(_) | Err(_) => {
                let conversation = self.db.leg(topic)?.map(|leg| leg.conversation);
                self.alarm(AlarmKind::ServerSignatureWrong, conversation, &signed.encode_to_vec())?;
                Ok(None)
            }
        }
    }

    fn slot_receipt(&mut self, topic: TopicId, signed: &SignedItem) -> Step<Option<SlotReceipt>> {
        let slot = self.db.leg(topic)?.map(|leg| leg.slot);
        match self.receipt(topic, signed)? {
            Some(ReceiptItem::Slot(receipt)) if Some(receipt.slot) == slot => Ok(Some(receipt)),
            Some(_) => self.hang_up(Plane::Topic).map(|()| None),
            None => Ok(None),
        }
    }

    pub(crate) fn slot_auth(leg: &Leg) -> SlotAuth {
        SlotAuth { topic: leg.topic, slot: leg.slot, secret: leg.slot_secret.clone() }
    }

    /// Follows every leg that is read, after a connection was made.
    pub(crate) fn follow_all(&mut self) -> Step<()> {
        let legs: Vec<_> = self.db.legs()?.into_iter().filter(Leg::is_read).collect();
        for some in legs.chunks(FOLLOWS_PER_REQUEST) {
            self.follow(some)?;
        }
        Ok(())
    }

    pub(crate) fn follow_one(&mut self, topic: TopicId) -> Step<()> {
        let asked = |pending: &TopicPending| matches!(pending, TopicPending::Follow(legs) if legs.iter().any(|leg| leg.topic == topic));
        if self.net.topic.hello().is_none()
            || self.net.followed.contains_key(&topic)
            || self.net.topic.is_waiting(asked)
        {
            return Ok(());
        }
        if let Some(leg) = self.db.leg(topic)?.filter(Leg::is_read) {
            self.follow(std::slice::from_ref(&leg))?;
        }
        Ok(())
    }

    fn follow(&mut self, legs: &[Leg]) -> Step<()> {
        let mut asked = Vec::with_capacity(legs.len());
        for leg in legs {
            asked.push(FollowAsked { topic: leg.topic, known: leg.cursor.max(self.db.promised(leg.topic)?) });
        }
        let follows =
            legs.iter().map(|leg| Follow { auth: Self::slot_auth(leg), from: leg.cursor }).collect();
        self.ask_topic(TopicPending::Follow(asked), TopicRequest::Follow(follows));
        Ok(())
    }

    pub(crate) fn unfollow(&mut self, leg: &Leg) -> Step<()> {
        if self.net.followed.remove(&leg.topic).is_some() {
            self.ask_topic(TopicPending::Unfollow, TopicRequest::Unfollow(vec![leg.slot]));
        }
        Ok(())
    }

    pub(crate) fn close_slot(&mut self, leg: &Leg) -> Step<()> {
        if self.net.topic.hello().is_some() {
            self.net.followed.remove(&leg.topic);
            self.ask_topic(TopicPending::CloseSlot, TopicRequest::CloseSlot(Self::slot_auth(leg)));
        }
        Ok(())
    }

    fn followed(&mut self, asked: &[FollowAsked], outcomes: Vec<FollowOutcome>) -> Step<()> {
        for FollowAsked { topic, known } in asked {
            let Some(leg) = self.db.leg(*topic)? else { continue };
            let Some(outcome) = outcomes.iter().find(|outcome| outcome.slot == leg.slot) else {
                return self.hang_up(Plane::Topic);
            };
            match &outcome.outcome {
                // Blocked or closed while the answer was on its way.
                Ok(_) if !leg.is_read() => {
                    self.net.followed.insert(leg.topic, Followed { newest: leg.cursor });
                    self.unfollow(&leg)?;
                }
                Ok(signed) => self.leg_followed(leg, *known, signed)?,
                Err(refusal) => self.follow_refused(leg, *refusal)?,
            }
        }
        Ok(())
    }

    fn leg_followed(&mut self, mut leg: Leg, known: Seq, signed: &SignedItem) -> Step<()> {
        let Some(receipt) = self.slot_receipt(leg.topic, signed)? else { return Ok(()) };
        if receipt.ack > leg.cursor {
            // Somebody else reads from this slot.
            self.alarm(AlarmKind::CloneSuspected, Some(leg.conversation), &signed.encode_to_vec())?;
        }
        if receipt.newest < known {
            // The server forgot entries that it had delivered, or promised.
            return self.forked(&leg, &signed.encode_to_vec());
        }
        if leg.discard_to == DISCARD_UNTIL_FOLLOWED {
            leg.discard_to = receipt.newest;
        }
        if receipt.first_available > leg.cursor.next() {
            return self.trimmed(leg, receipt.first_available, receipt.minute, signed);
        }
        leg.heard = receipt.minute;
        self.db.put_leg(&leg)?;
        self.net.followed.insert(leg.topic, Followed { newest: receipt.newest });
        self.net.unacked.insert(leg.topic);
        if leg.state == LegState::Active && leg.next_slot_secret.is_some() {
            self.replace_secret(&leg);
        }
        Ok(())
    }

    fn follow_refused(&mut self, mut leg: Leg, refusal: ServerRefusal) -> Step<()> {
        match refusal.code {
            // A leg that is being opened may not have its slot yet: the outbox opens it.
            ErrorCode::SlotUnknown | ErrorCode::TopicUnknown if leg.state == LegState::Opening => Ok(()),
            // The replacement was taken and its answer lost.
            ErrorCode::SlotUnknown if leg.next_slot_secret.is_some() => {
                if let Some(secret) = leg.next_slot_secret.take() {
                    leg.slot_secret = secret;
                }
                self.db.put_leg(&leg)?;
                self.follow_one(leg.topic)
            }
            ErrorCode::SlotUnknown | ErrorCode::TopicUnknown | ErrorCode::TopicClosed => {
                self.break_leg(leg.topic)
            }
            // One leg's refusal must not cost the others.
            _ => {
                let wait = refusal.retry_after.map_or(RETRY_MS_MAX, |wait| wait.as_millis() as u64 + 1);
                self.net.follow_later.insert(leg.topic, Millis(self.now.0 + wait));
                Ok(())
            }
        }
    }

    /// Follows again what was refused, when its time has come.
    pub(crate) fn follow_due(&mut self) -> Step<()> {
        let due: Vec<_> = self
            .net
            .follow_later
            .iter()
            .filter(|(_, at)| **at <= self.now)
            .map(|(topic, _)| *topic)
            .collect();
        for topic in due {
            self.net.follow_later.remove(&topic);
            self.follow_one(topic)?;
        }
        Ok(())
    }

    fn follow_ended(&mut self, slot: SlotId, refusal: ServerRefusal) -> Step<()> {
        let Some(leg) = self.db.legs()?.into_iter().find(|leg| leg.slot == slot) else { return Ok(()) };
        self.net.followed.remove(&leg.topic);
        match refusal.code {
            ErrorCode::TopicClosed | ErrorCode::TopicUnknown => self.break_leg(leg.topic),
            _ => self.hang_up(Plane::Topic),
        }
    }

    /// The joiner makes the slot its own: the secret that came in the Welcome was somebody else's idea.
    pub(crate) fn replace_secret(&mut self, leg: &Leg) {
        if let Some(next) = &leg.next_slot_secret {
            let request =
                TopicRequest::ReplaceSlotSecret { auth: Self::slot_auth(leg), new_secret: next.hash() };
            self.ask_topic(TopicPending::ReplaceSecret(leg.topic), request);
        }
    }

    fn secret_replaced(&mut self, topic: TopicId) -> Step<()> {
        if let Some(mut leg) = self.db.leg(topic)? {
            if let Some(secret) = leg.next_slot_secret.take() {
                leg.slot_secret = secret;
            }
            self.db.put_leg(&leg)?;
        }
        Ok(())
    }

    fn secret_not_replaced(&mut self, topic: TopicId) -> Step<()> {
        // The follow that stands shows that the old secret still opens the slot: tried again next time.
        let _ = topic;
        Ok(())
    }

    /// Tells the server how far this device has stored a leg. One request at a time: its answer leads to the next.
    pub(crate) fn ack(&mut self, leg: &Leg) {
        let topic = leg.topic;
        let asked =
            |pending: &TopicPending| matches!(pending, TopicPending::Ack(other, _) if *other == topic);
        if leg.acked < leg.cursor
            && self.net.followed.contains_key(&topic)
            && !self.net.acks_paused.contains(&topic)
            && !self.net.topic.is_waiting(asked)
        {
            let request = TopicRequest::AckSlot { auth: Self::slot_auth(leg), seq: leg.cursor };
            self.ask_topic(TopicPending::Ack(topic, leg.cursor), request);
        }
    }

    fn acked(&mut self, topic: TopicId, seq: Seq, signed: &SignedItem) -> Step<()> {
        let Some(receipt) = self.slot_receipt(topic, signed)? else { return Ok(()) };
        let Some(mut leg) = self.db.leg(topic)? else { return Ok(()) };
        if receipt.ack < seq {
            self.net.acks_paused.insert(topic);
        }
        leg.acked = leg.acked.max(seq.min(receipt.ack));
        leg.heard = leg.heard.max(receipt.minute);
        self.db.put_leg(&leg)?;
        self.net.unacked.insert(topic);
        for item in self.db.posted_items(topic, leg.acked)? {
            self.finish_item(&item)?;
        }
        Ok(())
    }
}
