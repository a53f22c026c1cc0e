//! Which benches there are.

use crate::bench::{Bench, When};
use crate::{browser, client, peers, server};

/// Every bench, in the order of the report.
pub fn all() -> Vec<Bench> {
    [server::BENCHES, client::BENCHES, browser::BENCHES, peers::BENCHES].concat()
}

/// The benches with these names; without names, those that always run.
///
/// # Errors
/// When a name is no bench's.
pub fn chosen(names: &[String]) -> anyhow::Result<Vec<Bench>> {
    let all = all();
    if names.is_empty() {
        return Ok(all.into_iter().filter(|bench| bench.when == When::Always).collect());
    }
    for name in names {
        let known: Vec<&str> = all.iter().map(|bench| bench.name).collect();
        anyhow::ensure!(
            known.contains(&&**name),
            "no bench is called {name:?}; there are: {}",
            known.join(", ")
        );
    }
    Ok(all.into_iter().filter(|bench| names.iter().any(|name| name == bench.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_bench_of_its_own() {
        let mut names: Vec<&str> = all().iter().map(|bench| bench.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert!(chosen(&["nothing-of-that-name".to_owned()]).is_err());
    }
}
