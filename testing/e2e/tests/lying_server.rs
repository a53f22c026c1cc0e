//! An operator that lies about a *known* contact: swaps their keys, an inbox item, an entry's bytes or the order of
//! entries. Each time it is refused or reported, in the client's own words and by exit code 3, and nothing false is
//! shown.
//!
//! The operator sits in front of the real server and lies to one of the two. With `sotto_e2e::operator` it has the
//! server's own signing key: then the signatures are good, and only what people say to each other gives it away.

use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use prost::Message as _;
use serde_json::Value;
use sotto_e2e::operator::{self, Operator};
use sotto_e2e::plane::Plane;
use sotto_e2e::proxy::{Passing, Way};
use sotto_e2e::{Client, Proxy, Run, Stage, stage};
use sotto_engine::api::AccountView;
use sotto_wire::proto::{self, account_frame, topic_request};
use sotto_wire::topic::{Entry, EntryContent, TopicFrame};

/// What a command says when something is wrong that a hostile server might have done.
const ALARM: i32 = 3;

/// Two contacts, one of whom is lied to.
struct Play {
    stage: Stage,
    proxy: Proxy,
    /// Whom the operator lies to.
    victim: Client,
    friend: Client,
}

impl Play {
    fn new() -> anyhow::Result<Self> {
        let stage = Stage::new()?;
        let proxy = Proxy::start()?;
        proxy.forward_to(stage.server.address());
        let victim = stage.stranger("victim");
        victim.register(&proxy.url())?;
        let friend = stage.person("friend")?;
        stage::introduce(&friend, &victim)?;
        Ok(Self { stage, proxy, victim, friend })
    }

    /// The kinds of alarm that the victim's client shows.
    fn alarms(&self) -> anyhow::Result<Vec<String>> {
        let alarms = self.victim.run(&["--json", "--offline", "alarms"])?;
        let kind = |alarm: &Value| alarm["kind"].as_str().map(str::to_owned);
        alarms.json()?.iter().map(|alarm| kind(alarm).with_context(|| format!("{alarm}"))).collect()
    }

    /// Exactly this kind of alarm was raised.
    fn is_alarmed(&self, expected: &str) -> anyhow::Result<()> {
        let alarms = self.alarms()?;
        ensure!(!alarms.is_empty() && alarms.iter().all(|kind| kind == expected), "{expected}: {alarms:?}");
        Ok(())
    }

    /// What the victim has on the screen.
    fn seen(&self) -> anyhow::Result<Vec<Option<String>>> {
        let lines = self.victim.run(&["--json", "--offline", "history", &self.friend.at()])?.json()?;
        Ok(lines.iter().map(|line| line["text"].as_str().map(str::to_owned)).collect())
    }

    fn begins_honestly(&self) -> anyhow::Result<()> {
        let seen = self.seen()?;
        ensure!(seen == texts(&["May I write to you?", "Yes."]), "{seen:?}");
        ensure!(self.alarms()?.is_empty(), "an honest server raises no alarm");
        Ok(())
    }
}

fn texts(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

/// The exit code that says "alarm", with words on standard error.
fn alarmed(run: &Run) -> anyhow::Result<()> {
    ensure!(run.code == ALARM, "exit code {}: {}{}", run.code, run.stderr, run.stdout);
    ensure!(run.stderr.contains("ALARM"), "the person is told: {}", run.stderr);
    Ok(())
}

fn ids_of(client: &Client) -> anyhow::Result<AccountView> {
    let mut there = client.listen()?;
    let account = there.account()?;
    there.end()?;
    Ok(account)
}

/// Changes what a client asks for on the topic plane.
fn asking_otherwise(
    mut change: impl FnMut(&mut topic_request::Request) + Send + 'static,
) -> impl FnMut(&Passing) -> Vec<Bytes> + Send + 'static {
    move |passing| {
        if passing.way == Way::ToServer
            && passing.plane == Plane::Topic
            && let Ok(mut request) = proto::TopicRequest::decode(passing.frame.clone())
            && let Some(asked) = &mut request.request
        {
            change(asked);
            return vec![request.encode_to_vec().into()];
        }
        vec![passing.frame.clone()]
    }
}

