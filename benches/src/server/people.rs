//! Many people at once: topics, places and entries made over several connections.

use std::ops::Range;

use sotto_wire::topic::TopicRequest;

use crate::load::link::Link;
use crate::load::topic::{self, Conversation};
use crate::server::sottod::Sottod;

/// Topics one connection makes; the server grants 300 at once.
const TOPICS_PER_CONNECTION: u64 = 256;
/// Connections that set up at the same time.
const THREADS: usize = 8;

/// Makes the topics with these numbers.
///
/// # Errors
/// When one is refused.
pub fn make_topics(server: &Sottod, numbers: Range<u64>) -> anyhow::Result<()> {
    let starts: Vec<u64> = numbers.clone().step_by(TOPICS_PER_CONNECTION as usize).collect();
    at_once(starts, |first| {
        let mut link = topic::connect(server.address(), server.wrapping())?;
        let mine = first..numbers.end.min(first + TOPICS_PER_CONNECTION);
        let requests: Vec<TopicRequest> =
            mine.map(|number| Conversation::numbered(number).create()).collect::<anyhow::Result<_>>()?;
        topic::ask_all(&mut link, requests).map(drop)
    })?;
    Ok(())
}

/// Opens so many connections on the topic plane.
///
/// # Errors
/// When one is refused.
pub fn connect_many(server: &Sottod, count: usize) -> anyhow::Result<Vec<Link>> {
    at_once((0..count).collect(), |_| topic::connect(server.address(), server.wrapping()))
}

/// Does something for each of these, several at the same time; results in no order.
///
/// # Errors
/// When one fails.
pub fn at_once<T: Send, R: Send>(
    mut all: Vec<T>,
    each: impl Fn(T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let share = all.len().div_ceil(THREADS).max(1);
    let mut shares = Vec::new();
    while !all.is_empty() {
        shares.push(all.split_off(all.len().saturating_sub(share)));
    }
    let each = &each;
    std::thread::scope(|scope| {
        let spawn = |share: Vec<T>| {
            scope.spawn(move || share.into_iter().map(each).collect::<anyhow::Result<Vec<R>>>())
        };
        let threads: Vec<_> = shares.into_iter().map(spawn).collect();
        let mut results = Vec::new();
        for thread in threads {
            let done = thread.join().map_err(|_| anyhow::anyhow!("a set-up thread panicked"))?;
            results.extend(done?);
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once_and_one_failure_fails_all() {
        let mut done = at_once((0..1_003).collect(), |n: u32| Ok(n)).unwrap();
        done.sort_unstable();
        assert!(done.into_iter().eq(0..1_003));
        assert!(at_once(vec![1, 2, 3], |n| if n == 2 { anyhow::bail!("no") } else { Ok(n) }).is_err());
    }
}
