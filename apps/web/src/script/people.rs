//! Invented people, and what stands around a conversation with them.

use sotto_view::alarms::{AlarmCard, AlarmKind};
use sotto_view::calendar::{CalendarDay, LocalTime};
use sotto_view::composer::{Composer, Writing};
use sotto_view::contact::{ContactPage, Numbers};
use sotto_view::conversations::{Badges, ConversationRow, LastLine, LastSays, Preview, RequestRow};
use sotto_view::keys::{AlarmKey, ConversationKey};
use sotto_view::name::Person;
use sotto_view::settings::{Kept, LockedBy, Me, Settings, Storage};
use sotto_view::thread::{Standing, Thread};
use sotto_view::timeline::OwnState;
use sotto_wire::ids::{AccountId, DeviceId, Handle, Millis};

/// 23 November 2026.
pub(super) const TODAY: CalendarDay = CalendarDay { number: 20_780 };
pub(super) const MARA: ConversationKey = ConversationKey(1);
pub(super) const JONAS: ConversationKey = ConversationKey(2);
/// Has a long name.
pub(super) const LUCIA: ConversationKey = ConversationKey(9);
pub(super) const DECLINED: ConversationKey = ConversationKey(40);
pub(super) const BLOCKED: ConversationKey = ConversationKey(41);
pub(super) const HOSTILE: ConversationKey = ConversationKey(6);
pub(super) const STRANGER: ConversationKey = ConversationKey(20);
pub(super) const NEW: ConversationKey = ConversationKey(30);
/// A conversation of a hundred thousand lines.
pub(super) const LONG: ConversationKey = ConversationKey(4);

pub(super) fn person(handle: &str, name: Option<&str>, verified: bool) -> Person {
    Person { handle: Handle::parse(handle).ok(), name: name.map(str::to_owned), verified }
}

pub(super) fn of(key: ConversationKey) -> Person {
    match key.0 {
        1 => person("mara", Some("Mara Lindqvist"), true),
        2 => person("jonas.weber", Some("Jonas Weber"), false),
        3 => person("amara_o", Some("Dr Amara Okafor"), false),
        4 => person("choir", Some("Ines from the choir"), false),
        5 => person("noor", Some("نور الهاشمي"), true),
        6 => person("zz_top", Some("<img src=x onerror=alert(1)>"), false),
        7 => person("sato", Some("佐藤 美咲"), false),
        8 => person("theo", None, false),
        9 => person("lucia", Some("Lucía Fernández de la Cruz y Montenegro del Valle"), false),
        20 => person("k.olsen", Some("Karin Olsen"), false),
        21 => person("free_prizes", Some("PRIZE OFFICE"), false),
        40 => person("o.brandt", Some("Otto Brandt"), false),
        41 => person("free_prizes", Some("PRIZE OFFICE"), false),
        _ => person("ada", None, false),
    }
}

pub(super) fn at(days_ago: i64, hour: u8, minute: u8) -> LocalTime {
    let day = CalendarDay { number: TODAY.number - days_ago };
    let ms = (day.number * 1_440 + i64::from(hour) * 60 + i64::from(minute)) * 60_000;
    LocalTime { at: Millis(ms.unsigned_abs()), day, hour, minute }
}

fn says(text: &str, own: Option<OwnState>, at: LocalTime) -> Option<LastLine> {
    Some(LastLine { says: LastSays::Text(Preview(text.to_owned())), own, at })
}

fn row(key: i64, last: Option<LastLine>, unread: u64) -> ConversationRow {
    let key = ConversationKey(key);
    ConversationRow { key, person: of(key), last, unread, draft: None, failed: false, alarm: false }
}

