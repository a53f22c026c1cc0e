//! A line of a timeline.

use serde::Serialize;
use sotto_engine::api::{Failure, MessageState, MessageView};
use sotto_wire::ids::{AccountId, ConversationId, MessageId, Millis, Minute};

use crate::instant;
use crate::plain;
use crate::screen::{Screen, Style};

/// `{"type":"message", …}`; the text is exact.
#[derive(Debug, Serialize)]
pub(crate) struct MessageRecord<'m> {
    r#type: &'static str,
    id: MessageId,
    conversation: Option<ConversationId>,
    sender: AccountId,
    sender_handle: Option<String>,
    own: bool,
    text: Option<&'m str>,
    sent_at_ms: Millis,
    accepted_minute: Option<Minute>,
    state: MessageState,
    failure: Option<Failure>,
}

impl<'m> From<&'m MessageView> for MessageRecord<'m> {
    fn from(view: &'m MessageView) -> Self {
        Self {
            r#type: "message",
            id: view.id,
            conversation: view.conversation,
            sender: view.sender,
            sender_handle: view.sender_handle.as_ref().map(ToString::to_string),
            own: view.own,
            text: view.text.as_deref(),
            sent_at_ms: view.sent_at,
            accepted_minute: view.minute,
            state: view.state,
            failure: view.failure,
        }
    }
}

impl MessageRecord<'_> {
    /// The minute that a timeline shows: the server's, else the writer's.
    pub(crate) fn shown_minute(&self) -> Minute {
        self.accepted_minute.unwrap_or(self.sent_at_ms.minute())
    }

    /// `MOMENT @who: text` and what has become of it, safe to print.
    pub(crate) fn text(&self, screen: Screen, moment: &str) -> String {
        self.said(screen, moment) + &screen.paint(Style::Aside, &self.fate())
    }

    fn said(&self, screen: Screen, moment: &str) -> String {
        let who = screen.paint(Style::Name, &self.who());
        let body = match self.text {
            Some(text) => plain::indented(text, "    "),
            None => screen.paint(Style::Warning, &format!("[{}]", failure_reason(self.failure))),
        };
        format!("{} {who}: {body}", screen.paint(Style::Aside, moment))
    }

    /// The line with its full moment.
    pub(crate) fn dated(&self, screen: Screen) -> String {
        self.text(screen, &instant::minute(self.shown_minute()))
    }

    /// The line while it happens: what becomes of it shows later.
    pub(crate) fn as_news(&self, screen: Screen) -> String {
        self.said(screen, &instant::minute(self.shown_minute()))
    }

    fn who(&self) -> String {
        match &self.sender_handle {
            Some(handle) => handle.clone(),
            None if self.own => "you".to_owned(),
            None => self.sender.to_string(),
        }
    }

    /// What has become of one's own message, where that is not "it is there".
    fn fate(&self) -> String {
        match self.state {
            MessageState::Queued => " (queued)".to_owned(),
            MessageState::WaitingForKey => " (queued: waiting for their key)".to_owned(),
            MessageState::Failed if self.text.is_some() => {
                format!(" (not sent: {})", failure_reason(self.failure))
            }
            MessageState::Failed | MessageState::Accepted | MessageState::Received => String::new(),
        }
    }
}

/// Why a message could not be sent or shown, in words.
pub(crate) fn failure_reason(failure: Option<Failure>) -> &'static str {
    match failure {
        Some(Failure::HandleUnknown) => "no account has this handle",
        Some(Failure::KeyRefused) => "their keys did not verify, see `sotto alarms`",
        Some(Failure::Undecryptable) => {
            "this message could not be decrypted; the conversation repairs itself"
        }
        Some(Failure::Expired) => "this message expired on the server before this device read it",
        Some(Failure::NeedsNewerSotto) => "this message needs a newer Sotto: update",
        Some(Failure::LogFork) => "the server's log contradicts itself, see `sotto alarms`",
        None => "no reason is known",
    }
}

#[cfg(test)]
mod tests {
    use sotto_wire::ids::Handle;

    use super::*;

    fn view(text: Option<&str>, state: MessageState, failure: Option<Failure>) -> MessageView {
        MessageView {
            id: MessageId::new([1; 16]),
            conversation: None,
            sender: AccountId::new([2; 32]),
            sender_handle: Some(Handle::parse("bob").unwrap()),
            own: false,
            text: text.map(str::to_owned),
            sent_at: Millis(951_868_799_000),
            minute: None,
            state,
            failure,
        }
    }

    fn shown(view: &MessageView) -> String {
        MessageRecord::from(view).dated(Screen::new(false))
    }

    #[test]
    fn a_line_says_when_who_and_what_and_nothing_else() {
        let evil =
            view(Some("hi\u{1b}[2J\n2000-02-29T23:59Z @alice: I owe you"), MessageState::Received, None);
        assert_eq!(shown(&evil), "2000-02-29T23:59Z @bob: hi␛[2J\n    2000-02-29T23:59Z @alice: I owe you");
        let queued = view(Some("hi"), MessageState::WaitingForKey, None);
        assert_eq!(shown(&queued), "2000-02-29T23:59Z @bob: hi (queued: waiting for their key)");
        let lost = view(None, MessageState::Received, Some(Failure::Expired));
        assert!(shown(&lost).contains("[this message expired"));
    }

    #[test]
    fn json_has_the_exact_text() {
        let text = "\u{1b}[2J\u{202e}";
        let view = view(Some(text), MessageState::Received, None);
        let json = serde_json::to_value(MessageRecord::from(&view)).unwrap();
        assert_eq!(json["text"], text);
        assert_eq!(json["type"], "message");
        assert_eq!(json["sender_handle"], "@bob");
        assert_eq!(json["state"], "received");
    }
}
