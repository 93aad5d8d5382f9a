//! A draft: the working text of a story, while somebody writes it.
//!
//! A [`Story`](crate::Story) is what stands; a [`Draft`] is what may come to stand. It holds the fields that people write
//! and nothing that the house decides (state, dates, rights). Its body is pieces: blocks with a name of their own, so
//! that a note in the margin stays with its paragraph when the paragraphs around it change.
//!
//! A draft comes from a browser, and so from outside: [`Draft::tidied`] is its gate.
//!
//! Start at [`Draft::of`] and [`Draft::apply_to`].

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem::discriminant;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::Run;
use crate::{Block, Byline, Image, ProgrammeId, Slug, Sound, Story, Text, image, sound, text};

/// The longest headline, kicker, search title, name or title, in characters.
pub const LINE_CHARS_MAX: usize = 300;
/// The longest teaser, caption or alternative text, in characters.
pub const TEASER_CHARS_MAX: usize = 2_000;
/// The longest note for the desk, in characters.
pub const NOTE_CHARS_MAX: usize = 10_000;
/// How many pieces a body may have.
pub const PIECES_MAX: usize = 2_000;
/// How many people may be credited, and how many sounds a story may have.
pub const FEW_MAX: usize = 40;
/// How many cells a table may have.
pub const CELLS_MAX: usize = 4_000;
/// The longest name of a piece, in bytes.
pub const PIECE_ID_BYTES_MAX: usize = 32;

/// The working text of a story: the fields that people write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The section it is for.
    pub section: Slug,
    /// The programme that it is made for, if it is.
    #[serde(default)]
    pub programme: Option<ProgrammeId>,
    /// Its name in addresses; `None` to make it from the headline. An empty word is read as `None`.
    #[serde(default, deserialize_with = "slug_or_nothing")]
    pub slug: Option<Slug>,
    /// The few words above the headline; may be empty.
    #[serde(default)]
    pub kicker: String,
    /// The headline, plain; may still be empty.
    #[serde(default)]
    pub headline: String,
    /// One or two sentences below it, plain.
    #[serde(default)]
    pub teaser: String,
    /// The headline for search results, where it should differ.
    #[serde(default)]
    pub seo_title: String,
    /// Who is credited.
    #[serde(default)]
    pub bylines: Vec<Byline>,
    /// The picture above the text.
    #[serde(default)]
    pub lead: Option<Image>,
    /// What can be heard of it, the report itself first.
    #[serde(default)]
    pub sounds: Vec<Sound>,
    /// The words.
    #[serde(default)]
    pub body: Vec<Piece>,
    /// What the desk should know about it; no reader sees it.
    #[serde(default)]
    pub note: String,
}

/// A block of a draft, with a name that stays while it is changed or moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Its name, one of its own within the draft: up to 32 ASCII letters, digits and hyphens.
    pub id: String,
    /// The block.
    #[serde(flatten)]
    pub block: Block,
}

/// Why a draft cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A field has more characters than it may.
    #[error("the {what} has more than {max} characters")]
    TooLong {
        /// Which: "headline".
        what: &'static str,
        /// How many it may have.
        max: usize,
    },
    /// There is more of something than there may be.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// Of what: "blocks".
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
}

impl Draft {
    /// A draft with nothing in it yet.
    pub fn new(section: Slug) -> Self {
        Self {
            section,
            programme: None,
            slug: None,
            kicker: String::new(),
            headline: String::new(),
            teaser: String::new(),
            seo_title: String::new(),
            bylines: Vec::new(),
            lead: None,
            sounds: Vec::new(),
            body: Vec::new(),
            note: String::new(),
        }
    }

    /// The text of a story as it stands. Its pieces are named by their places: `s1`, `s2`.
    pub fn of(story: &Story) -> Self {
        let pieces = story.body.iter().zip(1..).map(|(block, at)| Piece { id: format!("s{at}"), block: block.clone() });
        Self {
            section: story.section.clone(),
            programme: story.programme,
            slug: Some(story.slug.clone()),
            kicker: story.kicker.clone(),
            headline: story.headline.clone(),
            teaser: story.teaser.clone(),
            seo_title: story.seo_title.clone(),
            bylines: story.bylines.clone(),
            lead: story.lead.clone(),
            sounds: story.sounds.clone(),
            body: pieces.collect(),
            note: String::new(),
        }
    }

