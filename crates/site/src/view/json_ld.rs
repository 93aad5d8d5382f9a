//! What pages say of themselves to machines, in the words of schema.org.

use serde_json::{Map, Value, json};
use station::{Person, Programme, Story, Timestamp};

use super::{Edition, Picture, Sound};

/// The station, for its front page: who it is and what it broadcasts.
pub fn station(edition: &Edition) -> Value {
    let services: Vec<Value> = edition.services.iter().map(|service| broadcast_service(edition, service)).collect();
    let mut graph = vec![publisher(edition)];
    graph.extend(services);
    json!({ "@context": "https://schema.org", "@graph": graph })
}

/// A story.
pub fn story(edition: &Edition, story: &Story, path: &str, picture: Option<&Picture>, sound: Option<&Sound>) -> Value {
    let authors: Vec<Value> =
        story.bylines.iter().map(|byline| json!({ "@type": "Person", "name": byline.name })).collect();
    let corrections: Vec<Value> = story
        .corrections
        .iter()
        .map(|c| json!({ "@type": "CorrectionComment", "text": c.text.words(), "datePublished": moment(Some(c.at)) }))
        .collect();
    without_nulls(json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.headline,
        "description": story.teaser,
        "datePublished": moment(story.published_at),
        "dateModified": moment(story.updated_at.or(story.published_at)),
        "author": authors,
        "publisher": publisher(edition),
        "articleSection": edition.section_link(&story.section).title,
        "mainEntityOfPage": edition.absolute(path),
        "isBasedOn": story.rights.canonical,
        "copyrightHolder": story.rights.owners.first().map(|owner| json!({ "@type": "Organization", "name": owner.name })),
        "copyrightYear": story.rights.copyright_year,
        "inLanguage": edition.station.language,
        "isAccessibleForFree": true,
        "image": picture.map(|picture| whole(edition, &picture.src)),
        "audio": sound.map(|sound| audio(edition, sound)),
        "correction": (!corrections.is_empty()).then_some(corrections),
    }))
}

/// A person.
pub fn person(edition: &Edition, person: &Person, path: &str) -> Value {
    without_nulls(json!({
        "@context": "https://schema.org",
        "@type": "Person",
        "name": person.name,
        "jobTitle": (!person.role.is_empty()).then_some(&person.role),
        "url": edition.absolute(path),
        "image": person.image.as_ref().and_then(Picture::of).map(|picture| whole(edition, &picture.src)),
    }))
}

/// A programme.
pub fn programme(edition: &Edition, programme: &Programme, path: &str) -> Value {
    json!({
        "@context": "https://schema.org",
        "@type": "RadioSeries",
        "name": programme.title,
        "description": programme.teaser,
        "url": edition.absolute(path),
        "productionCompany": publisher(edition),
    })
}

/// An episode of a programme.
pub fn episode(
    edition: &Edition,
    episode: &station::Episode,
    programme: &Programme,
    path: &str,
    sound: Option<&Sound>,
) -> Value {
    without_nulls(json!({
        "@context": "https://schema.org",
        "@type": "RadioEpisode",
        "name": episode.title,
        "description": episode.teaser,
        "datePublished": moment(Some(episode.published_at)),
        "url": edition.absolute(path),
        "partOfSeries": { "@type": "RadioSeries", "name": programme.title },
        "audio": sound.map(|sound| audio(edition, sound)),
    }))
}

fn publisher(edition: &Edition) -> Value {
    without_nulls(json!({
        "@type": ["NewsMediaOrganization", "RadioStation"],
        "name": edition.station.name,
        "slogan": (!edition.station.tagline.is_empty()).then_some(&edition.station.tagline),
        "url": edition.absolute("/"),
        "email": edition.station.email,
        "logo": edition.absolute("/favicon.svg"),
    }))
}

fn broadcast_service(edition: &Edition, service: &station::Service) -> Value {
    json!({
        "@type": "RadioBroadcastService",
        "name": service.name,
        "broadcastDisplayName": service.name,
        "description": service.teaser,
        "broadcastTimezone": edition.station.zone,
        "inLanguage": edition.station.language,
        "url": edition.absolute("/listen"),
        "broadcaster": { "@type": "RadioStation", "name": edition.station.name },
    })
}

fn audio(edition: &Edition, sound: &Sound) -> Value {
    without_nulls(json!({
        "@type": "AudioObject",
        "name": sound.title,
        "contentUrl": whole(edition, &sound.src),
        "encodingFormat": sound.media_type,
        "duration": sound.duration.as_ref().map(|duration| duration.iso.as_str()),
    }))
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn whole(edition: &Edition, src: &str) -> String {
    if src.starts_with('/') { edition.absolute(src) } else { src.to_owned() }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into(),
        other => other,
    }
}
