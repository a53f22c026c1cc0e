//! What was written in the invented conversations.

use sotto_view::calendar::LocalTime;
use sotto_view::keys::{ConversationKey, LineKey};
use sotto_view::timeline::{Author, Body, Item, Message, OwnState, SendFailure, System, Text, Unreadable};

use super::people::{BLOCKED, DECLINED, HOSTILE, JONAS, LONG, MARA, STRANGER, at};

/// Lines of the long conversation.
const LONG_LINES: usize = 100_000;
/// Lines told when it is opened.
const PAGE: usize = 60;

/// Items of a conversation, and how many lines stand before them.
pub(super) fn of_long() -> (Vec<Item>, usize) {
    let before = LONG_LINES - PAGE;
    (lines(before, LONG_LINES), before)
}

pub(super) fn of_new(key: ConversationKey) -> Vec<Item> {
    vec![Item::System(System::Beginning { person: super::people::of(key) })]
}

/// Items of a conversation, and how many lines stand before them.
pub(super) fn of(key: ConversationKey) -> (Vec<Item>, usize) {
    match key {
        MARA => (mara(), 0),
        LONG => of_long(),
        HOSTILE => (hostile(), 0),
        STRANGER | DECLINED | BLOCKED => (stranger(key), 0),
        JONAS => (jonas(), 0),
        other => (of_new(other), 0),
    }
}

pub(super) fn unread(key: ConversationKey) -> u64 {
    if key == JONAS { 3 } else { 0 }
}

/// Lines of the long conversation; days of two hundred lines.
pub(super) fn lines(from: usize, to: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for number in from..to {
        let days_ago = ((LONG_LINES - 1 - number) / 200) as i64;
        let of_day = number % 200;
        let time = at(days_ago + 1, (8 + of_day / 20) as u8, ((of_day % 20) * 3) as u8);
        if of_day == 0 {
            items.push(Item::Day(time.day));
        }
        let text = format!("Line {number}. {}", "It goes on a little. ".repeat(number * 7 % 9));
        let author =
            if number / 3 % 2 == 0 { Author::Them(of_person(LONG)) } else { Author::Me(OwnState::Read) };
        let key = LineKey::Stored(number as i64);
        items.push(message(key, author, &text, time, number % 3 == 0, number % 3 == 2));
    }
    items
}

fn of_person(key: ConversationKey) -> sotto_view::name::Person {
    super::people::of(key)
}

pub(super) fn own(key: LineKey, text: &str, state: OwnState) -> Message {
    let author = Author::Me(state);
    let body = Body::Text(Text { text: text.to_owned(), large: false });
    Message { key, id: None, author, body, at: at(0, 14, 6), first: true, last: true }
}

fn message(key: LineKey, author: Author, text: &str, at: LocalTime, first: bool, last: bool) -> Item {
    let large = text.chars().count() <= 4 && !text.is_ascii();
    let body = Body::Text(Text { text: text.to_owned(), large });
    Item::Message(Box::new(Message { key, id: None, author, body, at, first, last }))
}

/// Writes a conversation down: who, what, when.
struct Pen {
    with: ConversationKey,
    items: Vec<Item>,
    next: i64,
}

impl Pen {
    fn new(with: ConversationKey) -> Self {
        Self { with, items: Vec::new(), next: 1 }
    }

    fn day(mut self, days_ago: i64) -> Self {
        self.items.push(Item::Day(at(days_ago, 0, 0).day));
        self
    }

    fn line(mut self, author: Author, text: &str, time: LocalTime, first: bool, last: bool) -> Self {
        self.items.push(message(LineKey::Stored(self.next), author, text, time, first, last));
        self.next += 1;
        self
    }

    fn them(self, text: &str, time: LocalTime, first: bool, last: bool) -> Self {
        let person = super::people::of(self.with);
        self.line(Author::Them(person), text, time, first, last)
    }

    fn me(self, text: &str, state: OwnState, time: LocalTime, first: bool, last: bool) -> Self {
        self.line(Author::Me(state), text, time, first, last)
    }

