//! Real input: the Universal Declaration of Human Rights in many languages, article by article both ways, and every
//! emoji sequence of Unicode, between two people through a real server, one of them away half the time.
//!
//! Afterwards both hold the same texts, byte for byte and in order, and the server holds none of them: not in its
//! files, not in its log, not in its numbers; and nothing in them ties a person to the conversation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use sotto_e2e::leaks::{self, Findings, Needles};
use sotto_e2e::server::Options;
use sotto_e2e::{Client, Listening, Stage, database, inputs, stage};
use sotto_engine::api::{AccountView, Event, MessageView, Target};

/// At least a hundred.
const LANGUAGES: usize = 120;
/// Emoji sequences sent in one go.
const EMOJI_AT_ONCE: usize = 160;
/// Two of those who wrote the declaration; long enough that no file holds their names by chance.
const NAMES: [&str; 2] = ["hansa_mehta_1948", "peng_chun_chang_1948"];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    One,
    Other,
}

impl Who {
    fn peer(self) -> Self {
        match self {
            Self::One => Self::Other,
            Self::Other => Self::One,
        }
    }
}

/// How a part of the texts is sent.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Both are there; each text is read before the next one is written.
    InTurns,
    /// Both are there, and write without waiting for each other.
    AtOnce,
    /// First this one writes while the other is away, then the other way round.
    OneAway(Who),
}

/// Texts in the order in which they are written, and how.
type Part = (Manner, Vec<(Who, String)>);

/// The two, each with a process while they are there, and what each has said.
struct Conversation<'a> {
    clients: [&'a Client; 2],
    listening: [Option<Listening>; 2],
    said: [Vec<String>; 2],
    /// Messages whose reader was not there when they were written.
    read_later: usize,
    starts: usize,
}

impl<'a> Conversation<'a> {
    fn begin(one: &'a Client, other: &'a Client) -> anyhow::Result<Self> {
        let listening = [Some(one.listen()?), Some(other.listen()?)];
        let said = [vec!["May I write to you?".to_owned()], vec!["Yes.".to_owned()]];
        Ok(Self { clients: [one, other], listening, said, read_later: 0, starts: 2 })
    }

    fn target(&self, who: Who) -> anyhow::Result<Target> {
        self.clients[who as usize].target()
    }

    fn there(&mut self, who: Who) -> anyhow::Result<&mut Listening> {
        self.listening[who as usize].as_mut().context("that person is away")
    }

    fn write(&mut self, who: Who, text: &str) -> anyhow::Result<()> {
        let to = self.target(who.peer())?;
        self.there(who)?.send(&to, text)?;
        self.said[who as usize].push(text.to_owned());
        Ok(())
    }

    /// The process ends in good order, once everything has left.
    fn leave(&mut self, who: Who) -> anyhow::Result<()> {
        let mut listening = self.listening[who as usize].take().context("is away already")?;
        let waiting = listening.sync()?;
        ensure!(waiting == 0, "{waiting} messages have not left");
        listening.end()
    }

    fn come_back(&mut self, who: Who) -> anyhow::Result<()> {
        self.listening[who as usize] = Some(self.clients[who as usize].listen()?);
        self.starts += 1;
        Ok(())
    }

    fn send(&mut self, manner: Manner, texts: &[(Who, String)]) -> anyhow::Result<()> {
        match manner {
            Manner::InTurns => self.in_turns(texts),
            Manner::AtOnce => self.at_once(texts),
            Manner::OneAway(first) => self.one_away(first, texts),
        }
    }

    fn in_turns(&mut self, texts: &[(Who, String)]) -> anyhow::Result<()> {
        for (who, text) in texts {
            self.write(*who, text)?;
            let read = self.there(who.peer())?.await_texts(1)?;
            ensure!(read == [text.as_str()], "as it was written");
        }
        Ok(())
    }

    fn at_once(&mut self, texts: &[(Who, String)]) -> anyhow::Result<()> {
        for (who, text) in texts {
            self.write(*who, text)?;
        }
        for reader in [Who::One, Who::Other] {
            let written = by(texts, reader.peer());
            let read = self.there(reader)?.await_texts(written.len())?;
            ensure!(read == written, "{} texts as they were written", written.len());
        }
        Ok(())
    }

    fn one_away(&mut self, first: Who, texts: &[(Who, String)]) -> anyhow::Result<()> {
        for writer in [first, first.peer()] {
            if self.listening[writer as usize].is_none() {
                self.come_back(writer)?;
                self.has_read(writer, &by(texts, first))?;
            }
            self.leave(writer.peer())?;
            let written = by(texts, writer);
            for text in &written {
                self.write(writer, text)?;
            }
            self.read_later += written.len();
            ensure!(self.there(writer)?.sync()? == 0, "everything has left");
        }
        self.come_back(first)?;
        self.has_read(first, &by(texts, first.peer()))
    }

