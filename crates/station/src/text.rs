//! Words with emphasis and links: what a paragraph is made of. Never HTML.
//!
//! A [`Text`] is a row of runs. A page makes HTML out of it by escaping each run, so nothing that came from outside
//! can become markup. Text from outside comes in by one way only: `Text::from_html` and
//! `block::from_html`, the one sanitiser.

use serde::{Deserialize, Serialize};

use crate::{Block, html};

pub use crate::html::{ADDRESS_BYTES_MAX, HTML_BYTES_MAX, HTML_TAGS_MAX, address, is_within_bounds};

/// The longest title of what is heard, in characters: what a car radio can show, many times over.
pub const TITLE_CHARS_MAX: usize = 250;

/// Words with emphasis and links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Run>);

/// Words that look alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The words. A line feed is a line break.
    #[serde(rename = "t")]
    pub words: String,
    /// Where they lead: an `https:`, `http:`, `mailto:` or `tel:` address, or a path of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Stressed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub em: bool,
    /// Weighty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strong: bool,
}

impl Text {
    /// Plain words.
    pub fn plain(words: impl Into<String>) -> Self {
        Text(vec![Run { words: words.into(), ..Run::default() }])
    }

    /// The words of a fragment of HTML from outside, with the emphasis and the links in it. Paragraphs become lines.
    ///
    /// ```
    /// use station::Text;
    /// let text = Text::from_html(r#"See <a href="https://example.org/"target="_blank" >the map</a><script>no()</script>.<br>"#);
    /// assert_eq!(text.words(), "See the map.");
    /// assert_eq!(text.0[1].href.as_deref(), Some("https://example.org/"));
    /// ```
    pub fn from_html(html: &str) -> Self {
        let mut whole = Text::default();
        for text in html::blocks(html).into_iter().flat_map(words_of) {
            html::append_line(&mut whole, text);
        }
        whole
    }

    /// The words alone.
    pub fn words(&self) -> String {
        self.0.iter().map(|run| run.words.as_str()).collect()
    }

    /// True if there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|run| run.words.trim().is_empty())
    }
}

/// The words of a fragment of HTML from outside as one line: a caption, a credit, a headline.
///
/// ```
/// use station::text::plain_from_html;
/// assert_eq!(plain_from_html("Jo <b>Birch</b> for\n<a href=x>WHVPR</a> &amp; friends<br>"), "Jo Birch for WHVPR & friends");
/// ```
pub fn plain_from_html(html: &str) -> String {
    html::one_line(&Text::from_html(html).words())
}

/// The title of what is heard, from whoever sent it: one line, nothing invisible, at most [`TITLE_CHARS_MAX`].
///
/// ```
/// use station::text::title;
/// assert_eq!(title("Ida Marsh\r\n -\0 River\u{202e} Song "), "Ida Marsh - River Song");
/// ```
pub fn title(words: &str) -> String {
    let line = html::one_line(words);
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        None => line,
        Some(_) => {
            let kept: String = line.chars().take(TITLE_CHARS_MAX - 1).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

fn words_of(block: Block) -> Vec<Text> {
    match block {
        Block::Paragraph { text } | Block::Heading { text, .. } => vec![text],
        Block::List { items, .. } => items,
        Block::Quote { mut text, attribution } => {
            text.extend((!attribution.is_empty()).then(|| Text::plain(attribution)));
            text
        }
        _ => Vec::new(),
    }
}
