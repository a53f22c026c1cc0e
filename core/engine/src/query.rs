//! Read-only views over the tables.

use rand_core::CryptoRngCore;
use sotto_secrecy::{Group, Workspace};
use sotto_wire::ids::MessageId;

use crate::api::{AccountView, ConversationView, LegView, MessageView, Standing, Target};
use crate::engine::OutboxItem;
use crate::error::Step;
use crate::store::Db;
use crate::store::account::AccountState;
use crate::store::conversations::Conversation;
use crate::store::legs::{Leg, LegState};

pub(crate) fn account(db: Db<'_>) -> Step<Option<AccountView>> {
    Ok(db.account()?.map(|account| AccountView {
        account: account.account,
        handle: account.handle,
        display_name: account.display_name,
        server: account.server,
        device: account.device,
        registered: account.state == AccountState::Registered,
        independently_witnessed: false,
    }))
}

pub(crate) fn view(db: Db<'_>, conversation: &Conversation) -> Step<ConversationView> {
    Ok(ConversationView {
        id: conversation.id,
        peer: conversation.peer,
        handle: conversation.handle.clone(),
        display_name: conversation.display_name.clone(),
        verified: false,
        standing: conversation.standing,
        last: db.last_line(conversation.key)?,
        waiting: db.waiting_count(Some(conversation.key))?,
    })
}

pub(crate) fn conversations(db: Db<'_>) -> Step<Vec<ConversationView>> {
    let mut views = with_standing(db, Standing::Open)?;
    views.sort_by_key(|view| {
        let last = view.last.as_ref();
        std::cmp::Reverse(last.map(|line| line.minute.map_or(line.sent_at.0, |minute| minute.0 * 60_000)))
    });
    Ok(views)
}

pub(crate) fn requests(db: Db<'_>) -> Step<Vec<ConversationView>> {
    with_standing(db, Standing::Request)
}

fn with_standing(db: Db<'_>, standing: Standing) -> Step<Vec<ConversationView>> {
    let all = db.conversations()?;
    all.iter().filter(|conversation| conversation.standing == standing).map(|one| view(db, one)).collect()
}

pub(crate) fn resolve(db: Db<'_>, target: &Target) -> Step<Option<ConversationView>> {
    db.find_conversation(target)?.map(|conversation| view(db, &conversation)).transpose()
}

pub(crate) fn history(
    db: Db<'_>,
    target: &Target,
    limit: usize,
    before: Option<MessageId>,
) -> Step<Vec<MessageView>> {
    match db.find_conversation(target)? {
        Some(conversation) => db.timeline(conversation.key, limit, before),
        None => Ok(Vec::new()),
    }
}

pub(crate) fn legs(db: Db<'_>, entropy: &mut dyn CryptoRngCore) -> Step<Vec<LegView>> {
    db.legs()?.iter().map(|one| leg(db, entropy, one)).collect()
}

fn leg(db: Db<'_>, entropy: &mut dyn CryptoRngCore, leg: &Leg) -> Step<LegView> {
    let group = Group::load(&Workspace::new(&db, entropy), leg.topic)?;
    Ok(LegView {
        topic: leg.topic,
        conversation: db.conversation(leg.conversation)?.id,
        writable: leg.state == LegState::Active,
        cursor: leg.cursor,
        chain: leg.chain,
        epoch: group.as_ref().map(Group::epoch),
        authenticator: group.as_ref().map(Group::authenticator).unwrap_or_default(),
    })
}

pub(crate) fn outbox(db: Db<'_>) -> Step<Vec<OutboxItem>> {
    let items = db.all_items()?;
    let public = |item: &crate::store::outbox::Item| OutboxItem {
        item: item.key.0,
        kind: item.kind,
        state: item.state,
        topic: item.topic,
    };
    Ok(items.iter().map(public).collect())
}
