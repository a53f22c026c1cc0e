//! What a worker remembers of its page, so that whoever holds the database next can go on where the last one stopped:
//! what was asked and not answered, and where the page is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sotto_view::Action;
use sotto_view::keys::ConversationKey;

use crate::limits::ACTIONS_UNDER_WAY_MAX;
use crate::protocol::ActionId;

/// A secret of one action: what the action makes is drawn from it, so that asking again makes the same, or finds it made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes fresh random bytes.
    pub fn new(fresh: [u8; 32]) -> Self {
        Self(fresh)
    }

    /// Shows it.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// An action on its way to whoever holds the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// Its number, for the answer.
    pub id: ActionId,
    /// What.
    pub action: Action,
    /// Drawn when the page asked, and kept when it is asked again.
    pub seed: Seed,
    /// Whether a holder that is gone may have begun with it.
    pub again: bool,
}

impl Asked {
    /// Whether no page waits for an answer: it only brings a view to where the page is.
    pub fn is_unasked(&self) -> bool {
        self.id == ActionId(u64::MAX)
    }
}

/// What to do with the actions under way when the holder is gone.
#[derive(Debug, Default)]
pub struct Resumed {
    /// To be asked of the next holder, in this order, before anything else.
    pub ask: Vec<Asked>,
    /// To be answered with [`Outcome::Interrupted`](crate::protocol::Outcome::Interrupted).
    pub interrupted: Vec<ActionId>,
}

/// One page's memory.
#[derive(Debug, Default)]
pub struct Relay {
    under_way: BTreeMap<ActionId, Asked>,
    open: Option<Place>,
    contact: Option<ConversationKey>,
    draft: Option<(ConversationKey, String)>,
    is_shown: bool,
}

#[derive(Debug)]
enum Place {
    Conversation(ConversationKey),
    Handle(String),
}

impl Relay {
    /// Remembers an action before it is given to the holder. `None` when too many are under way.
    pub fn ask(&mut self, id: ActionId, action: Action, seed: Seed) -> Option<Asked> {
        if self.under_way.len() >= ACTIONS_UNDER_WAY_MAX {
            return None;
        }
        self.follow(&action);
        let asked = Asked { id, action, seed, again: false };
        self.under_way.insert(id, asked.clone());
        Some(asked)
    }

    /// The holder has answered. False for an answer that nobody waits for.
    pub fn answered(&mut self, id: ActionId) -> bool {
        self.under_way.remove(&id).is_some()
    }

    /// The holder is gone, or a first one is there: what the next one is to be asked. `was_given` says whether the
    /// actions under way had been given to a holder at all.
    pub fn resume(&mut self, was_given: bool) -> Resumed {
        let mut resumed = Resumed::default();
        if was_given {
            resumed.ask.extend(self.place());
        }
        for (id, mut asked) in std::mem::take(&mut self.under_way) {
            if was_given && !may_be_repeated(&asked.action) {
                resumed.interrupted.push(id);
                continue;
            }
            asked.again |= was_given;
            self.under_way.insert(id, asked.clone());
            resumed.ask.push(asked);
        }
        resumed
    }

    /// What brings a new holder's view to where the page is. Nobody waits for the answers.
    fn place(&self) -> Vec<Asked> {
        if !self.is_shown {
            return Vec::new();
        }
        let mut actions = vec![Action::Refresh];
        // Before the conversation opens, and with it what an earlier draft left in the tables.
        if let Some((conversation, text)) = &self.draft {
            actions.push(Action::Draft { conversation: *conversation, text: text.clone() });
        }
        match &self.open {
            Some(Place::Conversation(conversation)) => {
                actions.push(Action::Open { conversation: *conversation })
            }
            Some(Place::Handle(handle)) => actions.push(Action::OpenHandle { handle: handle.clone() }),
            None => {}
        }
        if let Some(conversation) = self.contact {
            actions.push(Action::OpenContact { conversation });
        }
        actions.into_iter().map(own).collect()
    }

    fn follow(&mut self, action: &Action) {
        match action {
            Action::Refresh => self.is_shown = true,
            Action::Open { conversation } => {
                self.open = Some(Place::Conversation(*conversation));
                self.draft = None;
            }
            Action::OpenHandle { handle } => {
                self.open = Some(Place::Handle(handle.clone()));
                self.draft = None;
            }
            Action::Close => (self.open, self.draft) = (None, None),
            Action::Draft { conversation, text } => self.draft = Some((*conversation, text.clone())),
            // The page's composer is empty now, whatever the tables still say.
            Action::Send { .. } => {
                self.draft = match &self.open {
                    Some(Place::Conversation(conversation)) => Some((*conversation, String::new())),
                    Some(Place::Handle(_)) | None => None,
                };
            }
            Action::DiscardDraft { .. } => self.draft = None,
            Action::OpenContact { conversation } => self.contact = Some(*conversation),
            Action::CloseContact => self.contact = None,
            _ => {}
        }
    }
}

/// What waited for the profile to open, in order, and before all of it what stands in composers by now: a conversation
/// that opens tells its draft, and must not tell an older one than the page has.
pub fn drafts_first<Tab: Clone + PartialEq>(waiting: Vec<(Tab, Asked)>) -> Vec<(Tab, Asked)> {
    let mut drafts: Vec<(Tab, Asked)> = Vec::new();
    for (tab, asked) in &waiting {
        if matches!(asked.action, Action::Draft { .. }) {
            drafts.retain(|(known, _)| known != tab);
            drafts.push((tab.clone(), own(asked.action.clone())));
        }
    }
    drafts.extend(waiting);
    drafts
}

