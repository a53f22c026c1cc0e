//! The web client as files that were handed in: found by path, in the encoding a browser takes, under headers that let
//! the page do what it needs and nothing else.
//!
//! The page runs scripts of this origin only, makes no markup out of texts, speaks to this origin only and is framed by
//! nobody. Nothing here asks who somebody is, and nothing is logged.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

/// One file, as it is sent.
#[derive(Debug, Clone)]
pub struct WebFile {
    /// With a leading `/`; `/index.html` is also what `/` shows.
    pub path: &'static str,
    /// Media type.
    pub media: &'static str,
    /// How long a browser may keep it.
    pub keep: Keep,
    /// The file.
    pub plain: &'static [u8],
    /// Compressed by brotli.
    pub brotli: &'static [u8],
    /// Compressed by gzip.
    pub gzip: &'static [u8],
    /// Names these bytes, for a browser that asks whether they changed.
    pub tag: &'static str,
}

/// How long a browser may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For ever: another content would have another name.
    Forever,
    /// It asks each time whether it changed.
    UntilChanged,
}

/// The web client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WebClient {
    files: Arc<[WebFile]>,
}

/// Scripts and connections of this origin only; WebAssembly; no script from a text, in no way.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
    style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types sotto";

const HEADERS: [(&str, &str); 8] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

impl WebClient {
    /// The client made of these files; the first of one path counts.
    pub fn new(files: impl Into<Arc<[WebFile]>>) -> Self {
        Self { files: files.into() }
    }

    /// Answers a request for anything that is no other route.
    pub(crate) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
            return guarded((StatusCode::METHOD_NOT_ALLOWED, allow, "Files are only read here.\n"));
        }
        let wanted = if path == "/" { "/index.html" } else { path };
        let found = self.file(wanted).or_else(|| self.shell(wanted, headers));
        match found {
            Some(file) => guarded(sent(file, headers)),
            None => guarded((StatusCode::NOT_FOUND, "There is no such file.\n")),
        }
    }

    fn file(&self, path: &str) -> Option<&WebFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// A person who opens an address inside the page gets the page; a script that asks for a file does not.
    fn shell(&self, path: &str, headers: &HeaderMap) -> Option<&WebFile> {
        let is_ours = path.starts_with("/assets/") || path.starts_with("/v1/");
        (!is_ours && is_navigation(headers)).then(|| self.file("/index.html"))?
    }
}

fn is_navigation(headers: &HeaderMap) -> bool {
    match text(headers, "sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        // Browsers from before that header.
        None => text(headers, "accept").is_some_and(|accepted| accepted.contains("text/html")),
    }
}

fn sent(file: &WebFile, headers: &HeaderMap) -> Response {
    let encoding = Encoding::best(text(headers, "accept-encoding").unwrap_or_default(), file);
    let (bytes, name) = match encoding {
        Encoding::Brotli => (file.brotli, Some("br")),
        Encoding::Gzip => (file.gzip, Some("gzip")),
        Encoding::Plain => (file.plain, None),
    };
    let tag = format!("\"{}-{}\"", file.tag, name.unwrap_or("plain"));
    let is_known = text(headers, "if-none-match")
        .is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(Bytes::from_static(bytes)))
    };
    let keep = match file.keep {
        Keep::Forever => "public, max-age=31536000, immutable",
        Keep::UntilChanged => "no-cache",
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    if let Some(name) = name {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl Encoding {
    /// The smallest that the browser takes.
    fn best(accepted: &str, file: &WebFile) -> Self {
        let takes = |name: &str| {
            accepted.split(',').any(|part| {
                let (coding, quality) = part.split_once(';').unwrap_or((part, "q=1"));
                let quality = quality.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
                coding.trim().eq_ignore_ascii_case(name) && quality.is_none_or(|quality| quality > 0.0)
            })
        };
        let choices = [
            (Self::Brotli, file.brotli.len(), takes("br")),
            (Self::Gzip, file.gzip.len(), takes("gzip")),
            (Self::Plain, file.plain.len(), true),
        ];
        let taken = choices.into_iter().filter(|(_, _, is_taken)| *is_taken);
        taken.min_by_key(|(_, size, _)| *size).map_or(Self::Plain, |(encoding, ..)| encoding)
    }
}

/// The headers under which everything goes out.
pub(crate) fn guarded(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: WebFile = WebFile {
        path: "/index.html",
        media: "text/html; charset=utf-8",
        keep: Keep::UntilChanged,
        plain: b"plain plain plain",
        brotli: b"br",
        gzip: b"gzip",
        tag: "tag",
    };

    fn ask(path: &str, headers: &[(&'static str, &'static str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        WebClient::new([FILE]).answer(&Method::GET, path, &map)
    }

    #[test]
    fn a_browser_gets_the_smallest_encoding_it_takes() {
        let encoding = |accepted: &'static str| {
            let response = ask("/", &[("accept-encoding", accepted)]);
            response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(encoding("gzip, deflate, br"), Some("br".to_owned()));
        assert_eq!(encoding("gzip"), Some("gzip".to_owned()));
        assert_eq!(encoding("br;q=0, gzip;q=0.5"), Some("gzip".to_owned()));
        assert_eq!(encoding("identity"), None);
    }

    #[test]
    fn only_a_person_who_opens_an_address_is_shown_the_page_for_an_unknown_path() {
        let navigate = [("sec-fetch-mode", "navigate")];
        assert_eq!(ask("/chats/7", &navigate).status(), StatusCode::OK);
        assert_eq!(ask("/chats/7", &[("sec-fetch-mode", "cors")]).status(), StatusCode::NOT_FOUND);
        assert_eq!(ask("/assets/gone.js", &navigate).status(), StatusCode::NOT_FOUND);
        assert_eq!(ask("/v1/other", &navigate).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_browser_that_has_the_file_is_told_so() {
        let first = ask("/", &[("accept-encoding", "br")]);
        assert_eq!(first.headers()["etag"], "\"tag-br\"");
        let again = ask("/", &[("accept-encoding", "br"), ("if-none-match", "W/\"x\", \"tag-br\"")]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("/", &[("if-none-match", "\"tag-br\"")]).status(), StatusCode::OK, "another encoding");
    }

    #[test]
    fn every_answer_forbids_scripts_from_elsewhere() {
        for path in ["/", "/nothing"] {
            let response = ask(path, &[]);
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
            assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
            assert!(!policy.contains("unsafe-inline") && !policy.contains("http"), "{policy}");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        }
    }

    #[test]
    fn files_are_only_read() {
        let refused = WebClient::new([FILE]).answer(&Method::POST, "/", &HeaderMap::new());
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
