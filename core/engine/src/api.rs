//! What goes into the engine and what comes out: plain data, no behaviour.
//!
//! A shell feeds one [`Input`] at a time to [`Engine::handle`](crate::Engine::handle) and then carries out every
//! [`Output`] in order. By the time an output is seen, the transaction that produced it is on disk.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sotto_wire::ids::{
    AccountId, Chain, ConversationId, DeviceId, Handle, MessageId, Millis, Minute, Seq, TopicId,
};

use crate::screen::LineNumber;

/// The two kinds of connection the engine uses, never mixed: protocol §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// `/v1/account`: authenticated.
    Account,
    /// `/v1/topic`: no identity.
    Topic,
}

/// Names a command among those under way; chosen by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// One thing that happened. The engine answers it in one transaction.
#[derive(Debug)]
pub enum Input {
    /// A person (or bot) wants something.
    Command(CommandId, Command),
    /// The socket asked for by [`Output::Connect`] is open.
    Opened(Plane),
    /// A whole WebSocket message arrived.
    Frame(Plane, Bytes),
    /// The socket could not be opened, or is gone.
    Closed(Plane),
    /// A time asked for by [`Output::WakeAt`] has come.
    Tick,
    /// The answer to [`Output::Continue`].
    Continue,
}

/// One thing for the shell to do.
#[derive(Debug)]
#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::large_enum_variant,
        reason = "events are the common case; a box each would cost more than it saves"
    )
)]
pub enum Output {
    /// Open `{server}/v1/account` or `/v1/topic` (`server` is what [`Command::PrepareAccount`] named). At most one
    /// socket per plane; answer with [`Input::Opened`] or [`Input::Closed`].
    Connect(Plane),
    /// Close the plane's socket, without answering.
    Disconnect(Plane),
    /// Send one binary WebSocket message.
    Frame(Plane, Bytes),
    /// Give [`Input::Tick`] at this time. Replaces an earlier one.
    WakeAt(Millis),
    /// Give [`Input::Continue`] as soon as all outputs before it are carried out.
    Continue,
    /// The one answer to a command.
    Reply(CommandId, Result<Reply, Refusal>),
    /// Something to show.
    Event(Event),
}

/// Whom a command is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A person by handle: the 1:1 conversation with them.
    Handle(Handle),
    /// A person by account.
    Account(AccountId),
    /// A conversation by its id.
    Conversation(ConversationId),
}

/// What a person can ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Make keys for a new account and show its recovery words; nothing is sent yet, and doing it again starts over.
    PrepareAccount {
        /// The name to claim.
        handle: Handle,
        /// Base URL: `https://host[:port]`, or `http://` on loopback.
        server: String,
        /// Invitation code, where the server wants one.
        invite: Option<String>,
    },
    /// The words are written down: register the prepared account. Answers when the server has stored it.
    Register,
    /// Start or stop keeping connections; a shell starts with none. Off: no [`Output::Connect`] is asked for.
    SetOnline {
        /// Whether to be connected.
        online: bool,
    },
    /// Queue a text. Answers [`Reply::Queued`] once it is on disk; events tell how it fares.
    Send {
        /// The conversation.
        to: Target,
        /// At most [`TEXT_BYTES_MAX`](sotto_wire::limits::TEXT_BYTES_MAX) bytes.
        text: String,
    },
    /// Answers when inbox and topics are caught up and nothing can be sent any more.
    Sync,
    /// Accept a message request: what one sends from now on reaches them.
    Accept {
        /// Who asked.
        who: Target,
    },
    /// Close a message request in silence.
    Decline {
        /// Who asked.
        who: Target,
    },
    /// Take nothing more from this person.
    Block {
        /// Whom.
        who: Target,
    },
    /// Undo [`Command::Block`]; what was sent meanwhile is not shown.
    Unblock {
        /// Whom.
        who: Target,
    },
    /// The name others see beside the handle; empty clears it.
    SetDisplayName {
        /// At most [`DISPLAY_NAME_BYTES_MAX`](sotto_wire::limits::DISPLAY_NAME_BYTES_MAX) bytes.
        name: String,
    },
    /// Open a new leg of a 1:1 conversation with fresh keys; its history stays. Answers when the peer's Welcome is delivered.
    StartOver {
        /// The conversation.
        conversation: Target,
    },
    /// Try failed messages of a conversation again.
    Retry {
        /// The conversation.
        conversation: Target,
    },
    /// Have a conversation with a person, so that a draft has a place; nothing is sent or looked up.
    OpenConversation {
        /// Whom.
        with: Handle,
    },
    /// Keep what was begun and not sent, on this device only; empty forgets it. A [`Command::Send`] of the same text does.
    SaveDraft {
        /// The conversation.
        conversation: Target,
        /// At most [`DRAFT_BYTES_MAX`](crate::screen::DRAFT_BYTES_MAX) bytes.
        text: String,
    },
    /// What arrived in a conversation was seen, up to this line. Stays on this device.
    MarkRead {
        /// The conversation.
        conversation: Target,
        /// The last that was seen: every line that arrived before it counts as seen.
        up_to: LineNumber,
    },
    /// Remove a line of one's own that failed. Any other stays.
    DiscardFailed {
        /// The conversation.
        conversation: Target,
        /// Which.
        line: LineNumber,
    },
    /// Mark an alarm as seen.
    AcknowledgeAlarm {
        /// Its [`Alarm::id`].
        alarm: i64,
    },
}

