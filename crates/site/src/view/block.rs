//! A story's blocks as templates print them: `templates/blocks.html` has a macro for each kind.

use serde::Serialize;

use super::moment::Wording;
use super::{Moment, Picture, Prose, Sound, address, sound};

/// One part of a body. Templates tell the kinds apart by `block`: `paragraph`, `pull-quote`, ….
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "block", rename_all = "kebab-case")]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Its words.
        text: Prose,
    },
    /// A heading; 2 to 4.
    Heading {
        /// 2 to 4.
        level: u8,
        /// Its words.
        text: Prose,
    },
    /// A list.
    List {
        /// True if numbered.
        is_ordered: bool,
        /// The items.
        items: Vec<Prose>,
    },
    /// Somebody else's words.
    Quote {
        /// Paragraphs.
        text: Vec<Prose>,
        /// Who said it; may be empty.
        attribution: String,
    },
    /// Words of this story, drawn out large.
    PullQuote {
        /// The words.
        text: Prose,
        /// Who said it; may be empty.
        attribution: String,
    },
    /// A picture.
    Image {
        /// The picture.
        image: Picture,
    },
    /// Several pictures.
    Gallery {
        /// What they show together; may be empty.
        title: String,
        /// The pictures.
        images: Vec<Picture>,
    },
    /// Something to hear.
    Sound {
        /// The sound.
        sound: Sound,
    },
    /// Something that stands elsewhere; shown as a link that says where it leads.
    Embed {
        /// What it is called.
        title: String,
        /// The page that has it.
        href: String,
        /// Whose it is: "YouTube".
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
        /// True if it leaves this site.
        is_external: bool,
    },
    /// An editor's note.
    Note {
        /// What it says.
        text: Prose,
        /// When it was made.
        at: Option<Moment>,
    },
    /// Figures in rows and columns.
    Table {
        /// What stands in the columns; empty if no row says so.
        head: Vec<Prose>,
        /// The rows below.
        rows: Vec<Vec<Prose>>,
    },
    /// What a reader should know first, set apart.
    Callout {
        /// What it is about; may be empty.
        title: String,
        /// Paragraphs.
        text: Vec<Prose>,
    },
    /// A change of subject.
    Divider,
}

impl Block {
    /// The blocks that a page can show; one that has nothing left to show (a picture from an unsafe address) is left
    /// out.
    pub fn all(blocks: &[station::Block], times: &Wording, place: &sound::Place<'_>) -> Vec<Self> {
        blocks.iter().filter_map(|block| Self::of(block, times, place)).collect()
    }

    fn of(block: &station::Block, times: &Wording, place: &sound::Place<'_>) -> Option<Self> {
        use station::Block as B;
        Some(match block {
            B::Paragraph { text } => Block::Paragraph { text: Prose::of(text) },
            B::Heading { level, text } => Block::Heading { level: (*level).clamp(2, 4), text: Prose::of(text) },
            B::List { is_ordered, items } => {
                Block::List { is_ordered: *is_ordered, items: items.iter().map(Prose::of).collect() }
            }
            B::Quote { text, attribution } => {
                Block::Quote { text: text.iter().map(Prose::of).collect(), attribution: attribution.clone() }
            }
            B::PullQuote { text, attribution } => {
                Block::PullQuote { text: Prose::of(text), attribution: attribution.clone() }
            }
            B::Image { image } => Block::Image { image: Picture::of(image)? },
            B::Gallery { title, images } => gallery(title, images)?,
            B::Sound { sound } => Block::Sound { sound: Sound::of(sound, place)? },
            B::Embed { title, href, provider } => Block::Embed {
                title: title.clone(),
                href: address::safe_link(href)?.to_owned(),
                provider: provider.clone(),
            },
            B::Related { title, teaser, href } => related(title, teaser, href)?,
            B::Note { text, at } => Block::Note { text: Prose::of(text), at: at.map(|at| times.moment(at)) },
            B::Table { head, rows } => table(*head, rows)?,
            B::Callout { title, text } => {
                Block::Callout { title: title.clone(), text: text.iter().map(Prose::of).collect() }
            }
            B::Divider => Block::Divider,
        })
    }
}

fn gallery(title: &str, images: &[station::Image]) -> Option<Block> {
    let images: Vec<Picture> = images.iter().filter_map(Picture::of).collect();
    (!images.is_empty()).then(|| Block::Gallery { title: title.to_owned(), images })
}

fn table(has_head: bool, rows: &[Vec<station::Text>]) -> Option<Block> {
    let mut rows: Vec<Vec<Prose>> = rows.iter().map(|row| row.iter().map(Prose::of).collect()).collect();
    let head = if has_head && !rows.is_empty() { rows.remove(0) } else { Vec::new() };
    (!head.is_empty() || !rows.is_empty()).then_some(Block::Table { head, rows })
}

fn related(title: &str, teaser: &str, href: &str) -> Option<Block> {
    let href = address::safe_link(href)?.to_owned();
    let is_external = address::is_external(&href);
    Some(Block::Related { title: title.to_owned(), teaser: teaser.to_owned(), href, is_external })
}