#[test]
fn a_known_contacts_key_package_that_is_somebody_elses_is_refused() -> anyhow::Result<()> {
    let play = Play::new()?;
    play.begins_honestly()?;
    let mallory = play.stage.person("mallory")?;
    let theirs = ids_of(&mallory)?;
    // The server hands out a key package that is genuine, fresh, and Mallory's.
    play.proxy.meddle(asking_otherwise(move |asked| {
        if let topic_request::Request::ClaimKeyPackage(claim) = asked {
            claim.account_id = theirs.account.into();
            claim.device_id = theirs.device.into();
        }
    }));
    alarmed(&play.victim.run(&["start-over", &play.friend.at()])?)?;
    play.is_alarmed("contact_key_refused")?;
    ensure!(mallory.json(&["requests"])?.is_empty(), "nothing has reached Mallory");
    play.proxy.be_honest();
    play.victim.run(&["send", &play.friend.at(), "Is it still you?"])?;
    let there = play.friend.texts(&play.victim)?;
    ensure!(there == ["May I write to you?", "Yes.", "Is it still you?"], "{there:?}");
    Ok(())
}

#[test]
fn a_known_contacts_device_list_that_is_somebody_elses_is_refused() -> anyhow::Result<()> {
    let play = Play::new()?;
    let mallory = play.stage.person("mallory")?;
    let theirs = ids_of(&mallory)?;
    play.proxy.meddle(asking_otherwise(move |asked| match asked {
        topic_request::Request::FetchLists(fetch) => {
            *fetch = proto::FetchLists { account_id: theirs.account.into(), after: None };
        }
        topic_request::Request::ClaimKeyPackage(claim) => {
            claim.account_id = theirs.account.into();
            claim.device_id = theirs.device.into();
        }
        _ => {}
    }));
    alarmed(&play.victim.run(&["start-over", &play.friend.at()])?)?;
    play.is_alarmed("contact_list_conflict")?;
    ensure!(mallory.json(&["requests"])?.is_empty(), "nothing has reached Mallory");
    play.begins_after(&["May I write to you?", "Yes."])
}

impl Play {
    fn begins_after(&self, expected: &[&str]) -> anyhow::Result<()> {
        let seen = self.seen()?;
        ensure!(seen == texts(expected), "nothing false is shown: {seen:?}");
        Ok(())
    }
}

/// Changes the inbox items on their way to the victim.
fn delivering_otherwise(
    mut change: impl FnMut(&mut proto::InboxItem) + Send + 'static,
) -> impl FnMut(&Passing) -> Vec<Bytes> + Send + 'static {
    move |passing| {
        if passing.way == Way::ToClient
            && passing.plane == Plane::Account
            && let Ok(mut frame) = proto::AccountFrame::decode(passing.frame.clone())
            && let Some(account_frame::Frame::InboxItems(items)) = &mut frame.frame
        {
            items.items.iter_mut().for_each(&mut change);
            return vec![frame.encode_to_vec().into()];
        }
        vec![passing.frame.clone()]
    }
}

fn with_a_flipped_bit(bytes: &Bytes) -> Bytes {
    let mut changed = bytes.to_vec();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    changed.into()
}

#[test]
fn an_inbox_item_with_one_bit_changed_is_reported() -> anyhow::Result<()> {
    let play = Play::new()?;
    play.friend.done(&["start-over", &play.victim.at()])?;
    play.proxy.meddle(delivering_otherwise(|item| item.sealed = with_a_flipped_bit(&item.sealed)));
    alarmed(&play.victim.run(&["sync"])?)?;
    play.is_alarmed("inbox_item_refused")?;
    play.begins_after(&["May I write to you?", "Yes."])
}

