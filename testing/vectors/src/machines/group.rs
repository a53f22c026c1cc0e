//! A group of devices that commit, write and receive in odd orders, with operations whose changes are lost.
//!
//! Promises: whoever applied the same commits agrees on the keys, and nobody else has them; a commit of one's own merges
//! once, and only where it was staged; a message opens once for everybody who is where it was written; nothing that was
//! changed on the way is applied; dropping an operation's changes undoes it; nothing ends in an error that is a bug.

use std::collections::BTreeMap;

use sotto_secrecy::{
    CannotDecrypt, DeviceKeys, Group, MergeError, ReceiveError, SecrecyError, StagedCommit, Workspace,
};

use super::choices::Choices;
use crate::devices::{Device, Quartet, auth, quartet, topic};

/// Which commits a device has applied, in order.
type Past = Vec<usize>;

struct Staged {
    by: usize,
    past: Past,
    commit: StagedCommit,
    /// Whether the fourth device is among those it adds.
    adds: bool,
}

struct Written {
    by: usize,
    past: Past,
    text: Vec<u8>,
    message: Vec<u8>,
    opened_by: Vec<usize>,
}

struct Story {
    devices: Vec<Device>,
    /// `None`: not in the group yet.
    pasts: Vec<Option<Past>>,
    staged: Vec<Staged>,
    written: Vec<Written>,
}

/// Commits and messages that are remembered: enough for any order, few enough for a short story.
const REMEMBERED_MAX: usize = 24;

/// Plays the story that the bytes tell.
pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let Quartet { devices, .. } = quartet().clone();
    let pasts = vec![Some(Vec::new()), Some(Vec::new()), Some(Vec::new()), None];
    let mut story = Story { devices: devices.into(), pasts, staged: Vec::new(), written: Vec::new() };
    for _ in 0..48 {
        if choices.is_over() {
            break;
        }
        story.step(&mut choices);
    }
    story.agrees();
}

impl Story {
    fn step(&mut self, choices: &mut Choices<'_>) {
        let who = choices.below(self.devices.len());
        match choices.below(8) {
            0 | 1 => self.stage(who, choices.one_in(3)),
            2 => self.write(who, choices.byte()),
            3 | 4 => self.commit_arrives(who, choices),
            5 => self.message_arrives(who, choices),
            6 => self.joins(who, choices),
            _ => self.forgets(who, choices),
        }
    }