/// A command's good answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// To [`Command::PrepareAccount`]: show once, never store.
    RecoveryWords {
        /// Twelve BIP 39 words.
        words: Vec<String>,
    },
    /// To [`Command::Register`].
    Registered {
        /// The new account.
        account: AccountId,
    },
    /// To [`Command::Send`].
    Queued {
        /// The message, for [`Event::MessageState`].
        message: MessageId,
    },
    /// To [`Command::Sync`].
    Synced {
        /// Messages that are still waiting, and why, is told by [`Engine::history`](crate::Engine::history).
        waiting: u64,
    },
    /// Done.
    Done,
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum Refusal {
    /// No account here yet.
    #[error("this profile has no account yet")]
    NoAccount,
    /// An account is already registered here.
    #[error("this profile already has an account")]
    AccountExists,
    /// [`Command::Register`] without [`Command::PrepareAccount`].
    #[error("no account has been prepared")]
    NothingPrepared,
    /// The server URL is none.
    #[error("the server address is not an http:// or https:// URL")]
    ServerUrl,
    /// Somebody has the handle.
    #[error("this handle is taken")]
    HandleTaken,
    /// Nobody has the handle.
    #[error("no account has this handle")]
    HandleUnknown,
    /// The server takes no new accounts.
    #[error("the server takes no new accounts")]
    RegistrationClosed,
    /// The server wants an invitation, and this is not a good one.
    #[error("the server wants a valid invitation code")]
    InviteInvalid,
    /// The server wants this much later.
    #[error("the server asks to wait")]
    RateLimited {
        /// Milliseconds.
        retry_after_ms: u64,
    },
    /// The server speaks only newer protocols.
    #[error("the server needs a newer Sotto")]
    ServerTooNew,
    /// The server speaks only older protocols.
    #[error("the server is older than this Sotto can talk to")]
    ServerTooOld,
    /// The server shows another signing key than before: see the alarm.
    #[error("the server is not the one this profile knows")]
    ServerChanged,
    /// Local and server clock differ by more than a day: what depends on time waits.
    #[error("this device's clock and the server's differ by more than a day")]
    ClockOff {
        /// By this device.
        local: Minute,
        /// By the server.
        server: Minute,
    },
    /// The text is empty.
    #[error("there is nothing to send")]
    TextEmpty,
    /// The text is too long.
    #[error("the text is longer than a message can be")]
    TextTooLong {
        /// Bytes it has.
        found: usize,
        /// Bytes it may have.
        max: usize,
    },
    /// The display name is too long.
    #[error("the name is too long")]
    NameTooLong {
        /// Bytes it may have.
        max: usize,
    },
    /// No such conversation or contact here.
    #[error("no such conversation")]
    ConversationUnknown,
    /// The target is this account itself.
    #[error("that is this account itself")]
    Myself,
    /// The person is blocked.
    #[error("this person is blocked")]
    Blocked,
    /// There is no request from them.
    #[error("there is no request from them")]
    NoRequest,
    /// It was given up meanwhile: the person was blocked, or their keys did not verify.
    #[error("it was given up meanwhile")]
    GivenUp,
    /// The name has characters that no name has.
    #[error("the name has characters that cannot be shown")]
    NameUnfit,
    /// The server refused for a reason that no rule of ours names.
    #[error("the server refused: {code}")]
    Server {
        /// Name of the protocol's error code.
        code: String,
    },
}

