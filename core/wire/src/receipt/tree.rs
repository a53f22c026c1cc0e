//! The Merkle tree of RFC 9162 §2.1 over leaf hashes: root, audit paths, and the way back from a path to the root.

use prost::bytes::Bytes;

use crate::digest::receipt_node;

type Hash = [u8; 32];

const HASH_BYTES: usize = size_of::<Hash>();

/// All levels, leaves first. An odd node at the end of a level rises unchanged, which gives the RFC's tree.
#[derive(Debug)]
pub(super) struct Tree {
    /// The hashes of each level, one after the other: a path shares them instead of copying each.
    levels: Vec<Bytes>,
    root: Option<Hash>,
}

impl Tree {
    pub(super) fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = Vec::new();
        let mut level = leaves;
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => receipt_node(left, right),
                alone => alone.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(Bytes::from(level.concat()));
            level = above;
        }
        Self { levels, root: level.first().copied() }
    }

    /// `None` without leaves.
    pub(super) fn root(&self) -> Option<Hash> {
        self.root
    }

    /// The siblings on the way from a leaf to the root.
    pub(super) fn path(&self, leaf: usize) -> Vec<Bytes> {
        let sibling = |(height, level): (usize, &Bytes)| {
            let at = ((leaf >> height) ^ 1) * HASH_BYTES;
            (at < level.len()).then(|| level.slice(at..at + HASH_BYTES))
        };
        self.levels.iter().enumerate().filter_map(sibling).collect()
    }
}

/// The root that a leaf and its path lead to; `None` when the path has not the length of its place
/// (RFC 9162 §2.1.3.2).
pub(super) fn root_from_path(index: u32, count: u32, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    let (mut node, mut last) = (index, count.checked_sub(1)?);
    let mut root = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = receipt_node(sibling, &root);
            // Skip the levels at which this node had no sibling.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = receipt_node(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition in RFC 9162 §2.1.1, word for word: an independent way to the same root.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                receipt_node(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    /// The definition in RFC 9162 §2.1.3.1.
    fn path_by_definition(leaf: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, other) = if leaf < left.len() {
            (path_by_definition(leaf, left), root_by_definition(right))
        } else {
            (path_by_definition(leaf - left.len(), right), root_by_definition(left))
        };
        path.push(other);
        path
    }

    fn path(tree: &Tree, leaf: usize) -> Vec<Hash> {
        tree.path(leaf).iter().map(|hash| hash.as_ref().try_into().unwrap()).collect()
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| [number as u8; 32]).collect()
    }

    #[test]
    fn roots_and_paths_are_those_of_the_rfc() {
        for count in 1..=130 {
            let leaves = leaves(count);
            let tree = Tree::new(leaves.clone());
            assert_eq!(tree.root(), Some(root_by_definition(&leaves)), "{count} leaves");
            for leaf in 0..count {
                assert_eq!(path(&tree, leaf), path_by_definition(leaf, &leaves), "leaf {leaf} of {count}");
            }
        }
    }

    #[test]
    fn every_path_leads_to_the_root_and_no_other_length_does() {
        for count in 1..=130 {
            let leaves = leaves(count);
            let tree = Tree::new(leaves.clone());
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(&tree, index);
                let climb = |path: &[Hash]| root_from_path(index as u32, count as u32, *leaf, path);
                assert_eq!(climb(&path), tree.root());
                assert_eq!(climb(&[path.as_slice(), &[[0; 32]]].concat()), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(climb(shorter), None);
                }
            }
        }
    }

    #[test]
    fn no_leaves_have_no_root() {
        assert_eq!(Tree::new(Vec::new()).root(), None);
        assert_eq!(root_from_path(0, 0, [0; 32], &[]), None);
    }
}
