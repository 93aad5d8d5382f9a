//! Sounds: they stay at their owner's, with every part of their address, since the owner counts by it.

use std::collections::HashSet;

use feeds::cds::{Asset, Document};
use station::Timestamp;
use station::sound::{File, Sound, Transcript};

use super::{NAME_CHARS_MAX, https, line, page, paragraphs};
use crate::mentions::Known;

/// How many sounds a story has above its words: each may bring a transcript.
const LISTED_MAX: usize = 8;
/// Audio that is made for other places than a page.
const ELSEWHERE: &[&str] = &["intro", "headline", "promo", "nprone-override"];

/// The document's own sounds, the report itself first: what its `audio` lists.
pub(super) fn listed<'a>(document: &'a Document) -> Vec<Asset<'a>> {
    let mut links = document.fields().links("audio");
    links.retain(|link| !ELSEWHERE.iter().any(|rel| link.has_rel(rel)));
    links.sort_by_key(|link| !link.has_rel("primary"));
    let mut seen = HashSet::new();
    let assets = links.iter().filter_map(|link| document.asset(link));
    assets.filter(|asset| seen.insert(asset.id)).take(LISTED_MAX).collect()
}

/// The sound of an audio asset, or why it may not or cannot be offered.
pub(super) fn sound(document: &Document, asset: &Asset, known: &Known, now: Timestamp) -> Result<Sound, &'static str> {
    if asset.fields.flag("isAvailable") == Some(false) {
        return Err("its owner says that it is not available");
    }
    if asset.fields.time("streamExpirationDateTime").is_some_and(|end| end <= now) {
        return Err("its owner offered it until a time that has passed");
    }
    let file = asset.playable().ok_or("it has no file")?;
    let href = https(&file.href).ok_or("its file has no address that a page can use")?;
    let is_premium = document.fields().has_profile("has-premium-audio") || asset.is_premium();
    let title = match line(asset.fields, "title", NAME_CHARS_MAX) {
        none if none.is_empty() => line(document.fields(), "title", NAME_CHARS_MAX),
        title => title,
    };
    Ok(Sound {
        title,
        file: File::Remote(href),
        media_type: file.media_type.filter(|name| is_media_type(name)).unwrap_or_else(|| "audio/mpeg".into()),
        duration_ms: asset.fields.number("duration").filter(|s| (1..1_000_000).contains(s)).map(|s| s * 1_000),
        bytes: file.bytes,
        // Premium audio may be played and linked to, never kept.
        is_downloadable: asset.fields.flag("isDownloadable") == Some(true) && !is_premium,
        transcript: transcript(asset, known),
    })
}

fn is_media_type(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    name.len() < 100 && name.split_once('/').is_some_and(|(kind, form)| is_word(kind) && is_word(form))
}

fn transcript(asset: &Asset, known: &Known) -> Option<Transcript> {
    let link = asset.fields.link("transcriptLink");
    let id = link.as_ref().and_then(|link| link.document_id());
    if let Some(words) = id.and_then(|id| known.transcripts.get(id)) {
        return Some(Transcript::Text(words.clone()));
    }
    let embedded = link.and_then(|link| link.embedded()).filter(|document| !document.is_closed_to(&[]));
    let words = embedded.map(|document| paragraphs(document.fields().text("text").unwrap_or_default()));
    match words.filter(|words| !words.is_empty()) {
        Some(words) => Some(Transcript::Text(words)),
        None => page(&asset.fields.link("transcriptWebPageLink")?.href).map(Transcript::Page),
    }
}