    /// The story with this text in it. Where it is written, everything else about it stays.
    pub fn apply_to(&self, story: Story) -> Story {
        Story {
            section: self.section.clone(),
            programme: self.programme,
            slug: self.slug(),
            kicker: self.kicker.clone(),
            headline: self.headline.clone(),
            teaser: self.teaser.clone(),
            seo_title: self.seo_title.clone(),
            bylines: self.bylines.clone(),
            lead: self.lead.clone(),
            sounds: self.sounds.clone(),
            body: self.blocks(),
            ..story
        }
    }

    /// Its name in addresses: the one that was written, or one made from the headline.
    pub fn slug(&self) -> Slug {
        self.slug.clone().unwrap_or_else(|| Slug::from_headline(&self.headline, "story"))
    }

    /// True if there is nothing to read in it yet.
    pub fn is_blank(&self) -> bool {
        self.headline.is_empty() && self.teaser.is_empty() && self.note.is_empty() && self.body.is_empty()
    }

    /// The blocks alone.
    pub fn blocks(&self) -> Vec<Block> {
        self.body.iter().map(|piece| piece.block.clone()).collect()
    }

    /// The same text with nothing hostile in it: lines are lines, links lead where a page may lead, embeds and pictures
    /// come over `https` or from the vault's public part, every piece has a name of its own. No word is taken away; what
    /// is longer than it may be is refused.
    pub fn tidied(mut self) -> Result<Self, Fault> {
        for line in [&mut self.kicker, &mut self.headline, &mut self.teaser, &mut self.seo_title] {
            *line = one_line(line);
        }
        self.note = plain(&self.note);
        self.bylines.retain_mut(|byline| {
            byline.name = one_line(&byline.name);
            !byline.name.is_empty()
        });
        self.lead = self.lead.and_then(safe_image);
        self.sounds = self.sounds.into_iter().filter_map(safe_sound).collect();
        self.body = named(self.body.into_iter().filter_map(safe_piece).collect());
        self.check()?;
        Ok(self)
    }

    fn check(&self) -> Result<(), Fault> {
        let lines = [
            ("headline", &self.headline, LINE_CHARS_MAX),
            ("kicker", &self.kicker, LINE_CHARS_MAX),
            ("search title", &self.seo_title, LINE_CHARS_MAX),
            ("teaser", &self.teaser, TEASER_CHARS_MAX),
            ("note", &self.note, NOTE_CHARS_MAX),
        ];
        for (what, line, max) in lines {
            fits(what, line, max)?;
        }
        for byline in &self.bylines {
            fits("name in the byline", &byline.name, LINE_CHARS_MAX)?;
        }
        let counts = [
            ("people in the byline", self.bylines.len(), FEW_MAX),
            ("sounds", self.sounds.len(), FEW_MAX),
            ("blocks", self.body.len(), PIECES_MAX),
            (
                "cells in a table",
                self.body.iter().map(|piece| cells(&piece.block)).max().unwrap_or_default(),
                CELLS_MAX,
            ),
        ];
        counts.into_iter().try_for_each(|(what, count, max)| match count <= max {
            true => Ok(()),
            false => Err(Fault::TooMany { what, max }),
        })
    }
}

/// Names `blocks`, which were written where names cannot be seen, after the pieces that they came from: a block that is
/// the same keeps its name, one that was changed in its place takes the name of what stood there, and a new one is named
/// `new`, a hyphen and a number.
pub fn carry_names(old: &[Piece], blocks: Vec<Block>, new: &str) -> Vec<Piece> {
    let keys: Vec<String> = old.iter().map(|piece| key(&piece.block)).collect();
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        places.entry(key).or_default().push_back(at);
    }
    let mut from: Vec<Option<usize>> =
        blocks.iter().map(|block| places.get_mut(key(block).as_str())?.pop_front()).collect();
    let mut taken: HashSet<usize> = from.iter().flatten().copied().collect();
    for at in 0..blocks.len() {
        if from[at].is_none() {
            let behind = if at == 0 { Some(0) } else { from[at - 1].map(|place| place + 1) };
            from[at] = behind.filter(|place| {
                let is_kin =
                    old.get(*place).is_some_and(|piece| discriminant(&piece.block) == discriminant(&blocks[at]));
                is_kin && taken.insert(*place)
            });
        }
    }
    let name =
        |place: Option<usize>, at: usize| place.map_or_else(|| format!("{new}-{at}"), |place| old[place].id.clone());
    let pieces = blocks.into_iter().zip(from).zip(1..);
    pieces.map(|((block, place), at)| Piece { id: name(place, at), block }).collect()
}

/// What tells two blocks apart.
fn key(block: &Block) -> String {
    serde_json::to_string(block).expect("a block has string keys and so can always be written as JSON")
}

