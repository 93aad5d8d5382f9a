//! A story document, as a story.

use feeds::cds::{Asset, Document};
use jiff::tz::TimeZone;
use station::person::Source;
use station::rights::Owner;
use station::sound::Sound;
use station::story::{Correction, State, Story};
use station::{Byline, Rights, Slug, StationId, StoryId, Timestamp};
use url::Url;

use super::body::{self, Body};
use super::{HEADLINE_CHARS_MAX, NAME_CHARS_MAX, TEASER_CHARS_MAX, image, line, page, sound};
use crate::CDS;
use crate::mentions::Known;
use crate::report::Matter;

/// What is true around a document while it is read.
pub(crate) struct Around<'a> {
    /// The ids under which the station is authorised.
    pub own_service_ids: &'a [String],
    /// The station's time zone: a year in a rights line is a year there.
    pub zone: &'a TimeZone,
    /// The time of the import.
    pub now: Timestamp,
}

/// What a story needs that its document does not tell.
pub(crate) struct Told<'a> {
    /// What is known of the documents that it names.
    pub known: &'a Known,
    /// Each branding, with the name that was found for it.
    pub owners: &'a [(String, Option<Owner>)],
    /// The section where it will stand.
    pub section: Slug,
    /// When it was first shown here, if it was: its address says so, and stays.
    pub first_published_at: Option<Timestamp>,
}

/// The story that a document tells; `Err` says what is missing.
///
/// Id, station and slug are stand-ins that the caller replaces: they are the station's to give.
pub(crate) fn story(
    document: &Document,
    around: &Around,
    told: &Told,
    remarks: &mut Vec<Matter>,
) -> Result<Story, &'static str> {
    let headline = line(document.fields(), "title", HEADLINE_CHARS_MAX);
    if headline.is_empty() {
        return Err("the story has no title");
    }
    remarks.extend(document.faults().into_iter().map(Matter::Misshapen));
    let canonical = document.canonical().and_then(|href| page(&href));
    let published_at = published_at(document, around, told, remarks);
    let lead = lead(document, around, remarks);
    let sounds = sound::listed(document);
    let corrections = document.corrections();

    let mut body = Body::new(document, around, told.known, body::home(canonical.as_deref()));
    body.place(lead.as_ref().map(|asset| asset.id));
    body.place(sounds.iter().map(|asset| asset.id));
    let corrections = corrections.iter().filter_map(|asset| correction(&body, asset, published_at, around, remarks));
    let corrections: Vec<Correction> = corrections.collect();

    Ok(Story {
        id: StoryId(0),
        station: StationId(0),
        section: told.section.clone(),
        slug: Slug::from_headline(&headline, "story"),
        programme: None,
        seo_title: String::new(),
        kicker: String::new(),
        headline,
        teaser: teaser(document),
        bylines: bylines(document, told.known, remarks),
        lead: lead.and_then(|asset| image::image(&asset)),
        sounds: playable(document, &sounds, around, told.known, remarks),
        body: body.blocks(remarks),
        corrections,
        state: State::Published,
        published_at: Some(published_at),
        updated_at: updated_at(document, published_at),
        rights: rights(document, canonical.as_deref(), published_at, around, told, remarks),
        source: Some(Source { wire: CDS.into(), external_id: document.id().into(), canonical }),
    })
}

fn published_at(document: &Document, around: &Around, told: &Told, remarks: &mut Vec<Matter>) -> Timestamp {
    let says = document.published_at().or_else(|| document.modified_at().filter(|at| *at <= around.now));
    if says.is_none() {
        remarks.push(Matter::Undated);
    }
    told.first_published_at.or(says).unwrap_or(around.now)
}

/// A change that its owner calls major, or else the last one by an editor.
fn updated_at(document: &Document, published_at: Timestamp) -> Option<Timestamp> {
    document.major_update_at().or(document.modified_at()).filter(|at| *at > published_at)
}

fn teaser(document: &Document) -> String {
    match line(document.fields(), "teaser", TEASER_CHARS_MAX) {
        none if none.is_empty() => line(document.fields(), "shortTeaser", TEASER_CHARS_MAX),
        teaser => teaser,
    }
}

fn lead<'a>(document: &'a Document, around: &Around, remarks: &mut Vec<Matter>) -> Option<Asset<'a>> {
    let asset = document.image(&["primary", "promo-image-wide", "promo-image-standard"])?;
    if asset.fields.is_closed_to(around.own_service_ids) {
        remarks.push(Matter::RestrictedPart { asset: asset.id.to_owned(), kind: "image".into() });
        return None;
    }
    // A picture without a usable file is left to the body, which says so if it stands there too.
    image::image(&asset).is_some().then_some(asset)
}

