//! A document's layout, as blocks.
//!
//! The layout is a list of links to assets; containers have layouts of their own. A hostile document may nest them
//! deep, make them contain themselves, or name one large part a thousand times. So every part is shown once, which
//! keeps a body as small as its document, and depth, parts and sounds are bounded.

use std::collections::HashSet;

use feeds::cds::{Asset, Document, Link};
use station::{Block, Image, Text, Timestamp, block};
use url::Url;

use super::sound::sound;
use super::story::Around;
use super::{NAME_CHARS_MAX, TEASER_CHARS_MAX, image, lead_home, line, page, remark_if_cut};
use crate::mentions::Known;
use crate::report::Matter;

/// How deep containers may stand in each other.
const DEPTH_MAX: usize = 12;
/// How many parts are looked at.
const PARTS_MAX: usize = 5_000;
/// How many blocks a body has at most.
const BLOCKS_MAX: usize = 3_000;
/// How many sounds a body has at most: each may bring a transcript.
const SOUNDS_MAX: usize = 16;

/// Assets that only hold others.
const CONTAINERS: &[&str] = &["area", "card", "container", "inset", "list"];
/// Assets that have their place elsewhere on the page.
const ELSEWHERE: &[&str] = &["byline", "reference-byline", "correction", "social-handle"];

/// The site that paths in a document's text belong to: that of the page where it stands first.
pub(super) fn home(canonical: Option<&str>) -> Option<Url> {
    Url::parse(canonical?).ok()
}

/// A layout on its way to becoming blocks.
pub(super) struct Body<'a> {
    document: &'a Document,
    around: &'a Around<'a>,
    known: &'a Known,
    home: Option<Url>,
    /// Assets that stand elsewhere on the page already: the lead picture, the report's sound.
    placed: HashSet<&'a str>,
    /// Assets that stand in the body.
    shown: HashSet<&'a str>,
    depth: usize,
    parts: usize,
    sounds: usize,
    blocks: Vec<Block>,
}

impl<'a> Body<'a> {
    pub(super) fn new(document: &'a Document, around: &'a Around<'a>, known: &'a Known, home: Option<Url>) -> Self {
        Self {
            document,
            around,
            known,
            home,
            placed: HashSet::new(),
            shown: HashSet::new(),
            depth: 0,
            parts: 0,
            sounds: 0,
            blocks: Vec::new(),
        }
    }

    /// Notes that these assets stand elsewhere on the page.
    pub(super) fn place(&mut self, assets: impl IntoIterator<Item = &'a str>) {
        self.placed.extend(assets);
    }

    /// The blocks of the document's layout.
    pub(super) fn blocks(mut self, remarks: &mut Vec<Matter>) -> Vec<Block> {
        self.walk(&self.document.layout(), remarks);
        self.add_notes(remarks);
        if self.parts > PARTS_MAX || self.blocks.len() > BLOCKS_MAX {
            self.blocks.truncate(BLOCKS_MAX);
            remarks.push(Matter::TooManyParts);
        }
        self.blocks
    }

    fn walk(&mut self, layout: &[Link], remarks: &mut Vec<Matter>) {
        for asset in layout.iter().filter_map(|link| self.document.asset(link)) {
            self.parts += 1;
            if self.parts > PARTS_MAX || self.blocks.len() > BLOCKS_MAX {
                return;
            }
            if self.placed.contains(asset.id) {
                continue;
            }
            if !self.shown.insert(asset.id) {
                remarks.push(Matter::RepeatedPart { asset: asset.id.to_owned() });
                continue;
            }
            let kind = asset.kind();
            match asset.fields.is_closed_to(self.around.own_service_ids) {
                true => remarks.push(Matter::RestrictedPart { asset: asset.id.to_owned(), kind }),
                false => self.add(&asset, &kind, remarks),
            }
        }
    }

    fn add(&mut self, asset: &Asset, kind: &str, remarks: &mut Vec<Matter>) {
        match kind {
            "text" => self.add_text(asset, remarks),
            "html-block" => self.add_html(asset, remarks),
            "image" => {
                self.add_or_say(asset, kind, image::image(asset).map(|image| Block::Image { image }), NO_FILE, remarks)
            }
            "audio" => self.add_sound(asset, remarks),
            "pull-quote" => self.add_or_say(asset, kind, self.pull_quote(asset), NO_WORDS, remarks),
            "note" => self.add_note(asset, remarks),
            "image-gallery" => {
                let gallery = self.gallery(asset, remarks);
                self.add_or_say(asset, kind, gallery, NO_FILE, remarks);
            }
            "youtube-video" => self.add_or_say(asset, kind, youtube(asset), NO_ADDRESS, remarks),
            "tweet" => self.add_or_say(asset, kind, tweet(asset), NO_ADDRESS, remarks),
            "player-video" | "stream-player-video" => self.add_or_say(asset, kind, video(asset), NO_ADDRESS, remarks),
            "external-link" => self.add_or_say(asset, kind, external(asset), NO_ADDRESS, remarks),
            "internal-link" | "promo-card" => self.add_pointer(asset, kind, remarks),
            _ if ELSEWHERE.contains(&kind) => {}
            _ => self.add_container(asset, kind, remarks),
        }
    }

