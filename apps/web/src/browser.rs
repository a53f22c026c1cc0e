//! What is asked of the browser: theme, sizes, clipboard, files. A browser that refuses only loses that nicety.

use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// Key of the theme in the browser's own storage: not part of the profile, because it is needed before it opens. The boot
/// script reads it, too.
const THEME: &str = "sotto.theme";
/// Key of how the profile opens: needed before it does, too.
const OPENS: &str = "sotto.opens";
const LIST_WIDTH: &str = "sotto.list";
/// Below this width there is one pane.
const PHONE: &str = "(max-width: 719px)";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// The theme that was chosen.
pub(crate) fn theme() -> Theme {
    match stored(THEME).as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// Chooses a theme, and keeps the choice.
pub(crate) fn choose_theme(theme: Theme) {
    store(THEME, theme.name());
    apply_theme(theme);
}

/// Draws with a theme.
pub(crate) fn apply_theme(theme: Theme) {
    let Some(root) = root() else { return };
    let _ = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.name()),
    };
}

/// Width of the list in pixels, where it was changed.
pub(crate) fn list_width() -> Option<f64> {
    stored(LIST_WIDTH)?.parse().ok()
}

/// Keeps the width of the list.
pub(crate) fn store_list_width(width: f64) {
    store(LIST_WIDTH, &width.round().to_string());
}

/// How the profile here opens, as far as this page has learned it: it is drawn before the core has said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opens {
    /// There was none when this page was last here.
    Nothing,
    WithPassphrase,
    ByItself,
}

/// How the profile opened the last time.
pub(crate) fn opens() -> Opens {
    match stored(OPENS).as_deref() {
        Some("passphrase") => Opens::WithPassphrase,
        Some("device") => Opens::ByItself,
        _ => Opens::Nothing,
    }
}

/// Keeps how the profile opens, for the next time.
pub(crate) fn store_opens(opens: Opens) {
    match opens {
        Opens::WithPassphrase => store(OPENS, "passphrase"),
        Opens::ByItself => store(OPENS, "device"),
        Opens::Nothing => {
            if let Some(storage) = local_storage() {
                let _ = storage.remove_item(OPENS);
            }
        }
    }
}

fn local_storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn stored(key: &str) -> Option<String> {
    local_storage()?.get_item(key).ok()?
}

fn store(key: &str, value: &str) {
    if let Some(storage) = local_storage() {
        let _ = storage.set_item(key, value);
    }
}

fn root() -> Option<HtmlElement> {
    web_sys::window()?.document()?.document_element()?.dyn_into().ok()
}

fn matches(query: &str) -> bool {
    let found = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    found.is_some_and(|query| query.matches())
}

/// Takes away what the page showed until there was something to show.
pub(crate) fn remove_splash() {
    let splash = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector(".splash").ok().flatten());
    if let Some(splash) = splash {
        splash.remove();
    }
}

/// Whether there is one pane.
pub(crate) fn is_phone() -> bool {
    matches(PHONE)
}

/// Whether a finger writes: then Enter is a new line, and focus does not open the keyboard by itself.
pub(crate) fn is_touch() -> bool {
    matches("(pointer: coarse)")
}

/// Whether the person looks at this window.
pub(crate) fn is_looked_at() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| {
        document.visibility_state() == web_sys::VisibilityState::Visible
            && document.has_focus().unwrap_or(false)
    })
}

/// Keeps `--visible-height` at what an on-screen keyboard leaves.
pub(crate) fn follow_visible_height() {
    let Some(viewport) = web_sys::window().and_then(|window| window.visual_viewport()) else { return };
    let seen = viewport.clone();
    let fit = Closure::<dyn FnMut()>::new(move || {
        set_property("--visible-height", &format!("{}px", seen.height()));
    });
    let _ = viewport.add_event_listener_with_callback("resize", fit.as_ref().unchecked_ref());
    fit.forget();
}

/// Sets a property of an element's style.
pub(crate) fn set_style(element: &HtmlElement, name: &str, value: &str) {
    let _ = HtmlElement::style(element).set_property(name, value);
}

/// Sets a custom property on the whole page.
pub(crate) fn set_property(name: &str, value: &str) {
    if let Some(root) = root() {
        set_style(&root, name, value);
    }
}

/// `https://host[:port]` of this page: the server.
pub(crate) fn origin() -> String {
    web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// The host alone, for people.
pub(crate) fn host() -> String {
    web_sys::window().and_then(|window| window.location().host().ok()).unwrap_or_default()
}

/// An invitation in the address: `#invite=CODE`. The part after `#` never reaches a server by itself.
pub(crate) fn invite() -> Option<String> {
    let hash = web_sys::window()?.location().hash().ok()?;
    invite_in(&hash)
}

fn invite_in(hash: &str) -> Option<String> {
    let code = hash.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix("invite="))?;
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!code.is_empty() && code.len() <= 128 && code.chars().all(fit)).then(|| code.to_owned())
}

/// The query of the address.
#[cfg(feature = "showcase")]
pub(crate) fn query() -> String {
    web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// Notes something on the page's root.
#[cfg(feature = "showcase")]
pub(crate) fn mark(name: &str, value: &str) {
    if let Some(root) = root() {
        let _ = root.set_attribute(name, value);
    }
}

/// Puts a text on the clipboard.
pub(crate) fn copy(text: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// Opens the browser's printing.
pub(crate) fn print() {
    if let Some(window) = web_sys::window() {
        let _ = window.print();
    }
}

/// Loads the page anew.
pub(crate) fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}

/// Offers a text as a file.
pub(crate) fn save(name: &str, text: &str) {
    let _ = try_save(name, text);
}

fn try_save(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/plain");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let address = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&address)
}

/// The element that has the focus, if a text is written in it.
pub(crate) fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA"))
}

#[cfg(test)]
mod tests {
    use super::invite_in;

    #[test]
    fn an_invitation_is_read_from_the_address() {
        assert_eq!(invite_in("#invite=abc-123").as_deref(), Some("abc-123"));
        assert_eq!(invite_in("#x=1&invite=abc").as_deref(), Some("abc"));
        assert_eq!(invite_in("#invite="), None);
        assert_eq!(invite_in(""), None);
    }

    #[test]
    fn an_invitation_that_is_none_is_left_alone() {
        assert_eq!(invite_in("#invite=<script>"), None);
        assert_eq!(invite_in(&format!("#invite={}", "a".repeat(129))), None);
    }
}