#[test]
fn an_earlier_inbox_item_in_place_of_a_new_one_is_reported_and_shows_nothing() -> anyhow::Result<()> {
    let play = Play::new()?;
    let seen: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let keep = seen.clone();
    play.proxy.meddle(delivering_otherwise(move |item| {
        let mut seen = keep.lock().unwrap();
        match seen.first() {
            None => seen.push(item.sealed.clone()),
            Some(earlier) => item.sealed = earlier.clone(),
        }
    }));
    play.friend.done(&["start-over", &play.victim.at()])?;
    play.victim.done(&["sync"])?;
    play.friend.done(&["start-over", &play.victim.at()])?;
    alarmed(&play.victim.run(&["sync"])?)?;
    ensure!(seen.lock().unwrap().len() == 1, "two items have passed");
    play.is_alarmed("inbox_item_refused")?;
    play.begins_after(&["May I write to you?", "Yes."])
}

/// Changes deliveries of entries without having the key that signs them.
fn meddling_with_entries(
    mut change: impl FnMut(&mut Vec<Entry>) + Send + 'static,
) -> impl FnMut(&Passing) -> Vec<Bytes> + Send + 'static {
    move |passing| {
        if operator::is_delivery(passing)
            && let Ok(mut entries) = operator::entries_in(&passing.frame)
        {
            change(&mut entries.entries);
            return vec![TopicFrame::Entries(entries).encode()];
        }
        vec![passing.frame.clone()]
    }
}

/// The same by somebody who has the key.
fn telling(
    mut operator: Operator,
    mut change: impl FnMut(&mut Vec<Entry>) + Send + 'static,
) -> impl FnMut(&Passing) -> Vec<Bytes> + Send + 'static {
    move |passing| {
        if operator::is_delivery(passing)
            && let Ok(frame) = operator.tell(&passing.frame, &mut change)
        {
            return vec![frame];
        }
        vec![passing.frame.clone()]
    }
}

fn change_a_body(entries: &mut [Entry]) {
    for entry in entries.iter_mut().filter(|entry| operator::is_message(entry)) {
        if let EntryContent::Body(body) = &mut entry.content {
            *body = with_a_flipped_bit(body);
        }
    }
}

/// The first two messages that stand next to each other change places.
fn swap_two(entries: &mut [Entry]) -> bool {
    let pair = |at: &usize| operator::is_message(&entries[*at - 1]) && operator::is_message(&entries[*at]);
    let Some(at) = (1..entries.len()).find(pair) else { return false };
    let (one, other) = (entries[at - 1].seq, entries[at].seq);
    entries.swap(at - 1, at);
    // Places stay in order; it is the messages that move.
    (entries[at - 1].seq, entries[at].seq) = (one, other);
    true
}

#[test]
fn an_entrys_bytes_changed_without_the_key_are_refused_until_the_truth_arrives() -> anyhow::Result<()> {
    let play = Play::new()?;
    play.proxy.meddle(meddling_with_entries(|entries| change_a_body(entries)));
    play.friend.done(&["send", &play.victim.at(), "Meet me at noon."])?;
    alarmed(&play.victim.run(&["--wait", "5", "sync"])?)?;
    play.is_alarmed("server_signature_wrong")?;
    play.begins_after(&["May I write to you?", "Yes."])?;
    play.proxy.be_honest();
    play.victim.run(&["sync"])?;
    play.begins_after(&["May I write to you?", "Yes.", "Meet me at noon."])
}