fn playable(
    document: &Document,
    assets: &[Asset],
    around: &Around,
    known: &Known,
    remarks: &mut Vec<Matter>,
) -> Vec<Sound> {
    let mut sounds = Vec::new();
    for asset in assets {
        if asset.fields.is_closed_to(around.own_service_ids) {
            remarks.push(Matter::RestrictedPart { asset: asset.id.to_owned(), kind: "audio".into() });
            continue;
        }
        match sound::sound(document, asset, known, around.now) {
            Ok(sound) => sounds.push(sound),
            Err(why) => remarks.push(Matter::NoSound { asset: asset.id.to_owned(), why }),
        }
    }
    sounds
}

fn correction(
    body: &Body,
    asset: &Asset,
    published_at: Timestamp,
    around: &Around,
    remarks: &mut Vec<Matter>,
) -> Option<Correction> {
    if asset.fields.is_closed_to(around.own_service_ids) {
        remarks.push(Matter::RestrictedPart { asset: asset.id.to_owned(), kind: "correction".into() });
        return None;
    }
    let (text, at) = body.dated_text(asset, remarks)?;
    Some(Correction { text, at: at.unwrap_or(published_at) })
}

fn bylines(document: &Document, known: &Known, remarks: &mut Vec<Matter>) -> Vec<Byline> {
    document.bylines().iter().filter_map(|asset| byline(asset, known, remarks)).collect()
}

/// A credit: the name that the byline says, or that of the biography which it refers to.
fn byline(asset: &Asset, known: &Known, remarks: &mut Vec<Matter>) -> Option<Byline> {
    let links = asset.fields.links("bylineDocuments");
    let biography = links.iter().find(|link| link.has_rel("biography")).or(links.first());
    let author = biography.and_then(|link| known.people.get(link.document_id()?));
    let names = [
        line(asset.fields, "name", NAME_CHARS_MAX),
        author.map(|author| author.name.clone()).unwrap_or_default(),
        biography
            .and_then(|link| link.embedded())
            .map(|document| line(document.fields(), "title", NAME_CHARS_MAX))
            .unwrap_or_default(),
    ];
    match names.into_iter().find(|name| !name.is_empty()) {
        Some(name) => Some(Byline { name, person: author.map(|author| author.id) }),
        None => {
            let biography = biography.map_or("?", |link| link.document_id().unwrap_or(&link.href)).to_owned();
            remarks.push(Matter::NamelessByline { biography });
            None
        }
    }
}

fn rights(
    document: &Document,
    canonical: Option<&str>,
    published_at: Timestamp,
    around: &Around,
    told: &Told,
    remarks: &mut Vec<Matter>,
) -> Rights {
    Rights {
        owners: owners(document, canonical, told, remarks),
        copyright_year: Some(around.zone.to_datetime(published_at).year()),
        canonical: canonical.map(str::to_owned),
        is_noindex: document.is_noindex(),
        recommend_until: document.recommend_until(),
    }
}

/// The owners by name. Who is found nowhere is named by the site where the story stands first; a story is never
/// without an owner.
fn owners(document: &Document, canonical: Option<&str>, told: &Told, remarks: &mut Vec<Matter>) -> Vec<Owner> {
    let site = canonical.and_then(site_of);
    let stand_in = || Owner {
        name: match &site {
            Some((host, _)) => host.clone(),
            None => format!("the owner of document {}", document.id()),
        },
        site: None,
    };
    let mut owners: Vec<Owner> = Vec::new();
    for (href, owner) in told.owners {
        let owner = owner.clone().unwrap_or_else(|| {
            let owner = stand_in();
            remarks.push(Matter::UnknownOwner { href: href.clone(), shown_as: owner.name.clone() });
            owner
        });
        if !owners.iter().any(|named| named.name == owner.name) {
            owners.push(owner);
        }
    }
    if owners.is_empty() {
        let owner = stand_in();
        remarks.push(Matter::UnknownOwner { href: "(none)".into(), shown_as: owner.name.clone() });
        owners.push(owner);
    }
    if owners.iter().all(|owner| owner.site.is_none()) {
        owners[0].site = site.map(|(_, site)| site);
    }
    owners
}

/// The host and the site of a page.
fn site_of(page: &str) -> Option<(String, String)> {
    let url = Url::parse(page).ok()?;
    let host = url.host_str()?;
    Some((host.strip_prefix("www.").unwrap_or(host).to_owned(), url.origin().ascii_serialization()))
}
