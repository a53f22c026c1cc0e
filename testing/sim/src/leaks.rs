//! What the server's files may not hold: anything people said, and anything that ties an account to a topic.

use aho_corasick::AhoCorasick;
use sotto_engine::Engine;

use crate::computer::Death;
use crate::workload::NEEDLE;
use crate::world::World;

/// Something to look for.
struct Needle {
    what: String,
    bytes: Vec<u8>,
}

/// Searches every byte of both files and of what lies beside them. Ends the people's processes: their tables say what
/// to look for.
pub(crate) fn search(world: &mut World, found: &mut Vec<String>) {
    let (accounts, topics) = ids(world);
    let said = Needle { what: "plaintext".into(), bytes: NEEDLE.as_bytes().to_vec() };
    look(world, "topics", std::iter::once(&said).chain(&accounts), found);
    look(world, "directory", std::iter::once(&said).chain(&topics), found);
}

fn look<'n>(world: &World, file: &str, needles: impl Iterator<Item = &'n Needle>, found: &mut Vec<String>) {
    let needles: Vec<_> = needles.collect();
    let bytes = world.server.computer.bytes(file);
    if bytes.len() < 4_096 {
        found.push(format!("there is no {file}.db to search"));
    }
    let Ok(searcher) = AhoCorasick::new(needles.iter().map(|needle| &needle.bytes)) else {
        return found.push("the search for leaks does not start".to_owned());
    };
    for hit in searcher.find_iter(&bytes) {
        found.push(format!("{file}.db holds {}", needles[hit.pattern().as_usize()].what));
    }
}

/// What names accounts, and what names topics.
fn ids(world: &mut World) -> (Vec<Needle>, Vec<Needle>) {
    let (mut accounts, mut topics) = (Vec::new(), Vec::new());
    for index in 0..world.people.len() {
        let name = world.name(index);
        let handle = world.people[index].handle.as_str().as_bytes().to_vec();
        accounts.push(Needle { what: format!("{name}'s handle"), bytes: handle });
        if let Ok(Some(account)) = world.people[index].engine().account() {
            accounts.push(Needle { what: format!("{name}'s account id"), bytes: account.account.to_vec() });
            accounts.push(Needle { what: format!("{name}'s device id"), bytes: account.device.to_vec() });
        }
        let Some(connection) = world.people[index].engine.take().map(Engine::into_connection) else {
            continue;
        };
        let read = |sql: &str, what: &str, into: &mut Vec<Needle>| {
            let Ok(mut rows) = connection.prepare(sql) else { return };
            let Ok(rows) = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)) else { return };
            into.extend(rows.flatten().map(|bytes| Needle { what: format!("{name}'s {what}"), bytes }));
        };
        read("SELECT topic FROM legs", "topic id", &mut topics);
        read("SELECT slot FROM legs", "slot", &mut topics);
        read("SELECT append_id FROM own_appends", "append id", &mut topics);
        read("SELECT upload FROM key_packages", "upload id", &mut accounts);
        world.people[index].computer.close(Some(connection), Death::Killed);
    }
    for key in &world.oracle.inbox_keys {
        accounts.push(Needle { what: "an inbox key".into(), bytes: key.clone() });
    }
    (accounts, topics)
}

#[cfg(test)]
mod tests {
    use rusqlite::{OpenFlags, params};

    use super::*;

    /// Alice has written to Bob; then `bytes` get into a table of the server's file, and out again.
    fn found_after(file: &str, bytes: &dyn Fn(&World, usize) -> Vec<u8>) -> Vec<String> {
        let mut world = World::new(1);
        let (alice, bob) = (world.join("alice"), world.join("bob"));
        let to = world.people[bob].handle.clone();
        world.people[alice].say(&to, NEEDLE);
        world.settle();
        let bytes = bytes(&world, alice);
        world.server.die(Death::Killed);
        let disk = &world.server.computer.drive.disk;
        let connection = disk.open(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        connection.execute_batch("PRAGMA secure_delete = OFF; CREATE TABLE planted (bytes BLOB)").unwrap();
        connection.execute("INSERT INTO planted VALUES (?1)", params![bytes]).unwrap();
        connection.execute("DELETE FROM planted", []).unwrap();
        drop(connection);
        let mut found = Vec::new();
        search(&mut world, &mut found);
        found
    }

    #[test]
    fn what_leaks_into_a_row_is_found_even_after_the_row_is_gone() {
        let account = |world: &World, alice: usize| -> Vec<u8> {
            world.people[alice].engine().account().unwrap().unwrap().account.to_vec()
        };
        let topic = |world: &World, alice: usize| -> Vec<u8> {
            let mut entropy = world.people[alice].entropy.clone();
            world.people[alice].engine().legs(&mut entropy).unwrap()[0].topic.to_vec()
        };
        let said = |_: &World, _: usize| NEEDLE.as_bytes().to_vec();
        for file in ["topics.db", "directory.db"] {
            assert!(found_after(file, &said).contains(&format!("{file} holds plaintext")));
        }
        let tied = found_after("topics.db", &account);
        assert!(tied.contains(&"topics.db holds alice's account id".to_owned()), "{tied:?}");
        let tied = found_after("directory.db", &topic);
        assert!(tied.iter().any(|found| found.ends_with("'s topic id")), "{tied:?}");
    }

    #[test]
    fn an_honest_server_leaks_nothing() {
        assert_eq!(found_after("topics.db", &|_, _| Vec::new()), Vec::<String>::new());
    }
}
