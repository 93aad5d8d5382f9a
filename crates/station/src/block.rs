//! What a story's body is made of.

use serde::{Deserialize, Serialize};

use crate::{Image, Sound, Text, Timestamp, html};

/// One part of a body, in reading order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "kebab-case")]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Its words.
        text: Text,
    },
    /// A heading within the body; its level is 2 to 4.
    Heading {
        /// 2 to 4: 1 is the headline.
        level: u8,
        /// Its words.
        text: Text,
    },
    /// A list.
    List {
        /// True if the items are numbered.
        is_ordered: bool,
        /// The items.
        items: Vec<Text>,
    },
    /// Somebody else's words, set apart.
    Quote {
        /// Paragraphs of it.
        text: Vec<Text>,
        /// Who said it; may be empty.
        attribution: String,
    },
    /// Words of this story, drawn out large.
    PullQuote {
        /// The words.
        text: Text,
        /// Who said it; may be empty.
        attribution: String,
    },
    /// A picture.
    Image {
        /// The picture with its words.
        image: Image,
    },
    /// Several pictures.
    Gallery {
        /// What they show together; may be empty.
        title: String,
        /// The pictures.
        images: Vec<Image>,
    },
    /// Something to hear.
    Sound {
        /// The sound.
        sound: Sound,
    },
    /// Something that stands elsewhere and is fetched only when a reader asks: a video, a map, a post.
    Embed {
        /// What it is called.
        title: String,
        /// The page that has it: an `https` address.
        href: String,
        /// Whose it is, as a reader knows them: "YouTube".
        provider: String,
    },
    /// A pointer to something else to read.
    Related {
        /// The words that lead there.
        title: String,
        /// A few words about it; may be empty.
        teaser: String,
        /// Where it is.
        href: String,
    },
    /// An editor's note.
    Note {
        /// What it says.
        text: Text,
        /// When it was made, if that is known.
        at: Option<Timestamp>,
    },
    /// Figures in rows and columns.
    Table {
        /// True if the first row says what stands in the columns.
        head: bool,
        /// The rows, each a cell for every column.
        rows: Vec<Vec<Text>>,
    },
    /// What a reader should know first, set apart: what is open, whom to call.
    Callout {
        /// What it is about; may be empty.
        title: String,
        /// Paragraphs of it.
        text: Vec<Text>,
    },
    /// A change of subject.
    Divider,
}

impl Block {
    /// A paragraph of plain words.
    pub fn paragraph(words: impl Into<String>) -> Self {
        Block::Paragraph { text: Text::plain(words) }
    }

    /// An embed of the page at `href`, named by its host; `None` unless that is an `https` address.
    pub fn embed(href: &str, title: impl Into<String>) -> Option<Self> {
        let href = crate::text::address(href).filter(|href| href.starts_with("https://"))?;
        let provider = provider_of(url::Url::parse(&href).ok()?.host_str()?);
        Some(Block::Embed { title: title.into(), href, provider })
    }
}

/// The blocks of a fragment of HTML from outside: paragraphs, headings, lists, quotes and dividers. Anything else is
/// unwrapped to its words or dropped.
///
/// ```
/// use station::block::{self, Block};
/// let blocks = block::from_html("<h3><strong>The gauge</strong></h3><div>It rose.<br><br>Twice.</div>");
/// assert_eq!(blocks.len(), 3);
/// assert_eq!(blocks[1], Block::paragraph("It rose."));
/// ```
pub fn from_html(html: &str) -> Vec<Block> {
    html::blocks(html)
}

/// What `html` frames in (`<iframe>`), as embeds: pages that are fetched only when a reader asks.
///
/// ```
/// use station::block::{self, Block};
/// let embeds = block::embeds_from_html(r#"<iframe src="https://www.youtube.com/embed/x" onload="no()"></iframe>"#);
/// assert!(matches!(&embeds[0], Block::Embed { provider, .. } if provider == "YouTube"));
/// ```
pub fn embeds_from_html(html: &str) -> Vec<Block> {
    html::frames(html).into_iter().filter_map(|(href, title)| Block::embed(&href, title)).collect()
}

/// Names that readers know the hosts of embeds by.
const PROVIDERS: &[(&str, &str)] = &[
    ("datawrapper.dwcdn.net", "Datawrapper"),
    ("documentcloud.org", "DocumentCloud"),
    ("facebook.com", "Facebook"),
    ("flourish.studio", "Flourish"),
    ("google.com", "Google"),
    ("instagram.com", "Instagram"),
    ("npr.org", "NPR"),
    ("soundcloud.com", "SoundCloud"),
    ("spotify.com", "Spotify"),
    ("tiktok.com", "TikTok"),
    ("twitter.com", "X"),
    ("vimeo.com", "Vimeo"),
    ("x.com", "X"),
    ("youtube.com", "YouTube"),
    ("youtube-nocookie.com", "YouTube"),
    ("youtu.be", "YouTube"),
];

fn provider_of(host: &str) -> String {
    let is_of = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let known = PROVIDERS.iter().find(|(domain, _)| is_of(domain)).map(|(_, name)| (*name).to_owned());
    known.unwrap_or_else(|| host.strip_prefix("www.").unwrap_or(host).to_owned())
}
