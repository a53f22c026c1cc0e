//! `sotto send`: queue a text and wait until the server has it.

use std::io::Read;

use clap::Args;
use sotto_engine::api::{Command, Event, Failure as Cause, MessageState, Refusal, Target};
use sotto_native::{Heard, Notice};
use sotto_wire::ids::MessageId;
use sotto_wire::limits::TEXT_BYTES_MAX;

use crate::client::Client;
use crate::failure::{Code, Failure};
use crate::record::{Other, failure_reason};
use crate::target;

/// Send a text: queues it, sends it, waits until the server has it
///
/// The words are joined by spaces. With `-`, standard input up to its end is one message, byte for byte. Ctrl-C leaves
/// the message queued: it leaves with the next command that goes online.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto send @bob See you at noon
  printf 'two\\nlines' | sotto send @bob -
  sotto send @bob -- --starts with dashes")]
pub(crate) struct Send {
    /// To whom: @name or a conversation's id
    #[arg(value_name = "CONV", value_parser = target::conversation)]
    to: Target,

    /// The text, or - for standard input
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,

    /// Queue only: it leaves with the next command that goes online
    #[arg(long)]
    no_wait: bool,
}

impl Send {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = read(&self.text, &mut std::io::stdin())?;
        let known = client.session.resolve(self.to.clone()).await?;
        let message = client.session.send(self.to.clone(), text).await?;
        let mut sending =
            Sending { to: target::written(&self.to), message, state: MessageState::Queued, cause: None };
        if known.is_none_or(|conversation| conversation.last.is_none() && !conversation.verified) {
            client.screen.note(&format!(
                "{} is unverified: only the server says that this name is theirs",
                sending.to
            ));
        }
        if self.no_wait || client.offline {
            return sending.show(client, true);
        }
        sending.show(client, false)?;
        client.session.go_online().await?;
        sending.wait(client).await?;
        sending.show(client, !client.screen.is_json())
    }
}

/// The words, or all of standard input; within the limit.
fn read(words: &[String], input: &mut impl Read) -> Result<String, Failure> {
    let text = match words {
        [dash] if dash == "-" => {
            let mut bytes = Vec::new();
            // One byte more than allowed is enough to know.
            let limit = u64::try_from(TEXT_BYTES_MAX).unwrap_or(u64::MAX) + 1;
            input.take(limit).read_to_end(&mut bytes)?;
            if bytes.len() > TEXT_BYTES_MAX {
                let what =
                    format!("The text is longer than a message can be: {TEXT_BYTES_MAX} bytes (64 KiB).");
                return Err(Failure { what, ..Failure::text_too_long(bytes.len(), TEXT_BYTES_MAX) });
            }
            String::from_utf8(bytes).map_err(|_| {
                Failure::new(
                    Code::NotUtf8,
                    "What is on standard input is not UTF-8 text.",
                    "Nothing was sent. Convert it first, with iconv for example.",
                )
            })?
        }
        words => words.join(" "),
    };
    match text.len() {
        0 => Err(Refusal::TextEmpty.into()),
        found if found > TEXT_BYTES_MAX => Err(Failure::text_too_long(found, TEXT_BYTES_MAX)),
        _ => Ok(text),
    }
}

/// One message on its way.
struct Sending {
    to: String,
    message: MessageId,
    state: MessageState,
    cause: Option<Cause>,
}

impl Sending {
    /// Until the server has the message and everything that the reader needs beside it.
    async fn wait(&mut self, client: &mut Client) -> Result<(), Failure> {
        let mut patience = client.patience();
        let sync = client.session.begin(Command::Sync).await;
        let mut synced = false;
        self.look(client).await?;
        while !(self.state == MessageState::Accepted && synced) {
            if self.state == MessageState::Failed {
                return Err(self.failure());
            }
            match client.next(&mut patience).await {
                Ok(Heard::Reply(ticket, result)) if ticket == sync => {
                    result.map_err(|error| self.still_queued(error.into()))?;
                    synced = true;
                }
                Ok(Heard::Reply(..)) => {}
                Ok(Heard::Notice(notice)) => self.hear(&notice, client).await?,
                Err(failure) if self.state == MessageState::Accepted => {
                    client.progress(&format!(
                        "the message is accepted; other work waits for the next command ({})",
                        failure.what
                    ));
                    return Ok(());
                }
                Err(failure) => return Err(self.still_queued(failure)),
            }
        }
        Ok(())
    }