pub(super) fn rows() -> Vec<ConversationRow> {
    let marks =
        "Z\u{0301}\u{0302}\u{0303}\u{0304}\u{0305}\u{0306}\u{0307}a\u{0308}\u{030a}\u{030b}lgo ist hier";
    vec![
        row(1, says("See you at seven, then. I will bring the maps", None, at(0, 14, 3)), 0),
        row(2, says("The draft is in the folder, have a look when you can", None, at(0, 13, 41)), 3),
        ConversationRow {
            draft: Some(Preview("About Thursday: I could".into())),
            ..row(3, says("Thank you", None, at(0, 11, 20)), 0)
        },
        row(4, says("Rehearsal moves to half past six", Some(OwnState::Sent), at(1, 19, 2)), 0),
        row(5, says("شكراً جزيلاً، وصلت الصور", None, at(1, 9, 30)), 0),
        ConversationRow { alarm: true, ..row(6, says(marks, None, at(3, 22, 15)), 0) },
        row(7, says("写真、ありがとうございます。", Some(OwnState::Read), at(4, 8, 0)), 0),
        ConversationRow { failed: true, ..row(8, says("Are you there", None, at(12, 17, 45)), 0) },
        row(9, says("Un abrazo", Some(OwnState::Queued), at(400, 16, 0)), 0),
    ]
}

pub(super) fn requests() -> Vec<RequestRow> {
    let row = |key, text, at, unread| {
        let key = ConversationKey(key);
        RequestRow { key, person: of(key), last: says(text, None, at), unread }
    };
    vec![
        row(20, "Hello, Mara gave me your handle. We met at the harbour", at(0, 12, 55), 2),
        row(21, "You have been selected", at(2, 3, 12), 1),
    ]
}

pub(super) fn badges() -> Badges {
    Badges { unread: 3, requests: 2, alarms: 0 }
}

pub(super) fn thread(key: ConversationKey) -> Thread {
    let standing = match key {
        DECLINED => Standing::Declined,
        BLOCKED => Standing::Blocked,
        key if (20..30).contains(&key.0) => Standing::Request,
        _ => Standing::Open,
    };
    Thread { key, person: of(key), standing, alarm: key == HOSTILE, failed: false }
}

pub(super) fn composer(conversation: ConversationKey) -> Composer {
    let writing = Writing::from(thread(conversation).standing);
    let text = if conversation.0 == 3 { "About Thursday: I could".to_owned() } else { String::new() };
    Composer { conversation, text, writing }
}

pub(super) fn contact(key: ConversationKey) -> ContactPage {
    let groups = (0..12_u32)
        .map(|at| format!("{:05}", at.wrapping_mul(7_919).wrapping_add(40_127) % 100_000))
        .collect();
    ContactPage {
        key,
        person: of(key),
        account: Some(AccountId::new([0x5f; 32])),
        standing: thread(key).standing,
        numbers: (key == MARA).then_some(Numbers { groups, compared: true }),
        alarms: 0,
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        me: Handle::parse("robin").ok().map(|handle| Me {
            account: AccountId::new([0x5f; 32]),
            handle,
            name: Some("Robin Ahlgren".to_owned()),
            server: "https://chat.example.org".to_owned(),
            device: DeviceId::new([0x2c; 16]),
            witnessed: false,
        }),
        storage: Storage {
            kept: Kept::BestEffort,
            lock: LockedBy::Passphrase,
            used_bytes: Some(48_200_000),
            quota_bytes: Some(12_400_000_000),
        },
        refusal: None,
    }
}

pub(super) fn alarm(seen: bool) -> AlarmCard {
    let (key, kind) = (AlarmKey(1), AlarmKind::LogFork);
    AlarmCard { key, kind, conversation: Some(MARA), person: Some(of(MARA)), at: at(0, 14, 5), seen }
}

pub(super) fn small_alarm() -> AlarmCard {
    let (key, kind) = (AlarmKey(2), AlarmKind::ForeignEntry);
    AlarmCard {
        key,
        kind,
        conversation: Some(HOSTILE),
        person: Some(of(HOSTILE)),
        at: at(2, 9, 30),
        seen: true,
    }
}
