//! Places and times, each a number of its own kind.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// Place of an entry on its topic: the first is 1; 0 means "before all".
    Seq, u64
);
number!(
    /// Generation of a topic's capability.
    Generation, u32
);
number!(
    /// Minutes since 1970-01-01 UTC: the finest time the server keeps on a topic.
    Minute, u64
);
number!(
    /// Days since 1970-01-01 UTC.
    Day, u32
);
number!(
    /// Milliseconds since 1970-01-01 UTC, from a device's own clock.
    Millis, u64
);

impl Seq {
    /// The one after. A parsed number is far from the end of its range
    /// ([`SEQ_MAX`](crate::limits::SEQ_MAX)).
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Minute {
    /// The day it lies in.
    pub const fn day(self) -> Day {
        Day((self.0 / (24 * 60)) as u32)
    }
}

impl Millis {
    /// The minute it lies in.
    pub const fn minute(self) -> Minute {
        Minute(self.0 / 60_000)
    }
}
