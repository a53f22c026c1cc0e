//! What other members send: messages and commits, opened, checked and applied.
//!
//! An error says what to do next. `Invalid` is only what every member sees alike; what this member alone cannot do
//! (a path that does not open here, a missing key, failing rows) never counts as invalid (protocol §5).

use openmls::framing::errors::MessageDecryptionError;
use openmls::group::{ProcessMessageError, StageCommitError, ValidationError};
use openmls::prelude::{
    ContentType, MlsMessageBodyIn, MlsMessageIn, PrivateMessageIn, ProcessedMessageContent, ProtocolMessage,
    PublicMessageIn, Sender,
};
use openmls_traits::OpenMlsProvider as _;

use super::{Applied, Group, Received};
use crate::codec;
use crate::error::{CannotDecrypt, ReceiveError};
use crate::overlay::Fault;
use crate::validity::{self, Invalid};
use crate::workspace::Workspace;

impl Group {
    /// Opens an application message.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`ReceiveError`].
    pub fn receive_application(
        &mut self,
        ws: &Workspace<'_>,
        mls_message: &[u8],
    ) -> Result<Received, ReceiveError> {
        self.still_member()?;
        let message = self.private_message(mls_message)?;
        let processed = self.process(ws, ProtocolMessage::PrivateMessage(message))?;
        let auth = validity::authenticated(processed.aad())?;
        let Sender::Member(index) = *processed.sender() else { return Err(Invalid::Sender.into()) };
        let sender = self.member_at(index).ok_or(Invalid::Sender)?;
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                Ok(Received { sender, auth, payload: message.into_bytes() })
            }
            ProcessedMessageContent::OwnPrivateMessage => Err(ReceiveError::Own),
            _ => Err(Invalid::Malformed.into()),
        }
    }

    /// Checks a commit of another member and merges it. Before the changes are written the caller checks the membership
    /// invariant when leaves or pins changed.
    ///
    /// # Errors
    /// Sorted by what the caller does next, see [`ReceiveError`].
    pub fn receive_handshake(
        &mut self,
        ws: &Workspace<'_>,
        mls_message: &[u8],
    ) -> Result<Applied, ReceiveError> {
        self.still_member()?;
        let message = self.public_message(mls_message)?;
        // First what all members can see, so that the answer does not depend on what only we can decrypt.
        let public = self
            .mls
            .public_group()
            .process_message(ws.mls().crypto(), message.clone())
            .map_err(|_| Invalid::Mls)?;
        let valid = validity::check_commit(self.mls.public_group(), &self.state, &public)?;
        if valid.committer == self.mls.own_leaf_index() {
            return Err(ReceiveError::Own);
        }
        let ProcessedMessageContent::StagedCommitMessage(commit) = self.process(ws, message)?.into_content()
        else {
            return Err(Invalid::Malformed.into());
        };
        let merged = self.mls.merge_staged_commit(ws.mls(), *commit);
        ws.mls().settle(merged)?.map_err(|_| CannotDecrypt::Internal)?;
        self.refresh().map_err(|_| CannotDecrypt::Internal)?;
        Ok(Applied { sender: valid.sender, auth: valid.auth, change: valid.change })
    }

    /// A removed member sees less than the others: nothing it says about a message is their answer.
    fn still_member(&self) -> Result<(), CannotDecrypt> {
        if self.is_member() { Ok(()) } else { Err(CannotDecrypt::Removed) }
    }

    fn process(
        &mut self,
        ws: &Workspace<'_>,
        message: ProtocolMessage,
    ) -> Result<openmls::prelude::ProcessedMessage, ReceiveError> {
        let processed = self.mls.process_message(ws.mls(), message);
        ws.mls().settle(processed)?.map_err(sorted)
    }

    /// Rules 1 and 2 for an application message. Its epoch is the current one: an entry quotes the head it was made
    /// under, and a member who has just joined has no older epoch to open it with.
    fn private_message(&self, bytes: &[u8]) -> Result<PrivateMessageIn, Invalid> {
        match body(bytes)? {
            MlsMessageBodyIn::PrivateMessage(message)
                if message.content_type() == ContentType::Application =>
            {
                let here = message.group_id() == self.mls.group_id() && message.epoch() == self.mls.epoch();
                if here { Ok(message) } else { Err(Invalid::Epoch) }
            }
            _ => Err(Invalid::Malformed),
        }
    }

    /// Rules 1-3 for a handshake.
    fn public_message(&self, bytes: &[u8]) -> Result<ProtocolMessage, Invalid> {
        let message: PublicMessageIn = match body(bytes)? {
            MlsMessageBodyIn::PublicMessage(message) if message.content_type() == ContentType::Commit => {
                message
            }
            _ => return Err(Invalid::Malformed),
        };
        if message.group_id() != self.mls.group_id() || message.epoch() != self.mls.epoch() {
            return Err(Invalid::Epoch);
        }
        match message.sender() {
            Sender::Member(_) => Ok(ProtocolMessage::PublicMessage(Box::new(message))),
            _ => Err(Invalid::Sender),
        }
    }
}

fn body(bytes: &[u8]) -> Result<MlsMessageBodyIn, Invalid> {
    codec::read(bytes).map(MlsMessageIn::extract).ok_or(Invalid::Malformed)
}

/// Sorts what OpenMLS says by whether every member hears the same.
fn sorted(error: ProcessMessageError<Fault>) -> ReceiveError {
    match error {
        ProcessMessageError::StorageError(fault) => fault.into(),
        ProcessMessageError::LibraryError(_) => CannotDecrypt::Internal.into(),
        ProcessMessageError::GroupStateError(_) => CannotDecrypt::Removed.into(),
        ProcessMessageError::ValidationError(error) => opened(error),
        ProcessMessageError::InvalidCommit(error) => match error {
            StageCommitError::OwnCommitMismatch => ReceiveError::Own,
            StageCommitError::LibraryError(_) => CannotDecrypt::Internal.into(),
            StageCommitError::MissingDecryptionKey | StageCommitError::OwnKeyNotFound => {
                CannotDecrypt::Key.into()
            }
            // The public part has been checked: what is left of a path is this member's own share.
            StageCommitError::UpdatePathError(_) => CannotDecrypt::Path.into(),
            _ => Invalid::Mls.into(),
        },
        _ => Invalid::Mls.into(),
    }
}

/// A message key follows from the epoch, the sender and the generation: all members fail alike.
fn opened(error: ValidationError) -> ReceiveError {
    match error {
        ValidationError::UnableToDecrypt(MessageDecryptionError::SecretTreeError(_))
        | ValidationError::UnableToDecrypt(MessageDecryptionError::GenerationOutOfBound) => {
            Invalid::Generation.into()
        }
        ValidationError::UnableToDecrypt(_) => Invalid::Ciphertext.into(),
        ValidationError::NoPastEpochData => CannotDecrypt::Key.into(),
        ValidationError::LibraryError(_) => CannotDecrypt::Internal.into(),
        _ => Invalid::Mls.into(),
    }
}
