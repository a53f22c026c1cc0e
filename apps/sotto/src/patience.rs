//! How long to wait for something that others have to do, and whom to blame when it does not come.

use std::time::Duration;

use tokio::time::Instant;

use crate::failure::{Code, Failure};

/// Shorter patience once it is known what is wrong and that waiting will hardly mend it.
const ALMOST_OVER: Duration = Duration::from_secs(3);

/// Runs out when nothing has moved for a while.
#[derive(Debug)]
pub(crate) struct Patience {
    wait: Duration,
    deadline: Instant,
    blamed: Option<Failure>,
}

impl Patience {
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait, deadline: Instant::now() + wait, blamed: None }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Something moved: what was wrong is over.
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.wait);
    }

    /// This stands in the way; it may pass.
    pub(crate) fn blame(&mut self, failure: Failure) {
        self.blamed = Some(failure);
    }

    /// This stands in the way, and will not pass by waiting.
    pub(crate) fn blame_and_hurry(&mut self, failure: Failure) {
        self.blame(failure);
        self.deadline = self.deadline.min(Instant::now() + ALMOST_OVER);
    }

    /// Why it is over.
    pub(crate) fn verdict(&self) -> Failure {
        self.blamed.clone().unwrap_or_else(|| {
            Failure::new(
                Code::ServerSlow,
                format!("The server did not do its part within {} s.", self.wait.as_secs()),
                "Repeat the command later, or give it more time with --wait SECONDS. Nothing is lost.",
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
        patience.blame_and_hurry(Failure::new(Code::ClockOff, "", ""));
        assert_eq!(patience.deadline(), Instant::now() + ALMOST_OVER);
        assert_eq!(patience.verdict().code, Code::ClockOff);
        patience.renew();
        assert_eq!(patience.deadline(), Instant::now() + Duration::from_secs(20));
        assert_eq!(patience.verdict().code, Code::ServerSlow);
    }
}