fn slug_or_nothing<'de, D: Deserializer<'de>>(slug: D) -> Result<Option<Slug>, D::Error> {
    let text = Option::<String>::deserialize(slug)?.filter(|text| !text.is_empty());
    text.map(|text| Slug::parse(&text)).transpose().map_err(serde::de::Error::custom)
}

fn fits(what: &'static str, words: &str, max: usize) -> Result<(), Fault> {
    if words.chars().nth(max).is_none() { Ok(()) } else { Err(Fault::TooLong { what, max }) }
}

fn cells(block: &Block) -> usize {
    match block {
        Block::Table { rows, .. } => rows.iter().map(Vec::len).sum(),
        _ => 0,
    }
}

fn one_line(words: &str) -> String {
    plain(words).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words without letters that cannot be seen, but for line feeds.
fn plain(words: &str) -> String {
    words.replace("\r\n", "\n").chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect()
}

/// Gives every piece a name of its own: a first one keeps what it brings.
fn named(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut seen = HashSet::new();
    let mut number = 0;
    let given: HashSet<String> = pieces.iter().map(|piece| piece.id.clone()).collect();
    for piece in &mut pieces {
        while !is_name(&piece.id) || seen.contains(&piece.id) {
            number += 1;
            let name = format!("n{number}");
            piece.id = if given.contains(&name) { String::new() } else { name };
        }
        seen.insert(piece.id.clone());
    }
    pieces
}

fn is_name(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !id.is_empty() && id.len() <= PIECE_ID_BYTES_MAX && id.bytes().all(is_plain)
}

fn safe_piece(piece: Piece) -> Option<Piece> {
    Some(Piece { id: piece.id, block: safe_block(piece.block)? })
}

fn safe_block(block: Block) -> Option<Block> {
    Some(match block {
        Block::Paragraph { text } => Block::Paragraph { text: safe_text(text) },
        Block::Heading { level, text } => Block::Heading { level: level.clamp(2, 4), text: safe_text(text) },
        Block::List { is_ordered, items } => Block::List { is_ordered, items: safe_texts(items) },
        Block::Quote { text, attribution } => {
            Block::Quote { text: safe_texts(text), attribution: one_line(&attribution) }
        }
        Block::PullQuote { text, attribution } => {
            Block::PullQuote { text: safe_text(text), attribution: one_line(&attribution) }
        }
        Block::Image { image } => Block::Image { image: safe_image(image)? },
        Block::Gallery { title, images } => {
            Block::Gallery { title: one_line(&title), images: images.into_iter().filter_map(safe_image).collect() }
        }
        Block::Sound { sound } => Block::Sound { sound: safe_sound(sound)? },
        Block::Embed { title, href, .. } => Block::embed(&href, one_line(&title))?,
        Block::Related { title, teaser, href } => Block::Related {
            title: one_line(&title),
            teaser: one_line(&teaser),
            // Words whose link leads nowhere are still words: the checklist says that the link is empty.
            href: text::address(&href).unwrap_or_default(),
        },
        Block::Note { text, at } => Block::Note { text: safe_text(text), at },
        Block::Table { head, rows } => Block::Table { head, rows: rows.into_iter().map(safe_texts).collect() },
        Block::Callout { title, text } => Block::Callout { title: one_line(&title), text: safe_texts(text) },
        Block::Divider => Block::Divider,
    })
}

fn safe_texts(texts: Vec<Text>) -> Vec<Text> {
    texts.into_iter().map(safe_text).collect()
}

fn safe_text(text: Text) -> Text {
    let safe = |run: Run| Run { words: plain(&run.words), href: run.href.and_then(|href| text::address(&href)), ..run };
    Text(text.0.into_iter().map(safe).filter(|run| !run.words.is_empty()).collect())
}

fn safe_image(image: Image) -> Option<Image> {
    let file = match image.file {
        image::File::Vault(key) => image::File::Vault(public_key(key)?),
        image::File::Remote { href, template } => image::File::Remote {
            href: over_https(&href)?,
            template: template
                .filter(|template| template.starts_with("https://") && !template.contains(char::is_whitespace)),
        },
    };
    Some(Image {
        file,
        alt: one_line(&image.alt),
        caption: one_line(&image.caption),
        credit: one_line(&image.credit),
        ..image
    })
}

fn safe_sound(sound: Sound) -> Option<Sound> {
    let file = match sound.file {
        sound::File::Vault(key) => sound::File::Vault(public_key(key)?),
        sound::File::Remote(href) => sound::File::Remote(over_https(&href)?),
    };
    let transcript = sound.transcript.and_then(|transcript| match transcript {
        sound::Transcript::Text(words) => {
            Some(sound::Transcript::Text(words.iter().map(|words| plain(words)).collect()))
        }
        sound::Transcript::Page(href) => over_https(&href).map(sound::Transcript::Page),
    });
    Some(Sound { title: one_line(&sound.title), file, transcript, ..sound })
}

/// A key of what the vault shows to everybody.
fn public_key(key: String) -> Option<String> {
    (key.starts_with("media/") && !key.contains("..")).then_some(key)
}

fn over_https(href: &str) -> Option<String> {
    text::address(href).filter(|href| href.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: &str, words: &str) -> Piece {
        Piece { id: id.into(), block: Block::paragraph(words) }
    }

    fn draft(body: Vec<Piece>) -> Draft {
        Draft { body, ..Draft::new(Slug::parse("news").unwrap()) }
    }

    fn names(pieces: &[Piece]) -> Vec<&str> {
        pieces.iter().map(|piece| piece.id.as_str()).collect()
    }

    #[test]
    fn a_piece_is_written_as_its_block_with_a_name() {
        let json = serde_json::to_value(piece("k3", "Water.")).unwrap();
        assert_eq!(json, serde_json::json!({ "id": "k3", "block": "paragraph", "text": [{ "t": "Water." }] }));
        assert_eq!(serde_json::from_value::<Piece>(json).unwrap(), piece("k3", "Water."));
    }

    #[test]
    fn what_a_form_leaves_out_is_empty() {
        let draft: Draft = serde_json::from_str(r#"{ "section": "news", "slug": "" }"#).unwrap();
        assert_eq!(draft, Draft::new(Slug::parse("news").unwrap()));
    }

    #[test]
    fn links_lead_where_a_page_may_lead_and_no_word_is_taken_away() {
        let run = |href: &str| Run { words: "the map".into(), href: Some(href.into()), ..Run::default() };
        let text = Text(vec![run("javascript:alert(1)"), run("https://a.example/")]);
        let tidied = draft(vec![Piece { id: "a".into(), block: Block::Paragraph { text } }]).tidied().unwrap();
        let Block::Paragraph { text } = &tidied.body[0].block else { panic!("it was a paragraph") };
        assert_eq!(text.words(), "the mapthe map");
        assert_eq!(
            text.0.iter().map(|run| run.href.as_deref()).collect::<Vec<_>>(),
            [None, Some("https://a.example/")]
        );
    }

    #[test]
    fn nothing_of_the_vault_but_what_is_public_can_be_shown() {
        let image = |key: &str| Block::Image {
            image: Image {
                file: image::File::Vault(key.into()),
                width_px: None,
                height_px: None,
                alt: String::new(),
                caption: String::new(),
                credit: String::new(),
            },
        };
        let keys = ["media/ab/a.jpg", "recordings/a.mp3", "media/../recordings/a.mp3"];
        let pieces = keys.map(|key| Piece { id: "a".into(), block: image(key) });
        assert_eq!(draft(pieces.to_vec()).tidied().unwrap().blocks(), [image("media/ab/a.jpg")]);
    }

    #[test]
    fn every_piece_gets_a_name_of_its_own() {
        let tidied = draft(vec![piece("a", "1"), piece("a", "2"), piece("n1", "3"), piece("<b>", "4"), piece("", "5")]);
        let tidied = tidied.tidied().unwrap();
        let names = names(&tidied.body);
        assert_eq!((names[0], names[2]), ("a", "n1"));
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 5, "{names:?}");
    }

    #[test]
    fn what_is_too_long_is_refused_by_name() {
        let long = Draft { headline: "x".repeat(LINE_CHARS_MAX + 1), ..draft(vec![]) };
        assert_eq!(long.tidied().unwrap_err().to_string(), "the headline has more than 300 characters");
        let many = draft(vec![piece("a", "x"); PIECES_MAX + 1]);
        assert_eq!(many.tidied().unwrap_err(), Fault::TooMany { what: "blocks", max: PIECES_MAX });
    }

    #[test]
    fn names_stay_with_what_was_kept_moved_or_changed_in_its_place() {
        let old = [piece("a", "one"), piece("b", "two"), piece("c", "three")];
        let blocks = ["three", "one", "two, longer", "four"].map(Block::paragraph);
        assert_eq!(names(&carry_names(&old, blocks.to_vec(), "v2")), ["c", "a", "b", "v2-4"]);
        let twice = ["one", "one"].map(Block::paragraph);
        assert_eq!(names(&carry_names(&old, twice.to_vec(), "v2")), ["a", "b"]);
        assert_eq!(names(&carry_names(&[], twice.to_vec(), "v2")), ["v2-1", "v2-2"]);
    }
}