    /// Back again, everything written meanwhile is there once the sync is over.
    fn has_read(&mut self, reader: Who, written: &[&str]) -> anyhow::Result<()> {
        let from = self.target(reader.peer())?;
        let listening = self.there(reader)?;
        listening.sync()?;
        listening.forget_notices();
        let lines = listening.page(&from, None)?;
        let read: Vec<_> = lines.iter().filter(|line| !line.own).map(|line| line.text.as_deref()).collect();
        let written: Vec<_> = written.iter().map(|text| Some(*text)).collect();
        ensure!(read.ends_with(&written), "{} texts as they were written, in order", written.len());
        Ok(())
    }

    fn history(&mut self, who: Who) -> anyhow::Result<Vec<MessageView>> {
        let with = self.target(who.peer())?;
        self.there(who)?.history(&with)
    }

    /// Both ends have what both said, the same lines in the same order, nothing more and nothing less.
    fn compare(&mut self) -> anyhow::Result<usize> {
        let (one, other) = (self.history(Who::One)?, self.history(Who::Other)?);
        let ids = |lines: &[MessageView]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
        ensure!(ids(&one) == ids(&other), "both have the same lines in the same order");
        for (who, lines, is_own) in [
            (Who::One, &one, true),
            (Who::Other, &one, false),
            (Who::Other, &other, true),
            (Who::One, &other, false),
        ] {
            let texts = lines.iter().filter(|line| line.own == is_own).map(|line| line.text.as_deref());
            let said = self.said[who as usize].iter().map(|text| Some(text.as_str()));
            ensure!(texts.eq(said), "every line of {who:?} is what was written, byte for byte, in order");
        }
        ensure!(one.iter().chain(&other).all(|line| line.failure.is_none()), "no line failed");
        Ok(one.len())
    }
}

fn by(texts: &[(Who, String)], who: Who) -> Vec<&str> {
    texts.iter().filter(|(writer, _)| *writer == who).map(|(_, text)| text.as_str()).collect()
}

/// The two take turns, article by article or sequence by sequence.
fn alternating(texts: impl IntoIterator<Item = String>) -> Vec<(Who, String)> {
    texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| (if index % 2 == 0 { Who::One } else { Who::Other }, text))
        .collect()
}

/// Everything that is sent, in parts, half of them to somebody who is away.
fn script() -> anyhow::Result<Vec<Part>> {
    let manners = [Manner::InTurns, Manner::OneAway(Who::One), Manner::AtOnce, Manner::OneAway(Who::Other)];
    let languages =
        inputs::some_languages(LANGUAGES)?.into_iter().map(|language| alternating(language.articles));
    let emoji = inputs::emoji()?;
    ensure!(emoji.len() > 4_000, "the whole of emoji-test");
    let emoji = emoji.chunks(EMOJI_AT_ONCE).map(|some| alternating(some.to_vec()));
    let declaration = languages.enumerate().map(|(index, texts)| (manners[index % 4], texts));
    // Nobody waits for a reader after every single sequence.
    let sequences = emoji.enumerate().map(|(index, texts)| (manners[1 + index % 3], texts));
    Ok(declaration.chain(sequences).collect())
}

#[test]
fn the_declaration_in_many_languages_and_every_emoji_arrive_and_the_server_cannot_read_any()
-> anyhow::Result<()> {
    let script = script()?;
    let texts = Needles::of_texts(script.iter().flat_map(|(_, texts)| texts).map(|(_, text)| text.as_str()))?;
    let mut stage =
        Stage::with(Options { flags: vec!["--log".into(), "debug".into()], ..Options::default() })?;
    let (one, other) = (stage.person(NAMES[0])?, stage.person(NAMES[1])?);
    stage::introduce(&one, &other)?;
    let mut conversation = Conversation::begin(&one, &other)?;
    let started = Instant::now();
    let (mut took, mut searched) = (BTreeMap::<String, f64>::new(), Findings::default());
    for (number, (manner, part)) in script.iter().enumerate() {
        let began = started.elapsed().as_secs_f64();
        conversation.send(*manner, part).with_context(|| format!("part {number}, {manner:?}"))?;
        *took.entry(format!("{manner:?}")).or_default() += started.elapsed().as_secs_f64() - began;
        // What is read is trimmed: looked for while it is there, not only at the end.
        if number % 4 == 0 {
            searched.add(texts.in_folder(stage.server.data())?);
        }
    }
    let lines = conversation.compare()?;
    let (later, starts) = (conversation.read_later, conversation.starts);
    ensure!(later * 2 >= lines, "the reader was away for half of the messages: {later} of {lines}");
    println!(
        "{LANGUAGES} languages and {} emoji sequences: {lines} messages in {:.0} s, {later} of them to a reader who \
         was away, {starts} starts of a client; seconds by manner {took:.0?}",
        inputs::emoji()?.len(),
        started.elapsed().as_secs_f64(),
    );
    nothing_is_readable(&mut stage, &mut conversation, &texts, searched)
}

