//! The directory: which name means which file, now and after a power cut.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::RngCore;

/// A file, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inode(pub(crate) u64);

#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    current: BTreeMap<String, Inode>,
    durable: BTreeMap<String, Inode>,
    /// In order: a name came to mean a file, or nothing.
    unsynced: Vec<(String, Option<Inode>)>,
}

impl Names {
    pub(crate) fn get(&self, name: &str) -> Option<Inode> {
        self.current.get(name).copied()
    }

    pub(crate) fn durable(&self, name: &str) -> Option<Inode> {
        self.durable.get(name).copied()
    }

    /// Every name that means a file now or may mean one after a power cut.
    pub(crate) fn all(&self) -> BTreeSet<&str> {
        self.current.keys().chain(self.durable.keys()).map(String::as_str).collect()
    }

    /// Every file that a name means, or may mean after a power cut.
    pub(crate) fn inodes(&self) -> BTreeSet<Inode> {
        let waiting = self.unsynced.iter().filter_map(|(_, inode)| *inode);
        self.current.values().chain(self.durable.values()).copied().chain(waiting).collect()
    }

    pub(crate) fn create(&mut self, name: &str, inode: Inode) {
        self.current.insert(name.to_owned(), inode);
        self.unsynced.push((name.to_owned(), Some(inode)));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.current.remove(name);
        self.unsynced.push((name.to_owned(), None));
    }

    /// The file is synced: the name it was given is durable, and so is what that name meant before. A later deletion
    /// still waits.
    pub(crate) fn sync_file(&mut self, inode: Inode) {
        let Some(at) = self.unsynced.iter().rposition(|(_, means)| *means == Some(inode)) else { return };
        let name = self.unsynced[at].0.clone();
        let mut index = 0;
        self.unsynced.retain(|(other, _)| {
            index += 1;
            index > at + 1 || *other != name
        });
        self.durable.insert(name, inode);
    }

    /// The directory is synced.
    pub(crate) fn sync_all(&mut self) {
        self.unsynced.clear();
        self.durable.clone_from(&self.current);
    }

    /// Each name by itself stays at some point between its last sync and now.
    pub(crate) fn power_cut(&mut self, rng: &mut impl RngCore) {
        let mut waiting: BTreeMap<String, Vec<Option<Inode>>> = BTreeMap::new();
        for (name, inode) in self.unsynced.drain(..) {
            waiting.entry(name).or_default().push(inode);
        }
        for (name, history) in waiting {
            let done = crate::power::below(rng, history.len() + 1);
            match history[..done].last() {
                Some(Some(inode)) => drop(self.durable.insert(name, *inode)),
                Some(None) => drop(self.durable.remove(&name)),
                None => {}
            }
        }
        self.current.clone_from(&self.durable);
    }
}