/// How a message of one's own fares, and whether one's reader has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// On disk here, not yet at the server.
    Queued,
    /// Queued, and no device of theirs has a key to take: it leaves by itself once there is one.
    WaitingForKey,
    /// On disk at the server.
    Accepted,
    /// It cannot be sent; [`MessageView::failure`] says why.
    Failed,
    /// Somebody else's, received.
    Received,
}

/// Why a message could not be sent or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nobody has the handle.
    HandleUnknown,
    /// The recipient's key material did not verify: see the alarm.
    KeyRefused,
    /// The entry could not be decrypted; the conversation repairs itself with a new leg.
    Undecryptable,
    /// The server dropped the body after its time-to-live, before this device read it.
    Expired,
    /// Made by a newer Sotto.
    NeedsNewerSotto,
    /// The server's log contradicts itself: see the alarm.
    LogFork,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// The same on both ends.
    pub id: MessageId,
    /// Where.
    pub conversation: Option<ConversationId>,
    /// Who wrote it.
    pub sender: AccountId,
    /// Handle of the sender, where it is known.
    pub sender_handle: Option<Handle>,
    /// Whether this account wrote it.
    pub own: bool,
    /// The text; none for a line that could not be read.
    pub text: Option<String>,
    /// By the writer's clock.
    pub sent_at: Millis,
    /// By the server's clock, once accepted.
    pub minute: Option<Minute>,
    /// How it fares.
    pub state: MessageState,
    /// Why it failed or cannot be shown.
    pub failure: Option<Failure>,
}

/// Where a conversation stands between two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Both may write. (Also: this side wrote first.)
    Open,
    /// They wrote first; nothing leaves until accepted.
    Request,
    /// Declined here.
    Declined,
    /// Blocked here.
    Blocked,
}

/// One row of the conversation list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// None until the handle has been looked up.
    pub id: Option<ConversationId>,
    /// The other account, once known.
    pub peer: Option<AccountId>,
    /// The other's handle, as typed or as the server confirmed it.
    pub handle: Option<Handle>,
    /// The name they chose.
    pub display_name: Option<String>,
    /// Whether independent evidence ties handle to account. Always false before the directory exists.
    pub verified: bool,
    /// Where it stands.
    pub standing: Standing,
    /// Newest line.
    pub last: Option<MessageView>,
    /// Messages not yet at the server.
    pub waiting: u64,
}

/// Where this device stands on one leg of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegView {
    /// The leg's topic.
    pub topic: TopicId,
    /// The conversation it belongs to.
    pub conversation: Option<ConversationId>,
    /// Whether it can be written to.
    pub writable: bool,
    /// Newest entry that was processed, and the chain value there.
    pub cursor: Seq,
    /// See [`cursor`](Self::cursor).
    pub chain: Chain,
    /// The group's epoch; none when there is no group.
    pub epoch: Option<u64>,
    /// The epoch's authenticator: equal between members of one epoch, and no secret.
    pub authenticator: Vec<u8>,
}

