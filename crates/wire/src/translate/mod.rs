//! From the wire's words to the station's: what a document says, as a story or a person.
//!
//! Everything here is a plain function of a document and what is known around it. Each puts what it could not carry
//! over into the remarks.

mod body;
mod image;
mod person;
mod sound;
mod story;

pub(crate) use person::person;
pub(crate) use story::{Around, Told, story};

use feeds::cds::{Asset, Record};
use station::text::{address, is_within_bounds, plain_from_html};
use station::{Block, Text, block};
use url::Url;

use crate::report::Matter;

/// The longest headline, in characters.
const HEADLINE_CHARS_MAX: usize = 300;
/// The longest name of a person or a thing, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The longest teaser, caption or description, in characters.
const TEASER_CHARS_MAX: usize = 2_000;

/// A field as one plain line; empty if it is not there.
fn line(fields: Record, name: &str, chars_max: usize) -> String {
    short(&plain_from_html(fields.text(name).unwrap_or_default()), chars_max)
}

fn short(words: &str, chars_max: usize) -> String {
    match words.char_indices().nth(chars_max) {
        None => words.to_owned(),
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
    }
}

/// The words of a fragment, a paragraph each.
pub(crate) fn paragraphs(html: &str) -> Vec<String> {
    block::from_html(html).iter().flat_map(words_of).collect()
}

fn words_of(block: &Block) -> Vec<String> {
    let words = |texts: &[Text]| texts.iter().map(Text::words).collect();
    match block {
        Block::Paragraph { text } | Block::Heading { text, .. } | Block::PullQuote { text, .. } => vec![text.words()],
        Block::Quote { text, .. } | Block::Callout { text, .. } => words(text),
        Block::List { items, .. } => words(items),
        _ => Vec::new(),
    }
}

/// An address of a file or a page elsewhere, as `https`: a page that was sent over TLS may load nothing else, and
/// browsers try `https` for an `http` file themselves.
fn https(text: &str) -> Option<String> {
    let address = address(text)?;
    let (scheme, rest) = address.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some(address),
        "http" => Some(format!("https://{rest}")),
        _ => None,
    }
}

/// A page elsewhere: `https` or `http`.
fn page(text: &str) -> Option<String> {
    address(text).filter(|address| address.contains("://"))
}

/// Says so if a fragment is longer than the sanitiser reads.
fn remark_if_cut(asset: &Asset, html: &str, remarks: &mut Vec<Matter>) {
    if !is_within_bounds(html) {
        remarks.push(Matter::CutPart { asset: asset.id.to_owned() });
    }
}

/// Paths in an owner's text are paths of the owner's site, not of ours.
fn lead_home(texts: &mut [Text], home: Option<&Url>) {
    for run in texts.iter_mut().flat_map(|text| &mut text.0) {
        if run.href.as_deref().is_some_and(|href| href.starts_with('/')) {
            run.href = run.href.take().and_then(|path| page(home?.join(&path).ok()?.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use feeds::cds::Document;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use station::{Slug, Timestamp};

    use super::*;
    use crate::mentions::Known;

    const DOCUMENTS: [&str; 4] = [
        include_str!("../../tests/fixtures/story.json"),
        include_str!("../../tests/fixtures/hostile.json"),
        include_str!("../../tests/fixtures/corrected.json"),
        include_str!("../../tests/fixtures/premium.json"),
    ];

    /// Where every value within `value` stands, as pointers.
    fn places(value: &Value, here: &str, found: &mut Vec<String>) {
        let mut go_on = |name: &str, inner: &Value| {
            let place = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
            places(inner, &place, found);
            found.push(place);
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, inner)| go_on(name, inner)),
            Value::Array(entries) => entries.iter().enumerate().for_each(|(n, inner)| go_on(&n.to_string(), inner)),
            _ => {}
        }
    }

    /// Everything in a story that a browser could follow or load.
    fn addresses(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let is_address =
                        ["href", "template", "remote", "page", "canonical", "site"].contains(&name.as_str());
                    found.extend(inner.as_str().filter(|_| is_address).map(str::to_owned));
                    addresses(inner, found);
                }
            }
            Value::Array(entries) => entries.iter().for_each(|entry| addresses(entry, found)),
            _ => {}
        }
    }

    fn junk() -> impl Strategy<Value = Value> {
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!(""),
            json!([]),
            json!({}),
            json!([[]]),
            json!("<script>alert(1)</script>"),
            json!("javascript:alert(1)"),
            json!("#/assets/box"),
            json!([{"href": "#/assets/box"}, {"href": "#/assets/boxlist"}]),
            json!("/v1/profiles/image-gallery"),
            json!("9999-12-31T23:59:59Z"),
            json!("-009999-01-02T00:00:00Z"),
            json!("1970-01-01T00:00:00+23:59"),
            json!("\u{202e}\u{0}"),
            json!("//evil.example/"),
            json!("https://a:b@evil.example/"),
            json!({"href": "data:x"}),
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_document_makes_it_panic_or_brings_an_address_through(
            which in 0..DOCUMENTS.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), junk()), 1..12),
        ) {
            let mut value: Value = serde_json::from_str(DOCUMENTS[which]).unwrap();
            for (place, junk) in changes {
                let mut found = Vec::new();
                places(&value, "", &mut found);
                *value.pointer_mut(place.get(found.as_slice()).as_str()).unwrap() = junk;
            }
            let Ok(document) = Document::of(value) else { return Ok(()) };
            let zone = TimeZone::get("America/New_York").unwrap();
            let around = Around { own_service_ids: &[], zone: &zone, now: Timestamp::UNIX_EPOCH };
            let section = Slug::parse("news").unwrap();
            let told = Told { known: &Known::default(), owners: &[], section, first_published_at: None };
            let mut remarks = Vec::new();
            let _ = person(&document, &around, &mut remarks);
            if let Ok(story) = story(&document, &around, &told, &mut remarks) {
                prop_assert!(!story.rights.owners.is_empty());
                let page = serde_json::to_string(&story).unwrap();
                for trace in ["<script", "\u{202e}", "\\u0000"] {
                    prop_assert!(!page.contains(trace), "{} is in {}", trace, page);
                }
                let mut found = Vec::new();
                addresses(&serde_json::to_value(&story).unwrap(), &mut found);
                for address in found {
                    let is_fit = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme));
                    prop_assert!(is_fit && !address.contains("@evil"), "{}", address);
                }
            }
        }
    }
}
