//! How people and conversations are written on the command line.

use sotto_engine::api::Target;
use sotto_wire::ids::{ConversationId, Handle, MessageId};

/// Reads `@name` or a conversation's id.
pub(crate) fn conversation(text: &str) -> Result<Target, String> {
    if text.starts_with('@') {
        return handle(text).map(Target::Handle);
    }
    text.parse::<ConversationId>().map(Target::Conversation).map_err(|_| {
        format!("a person is written @name, a conversation by the 64 hex digits of its id; is it @{text}?")
    })
}

/// Reads `@name`; the `@` may be missing where only a person fits.
pub(crate) fn handle(text: &str) -> Result<Handle, String> {
    Handle::parse(text).map_err(|error| error.to_string())
}

/// Reads a message's id.
pub(crate) fn message(text: &str) -> Result<MessageId, String> {
    text.parse().map_err(|_| "a message's id has 32 hex digits; `sotto history --json` shows them".to_owned())
}

/// The conversation as the person wrote it.
pub(crate) fn written(target: &Target) -> String {
    match target {
        Target::Handle(handle) => handle.to_string(),
        Target::Account(account) => account.to_string(),
        Target::Conversation(conversation) => conversation.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_handles_or_ids() {
        assert_eq!(conversation("@bob"), Ok(Target::Handle(Handle::parse("bob").unwrap())));
        let id = "ab".repeat(32);
        assert_eq!(conversation(&id), Ok(Target::Conversation(ConversationId::new([0xab; 32]))));
        assert!(conversation("bob").unwrap_err().contains("is it @bob?"));
        assert!(conversation("@Bob").is_err());
        assert!(message("ab").is_err());
        assert_eq!(written(&conversation("@bob").unwrap()), "@bob");
    }
}
