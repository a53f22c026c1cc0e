//! `secrecy` alone: encrypting and opening on the group that two engines made, with its rows in memory.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, ensure};
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sotto_secrecy::{
    Changes, DeviceKeys, EntryAddress, Group, Rows, RowsError, Workspace, frank, open_entry, seal_entry,
    verify_franking,
};
use sotto_wire::content::{ApplicationPayload, AuthenticatedData, Body, Content, Franking, GroupState};
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, Chain, ConversationId, MessageId, Millis, Seq, TopicId};
use sotto_wire::proto;

use crate::conversation::text;
use crate::samples::{Samples, Stopwatch};
use crate::world::{ALICE, BOB};

/// What one message costs `secrecy`: franking, MLS and envelope, with the group read from its rows and its changes
/// written to them each time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Groups {
    /// From the text to the entry's body.
    pub encrypt: Samples,
    /// From the entry's body to the text.
    pub decrypt: Samples,
    /// Reading the group from its rows, which is a part of either.
    pub load: Samples,
    /// Bytes of the entry's body.
    pub body_bytes: usize,
}

/// Rows in memory.
struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

impl Rows for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.0.get(key).cloned())
    }
}

impl Memory {
    fn write(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.0.insert(key, value)),
                None => drop(self.0.remove(&key)),
            }
        }
    }
}

/// One end: the rows and keys that an engine left in its database.
struct End {
    rows: Memory,
    keys: DeviceKeys,
    topic: TopicId,
    rng: ChaCha20Rng,
}

impl End {
    fn of(database: &Connection) -> anyhow::Result<Self> {
        let mut statement = database.prepare("SELECT key, value FROM mls")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows = Memory(rows.collect::<rusqlite::Result<_>>()?);
        let (account, device, secret) =
            database.query_row("SELECT account, device, device_secret FROM account", [], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; 32]>(2)?))
            })?;
        let topic: Vec<u8> = database.query_row("SELECT topic FROM legs", [], |row| row.get(0))?;
        Ok(Self {
            rows,
            keys: DeviceKeys::new(account.as_slice().try_into()?, device.as_slice().try_into()?, &secret),
            topic: topic.as_slice().try_into()?,
            rng: ChaCha20Rng::seed_from_u64(2),
        })
    }

    /// One operation on the group, with its changes written.
    fn on_group<T>(
        &mut self,
        operation: impl FnOnce(&mut Group, &Workspace<'_>, &DeviceKeys) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let workspace = Workspace::new(&self.rows, &mut self.rng);
        let mut group = Group::load(&workspace, self.topic)?.context("no group")?;
        let result = operation(&mut group, &workspace, &self.keys)?;
        let changes = workspace.into_changes();
        self.rows.write(changes);
        Ok(result)
    }

    fn load(&mut self) -> anyhow::Result<Group> {
        let workspace = Workspace::new(&self.rows, &mut self.rng);
        Group::load(&workspace, self.topic)?.context("no group")
    }

    fn encrypt(&mut self, said: &Said, text: String) -> anyhow::Result<(EntryAddress, Vec<u8>)> {
        let sent_at = Millis(1_800_000_000_000);
        let body = Body::Text(text);
        let message_id = MessageId::random(&mut self.rng);
        let content = Content { message_id, sent_at, sender_name: None, body }.encode();
        let franking = frank(&self.keys, &content, said.conversation, sent_at.minute(), &mut self.rng);
        let franking = Franking::try_from(&franking).map_err(|_| anyhow!("own franking"))?;
        let payload = ApplicationPayload { content, franking }.encode();
        let append_id = AppendId::random(&mut self.rng);
        let address =
            EntryAddress { topic: self.topic, kind: EntryKind::Application, head: Seq(1), append_id };
        self.on_group(|group, workspace, keys| {
            let mls = group.encrypt(workspace, keys, &payload, &said.auth)?;
            Ok((address, seal_entry(&group.envelope_key(workspace)?, address, &mls)))
        })
    }

    fn decrypt(&mut self, said: &Said, address: EntryAddress, body: &[u8]) -> anyhow::Result<Content> {
        let received = self.on_group(|group, workspace, _| {
            let mls = open_entry(&group.envelope_key(workspace)?, address, body)?;
            Ok(group.receive_application(workspace, &mls)?)
        })?;
        let payload = ApplicationPayload::parse(&Bytes::from(received.payload))?;
        let (sender, franking) = (received.sender, (&payload.franking).into());
        verify_franking(
            sender.key,
            sender.account,
            sender.device,
            said.conversation,
            &payload.content,
            &franking,
        )?;
        Ok(Content::parse(&payload.content)?)
    }
}

/// What every message of this measurement says beside its text.
struct Said {
    conversation: ConversationId,
    auth: proto::AuthenticatedData,
}

/// Alice encrypts and Bob opens `count` texts of `bytes` bytes, on the group that their engines made.
///
/// # Errors
/// When a text does not come out as it went in.
pub fn exchange(
    databases: &[Connection; 2],
    count: usize,
    bytes: usize,
    watch: Stopwatch,
) -> anyhow::Result<Groups> {
    let (mut alice, mut bob) = (End::of(&databases[ALICE])?, End::of(&databases[BOB])?);
    let state = GroupState::try_from(alice.load()?.state()).map_err(|_| anyhow!("the group's state"))?;
    let own_pin = state.member(alice.keys.account).context("not a member")?.pin;
    let auth = AuthenticatedData { seq: Seq(1), chain: Chain::new([3; 32]), own_pin, statement: None };
    let said = Said { conversation: state.conversation, auth: (&auth).into() };
    let mut costs = Groups::default();
    for number in 0..count {
        let sent = text(number, bytes);
        let (address, body) = costs.encrypt.time(watch, || alice.encrypt(&said, sent.clone()))?;
        let content = costs.decrypt.time(watch, || bob.decrypt(&said, address, &body))?;
        ensure!(content.body == Body::Text(sent), "message {number} came out differently");
        costs.load.time(watch, || bob.load())?;
        costs.body_bytes = body.len();
    }
    Ok(costs)
}
