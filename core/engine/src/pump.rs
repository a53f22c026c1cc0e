//! What can be done now: derived from the tables and the state of the connections, after every input.

use std::collections::BTreeSet;

use sotto_wire::ids::Seq;

use crate::api::{Event, OutboxKind, OutboxState, Reply, Standing};
use crate::engine::Work;
use crate::error::Step;
use crate::limits::{WINDOW_ALL, WINDOW_PER_TOPIC};
use crate::store::conversations::ConversationKey;
use crate::store::legs::{Leg, LegState};
use crate::store::outbox::{Item, WaitingMessage};

impl Work<'_> {
    pub(crate) fn pump(&mut self) -> Step<()> {
        self.connect();
        self.say_online();
        if self.net.topic.hello().is_some() && self.account.is_some() {
            self.follow_due()?;
            self.check_handles()?;
            self.update_keys()?;
            for conversation in self.db.outbox_conversations()? {
                self.pump_conversation(conversation)?;
            }
            self.ack_all()?;
        }
        self.answer_syncs()
    }

    fn say_online(&mut self) {
        let up = self.net.signed_in && self.net.topic.hello().is_some();
        if up && !self.net.was_online {
            self.event(Event::Online);
        }
        self.net.was_online = up;
    }

    /// Self-updates that are due: after the first message on a leg, then every week. Protocol §5.
    fn update_keys(&mut self) -> Step<()> {
        if self.db.next_update_time()?.is_none_or(|due| due > self.now) {
            return Ok(());
        }
        for mut leg in self.db.legs()? {
            if leg.state != LegState::Active || leg.update_due.is_none_or(|due| due > self.now) {
                continue;
            }
            leg.update_due = None;
            self.db.put_leg(&leg)?;
            let busy = self.db.commits_of(leg.conversation)?.iter().any(|item| item.topic == Some(leg.topic));
            if !busy && self.sending_leg(leg.conversation)?.is_some_and(|best| best.topic == leg.topic) {
                self.queue_item(OutboxKind::SelfUpdate, leg.conversation, None, Some(leg.topic))?;
            }
        }
        Ok(())
    }

    /// The leg to send on: the highest number, then the lowest topic, among those that can be written.
    pub(crate) fn sending_leg(&self, conversation: ConversationKey) -> Step<Option<Leg>> {
        Ok(self.db.legs_of(conversation)?.into_iter().find(|leg| leg.state == LegState::Active))
    }

    fn pump_conversation(&mut self, key: ConversationKey) -> Step<()> {
        let conversation = self.db.conversation(key)?;
        if conversation.standing != Standing::Open {
            return Ok(());
        }
        if conversation.peer.is_none() {
            let items = self.db.items_of(key, 1)?;
            let due = items.first().is_some_and(|item| item.not_before <= self.now);
            return if due { self.look_up(key) } else { Ok(()) };
        }
        for item in self.db.commits_of(key)? {
            self.pump_commit(&item)?;
        }
        let messages = self.db.messages_of(key, WINDOW_PER_TOPIC * 4)?;
        self.resend(&messages)?;
        self.stage_queued(key, &messages)
    }

    fn pump_commit(&mut self, item: &Item) -> Step<()> {
        if item.not_before > self.now {
            return Ok(());
        }
        match item.state {
            OutboxState::Queued if item.kind == OutboxKind::OpenLeg => match self.gather(item)? {
                Some(ready) => self.stage_leg(item, ready),
                None => Ok(()),
            },
            OutboxState::Queued => self.start_update(item),
            OutboxState::Staged | OutboxState::Sent => self.push_commit(item),
            OutboxState::Applied => self.post_welcomes(item),
            OutboxState::Posted | OutboxState::Done => Ok(()),
        }
    }

    fn start_update(&mut self, item: &Item) -> Step<()> {
        let leg = match item.topic {
            Some(topic) => self.db.leg(topic)?.filter(|leg| leg.state == LegState::Active),
            None => None,
        };
        let Some(leg) = leg else { return self.finish_item(item) };
        // Messages that quote the present head go first: an update never delays one.
        let writing = self
            .db
            .items_of(item.conversation, WINDOW_PER_TOPIC)?
            .iter()
            .any(|other| other.kind == OutboxKind::Message && other.state != OutboxState::Applied);
        if self.caught_up(&leg) && !writing { self.stage_update(&leg, item) } else { Ok(()) }
    }

    fn push_commit(&mut self, item: &Item) -> Step<()> {
        let (Some(topic), Some(staged)) = (item.topic, &item.staged) else { return Ok(()) };
        let Some(leg) = self.db.leg(topic)? else { return Ok(()) };
        if leg.state != LegState::Opening && !self.caught_up(&leg) {
            return Ok(());
        }
        if leg.head != staged.head {
            return self.settle_commit(&leg, item);
        }
        if !self.net.on_wire.contains(&item.key) {
            self.step_out(item)?;
        }
        Ok(())
    }

    /// Bytes leave in the transaction after the one that stored them.
    fn step_out(&mut self, item: &Item) -> Step<()> {
        if self.more && item.state == OutboxState::Staged {
            return Ok(());
        }
        self.send_item(item)
    }

    /// Staged bytes that are not on this connection yet.
    fn resend(&mut self, messages: &[WaitingMessage]) -> Step<()> {
        for item in messages {
            let staged = matches!(item.state, OutboxState::Staged | OutboxState::Sent);
            let room = self.net.topic.count(|_| true) < WINDOW_ALL;
            if !staged || self.net.on_wire.contains(&item.key) {
                continue;
            }
            if !room || item.not_before > self.now {
                // Those behind it wait too: people's messages keep their order.
                return Ok(());
            }
            if item.topic.is_some_and(|topic| self.net.followed.contains_key(&topic))
                && let Some(item) = self.db.item(item.key)?
            {
                self.step_out(&item)?;
            }
        }
        Ok(())
    }

    fn stage_queued(&mut self, key: ConversationKey, messages: &[WaitingMessage]) -> Step<()> {
        let Some(first) = messages.iter().find(|item| item.state == OutboxState::Queued) else {
            return Ok(());
        };
        if first.not_before > self.now {
            return Ok(());
        }
        let Some(leg) = self.sending_leg(key)? else {
            let under_way = |item: &Item| {
                matches!(item.state, OutboxState::Queued | OutboxState::Staged | OutboxState::Sent)
            };
            let opening = self
                .db
                .commits_of(key)?
                .iter()
                .any(|item| item.kind == OutboxKind::OpenLeg && under_way(item));
            if !opening {
                self.open_again(key)?;
                self.more = true;
            }
            return Ok(());
        };
        let committing = self.db.commits_of(key)?.iter().any(|item| {
            item.topic == Some(leg.topic) && matches!(item.state, OutboxState::Staged | OutboxState::Sent)
        });
        if committing || !self.caught_up(&leg) {
            return Ok(());
        }
        let under_way =
            messages.iter().filter(|item| matches!(item.state, OutboxState::Staged | OutboxState::Sent));
        if under_way.clone().any(|item| item.not_before > self.now || item.key > first.key) {
            // Neither overtaken nor with ratchet generations out of order.
            return Ok(());
        }
        let window = if self.net.one_by_one.contains(&leg.topic) { 1 } else { WINDOW_PER_TOPIC };
        let room = window.saturating_sub(under_way.count());
        let batch: Vec<_> = messages
            .iter()
            .filter(|item| item.state == OutboxState::Queued)
            .take_while(|item| item.not_before <= self.now)
            .take(room)
            .copied()
            .collect();
        if batch.is_empty() {
            return Ok(());
        }
        let conversation = self.db.conversation(key)?;
        self.stage_messages(&conversation, &leg, &batch)
    }

    /// Whether a leg is followed and read as far as is known: what is staged now quotes the newest head.
    fn caught_up(&self, leg: &Leg) -> bool {
        let ahead = self.net.head_ahead.get(&leg.topic).copied().unwrap_or(Seq(0));
        self.net.followed.get(&leg.topic).is_some_and(|followed| leg.cursor >= followed.newest.max(ahead))
    }

    /// Only where something was read or answered: a device follows hundreds of topics.
    fn ack_all(&mut self) -> Step<()> {
        for topic in std::mem::take(&mut self.net.unacked) {
            if let Some(leg) = self.db.leg(topic)? {
                self.ack(&leg);
            }
        }
        Ok(())
    }

    /// A sync is over when everything the server has is here, and everything that can leave has left.
    fn answer_syncs(&mut self) -> Step<()> {
        if self.net.syncs.is_empty() || !self.is_quiet()? {
            return Ok(());
        }
        let waiting = self.db.waiting_count(None)?;
        for command in std::mem::take(&mut self.net.syncs) {
            self.reply(command, Ok(Reply::Synced { waiting }));
        }
        Ok(())
    }

    fn is_quiet(&self) -> Step<bool> {
        let inbox_read = self.net.inbox_waiting == Some(0);
        let connected = self.net.signed_in && self.net.topic.hello().is_some();
        if self.more
            || !inbox_read
            || !connected
            || !self.net.account.is_quiet()
            || !self.net.topic.is_quiet()
        {
            return Ok(false);
        }
        for leg in self.db.legs()? {
            if leg.state == LegState::Active && !self.caught_up(&leg) {
                return Ok(false);
            }
        }
        let mut waiting = BTreeSet::new();
        for item in self.db.all_items()? {
            // What stands behind something that waits, waits too.
            let waits =
                item.not_before > self.now || item.state == OutboxState::Posted || self.is_stuck(&item);
            if item.not_before > self.now {
                waiting.insert(item.conversation);
            }
            if !waits && !waiting.contains(&item.conversation) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    // What only the outside can move: a request not accepted, a clock that is off, a key that is not there.
    fn is_stuck(&self, item: &Item) -> bool {
        self.clock_off().is_some()
            || self.db.conversation(item.conversation).is_ok_and(|found| found.standing != Standing::Open)
            || self.waits_for_leg(item)
    }

    fn waits_for_leg(&self, item: &Item) -> bool {
        let opening = self.db.commits_of(item.conversation).is_ok_and(|commits| {
            commits.iter().any(|commit| commit.kind == OutboxKind::OpenLeg && commit.not_before > self.now)
        });
        item.kind == OutboxKind::Message && item.state == OutboxState::Queued && opening
    }
}
