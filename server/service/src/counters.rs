//! Plain numbers for `/metrics`: totals since the start, without any label that names a person or a topic.

/// What happened so far. Every field only grows, except the two `…_open`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Account-plane connections now open.
    pub account_connections_open: u64,
    /// Topic-plane connections now open.
    pub topic_connections_open: u64,
}

impl Counters {
    /// Name and value of each, in a fixed order, for a metrics page.
    pub fn each(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("account_connections_open", self.account_connections_open),
            ("topic_connections_open", self.topic_connections_open),
        ]
    }
}