    fn add_or_say(
        &mut self,
        asset: &Asset,
        kind: &str,
        block: Option<Block>,
        why: &'static str,
        remarks: &mut Vec<Matter>,
    ) {
        match block {
            Some(block) => self.blocks.push(block),
            None => remarks.push(empty(asset, kind, why)),
        }
    }

    fn add_text(&mut self, asset: &Asset, remarks: &mut Vec<Matter>) {
        match asset.fields.text("text") {
            Some(html) => self.add_fragment(asset, html, remarks),
            None => remarks.push(empty(asset, "text", NO_WORDS)),
        }
    }

    fn add_fragment(&mut self, asset: &Asset, html: &str, remarks: &mut Vec<Matter>) {
        remark_if_cut(asset, html, remarks);
        let mut blocks = block::from_html(html);
        blocks.iter_mut().for_each(|block| lead_home(texts_of(block), self.home.as_ref()));
        self.blocks.append(&mut blocks);
    }

    /// A block of somebody's own HTML: what it frames in is offered, its words are shown, its scripts are not run.
    fn add_html(&mut self, asset: &Asset, remarks: &mut Vec<Matter>) {
        let html = asset.fields.text("html").unwrap_or_default();
        let before = self.blocks.len();
        let title = line(asset.fields, "title", NAME_CHARS_MAX);
        let embeds = block::embeds_from_html(html).into_iter().map(|embed| with_title(embed, &title));
        self.blocks.extend(embeds);
        self.add_fragment(asset, html, remarks);
        if self.blocks.len() == before {
            remarks.push(empty(asset, "html-block", "it shows nothing without its script"));
        }
    }

    fn add_sound(&mut self, asset: &Asset, remarks: &mut Vec<Matter>) {
        self.sounds += 1;
        let sound = match self.sounds {
            ..=SOUNDS_MAX => sound(self.document, asset, self.known, self.around.now),
            _ => Err("there are too many"),
        };
        match sound {
            Ok(sound) => self.blocks.push(Block::Sound { sound }),
            Err(why) => remarks.push(Matter::NoSound { asset: asset.id.to_owned(), why }),
        }
    }

    fn add_note(&mut self, asset: &Asset, remarks: &mut Vec<Matter>) {
        match self.dated_text(asset, remarks) {
            Some((text, at)) => self.blocks.push(Block::Note { text, at }),
            None => remarks.push(empty(asset, "note", NO_WORDS)),
        }
    }

    fn add_notes(&mut self, remarks: &mut Vec<Matter>) {
        // A note may stand in the layout too.
        for note in
            self.document.assets("notes").iter().filter(|note| !note.fields.is_closed_to(self.around.own_service_ids))
        {
            if self.shown.insert(note.id) {
                self.add_note(note, remarks);
            }
        }
    }

    /// The words and the time of a note or a correction.
    pub(super) fn dated_text(&self, asset: &Asset, remarks: &mut Vec<Matter>) -> Option<(Text, Option<Timestamp>)> {
        let html = asset.fields.text("text")?;
        remark_if_cut(asset, html, remarks);
        let mut text = Text::from_html(html);
        lead_home(std::slice::from_mut(&mut text), self.home.as_ref());
        (!text.is_empty()).then(|| (text, asset.fields.time("dateTime")))
    }

    fn pull_quote(&self, asset: &Asset) -> Option<Block> {
        let mut text = Text::from_html(asset.fields.text("quote")?);
        lead_home(std::slice::from_mut(&mut text), self.home.as_ref());
        let party = line(asset.fields, "attributionParty", NAME_CHARS_MAX);
        let context = line(asset.fields, "attributionContext", NAME_CHARS_MAX);
        let attribution = [party, context].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        (!text.is_empty()).then_some(Block::PullQuote { text, attribution })
    }

    fn gallery(&mut self, asset: &Asset, remarks: &mut Vec<Matter>) -> Option<Block> {
        let links = asset.fields.links("layout");
        let mut images: Vec<Image> = Vec::new();
        let mut seen = HashSet::new();
        for picture in links.iter().filter_map(|link| self.document.asset(link)) {
            if !seen.insert(picture.id) || self.parts > PARTS_MAX {
                continue;
            }
            self.parts += 1;
            if picture.fields.is_closed_to(self.around.own_service_ids) {
                remarks.push(Matter::RestrictedPart { asset: picture.id.to_owned(), kind: picture.kind() });
                continue;
            }
            match image::image(&picture) {
                Some(image) => images.push(image),
                None => remarks.push(empty(&picture, "image", NO_FILE)),
            }
        }
        let title = line(asset.fields, "title", NAME_CHARS_MAX);
        (!images.is_empty()).then_some(Block::Gallery { title, images })
    }

