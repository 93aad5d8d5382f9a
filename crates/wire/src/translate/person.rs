//! A biography, as a person.

use feeds::cds::Document;
use station::person::{Person, Source};
use station::{Block, PersonId, Slug, StationId};

use super::body::{self, Body};
use super::{NAME_CHARS_MAX, TEASER_CHARS_MAX, image, line, page};
use crate::CDS;
use crate::mentions::Known;
use crate::report::Matter;
use crate::translate::Around;

/// The person that a biography describes; `Err` says what is missing.
///
/// Its id and slug are stand-ins that the caller replaces: they are the station's to give.
pub(crate) fn person(document: &Document, around: &Around, remarks: &mut Vec<Matter>) -> Result<Person, &'static str> {
    let name = line(document.fields(), "title", NAME_CHARS_MAX);
    if name.is_empty() {
        return Err("the biography has no name");
    }
    let headshot = document.image(&["headshot", "primary"]);
    let headshot = headshot.filter(|asset| !asset.fields.is_closed_to(around.own_service_ids));
    let canonical = document.canonical().and_then(|href| page(&href));
    let known = Known::default();
    let mut body = Body::new(document, around, &known, body::home(canonical.as_deref()));
    body.place(headshot.as_ref().map(|asset| asset.id));
    let mut bio = body.blocks(remarks);
    let teaser = line(document.fields(), "teaser", TEASER_CHARS_MAX);
    if bio.is_empty() && !teaser.is_empty() {
        bio.push(Block::paragraph(teaser));
    }
    Ok(Person {
        id: PersonId(0),
        station: StationId(0),
        slug: Slug::from_headline(&name, "person"),
        name,
        role: line(document.fields(), "subtitle", NAME_CHARS_MAX),
        bio,
        image: headshot.and_then(|asset| image::image(&asset)),
        source: Some(Source { wire: CDS.into(), external_id: document.id().into(), canonical }),
    })
}
