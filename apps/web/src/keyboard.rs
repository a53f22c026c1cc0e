//! Which key does what: the same everywhere, and listed on the `?` sheet.

/// A key as the browser tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Press<'a> {
    /// `KeyboardEvent.key`.
    pub(crate) key: &'a str,
    /// Ctrl, or ⌘ on a Mac.
    pub(crate) command: bool,
    /// Alt.
    pub(crate) alt: bool,
    /// Whether a text is being written: then a letter is a letter.
    pub(crate) typing: bool,
}

/// What a key asks for, wherever the focus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// Jump to anything.
    Jump,
    /// The conversation below.
    Next,
    /// The conversation above.
    Previous,
    /// One layer less.
    Close,
    /// All keys.
    Keys,
}

/// What a key asks for.
pub(crate) fn shortcut(press: Press<'_>) -> Option<Shortcut> {
    match press {
        Press { key: "k" | "K", command: true, alt: false, .. } => Some(Shortcut::Jump),
        Press { key: "ArrowDown", command: false, alt: true, .. } => Some(Shortcut::Next),
        Press { key: "ArrowUp", command: false, alt: true, .. } => Some(Shortcut::Previous),
        Press { key: "Escape", .. } => Some(Shortcut::Close),
        Press { key: "?", command: false, typing: false, .. } => Some(Shortcut::Keys),
        _ => None,
    }
}

/// Where the focus goes inside a list of `count` rows that is one stop of the Tab key.
pub(crate) fn rove(key: &str, at: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowDown" => Some((at + 1).min(last)),
        "ArrowUp" => Some(at.saturating_sub(1)),
        "Home" => Some(0),
        "End" => Some(last),
        "PageDown" => Some((at + 8).min(last)),
        "PageUp" => Some(at.saturating_sub(8)),
        _ => None,
    }
}

/// The row a step away from the open one; from none, the first or the last.
pub(crate) fn neighbour<K: PartialEq + Copy>(keys: &[K], open: Option<K>, shortcut: Shortcut) -> Option<K> {
    let at = open.and_then(|open| keys.iter().position(|key| *key == open));
    let to = match (shortcut, at) {
        (Shortcut::Next, Some(at)) => at + 1,
        (Shortcut::Previous, Some(at)) => at.checked_sub(1)?,
        (Shortcut::Next, None) => 0,
        (Shortcut::Previous, None) => keys.len().checked_sub(1)?,
        _ => return None,
    };
    keys.get(to).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press { key, command: false, alt: false, typing: false }
    }

    #[test]
    fn a_question_mark_in_a_message_is_a_question_mark() {
        assert_eq!(shortcut(press("?")), Some(Shortcut::Keys));
        assert_eq!(shortcut(Press { typing: true, ..press("?") }), None);
    }

    #[test]
    fn the_jump_key_works_while_writing() {
        assert_eq!(shortcut(Press { command: true, typing: true, ..press("k") }), Some(Shortcut::Jump));
        assert_eq!(shortcut(press("k")), None);
    }

    #[test]
    fn arrows_change_the_conversation_only_with_alt() {
        assert_eq!(shortcut(press("ArrowDown")), None);
        assert_eq!(shortcut(Press { alt: true, typing: true, ..press("ArrowDown") }), Some(Shortcut::Next));
    }

    #[test]
    fn the_next_conversation_stops_at_the_end() {
        assert_eq!(neighbour(&[1, 2, 3], Some(2), Shortcut::Next), Some(3));
        assert_eq!(neighbour(&[1, 2, 3], Some(3), Shortcut::Next), None);
        assert_eq!(neighbour(&[1, 2, 3], Some(1), Shortcut::Previous), None);
        assert_eq!(neighbour(&[1, 2, 3], None, Shortcut::Next), Some(1));
        assert_eq!(neighbour(&[1, 2, 3], None, Shortcut::Previous), Some(3));
        assert_eq!(neighbour::<u8>(&[], None, Shortcut::Previous), None);
    }

    #[test]
    fn roving_stays_inside_the_list() {
        assert_eq!(rove("ArrowUp", 0, 3), Some(0));
        assert_eq!(rove("ArrowDown", 2, 3), Some(2));
        assert_eq!(rove("End", 0, 3), Some(2));
        assert_eq!(rove("ArrowDown", 0, 0), None);
        assert_eq!(rove("x", 0, 3), None);
    }
}
