//! What people ask for, one method a command.

use bip39::Mnemonic;
use ed25519_dalek::SigningKey;
use sotto_wire::ids::{AccountId, DeviceId, DisplayName, Handle, MessageId};
use sotto_wire::limits::{DISPLAY_NAME_BYTES_MAX, TEXT_BYTES_MAX};
use zeroize::Zeroizing;

use crate::api::OutboxState;
use crate::api::{
    Command, CommandId, Event, MessageState, OutboxKind, Output, Plane, Refusal, Reply, Standing, Target,
};
use crate::engine::Work;
use crate::error::{Cause, Step};
use crate::genesis::{genesis_list, recovery_key};
use crate::store::account::{Account, AccountState};
use crate::store::conversations::{Conversation, ConversationKey};
use crate::store::legs::LegState;
use crate::store::messages::{MessageKind, NewMessage};

/// A command's outcome: an answer now, later, or a refusal.
pub(crate) type Outcome = Result<Option<Reply>, Refusal>;

impl Work<'_> {
    pub(crate) fn command(&mut self, id: CommandId, command: Command) -> Step<()> {
        let outcome = match command {
            Command::PrepareAccount { handle, server, invite } => {
                self.prepare_account(handle, server, invite)?
            }
            Command::Register => self.register_command(id)?,
            Command::SetOnline { online } => self.set_online(online),
            Command::Send { to, text } => self.send_command(&to, &text)?,
            Command::Sync => {
                self.net.syncs.push(id);
                Ok(None)
            }
            Command::Accept { who } => self.accept(&who)?,
            Command::Decline { who } => self.decline(&who)?,
            Command::Block { who } => self.block(&who)?,
            Command::Unblock { who } => self.unblock(&who)?,
            Command::SetDisplayName { name } => self.set_display_name(&name)?,
            Command::StartOver { conversation } => self.start_over(id, &conversation)?,
            Command::Retry { conversation } => self.retry(&conversation)?,
            Command::OpenConversation { with } => self.open_conversation(&with)?,
            Command::SaveDraft { conversation, text } => self.save_draft(&conversation, &text)?,
            Command::MarkRead { conversation, up_to } => self.mark_read(&conversation, up_to)?,
            Command::DiscardFailed { conversation, line } => self.discard_failed(&conversation, line)?,
            Command::AcknowledgeAlarm { alarm } => {
                self.db.acknowledge_alarm(alarm)?;
                Ok(Some(Reply::Done))
            }
        };
        if let Some(reply) = outcome.transpose() {
            self.reply(id, reply);
        }
        Ok(())
    }

    fn prepare_account(&mut self, handle: Handle, server: String, invite: Option<String>) -> Step<Outcome> {
        if self.account.as_ref().is_some_and(|account| account.state == AccountState::Registered) {
            return Ok(Err(Refusal::AccountExists));
        }
        if !server.starts_with("https://") && !server.starts_with("http://") {
            return Ok(Err(Refusal::ServerUrl));
        }
        let mut code = Zeroizing::new([0; 16]);
        self.entropy.fill_bytes(code.as_mut());
        let words = Mnemonic::from_entropy(code.as_ref()).map_err(|_| Cause::Bug("recovery words"))?;
        let (mut aik_secret, mut device_secret) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        self.entropy.fill_bytes(aik_secret.as_mut());
        self.entropy.fill_bytes(device_secret.as_mut());
        let device = DeviceId::random(self.entropy);
        let mut nonce = [0; 32];
        self.entropy.fill_bytes(&mut nonce);
        let rk = recovery_key(&code);
        let (account, signed, list) = genesis_list(
            &SigningKey::from_bytes(&aik_secret),
            rk,
            nonce,
            device,
            &SigningKey::from_bytes(&device_secret),
            self.now.minute().day(),
        )
        .map_err(Cause::Bug)?;
        let row = Account {
            state: AccountState::Prepared,
            account,
            device,
            handle,
            display_name: None,
            server: server.trim_end_matches('/').to_owned(),
            invite,
            log_key: None,
            device_secret,
            aik_secret,
        };
        for plane in [Plane::Account, Plane::Topic] {
            // Connections to the former choice of server are of no use.
            self.hang_up(plane)?;
        }
        self.net.account.retry_at = None;
        self.net.topic.retry_at = None;
        if let Some(earlier) = self.account.take() {
            self.db.remove_lists(earlier.account)?;
        }
        self.db.put_account(&row)?;
        self.db.add_lists(account, &[(signed, list)])?;
        self.account = Some(row);
        Ok(Ok(Some(Reply::RecoveryWords { words: words.words().map(str::to_owned).collect() })))
    }

    fn register_command(&mut self, id: CommandId) -> Step<Outcome> {
        match self.account.as_mut() {
            None => Ok(Err(Refusal::NothingPrepared)),
            Some(account) if account.state == AccountState::Registered => Ok(Err(Refusal::AccountExists)),
            Some(account) => {
                account.state = AccountState::Registering;
                self.db.set_account_state(AccountState::Registering)?;
                self.net.registering = Some(id);
                Ok(Ok(None))
            }
        }
    }

    fn set_online(&mut self, online: bool) -> Outcome {
        self.net.online = online;
        self.net.refused = false;
        self.net.account.retry_at = None;
        self.net.topic.retry_at = None;
        if !online {
            for plane in [Plane::Account, Plane::Topic] {
                self.out.push(Output::Disconnect(plane));
                self.net.forget(plane);
            }
            self.net.account.dropped();
            self.net.topic.dropped();
            self.net.was_online = false;
        }
        Ok(Some(Reply::Done))
    }

    fn send_command(&mut self, to: &Target, text: &str) -> Step<Outcome> {
        if text.is_empty() {
            return Ok(Err(Refusal::TextEmpty));
        }
        if text.len() > TEXT_BYTES_MAX {
            return Ok(Err(Refusal::TextTooLong { found: text.len(), max: TEXT_BYTES_MAX }));
        }
        let conversation = match self.writable(to)? {
            Ok(conversation) => conversation,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let message = self.queue_message(conversation, MessageKind::Text, Some(text))?;
        self.forget_draft(conversation, text)?;
        Ok(Ok(Some(Reply::Queued { message })))
    }

    /// The conversation to write to; writing to whoever asked first accepts their request.
    fn writable(&mut self, to: &Target) -> Step<Result<ConversationKey, Refusal>> {
        let Some(account) = self.registered() else { return Ok(Err(Refusal::NoAccount)) };
        let own = (account.account, account.handle.clone());
        if matches!(to, Target::Handle(handle) if *handle == own.1)
            || matches!(to, Target::Account(account) if *account == own.0)
        {
            return Ok(Err(Refusal::Myself));
        }
        let Some(found) = self.db.find_conversation(to)? else {
            return Ok(match to {
                Target::Handle(handle) => Ok(self.db.add_conversation_by_handle(handle, self.now)?),
                Target::Account(_) | Target::Conversation(_) => Err(Refusal::ConversationUnknown),
            });
        };
        match found.standing {
            Standing::Blocked => return Ok(Err(Refusal::Blocked)),
            Standing::Request | Standing::Declined => {
                self.db.set_standing(found.key, Standing::Open)?;
                self.show_conversation(found.key)?;
            }
            Standing::Open => {}
        }
        Ok(Ok(found.key))
    }

    pub(crate) fn registered(&self) -> Option<&Account> {
        self.account.as_ref().filter(|account| account.state == AccountState::Registered)
    }

    pub(crate) fn queue_message(
        &mut self,
        conversation: ConversationKey,
        kind: MessageKind,
        text: Option<&str>,
    ) -> Step<MessageId> {
        let message = MessageId::random(self.entropy);
        let (sender, device) = (self.account()?.account, self.account()?.device);
        let new = NewMessage {
            conversation,
            message,
            sender,
            device,
            own: true,
            kind,
            text,
            sent_at: self.now,
            state: MessageState::Queued,
            failure: None,
            place: None,
            payload: None,
        };
        let key = self.db.add_message(&new)?.ok_or(Cause::Bug("message id drawn twice"))?;
        self.queue_item(OutboxKind::Message, conversation, Some(key), None)?;
        if kind == MessageKind::Text {
            let message = self.db.message_view(key)?;
            self.event(Event::Message { message });
        }
        Ok(message)
    }

    pub(crate) fn find(&self, who: &Target) -> Step<Result<Conversation, Refusal>> {
        Ok(self.db.find_conversation(who)?.ok_or(Refusal::ConversationUnknown))
    }

    fn accept(&mut self, who: &Target) -> Step<Outcome> {
        match self.find(who)? {
            Err(refusal) => Ok(Err(refusal)),
            Ok(found) if found.standing != Standing::Request => Ok(Err(Refusal::NoRequest)),
            Ok(found) => {
                self.db.set_standing(found.key, Standing::Open)?;
                self.show_conversation(found.key)?;
                Ok(Ok(Some(Reply::Done)))
            }
        }
    }

    fn decline(&mut self, who: &Target) -> Step<Outcome> {
        match self.find(who)? {
            Err(refusal) => Ok(Err(refusal)),
            Ok(found) if found.standing != Standing::Request => Ok(Err(Refusal::NoRequest)),
            Ok(found) => {
                for mut leg in self.db.legs_of(found.key)? {
                    self.close_slot(&leg)?;
                    leg.state = LegState::Closed;
                    self.db.put_leg(&leg)?;
                }
                self.db.set_standing(found.key, Standing::Declined)?;
                self.show_conversation(found.key)?;
                Ok(Ok(Some(Reply::Done)))
            }
        }
    }

    fn block(&mut self, who: &Target) -> Step<Outcome> {
        let found = match self.find(who)? {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(found) => found,
        };
        for mut leg in self.db.legs_of(found.key)? {
            if leg.is_read() {
                self.unfollow(&leg)?;
                // A leg whose Welcomes are not all delivered dies with its item: nobody was invited.
                let uninvited = self.db.commits_of(found.key)?.iter().any(|item| {
                    item.topic == Some(leg.topic)
                        && item.kind == OutboxKind::OpenLeg
                        && item.state != OutboxState::Posted
                });
                let good = leg.state == LegState::Active && !uninvited;
                leg.state = if good { LegState::Blocked } else { LegState::Closed };
                self.db.put_leg(&leg)?;
            }
        }
        for item in self.db.items_of(found.key, usize::MAX)? {
            if let Some(message) = item.message {
                self.fail_message(message, None)?;
            }
            // Fresh keys that may stand in the log already: without them, nothing behind them would ever be readable.
            let under_way = matches!(item.state, OutboxState::Staged | OutboxState::Sent);
            if !(item.kind == OutboxKind::SelfUpdate && under_way) {
                self.finish_item(&item)?;
            }
        }
        self.db.block_conversation(found.key)?;
        self.show_conversation(found.key)?;
        Ok(Ok(Some(Reply::Done)))
    }

    fn unblock(&mut self, who: &Target) -> Step<Outcome> {
        let found = match self.find(who)? {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(found) => found,
        };
        if found.standing == Standing::Blocked {
            for mut leg in self.db.legs_of(found.key)? {
                if leg.state == LegState::Blocked {
                    leg.state = LegState::Active;
                    leg.discard_to = crate::receiving::DISCARD_UNTIL_FOLLOWED;
                    self.db.put_leg(&leg)?;
                    self.follow_one(leg.topic)?;
                }
            }
            self.db.unblock_conversation(found.key)?;
            self.show_conversation(found.key)?;
        }
        Ok(Ok(Some(Reply::Done)))
    }

    fn set_display_name(&mut self, name: &str) -> Step<Outcome> {
        if name.len() > DISPLAY_NAME_BYTES_MAX {
            return Ok(Err(Refusal::NameTooLong { max: DISPLAY_NAME_BYTES_MAX }));
        }
        if self.registered().is_none() {
            return Ok(Err(Refusal::NoAccount));
        }
        let name = name.trim();
        if !name.is_empty() && DisplayName::parse(name).is_err() {
            return Ok(Err(Refusal::NameUnfit));
        }
        let value = (!name.is_empty()).then(|| name.to_owned());
        self.db.set_display_name(value.as_deref())?;
        if let Some(account) = self.account.as_mut() {
            account.display_name = value;
        }
        for conversation in self.db.conversations()? {
            let told = conversation.name_sent.as_deref().unwrap_or_default() == name;
            if conversation.standing == Standing::Open && conversation.peer.is_some() && !told {
                self.queue_message(conversation.key, MessageKind::Profile, None)?;
            }
        }
        Ok(Ok(Some(Reply::Done)))
    }

    fn start_over(&mut self, id: CommandId, who: &Target) -> Step<Outcome> {
        let found = match self.find(who)? {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(found) => found,
        };
        match found.standing {
            Standing::Blocked => return Ok(Err(Refusal::Blocked)),
            Standing::Request | Standing::Declined => return Ok(Err(Refusal::ConversationUnknown)),
            Standing::Open if found.peer.is_none() => return Ok(Err(Refusal::ConversationUnknown)),
            Standing::Open => {}
        }
        let item = self.ensure_leg(found.key)?;
        self.db.hurry_items(found.key)?;
        self.net.start_overs.push((id, item));
        Ok(Ok(None))
    }

    fn retry(&mut self, who: &Target) -> Step<Outcome> {
        let found = match self.find(who)? {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(found) if found.standing == Standing::Blocked => return Ok(Err(Refusal::Blocked)),
            Ok(found) => found,
        };
        for message in self.db.failed_messages(found.key)? {
            self.set_message_state(message, MessageState::Queued, None)?;
            self.queue_item(OutboxKind::Message, found.key, Some(message), None)?;
        }
        self.db.hurry_items(found.key)?;
        Ok(Ok(Some(Reply::Done)))
    }

    /// The account id of this profile, for what compares against it.
    pub(crate) fn own_account(&self) -> Step<AccountId> {
        Ok(self.account()?.account)
    }
}
