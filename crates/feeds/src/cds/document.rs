//! A document: what one request to the service answers with.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Asset, Link, Record};

/// The largest document that is taken, in bytes of its JSON. The largest real ones are a tenth of it.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A document, with everything that it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    id: String,
    value: Value,
}

/// Why bytes cannot be read as documents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// They are not JSON, or nested too deep to be anybody's document.
    #[error("not a JSON document")]
    NotJson(#[source] serde_json::Error),
    /// They are JSON, but not an object with an id.
    #[error("neither a document with an `id` nor an answer with `resources`")]
    NotADocument,
    /// It is larger than [`DOCUMENT_BYTES_MAX`].
    #[error("document `{id}` has {bytes} bytes; at most {DOCUMENT_BYTES_MAX} are taken")]
    TooLarge {
        /// Which.
        id: String,
        /// How large it is.
        bytes: usize,
    },
}

/// The documents in `bytes`: one alone, or the service's answer `{"resources": […]}`. What is wrong with one of
/// several is told in its place.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<Document, Error>>, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes).map_err(Error::NotJson)? {
        Value::Object(mut answer) if !answer.contains_key("id") => match answer.remove("resources") {
            Some(Value::Array(resources)) => Ok(resources.into_iter().map(Document::of).collect()),
            _ => Err(Error::NotADocument),
        },
        document => Ok(vec![Document::of(document)]),
    }
}

impl Document {
    /// The one document in `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut documents = read(bytes)?.into_iter();
        match (documents.next(), documents.next()) {
            (Some(document), None) => document,
            _ => Err(Error::NotADocument),
        }
    }

    /// The document that a JSON value is.
    pub fn of(value: Value) -> Result<Self, Error> {
        let id = match value.get("id") {
            Some(Value::String(id)) if is_id(id.trim()) => id.trim().to_owned(),
            Some(Value::Number(id)) if id.is_u64() => id.to_string(),
            _ => return Err(Error::NotADocument),
        };
        let document = Self { id, value };
        match document.json().len() {
            0..=DOCUMENT_BYTES_MAX => Ok(document),
            bytes => Err(Error::TooLarge { id: document.id, bytes }),
        }
    }

    /// Its id with the service.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The document as JSON, its keys in order: the same text for the same document, however it was written.
    pub fn json(&self) -> String {
        self.value.to_string()
    }

    /// Its fields.
    pub fn fields(&self) -> Record<'_> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        Record(self.value.as_object().unwrap_or(&NONE))
    }

    /// What it is: `story`, `biography`; empty if it does not say.
    pub fn kind(&self) -> String {
        self.fields().kind().unwrap_or_default()
    }

    /// Its title as given: it may hold markup.
    pub fn title(&self) -> Option<&str> {
        self.fields().text("title")
    }

    /// Its teaser as given: it may hold markup.
    pub fn teaser(&self) -> Option<&str> {
        self.fields().text("teaser").or_else(|| self.fields().text("shortTeaser"))
    }

    /// When it is, or will be, public.
    pub fn published_at(&self) -> Option<Timestamp> {
        self.fields().time("publishDateTime")
    }

    /// When an editor last changed it.
    pub fn modified_at(&self) -> Option<Timestamp> {
        self.fields().time("editorialLastModifiedDateTime")
    }

    /// When it last changed so much that readers should know.
    pub fn major_update_at(&self) -> Option<Timestamp> {
        self.fields().time("editorialMajorUpdateDateTime")
    }

    /// From when on it should no longer be recommended.
    pub fn recommend_until(&self) -> Option<Timestamp> {
        self.fields().time("recommendUntilDateTime")
    }

    /// The parts of its body, in reading order.
    pub fn layout(&self) -> Vec<Link> {
        self.fields().links("layout")
    }

    /// Who is credited.
    pub fn bylines(&self) -> Vec<Asset<'_>> {
        self.assets("bylines")
    }

    /// What was wrong and has been put right.
    pub fn corrections(&self) -> Vec<Asset<'_>> {
        self.assets("corrections")
    }

    /// Whose names stand over it: the brandings, or the owners where it has no brandings.
    pub fn brandings(&self) -> Vec<Link> {
        match self.fields().links("brandings") {
            none if none.is_empty() => self.fields().links("owners"),
            brandings => brandings,
        }
    }

    /// The ids of the collections that it belongs to, the foremost first.
    pub fn collections(&self) -> Vec<String> {
        let mut links = self.fields().links("collections");
        links.sort_by_key(|link| !link.has_rel("topic"));
        links.iter().filter_map(|link| link.document_id().map(str::to_owned)).collect()
    }

    /// The page of it that its owner publishes.
    pub fn canonical(&self) -> Option<String> {
        let pages = self.fields().links("webPages");
        pages.into_iter().find(|page| page.has_rel("canonical")).map(|page| page.href)
    }

    /// True if search engines must leave it alone.
    pub fn is_noindex(&self) -> bool {
        self.fields().flag("robotsNoIndex").unwrap_or(false)
    }

    /// True if it may be shown only by some services and none of `own_service_ids` is among them.
    pub fn is_closed_to(&self, own_service_ids: &[String]) -> bool {
        self.fields().is_closed_to(own_service_ids)
    }

    /// The picture that stands for it, where one of its images is called one of `rels`.
    pub fn image(&self, rels: &[&str]) -> Option<Asset<'_>> {
        let links = self.fields().links("images");
        let link = rels.iter().find_map(|rel| links.iter().find(|link| link.has_rel(rel)))?;
        self.asset(link)
    }

    /// The asset that a `#/assets/…` link leads to.
    pub fn asset(&self, link: &Link) -> Option<Asset<'_>> {
        let pointer = link.pointer()?;
        let target = self.value.pointer(&pointer)?.as_object()?;
        let key = pointer.strip_prefix("/assets/")?.replace("~1", "/").replace("~0", "~");
        let (id, _) = self.value.get("assets")?.as_object()?.get_key_value(&key)?;
        Some(Asset { id, fields: Record(target) })
    }

    /// Every asset, by name.
    pub fn all_assets(&self) -> impl Iterator<Item = Asset<'_>> {
        let assets = self.fields().value("assets").and_then(Value::as_object).into_iter().flatten();
        assets.filter_map(|(id, asset)| Some(Asset { id, fields: Record(asset.as_object()?) }))
    }

    /// The assets that a list of links leads to, each once.
    pub fn assets(&self, list: &str) -> Vec<Asset<'_>> {
        let mut seen = HashSet::new();
        let assets = self.fields().links(list).into_iter().filter_map(|link| self.asset(&link));
        assets.filter(|asset| seen.insert(asset.id)).collect()
    }

    /// What is there but not of the shape that it should have, in words for a person.
    pub fn faults(&self) -> Vec<String> {
        let misshapen = |(name, shape): &(&str, Shape)| {
            let value = self.fields().value(name)?;
            (!shape.is_of(value)).then(|| format!("`{name}` is not {}", shape.words()))
        };
        let mut faults: Vec<String> = SHAPES.iter().filter_map(misshapen).collect();
        for list in ["layout", "bylines", "corrections", "images", "audio"] {
            let dead = self.fields().links(list).iter().filter(|link| self.asset(link).is_none()).count();
            if dead > 0 {
                faults.push(format!("`{list}` has {dead} link{} to no asset", if dead == 1 { "" } else { "s" }));
            }
        }
        faults
    }
}

fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What a field should look like.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Time,
    Flag,
    Links,
    Assets,
}

const SHAPES: &[(&str, Shape)] = &[
    ("title", Shape::Text),
    ("teaser", Shape::Text),
    ("publishDateTime", Shape::Time),
    ("editorialLastModifiedDateTime", Shape::Time),
    ("editorialMajorUpdateDateTime", Shape::Time),
    ("recommendUntilDateTime", Shape::Time),
    ("robotsNoIndex", Shape::Flag),
    ("isRestrictedToAuthorizedOrgServiceIds", Shape::Flag),
    ("assets", Shape::Assets),
    ("layout", Shape::Links),
    ("bylines", Shape::Links),
    ("corrections", Shape::Links),
    ("images", Shape::Links),
    ("audio", Shape::Links),
    ("brandings", Shape::Links),
    ("owners", Shape::Links),
    ("collections", Shape::Links),
    ("webPages", Shape::Links),
];

impl Shape {
    fn is_of(self, value: &Value) -> bool {
        match (self, value) {
            (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) | (Shape::Assets, Value::Object(_)) => true,
            (Shape::Time, Value::String(time)) => time.trim().parse::<Timestamp>().is_ok(),
            (Shape::Links, Value::Array(entries)) => entries.iter().all(|entry| Link::of(entry).is_some()),
            _ => false,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Shape::Text => "text",
            Shape::Time => "a time",
            Shape::Flag => "true or false",
            Shape::Links => "a list of links",
            Shape::Assets => "an object of assets",
        }
    }
}