#[test]
fn an_entrys_bytes_changed_and_signed_by_the_operator_are_reported_in_their_place() -> anyhow::Result<()> {
    let play = Play::new()?;
    play.proxy.meddle(telling(Operator::of(play.stage.server.data())?, |entries| change_a_body(entries)));
    play.friend.done(&["send", &play.victim.at(), "Meet me at noon."])?;
    alarmed(&play.victim.run(&["--wait", "5", "sync"])?)?;
    let alarms = play.alarms()?;
    ensure!(alarms.contains(&"foreign_entry".to_owned()), "{alarms:?}");
    let seen = play.seen()?;
    ensure!(
        seen == [texts(&["May I write to you?", "Yes."]), vec![None]].concat(),
        "a gap that is shown: {seen:?}"
    );
    play.proxy.be_honest();
    // The conversation repairs itself: a new leg, on which both go on.
    play.victim.run(&["send", &play.friend.at(), "What did you say?"])?;
    ensure!(play.friend.texts(&play.victim)?.last().map(String::as_str) == Some("What did you say?"));
    play.friend.done(&["send", &play.victim.at(), "Noon."])?;
    play.victim.run(&["sync"])?;
    ensure!(play.seen()?.last() == Some(&Some("Noon.".to_owned())), "{:?}", play.seen()?);
    Ok(())
}

#[test]
fn the_order_of_entries_changed_without_the_key_is_refused_until_the_truth_arrives() -> anyhow::Result<()> {
    let play = Play::new()?;
    play.proxy.meddle(meddling_with_entries(|entries| {
        swap_two(entries);
    }));
    for text in ["Do not", "sell", "the house."] {
        play.friend.done(&["send", &play.victim.at(), text])?;
    }
    alarmed(&play.victim.run(&["--wait", "5", "sync"])?)?;
    play.is_alarmed("server_signature_wrong")?;
    play.begins_after(&["May I write to you?", "Yes."])?;
    play.proxy.be_honest();
    play.victim.run(&["sync"])?;
    play.begins_after(&["May I write to you?", "Yes.", "Do not", "sell", "the house."])
}

/// With good signatures the story itself is consistent: what the friend's messages say of the log gives it away, at
/// the latest with the next one.
#[test]
fn an_order_that_the_operator_signed_is_reported_by_the_friends_next_message() -> anyhow::Result<()> {
    let play = Play::new()?;
    let swapped: Arc<Mutex<bool>> = Arc::default();
    let once = swapped.clone();
    play.proxy.meddle(telling(Operator::of(play.stage.server.data())?, move |entries| {
        let mut done = once.lock().unwrap();
        *done = *done || swap_two(entries);
    }));
    for text in ["Do not", "sell", "the house."] {
        play.friend.done(&["send", &play.victim.at(), text])?;
    }
    let first = play.victim.run(&["sync"])?;
    ensure!(*swapped.lock().unwrap(), "two messages have changed places");
    play.friend.done(&["send", &play.victim.at(), "Understood?"])?;
    let second = play.victim.run(&["--wait", "5", "sync"])?;
    alarmed(&first).or_else(|_| alarmed(&second))?;
    play.is_alarmed("log_fork")
}

#[test]
fn an_entry_that_the_operator_left_out_is_reported_by_the_friends_next_message() -> anyhow::Result<()> {
    let play = Play::new()?;
    let dropped: Arc<Mutex<bool>> = Arc::default();
    let once = dropped.clone();
    play.proxy.meddle(telling(Operator::of(play.stage.server.data())?, move |entries| {
        let mut done = once.lock().unwrap();
        if !*done && entries.len() > 1 && operator::is_message(&entries[0]) {
            entries.remove(0);
            *done = true;
        }
    }));
    for text in ["Do not", "sell the house."] {
        play.friend.done(&["send", &play.victim.at(), text])?;
    }
    let first = play.victim.run(&["sync"])?;
    ensure!(*dropped.lock().unwrap(), "an entry was left out");
    play.friend.done(&["send", &play.victim.at(), "Understood?"])?;
    let second = play.victim.run(&["--wait", "5", "sync"])?;
    alarmed(&first).or_else(|_| alarmed(&second))?;
    play.is_alarmed("log_fork")
}
