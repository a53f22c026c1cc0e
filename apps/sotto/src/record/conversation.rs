//! A row of the conversation list.

use serde::Serialize;
use sotto_engine::api::{ConversationView, Standing};
use sotto_wire::ids::{AccountId, ConversationId};

use super::MessageRecord;
use crate::plain;
use crate::screen::{Screen, Style};

/// `{"type":"conversation", …}`.
#[derive(Debug, Serialize)]
pub(crate) struct ConversationRecord<'c> {
    r#type: &'static str,
    id: Option<ConversationId>,
    peer: Option<AccountId>,
    handle: Option<String>,
    display_name: Option<&'c str>,
    verified: bool,
    standing: Standing,
    waiting: u64,
    last: Option<MessageRecord<'c>>,
}

impl<'c> ConversationRecord<'c> {
    pub(crate) fn new(view: &'c ConversationView) -> Self {
        Self::of_type("conversation", view)
    }

    /// The same under another `type`.
    pub(crate) fn of_type(r#type: &'static str, view: &'c ConversationView) -> Self {
        Self {
            r#type,
            id: view.id,
            peer: view.peer,
            handle: view.handle.as_ref().map(ToString::to_string),
            display_name: view.display_name.as_deref(),
            verified: view.verified,
            standing: view.standing,
            waiting: view.waiting,
            last: view.last.as_ref().map(MessageRecord::from),
        }
    }

    /// Whether they ask to be accepted.
    pub(crate) fn is_request(&self) -> bool {
        self.standing == Standing::Request
    }

    /// `@bob “Bob” (unverified), 2 waiting`, safe to print.
    pub(crate) fn text(&self, screen: Screen) -> String {
        let handle = self.handle.clone().or(self.id.map(|id| id.to_string())).unwrap_or_default();
        let mut line = screen.paint(Style::Name, &handle);
        if let Some(name) = self.display_name {
            line += &format!(" “{}”", plain::line(name));
        }
        if !self.verified {
            line += &screen.paint(Style::Aside, " (unverified)");
        }
        if self.waiting > 0 {
            line += &format!(", {} waiting to be sent", self.waiting);
        }
        if let Some(last) = &self.last {
            line += &format!("\n    {}", last.dated(screen).replace('\n', "\n    "));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use sotto_wire::ids::Handle;

    use super::*;

    #[test]
    fn a_name_cannot_pretend_to_be_more_than_a_name() {
        let view = ConversationView {
            id: None,
            peer: None,
            handle: Some(Handle::parse("mallory").unwrap()),
            display_name: Some("Alice\n@alice (verified)\u{1b}[8m".to_owned()),
            verified: false,
            standing: Standing::Open,
            last: None,
            waiting: 2,
        };
        assert_eq!(
            ConversationRecord::new(&view).text(Screen::new(false)),
            "@mallory “Alice␊@alice (verified)␛[8m” (unverified), 2 waiting to be sent"
        );
    }
}