/// People and topics of this conversation, as the programs name them.
fn ids(conversation: &mut Conversation<'_>) -> anyhow::Result<(Needles, Needles)> {
    let mut people = Vec::new();
    for (who, name) in [Who::One, Who::Other].into_iter().zip(NAMES) {
        let AccountView { account, device, .. } = conversation.there(who)?.account()?;
        people.push((format!("@{name}"), name.as_bytes().to_vec()));
        people.extend(id_forms(&format!("account of @{name}"), account.as_bytes()));
        people.extend(id_forms(&format!("device of @{name}"), device.as_bytes()));
    }
    let mut topics = BTreeSet::new();
    for who in [Who::One, Who::Other] {
        conversation.write(who, "Where is this said?")?;
        let topic =
            conversation.there(who)?.await_event("a message with its topic", |event| match event {
                Event::Outbox { topic, .. } => *topic,
                _ => None,
            })?;
        topics.insert(topic);
    }
    let topics = topics.iter().flat_map(|topic| id_forms("topic", topic.as_bytes())).collect();
    Ok((Needles::new(people)?, Needles::new(topics)?))
}

/// An id as bytes and as the two spellings of its hex.
fn id_forms(name: &str, id: &[u8]) -> Vec<(String, Vec<u8>)> {
    let hex = hex::encode(id);
    vec![
        (name.into(), id.to_vec()),
        (name.into(), hex.to_uppercase().into_bytes()),
        (name.into(), hex.into_bytes()),
    ]
}

fn nothing_is_readable(
    stage: &mut Stage,
    conversation: &mut Conversation<'_>,
    texts: &Needles,
    mut searched: Findings,
) -> anyhow::Result<()> {
    let (people, topics) = ids(conversation)?;
    let metrics = stage.server.page("/metrics")?;
    ensure!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("_total"), "metrics: {metrics}");
    for who in [Who::One, Who::Other] {
        conversation.leave(who)?;
    }
    searched.add(texts.in_folder(stage.server.data())?);
    stage.server.stop()?;
    let log = std::fs::read(stage.server.log())?;
    for (what, bytes) in [("metrics", metrics.as_bytes()), ("log", &log)] {
        for needles in [texts, &people, &topics] {
            ensure!(needles.in_bytes(bytes).is_empty(), "{what}: {:?}", needles.in_bytes(bytes));
        }
    }
    searched.add(texts.in_folder(stage.server.data())?);
    ensure!(searched.found.is_empty(), "{:?}", searched.found);
    let ties = leaks::ties(stage.server.data(), &people, &topics)?;
    ensure!(ties.found.is_empty(), "{:?}", ties.found);
    ensure!(ties.people >= 4 && ties.topics >= 1, "the search knows what it looks for: {ties:?}");
    let databases = database::check_server(stage.server.data())?;
    println!(
        "searched for {} pieces of the texts in {} MB of {} files (again and again while they talked), a log of \
         {} and metrics of {} bytes: none is there; {} rows of {databases} databases, {} with a person, {} with a topic, none with both",
        texts.count(),
        searched.bytes / 1_000_000,
        searched.files,
        log.len(),
        metrics.len(),
        ties.rows,
        ties.people,
        ties.topics
    );
    a_planted_leak_is_found(stage, conversation, texts, &people, &topics)
}

/// The search is worth something: in the same files it finds one article, and one row that names both.
fn a_planted_leak_is_found(
    stage: &Stage,
    conversation: &Conversation<'_>,
    texts: &Needles,
    people: &Needles,
    topics: &Needles,
) -> anyhow::Result<()> {
    let data = stage.server.data();
    let said = &conversation.said[0];
    let article = said.iter().max_by_key(|text| text.len()).context("something was said")?;
    let path = leaks::databases(data)?.pop().context("a database")?;
    let planted = rusqlite::Connection::open(&path)?;
    planted.execute_batch("CREATE TABLE planted (text TEXT)")?;
    planted.execute("INSERT INTO planted VALUES (?1)", [article])?;
    ensure!(!texts.in_folder(data)?.found.is_empty(), "a planted article is found");
    let topic = topics.first().to_vec();
    planted.execute_batch("CREATE TABLE spying (handle TEXT, topic BLOB)")?;
    planted.execute("INSERT INTO spying VALUES (?1, ?2)", (NAMES[0], topic))?;
    ensure!(!leaks::ties(data, people, topics)?.found.is_empty(), "a planted tie is found");
    Ok(())
}
