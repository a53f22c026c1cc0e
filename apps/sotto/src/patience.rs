//! How long to wait for something that others have to do, and whom to blame when it does not come.

use std::time::Duration;

use tokio::time::Instant;

use crate::failure::{Code, Failure};

/// Patience once it is known what is wrong and that waiting will hardly mend it.
const ALMOST_NONE: Duration = Duration::from_secs(3);

/// Runs out when nothing has moved for a while.
#[derive(Debug)]
pub(crate) struct Patience {
    wait: Duration,
    deadline: Instant,
    blamed: Option<Failure>,
    lasting: Option<Failure>,
}

impl Patience {
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait, deadline: Instant::now() + wait, blamed: None, lasting: None }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Something moved: what may pass has passed.
    pub(crate) fn renew(&mut self) {
        self.blamed = None;
        self.deadline =
            Instant::now() + if self.lasting.is_some() { self.wait.min(ALMOST_NONE) } else { self.wait };
    }

    /// This stands in the way; it may pass.
    pub(crate) fn blame(&mut self, failure: Failure) {
        self.blamed = Some(failure);
    }

    /// This stands in the way, and will not pass by waiting.
    pub(crate) fn blame_for_good(&mut self, failure: Failure) {
        self.lasting = Some(failure);
        self.deadline = self.deadline.min(Instant::now() + ALMOST_NONE);
    }

    /// Why it is over.
    pub(crate) fn verdict(&self) -> Failure {
        self.lasting.clone().or_else(|| self.blamed.clone()).unwrap_or_else(|| {
            Failure::new(
                Code::ServerSlow,
                format!("The server did not do its part within {} s.", self.wait.as_secs()),
                "Repeat the command later, or give it more time with --wait SECONDS.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_out_when_nothing_moves_and_names_what_stood_in_the_way() {
        let mut patience = Patience::new(Duration::from_secs(20));
        assert_eq!(patience.deadline(), Instant::now() + Duration::from_secs(20));
        assert_eq!(patience.verdict().code, Code::ServerSlow);
        patience.blame(Failure::new(Code::ServerGone, "", ""));
        assert_eq!(patience.verdict().code, Code::ServerGone);
        patience.renew();
        assert_eq!(patience.deadline(), Instant::now() + Duration::from_secs(20));
        assert_eq!(patience.verdict().code, Code::ServerSlow);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waiting_cannot_mend_is_named_however_much_else_moves() {
        let mut patience = Patience::new(Duration::from_secs(20));
        patience.blame_for_good(Failure::new(Code::ClockOff, "", ""));
        patience.renew();
        assert_eq!(patience.deadline(), Instant::now() + ALMOST_NONE);
        assert_eq!(patience.verdict().code, Code::ClockOff);
    }
}
