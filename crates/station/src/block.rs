//! What a story's body is made of.

use serde::{Deserialize, Serialize};

use crate::{Image, Sound, Text, Timestamp};

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
    /// A change of subject.
    Divider,
}

impl Block {
    /// A paragraph of plain words.
    pub fn paragraph(words: impl Into<String>) -> Self {
        Block::Paragraph { text: Text::plain(words) }
    }
}
