//! What a document names besides itself: its authors' biographies, stories that it points at, transcripts of its
//! sounds. Each may be here already, arrive later, or never.

use std::collections::{BTreeSet, HashMap};

use feeds::cds::{Asset, Document, Link};
use jiff::tz::TimeZone;
use station::story::State;
use station::{PersonId, StationId, story};
use store::Tx;

use crate::CDS;
use crate::translate::paragraphs;

/// How many other documents are looked up for one.
pub(crate) const MENTIONS_MAX: usize = 200;

/// What is known at the station of the documents that a document names.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Authors, by the ids of their biographies.
    pub people: HashMap<String, Author>,
    /// Stories that can be read here, by their ids.
    pub stories: HashMap<String, Target>,
    /// The words of sounds, a paragraph each, by the ids of the transcripts.
    pub transcripts: HashMap<String, Vec<String>>,
}

/// A person that the station knows.
#[derive(Debug)]
pub(crate) struct Author {
    pub id: PersonId,
    pub name: String,
}

/// A story that can be read here.
#[derive(Debug)]
pub(crate) struct Target {
    pub headline: String,
    pub path: String,
}

/// The documents that `document` names, each once.
pub(crate) fn of(document: &Document) -> Vec<String> {
    let links = document.all_assets().flat_map(|asset| named_by(&asset));
    let ids: BTreeSet<String> = links.filter_map(|link| link.document_id().map(str::to_owned)).collect();
    ids.into_iter().filter(|id| id != document.id()).take(MENTIONS_MAX).collect()
}

fn named_by(asset: &Asset) -> Vec<Link> {
    let mut links = asset.fields.links("bylineDocuments");
    links.extend(asset.fields.link("documentLink"));
    links.extend(asset.fields.link("transcriptLink"));
    links
}

/// Looks up what is known of `mentioned`.
pub(crate) async fn look_up(
    tx: &mut Tx,
    station: StationId,
    zone: &TimeZone,
    mentioned: &[String],
) -> store::Result<Known> {
    let mut known = Known::default();
    for id in mentioned {
        if let Some(person) = store::person::by_external_in(tx, station, CDS, id).await? {
            known.people.insert(id.clone(), Author { id: person.id, name: person.name });
        } else if let Some(story) = store::story::by_external_in(tx, station, CDS, id).await? {
            known.stories.extend(target(&story, zone).map(|target| (id.clone(), target)));
        } else if let Some(held) = store::wire::document_in(tx, station, CDS, id).await? {
            known.transcripts.extend(transcript(&held).map(|words| (id.clone(), words)));
        }
    }
    Ok(known)
}

fn target(story: &station::Story, zone: &TimeZone) -> Option<Target> {
    let published_at = story.published_at.filter(|_| story.state == State::Published)?;
    let path = story::path(&story.section, published_at, zone, &story.slug);
    Some(Target { headline: story.headline.clone(), path })
}

fn transcript(held: &store::wire::WireDocument) -> Option<Vec<String>> {
    let document = Document::parse(held.raw.as_bytes()).ok().filter(|document| document.kind() == "transcript")?;
    // A restricted one is held too, but not with this outcome.
    let html = document.fields().text("text").filter(|_| held.outcome == crate::import::KEPT)?;
    Some(paragraphs(html)).filter(|paragraphs| !paragraphs.is_empty())
}
