//! Links: from a document to its assets, to other documents, to pages and files.

use serde_json::{Map, Value};

use super::record::whole_number;
use super::{Document, Record};

/// The longest id of a document, in bytes.
const ID_BYTES_MAX: usize = 128;

/// A link with what it says of its target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Where it leads: `#/assets/…`, `/v1/documents/…` or an address.
    pub href: String,
    /// What the target is to the document: `primary`, `canonical`.
    pub rels: Vec<String>,
    /// The media type of a file.
    pub media_type: Option<String>,
    /// The size of a file in bytes.
    pub bytes: Option<i64>,
    /// The width of a picture in pixels.
    pub width_px: Option<u32>,
    /// The height of a picture in pixels.
    pub height_px: Option<u32>,
    /// The address of a picture with `{width}`, `{quality}` or `{format}` to be filled in.
    pub template: Option<String>,
    embed: Option<Map<String, Value>>,
}

/// A service of the Organization Service that a link names: who owns a document, whose name it bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The host that tells about it: `organization.api.npr.org`.
    pub host: String,
    /// Its id there: `s1`.
    pub id: String,
}

impl Link {
    /// A link, if `value` is one: an object with `href`, or the bare address.
    pub(super) fn of(value: &Value) -> Option<Self> {
        if let Value::String(href) = value {
            return Some(Self { href: href.trim().to_owned(), ..Self::default() });
        }
        let fields = value.as_object()?;
        let record = Record(fields);
        let pixels = |name| record.number(name).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        Some(Self {
            href: record.text("href")?.trim().to_owned(),
            rels: rels(record),
            media_type: record.text("type").map(|name| name.trim().to_ascii_lowercase()),
            bytes: record.value("fileSize").and_then(whole_number).filter(|bytes| *bytes > 0),
            width_px: pixels("width"),
            height_px: pixels("height"),
            template: record.text("hrefTemplate").map(str::to_owned),
            embed: record.value("embed").and_then(Value::as_object).cloned(),
        })
    }

    /// True if it says that of its target.
    pub fn has_rel(&self, rel: &str) -> bool {
        self.rels.iter().any(|r| r == rel)
    }

    /// The id of the document that it leads to; `None` if it leads elsewhere.
    ///
    /// An internal link is a path, or an address of the service's host.
    pub fn document_id(&self) -> Option<&str> {
        let (_, tail) = self.href.split_once("/v1/documents/")?;
        let id = tail.split(['?', '#', '/']).next()?;
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (is_id && id.len() <= ID_BYTES_MAX).then_some(id)
    }

    /// The service that it names; `None` if it names none.
    pub fn service(&self) -> Option<Service> {
        let (_, rest) = self.href.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let id = path.split(['?', '#']).next()?.trim_end_matches('/').strip_prefix("v4/services/")?;
        let is_id = !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_alphanumeric());
        is_id.then(|| Service { host: host.to_ascii_lowercase(), id: id.to_owned() })
    }

    /// The target itself, where it was asked to be sent along.
    pub fn embedded(&self) -> Option<Document> {
        Document::of(Value::Object(self.embed.clone()?)).ok()
    }

    /// The path within the document that a `#/…` link names, decoded for [`Value::pointer`].
    pub(super) fn pointer(&self) -> Option<String> {
        self.href.strip_prefix('#').filter(|pointer| pointer.starts_with('/')).map(percent_decoded)
    }
}

fn rels(record: Record) -> Vec<String> {
    match record.value("rels") {
        Some(Value::Array(rels)) => rels.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(rel)) => vec![rel.clone()],
        _ => Vec::new(),
    }
}

/// A fragment is part of an address, so a pointer in it may be percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = encoded.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
