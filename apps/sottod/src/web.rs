//! The web client that was built into this program, if any.

use sotto_http::WebClient;

include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// The web client; `None` when this program was built without it.
pub(crate) fn client() -> Option<WebClient> {
    (!FILES.is_empty()).then(|| WebClient::new(FILES))
}