    /// A pointer to another document: to its page here where it can be read here, else to its owner's.
    fn add_pointer(&mut self, asset: &Asset, kind: &str, remarks: &mut Vec<Matter>) {
        let Some(link) = asset.fields.link("documentLink") else {
            return remarks.push(empty(asset, kind, NO_ADDRESS));
        };
        let here = link.document_id().and_then(|id| self.known.stories.get(id));
        let embedded = link.embedded();
        let elsewhere = embedded.as_ref().and_then(Document::canonical).and_then(|href| page(&href));
        let Some(href) = here.map(|target| target.path.clone()).or(elsewhere) else {
            let document = link.document_id().unwrap_or(&link.href).to_owned();
            return remarks.push(Matter::PointsNowhere { document });
        };
        let given = ["linkText", "title"].map(|name| line(asset.fields, name, NAME_CHARS_MAX));
        let theirs = [
            here.map(|target| target.headline.clone()).unwrap_or_default(),
            embedded.map(|document| line(document.fields(), "title", NAME_CHARS_MAX)).unwrap_or_default(),
        ];
        match given.into_iter().chain(theirs).find(|title| !title.is_empty()) {
            Some(title) => {
                let teaser = line(asset.fields, "teaser", TEASER_CHARS_MAX);
                self.blocks.push(Block::Related { title, teaser, href });
            }
            None => remarks.push(empty(asset, kind, NO_WORDS)),
        }
    }

    fn add_container(&mut self, asset: &Asset, kind: &str, remarks: &mut Vec<Matter>) {
        let layout = asset.fields.links("layout");
        if !CONTAINERS.contains(&kind) {
            // Whatever it is, what it holds is shown.
            remarks.push(Matter::UnknownPart { asset: asset.id.to_owned(), kind: kind.to_owned() });
        }
        if self.depth == DEPTH_MAX {
            return remarks.push(empty(asset, kind, "it stands too deep in others"));
        }
        self.depth += 1;
        self.walk(&layout, remarks);
        self.depth -= 1;
    }
}

const NO_WORDS: &str = "it has no words";
const NO_FILE: &str = "it has no file that a page can use";
const NO_ADDRESS: &str = "it has no address that a page can use";

fn empty(asset: &Asset, kind: &str, why: &'static str) -> Matter {
    Matter::EmptyPart { asset: asset.id.to_owned(), kind: kind.to_owned(), why }
}

fn texts_of(block: &mut Block) -> &mut [Text] {
    match block {
        Block::Paragraph { text } | Block::Heading { text, .. } => std::slice::from_mut(text),
        Block::Quote { text, .. } | Block::Callout { text, .. } => text,
        Block::List { items, .. } => items,
        _ => &mut [],
    }
}

/// A frame says what it is called; where it does not, the block that holds it may.
fn with_title(embed: Block, otherwise: &str) -> Block {
    match embed {
        Block::Embed { title, href, provider } if title.is_empty() => {
            Block::Embed { title: otherwise.to_owned(), href, provider }
        }
        named => named,
    }
}

fn youtube(asset: &Asset) -> Option<Block> {
    let id = asset.fields.text("videoId")?.trim();
    let is_id = id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let start = asset.fields.number("startTime").filter(|seconds| *seconds > 0);
    let start = start.map(|seconds| format!("&t={seconds}s")).unwrap_or_default();
    let title = line(asset.fields, "headline", NAME_CHARS_MAX);
    is_id.then(|| Block::embed(&format!("https://www.youtube.com/watch?v={id}{start}"), title))?
}

fn tweet(asset: &Asset) -> Option<Block> {
    let id = asset.fields.number("tweetId").filter(|id| *id > 0)?;
    Block::embed(&format!("https://x.com/i/status/{id}"), "")
}

fn video(asset: &Asset) -> Option<Block> {
    let file = asset.fields.links("enclosures").into_iter().next()?;
    Block::embed(&super::https(&file.href)?, line(asset.fields, "title", NAME_CHARS_MAX))
}

fn external(asset: &Asset) -> Option<Block> {
    let href = page(&asset.fields.link("externalLink")?.href)?;
    let title = match line(asset.fields, "linkText", NAME_CHARS_MAX) {
        none if none.is_empty() => Url::parse(&href).ok()?.host_str()?.to_owned(),
        words => words,
    };
    Some(Block::Related { title, teaser: String::new(), href })
}
