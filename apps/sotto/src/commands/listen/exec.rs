//! `--exec`: a program for each event, which gets texts on standard input and never on its command line.

use std::process::Stdio;

use sotto_engine::api::Event;
use sotto_native::Notice;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::client::Client;
use crate::failure::Failure;
use crate::person::SECRET_VARIABLES;
use crate::record::{About, EventRecord, about};

/// The program, as the shell reads it.
pub(super) struct Exec(String);

impl Exec {
    pub(super) fn new(command: String) -> Self {
        Self(command)
    }

    /// Runs it for a notice that somebody acts on, to its end. A program that fails is told about and not repeated.
    pub(super) async fn run(&self, notice: &Notice, client: &mut Client) -> Result<(), Failure> {
        if about(notice) != About::News {
            return Ok(());
        }
        let record = EventRecord::from(notice);
        let mut json = serde_json::to_vec(&record).map_err(std::io::Error::from)?;
        json.push(b'\n');
        let mut command = self.command(notice, &record);
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A program that does not read its input is free not to.
            let _ = input.write_all(&json).await;
        }
        let status = tokio::select! {
            status = child.wait() => status?,
            () = client.stopped() => return Err(Failure::stopped()),
        };
        if !status.success() {
            client.screen.note(&format!("the command of --exec failed ({status})"));
        }
        Ok(())
    }

    fn command(&self, notice: &Notice, record: &EventRecord<'_>) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.0).stdin(Stdio::piped()).kill_on_drop(true);
        for name in SECRET_VARIABLES {
            command.env_remove(name);
        }
        command.env("SOTTO_EVENT", record.name());
        for (name, value) in variables(notice) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Ids and handles only: their alphabets hold nothing that a shell obeys.
fn variables(notice: &Notice) -> [(&'static str, Option<String>); 3] {
    let (conversation, sender, message) = match notice.event() {
        Some(Event::Message { message }) => {
            (message.conversation, message.sender_handle.clone(), Some(message.id))
        }
        Some(Event::Request { conversation }) => (conversation.id, conversation.handle.clone(), None),
        Some(Event::Alarm { alarm }) => (alarm.conversation, None, None),
        _ => (None, None, None),
    };
    [
        ("SOTTO_CONVERSATION", conversation.map(|id| id.to_string())),
        ("SOTTO_SENDER", sender.map(|handle| handle.to_string())),
        ("SOTTO_MESSAGE", message.map(|id| id.to_string())),
    ]
}