/// Something that no page asked for. Number and seed mean nothing: it makes nothing, and nobody waits for its answer.
fn own(action: Action) -> Asked {
    Asked { id: ActionId(u64::MAX), action, seed: Seed([0; 32]), again: false }
}

/// Whether asking a second holder, when the first may have done it, comes to the same as asking once. A text is
/// recognised by its [`Seed`].
fn may_be_repeated(action: &Action) -> bool {
    // A new leg is a new leg each time; the words that were shown are gone with the holder that showed them.
    !matches!(
        action,
        Action::StartOver { .. } | Action::Prepare { .. } | Action::ConfirmWords { .. } | Action::Undo { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn asked(relay: &mut Relay, id: u64, action: Action) {
        relay.ask(ActionId(id), action, Seed::new(SEED)).unwrap();
    }

    fn send(text: &str) -> Action {
        Action::Send { text: text.to_owned() }
    }

    #[test]
    fn what_was_not_answered_is_asked_again_in_order_and_what_was_is_not() {
        let mut relay = Relay::default();
        for id in 1..=3 {
            asked(&mut relay, id, send("text"));
        }
        assert!(relay.answered(ActionId(2)));
        assert!(!relay.answered(ActionId(2)), "once");
        let resumed = relay.resume(true);
        let again: Vec<_> = resumed.ask.iter().map(|asked| (asked.id.0, asked.again)).collect();
        assert_eq!(again, [(1, true), (3, true)]);
        assert!(resumed.ask.iter().all(|asked| asked.seed == Seed::new(SEED)), "recognised by it");
        assert!(resumed.interrupted.is_empty());
    }

    #[test]
    fn what_no_holder_has_seen_is_simply_asked() {
        let mut relay = Relay::default();
        asked(&mut relay, 1, Action::StartOver { conversation: ConversationKey(1) });
        let resumed = relay.resume(false);
        assert_eq!(resumed.ask.len(), 1);
        assert!(!resumed.ask[0].again);
    }

    #[test]
    fn what_must_not_be_done_twice_is_answered_as_interrupted() {
        let mut relay = Relay::default();
        asked(&mut relay, 1, Action::StartOver { conversation: ConversationKey(1) });
        let resumed = relay.resume(true);
        assert!(resumed.ask.is_empty());
        assert_eq!(resumed.interrupted, [ActionId(1)]);
        assert!(!relay.answered(ActionId(1)), "answered already");
    }

    #[test]
    fn the_next_holder_is_brought_to_where_the_page_is() {
        let mut relay = Relay::default();
        asked(&mut relay, 1, Action::Refresh);
        asked(&mut relay, 2, Action::Open { conversation: ConversationKey(4) });
        asked(&mut relay, 3, Action::Draft { conversation: ConversationKey(4), text: "half".to_owned() });
        asked(&mut relay, 4, send("text"));
        for id in 1..=3 {
            relay.answered(ActionId(id));
        }
        let first: Vec<_> = relay.resume(true).ask.into_iter().map(|asked| asked.action).collect();
        let emptied = Action::Draft { conversation: ConversationKey(4), text: String::new() };
        let there = Action::Open { conversation: ConversationKey(4) };
        assert!(first == [Action::Refresh, emptied, there, send("text")]);
        asked(&mut relay, 5, Action::Close);
        relay.answered(ActionId(4));
        relay.answered(ActionId(5));
        let second: Vec<_> = relay.resume(true).ask.into_iter().map(|asked| asked.action).collect();
        assert!(second == [Action::Refresh]);
    }

    #[test]
    fn what_was_typed_last_is_known_before_a_conversation_opens() {
        let draft = |text: &str| Action::Draft { conversation: ConversationKey(4), text: text.to_owned() };
        let open = Action::Open { conversation: ConversationKey(4) };
        let mut relay = Relay::default();
        let mut ask =
            |tab: &'static str, id, action| (tab, relay.ask(ActionId(id), action, Seed::new(SEED)).unwrap());
        let waiting = vec![
            ask("one", 1, open.clone()),
            ask("two", 2, draft("theirs")),
            ask("one", 3, draft("ha")),
            ask("one", 4, send("text")),
            ask("one", 5, draft("half")),
        ];
        let actions: Vec<_> =
            drafts_first(waiting).into_iter().map(|(tab, asked)| (tab, asked.action)).collect();
        assert!(actions[..3] == [("two", draft("theirs")), ("one", draft("half")), ("one", open)]);
        assert!(
            actions[3..]
                == [
                    ("two", draft("theirs")),
                    ("one", draft("ha")),
                    ("one", send("text")),
                    ("one", draft("half")),
                ]
        );
    }

    #[test]
    fn a_page_that_asks_without_end_is_refused() {
        let mut relay = Relay::default();
        for id in 0..ACTIONS_UNDER_WAY_MAX as u64 {
            asked(&mut relay, id, Action::Refresh);
        }
        assert!(relay.ask(ActionId(u64::MAX), Action::Refresh, Seed::new(SEED)).is_none());
    }
}