    async fn hear(&mut self, notice: &Notice, client: &mut Client) -> Result<(), Failure> {
        match notice {
            Notice::Missed | Notice::Resumed => self.look(client).await?,
            Notice::Event { event } => match event.as_ref() {
                Event::MessageState { message, state, failure } if *message == self.message => {
                    (self.state, self.cause) = (*state, *failure);
                }
                _ => {}
            },
            Notice::Connection { .. } | Notice::Storage { .. } => {}
        }
        if self.state == MessageState::WaitingForKey {
            client.progress(&format!("waiting for {}'s key", self.to));
        }
        Ok(())
    }

    /// Takes the state from disk.
    async fn look(&mut self, client: &mut Client) -> Result<(), Failure> {
        if let Some(view) = client.session.message(self.message).await? {
            (self.state, self.cause) = (view.state, view.failure);
        }
        Ok(())
    }

    fn show(&self, client: &Client, text_too: bool) -> Result<(), Failure> {
        if !text_too && !client.screen.is_json() {
            return Ok(());
        }
        let record = Other::MessageState { message: self.message, state: self.state, failure: self.cause };
        client.screen.data(&record, || {
            let state = if self.state == MessageState::Accepted { "accepted" } else { "queued" };
            format!("{} {state}", self.message)
        })
    }

    fn failure(&self) -> Failure {
        if self.cause == Some(Cause::HandleUnknown) {
            return Refusal::HandleUnknown.into();
        }
        Failure::new(
            Code::NotSent,
            format!("The message was not sent: {}.", failure_reason(self.cause)),
            format!("When the reason is gone: sotto retry {}", self.to),
        )
    }

    /// What stopped the waiting did not stop the message.
    fn still_queued(&self, failure: Failure) -> Failure {
        let queued = format!(
            "Message {} stays queued; it leaves with the next command that goes online.",
            self.message
        );
        if self.state == MessageState::WaitingForKey {
            let what = format!("Waiting for {}'s key: none of their devices has one at the server.", self.to);
            return Failure::new(
                Code::WaitingForKey,
                what,
                "It leaves by itself once they have been online again.",
            )
            .and(&queued);
        }
        failure.and(&queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_joined_and_standard_input_is_taken_byte_for_byte() {
        let input = "  \u{feff}Grüße\r\n\n".as_bytes();
        assert_eq!(read(&words(&["a", "-", "b"]), &mut &input[..]).unwrap(), "a - b");
        assert_eq!(read(&words(&["-"]), &mut &input[..]).unwrap().as_bytes(), input);
    }

    #[test]
    fn what_cannot_be_a_message_is_refused_with_the_reason() {
        let refused = |given: &[&str], input: &[u8]| read(&words(given), &mut &input[..]).unwrap_err();
        assert_eq!(refused(&["-"], b"").code, Code::TextEmpty);
        assert_eq!(refused(&[""], b"").code, Code::TextEmpty);
        assert_eq!(refused(&["-"], b"\xff\xfe").code, Code::NotUtf8);
        let long = vec![b'a'; TEXT_BYTES_MAX + 1];
        for failure in [refused(&["-"], &long), refused(&[std::str::from_utf8(&long).unwrap()], b"")] {
            assert_eq!(failure.code, Code::TextTooLong);
            assert!(failure.what.contains("65536") && failure.what.contains("64 KiB"), "{}", failure.what);
        }
        let longest = vec![b'a'; TEXT_BYTES_MAX];
        assert_eq!(read(&words(&["-"]), &mut &longest[..]).unwrap().len(), TEXT_BYTES_MAX);
    }
}