/// This profile's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its id.
    pub account: AccountId,
    /// Its handle.
    pub handle: Handle,
    /// The name others see.
    pub display_name: Option<String>,
    /// Base URL of its server.
    pub server: String,
    /// This device.
    pub device: DeviceId,
    /// Whether the server has stored it.
    pub registered: bool,
    /// Whether witnesses check the server's directory. Always false before the directory exists.
    pub independently_witnessed: bool,
}

/// What a hostile server might have done, kept with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Local number.
    pub id: i64,
    /// What happened.
    pub kind: AlarmKind,
    /// The conversation it touches.
    pub conversation: Option<ConversationId>,
    /// When it was noticed, by this device's clock.
    pub at: Millis,
    /// Whether a person has marked it as seen.
    pub acknowledged: bool,
}

/// Kinds of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The log's hash chain contradicts what this device, or the peer, saw before.
    LogFork,
    /// Entries are missing in the middle of what the server delivered.
    EntryWithheld,
    /// Entries are gone that this device had not read yet.
    TrimmedTooEarly,
    /// A signature of the server is missing or wrong.
    ServerSignatureWrong,
    /// The server shows another signing key than before.
    ServerKeyChanged,
    /// A key package or device list of a contact did not verify.
    ContactKeyRefused,
    /// A contact's device list contradicts the one known before.
    ContactListConflict,
    /// An inbox item could not be opened, or contradicts what is known.
    InboxItemRefused,
    /// A commit from this device's own keys that this device never made.
    CloneSuspected,
    /// A stranger's bytes where a handshake should be: skipped, recorded.
    JunkHandshake,
    /// Bytes no member made where a message should be.
    ForeignEntry,
    /// The server accepted an entry made under an older head than its own.
    StaleAppend,
    /// The server refused to take an invitation it had agreed to take.
    WelcomeRefused,
}

/// Something to show while it happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Both planes are up and signed in.
    Online,
    /// A plane is gone; the engine tries again at `retry_at`.
    Offline {
        /// Which.
        plane: Plane,
        /// When the next try is.
        retry_at: Option<Millis>,
    },
    /// A line was added to a timeline.
    Message {
        /// The line.
        message: MessageView,
    },
    /// One's own message changed state.
    MessageState {
        /// Which.
        message: MessageId,
        /// To what.
        state: MessageState,
        /// Why, when it failed.
        failure: Option<Failure>,
    },
    /// Somebody new wrote.
    Request {
        /// The new conversation.
        conversation: ConversationView,
    },
    /// A conversation's names or standing changed, or a line of it moved.
    Conversation {
        /// As it is now.
        conversation: ConversationView,
    },
    /// See [`AlarmKind`].
    Alarm {
        /// The new alarm.
        alarm: Alarm,
    },
    /// This device's clock and the server's differ by more than a day.
    ClockOff {
        /// By this device.
        local: Minute,
        /// By the server.
        server: Minute,
    },
    /// The server cannot be used with this version.
    ServerRefused {
        /// Why.
        refusal: Refusal,
    },
    /// An item of the outbox moved on: for tests and the curious.
    Outbox {
        /// Its number.
        item: i64,
        /// What it carries.
        kind: OutboxKind,
        /// Where it is now.
        state: OutboxState,
        /// Its topic, once it has one.
        topic: Option<TopicId>,
    },
}

/// What an outbox item carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxKind {
    /// A message.
    Message,
    /// A new leg: topic, first commit, Welcomes.
    OpenLeg,
    /// Fresh keys for this device on one leg.
    SelfUpdate,
}

/// Protocol §6: `QUEUED → STAGED → SENT → APPLIED → POSTED → DONE`, or back to `QUEUED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// An intent.
    Queued,
    /// Bytes are made and on disk; they have not left.
    Staged,
    /// The bytes may have left.
    Sent,
    /// Accepted by the server; a commit is merged.
    Applied,
    /// Welcomes are delivered.
    Posted,
    /// Nothing is left to do; the item is gone from the outbox.
    Done,
}