    fn group<T>(
        &mut self,
        who: usize,
        operation: impl FnOnce(&mut Group, &Workspace<'_>, &DeviceKeys) -> T,
    ) -> Option<(T, sotto_secrecy::Changes)> {
        let (result, changes) = self.devices[who].try_out(|ws, keys| match Group::load(ws, topic()) {
            Ok(Some(mut group)) => Some(operation(&mut group, ws, keys)),
            Ok(None) => None,
            Err(error) => panic!("a group does not load: {error}"),
        });
        assert_eq!(
            result.is_some(),
            self.pasts[who].is_some(),
            "a group is here that should not be, or the reverse"
        );
        result.map(|result| (result, changes))
    }

    fn stage(&mut self, who: usize, adds: bool) {
        let late = quartet().late.clone();
        let staged = self.group(who, |group, ws, keys| match adds {
            true => group.stage_add(ws, keys, &[late], &auth(1)),
            false => group.stage_update(ws, keys, &auth(1)),
        });
        match staged {
            Some((Ok(commit), _)) if self.staged.len() < REMEMBERED_MAX => {
                let past = self.pasts[who].clone().unwrap_or_default();
                self.staged.push(Staged { by: who, past, commit, adds });
            }
            Some((Err(error), _)) => assert!(adds && matches!(error, SecrecyError::Refused(_)), "{error}"),
            _ => {}
        }
    }

    fn write(&mut self, who: usize, text: u8) {
        let text = vec![text; usize::from(text)];
        let encrypted = self.group(who, |group, ws, keys| group.encrypt(ws, keys, &text, &auth(2)));
        let Some((encrypted, changes)) = encrypted else { return };
        let message = encrypted.expect("a member can write");
        self.devices[who].store.write(changes);
        assert!(text.len() < 8 || !message.windows(8).any(|window| window == &text[..8]), "plaintext leaves");
        let past = self.pasts[who].clone().unwrap_or_default();
        if self.written.len() < REMEMBERED_MAX {
            self.written.push(Written { by: who, past, text, message, opened_by: Vec::new() });
        }
    }

    fn commit_arrives(&mut self, who: usize, choices: &mut Choices<'_>) {
        let Some(number) = (!self.staged.is_empty()).then(|| choices.below(self.staged.len())) else {
            return;
        };
        let here = self.pasts[who].clone();
        if self.staged[number].by == who {
            return self.merges(who, number, here);
        }
        let bytes = self.staged[number].commit.mls_message.clone();
        let sent = if choices.one_in(4) { choices.mutated(&bytes).to_vec() } else { bytes.clone() };
        let Some((applied, changes)) = self.group(who, |group, ws, _| group.receive_handshake(ws, &sent))
        else {
            return;
        };
        let fits = here.as_ref() == Some(&self.staged[number].past) && sent == bytes;
        // A changed byte may turn one known commit into itself only.
        assert_eq!(applied.is_ok(), fits, "{:?}", applied.as_ref().err());
        match applied {
            Ok(_) => {
                self.devices[who].store.write(changes);
                self.moves_on(who, number);
            }
            Err(error) => no_fault(error),
        }
    }

    fn merges(&mut self, who: usize, number: usize, here: Option<Past>) {
        let (staged, base) =
            (self.staged[number].commit.staged.clone(), self.staged[number].commit.base_epoch);
        let Some((merged, changes)) = self.group(who, |group, ws, _| group.merge_own(ws, &staged, base))
        else {
            return;
        };
        assert_eq!(merged.is_ok(), here.as_ref() == Some(&self.staged[number].past), "{merged:?}");
        match merged {
            Ok(()) => {
                self.devices[who].store.write(changes);
                self.moves_on(who, number);
            }
            Err(MergeError::Epoch { .. } | MergeError::Damaged) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn moves_on(&mut self, who: usize, number: usize) {
        if let Some(past) = &mut self.pasts[who] {
            past.push(number);
        }
    }

    fn message_arrives(&mut self, who: usize, choices: &mut Choices<'_>) {
        let Some(number) = (!self.written.is_empty()).then(|| choices.below(self.written.len())) else {
            return;
        };
        let bytes = self.written[number].message.clone();
        let sent = if choices.one_in(4) { choices.mutated(&bytes).to_vec() } else { bytes.clone() };
        let Some((received, changes)) = self.group(who, |group, ws, _| group.receive_application(ws, &sent))
        else {
            return;
        };
        let here = self.pasts[who].clone();
        let written = &mut self.written[number];
        let fits = here.as_ref() == Some(&written.past) && sent == bytes && written.by != who;
        assert_eq!(
            received.is_ok(),
            fits && !written.opened_by.contains(&who),
            "{:?}",
            received.as_ref().err()
        );
        match received {
            Ok(received) => {
                assert!(received.payload == written.text, "another text comes out");
                written.opened_by.push(who);
                self.devices[who].store.write(changes);
            }
            Err(error) => no_fault(error),
        }
    }

    /// The fourth device opens the Welcome of a commit that somebody merged.
    fn joins(&mut self, who: usize, choices: &mut Choices<'_>) {
        let adding: Vec<usize> = (0..self.staged.len()).filter(|number| self.staged[*number].adds).collect();
        let Some(number) = choices.one_of(&adding).copied() else { return };
        let commit = &self.staged[number].commit;
        let welcome = commit.welcome.clone().unwrap_or_default();
        let sent = if choices.one_in(4) { choices.mutated(&welcome).to_vec() } else { welcome.clone() };
        let joined = self.devices[who].join(&sent, &commit.ratchet_tree.clone());
        let fits = who == 3 && self.pasts[3].is_none() && sent == welcome;
        assert!(joined.is_ok() == fits, "{joined:?}");
        if fits {
            let mut past = self.staged[number].past.clone();
            past.push(number);
            self.pasts[3] = Some(past);
        }
    }

    /// An operation whose changes never reach the disk.
    fn forgets(&mut self, who: usize, choices: &mut Choices<'_>) {
        let staged = choices.one_of(&self.staged).map(|staged| {
            (
                staged.by == who,
                staged.commit.mls_message.clone(),
                staged.commit.staged.clone(),
                staged.commit.base_epoch,
            )
        });
        drop(self.group(who, |group, ws, keys| {
            let _ = group.encrypt(ws, keys, b"never sent", &auth(3)).is_ok();
            if let Some((own, message, staged, base)) = staged {
                let _ = if own {
                    group.merge_own(ws, &staged, base).is_ok()
                } else {
                    group.receive_handshake(ws, &message).is_ok()
                };
            }
        }));
    }

    /// Whoever has the same past has the same keys, and nobody else.
    fn agrees(&mut self) {
        let mut keys: BTreeMap<Past, [u8; 32]> = BTreeMap::new();
        for who in 0..self.devices.len() {
            let Some(past) = self.pasts[who].clone() else { continue };
            let Some((key, _)) = self.group(who, |group, ws, _| group.envelope_key(ws)) else { continue };
            let key = *key.expect("a member has the key").expose();
            assert_eq!(*keys.entry(past).or_insert(key), key, "one past, two keys");
        }
        let distinct: std::collections::BTreeSet<_> = keys.values().collect();
        assert_eq!(distinct.len(), keys.len(), "two pasts, one key");
    }
}

fn no_fault(error: ReceiveError) {
    let fault = matches!(
        error,
        ReceiveError::Storage(_)
            | ReceiveError::Corrupt
            | ReceiveError::CannotDecrypt(CannotDecrypt::Internal)
    );
    assert!(!fault, "{error}");
}

/// A few stories: each step is who, what, and its details.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        // The owner updates, all follow; the admin writes, all read, one of them twice.
        vec![0, 0, 0, 0, 3, 0, 1, 3, 0, 0, 2, 3, 0, 0, 1, 2, 9, 0, 5, 0, 0, 2, 5, 0, 0, 2, 5, 0, 0],
        // Owner and admin commit at once: one wins, the other's is lost.
        vec![0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 3, 0, 0, 1, 3, 1, 2, 3, 0, 0, 2, 3, 1, 0],
        // The fourth is added and reads what is written afterwards.
        vec![0, 0, 2, 0, 3, 0, 3, 6, 0, 0, 1, 3, 0, 0, 0, 2, 40, 3, 5, 0, 0, 1, 5, 0, 0],
        // Changed on the way, and forgotten.
        vec![1, 0, 0, 2, 3, 0, 3, 0, 0, 9, 0, 3, 1, 7, 0, 1, 7, 0, 0, 3, 0, 0, 1, 3, 0],
    ]
}