    fn unreadable(mut self, why: Unreadable, time: LocalTime) -> Self {
        let author = Author::Them(super::people::of(self.with));
        let key = LineKey::Stored(self.next);
        self.next += 1;
        let body = Body::Unreadable(why);
        let message = Message { key, id: None, author, body, at: time, first: true, last: true };
        self.items.push(Item::Message(Box::new(message)));
        self
    }
}

fn mara() -> Vec<Item> {
    use OwnState::{Delivered, Failed, Queued, Read, Sent};
    let mut pen = Pen::new(MARA);
    pen.items.push(Item::System(System::Beginning { person: super::people::of(MARA) }));
    pen.day(1)
        .them("Did you get home before the rain?", at(1, 21, 40), true, false)
        .them("It came down just after you left.", at(1, 21, 41), false, true)
        .me("Barely. The last hundred metres I ran.", Read, at(1, 21, 52), true, true)
        .them("🌧️", at(1, 21, 53), true, true)
        .unreadable(Unreadable::Undecryptable, at(1, 22, 4))
        .day(0)
        .them(
            "I found the old nautical charts in my father’s desk. The whole archipelago, drawn by hand, with depths in fathoms and little notes about where the seals lie in August.",
            at(0, 13, 30),
            true,
            false,
        )
        .them("Some of them are older than the lighthouse.", at(0, 13, 31), false, true)
        .me("Oh, I would love to see those.", Read, at(0, 13, 44), true, false)
        .me("Could we spread them out on the big table tonight? I can come by after work, any time from half past six.", Delivered, at(0, 13, 45), false, true)
        .them("Seven is good. I make soup.", at(0, 13, 58), true, true)
        .me("Perfect. Should I bring bread?", Sent, at(0, 14, 1), true, false)
        .me("And the magnifying glass", Queued, at(0, 14, 2), false, true)
        .them("See you at seven, then. I will bring the maps", at(0, 14, 3), true, true)
        .me("On my way a little earlier", Failed(SendFailure::Other), at(0, 14, 5), true, true)
        .items
}

fn jonas() -> Vec<Item> {
    let mut pen = Pen::new(JONAS).day(1);
    for number in 0..12 {
        let text = format!("Yesterday’s note number {number}, kept short.");
        pen = pen.them(&text, at(1, 10, number), number == 0, number == 11);
    }
    let mut pen = pen.day(0);
    pen.items.push(Item::New);
    pen.them("Good morning.", at(0, 13, 39), true, false)
        .them(
            "I went through the budget again; page four still has last year’s rent in it.",
            at(0, 13, 40),
            false,
            false,
        )
        .them("The draft is in the folder, have a look when you can", at(0, 13, 41), false, true)
        .items
}

fn stranger(key: ConversationKey) -> Vec<Item> {
    let mut pen = Pen::new(key);
    pen.items.push(Item::System(System::Beginning { person: super::people::of(key) }));
    pen.day(0)
        .them(
            "Hello, Mara gave me your handle. We met at the harbour in September, I had the green dinghy.",
            at(0, 12, 54),
            true,
            false,
        )
        .them("Would you be interested in a share of the mooring?", at(0, 12, 55), false, true)
        .items
}

/// Texts that want to be more than texts.
fn hostile() -> Vec<Item> {
    let tower = format!("H{}e{}llo", "\u{0301}\u{0327}".repeat(60), "\u{0336}\u{0351}".repeat(60));
    let grapheme = format!("a{}", "\u{0300}".repeat(32_000));
    Pen::new(HOSTILE)
        .day(3)
        .them("<script>alert('no')</script><b>bold</b>", at(3, 22, 1), true, false)
        .them("[click](javascript:alert(1)) \" onmouseover=\"alert(1)", at(3, 22, 2), false, false)
        .them("invoice_\u{202e}gpj.exe", at(3, 22, 3), false, false)
        .them(&tower, at(3, 22, 4), false, false)
        .them(&grapheme, at(3, 22, 5), false, false)
        .them(&"A".repeat(600), at(3, 22, 6), false, false)
        .them("مرحبا، كيف حالك؟ see https://example.org", at(3, 22, 7), false, true)
        .me("Right.", OwnState::Sent, at(3, 22, 15), true, true)
        .items
}
