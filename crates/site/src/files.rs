//! Files: what the vault keeps for the public, and what crate `web` made for the browser.

use std::ops::Range;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use station::Accent;
use vault::Vault;

use crate::cache::Encoding;
use crate::colours;
use crate::headers::{self, Keeping};
use crate::range::{self, Wanted};

/// The longest key of a public file, in bytes.
const KEY_BYTES_MAX: usize = 256;
/// How many hex digits a SHA-256 has: a file whose name is one never changes.
const HASH_DIGITS: usize = 64;

/// A file of the vault; `None` if there is none. `path` is what follows `/media/`.
pub async fn media(vault: &Vault, path: &str, method: &Method, asked: &HeaderMap) -> vault::Result<Option<Response>> {
    let Some(key) = key(path) else { return Ok(None) };
    let Some(size) = vault.size(&key).await? else { return Ok(None) };
    let etag = content_hash(&key).map(|hash| format!("\"{hash}\""));
    let mut answer = Response::new(Body::empty());
    let given = answer.headers_mut();
    headers::guard_file(given);
    headers::keep(given, if etag.is_some() { Keeping::ForEver } else { Keeping::Never });
    given.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    set_media_type(given, &key);
    if let Some(etag) = &etag {
        insert(given, header::ETAG, etag);
        if is_known(asked, etag) {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(Some(answer));
        }
    }
    let wanted = if *method == Method::GET { range::wanted(asked, size, etag.as_deref()) } else { Wanted::Whole };
    let Some(part) = begin(&mut answer, wanted, size) else { return Ok(Some(answer)) };
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    if *method == Method::GET {
        *answer.body_mut() = Body::from_stream(vault.stream(&key, part));
    }
    Ok(Some(answer))
}

/// Says which part of the file the answer is; `None` if there is no such part.
fn begin(answer: &mut Response, wanted: Wanted, size: u64) -> Option<Range<u64>> {
    let (status, told, part) = match wanted {
        Wanted::Whole => return Some(0..size),
        Wanted::Part(part) => {
            (StatusCode::PARTIAL_CONTENT, format!("bytes {}-{}/{size}", part.start, part.end - 1), Some(part))
        }
        Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{size}"), None),
    };
    *answer.status_mut() = status;
    insert(answer.headers_mut(), header::CONTENT_RANGE, &told);
    part
}

/// A file that crate `web` made; `None` if it made none of that name.
pub fn asset(name: &str, asked: &HeaderMap) -> Option<Response> {
    let asset = web::asset(name)?;
    let encoding = Encoding::wanted(asked);
    let (bytes, suffix) = match encoding {
        Encoding::Identity => (asset.identity, ""),
        Encoding::Gzip => (asset.gzip, "-gzip"),
        Encoding::Brotli => (asset.brotli, "-br"),
    };
    let etag = format!("\"{}{suffix}\"", asset.etag);
    let mut answer = small(asset.media_type, Bytes::from_static(bytes), Keeping::ForEver);
    let given = answer.headers_mut();
    given.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    insert(given, header::ETAG, &etag);
    if let Some(name) = encoding.name() {
        given.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if is_known(asked, &etag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = Body::empty();
    }
    Some(answer)
}

/// The station's colours as a style sheet.
pub fn stylesheet(accent: &Accent) -> Response {
    small("text/css; charset=utf-8", colours::stylesheet(accent).into(), Keeping::AnHour)
}

/// The station's icon.
pub fn icon(accent: &Accent) -> Response {
    small("image/svg+xml", colours::icon(accent).into(), Keeping::AnHour)
}

/// A small file out of memory.
pub fn small(media_type: &str, bytes: Bytes, keeping: Keeping) -> Response {
    let mut answer = Response::new(Body::from(bytes));
    let given = answer.headers_mut();
    headers::guard_file(given);
    headers::keep(given, keeping);
    insert(given, header::CONTENT_TYPE, media_type);
    answer
}

/// The vault's key for a public path: plain names only, so that nothing but what was put there for the public can be
/// asked for.
fn key(path: &str) -> Option<String> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    (path.len() <= KEY_BYTES_MAX && path.split('/').all(is_plain)).then(|| format!("media/{path}"))
}

/// The SHA-256 that a file is named by.
fn content_hash(key: &str) -> Option<&str> {
    let name = key.rsplit('/').next()?;
    let stem = name.split('.').next()?;
    (stem.len() == HASH_DIGITS && stem.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(stem)
}

fn set_media_type(given: &mut HeaderMap, key: &str) {
    let known = media_type(key.rsplit('.').next().unwrap_or_default());
    given.insert(header::CONTENT_TYPE, HeaderValue::from_static(known.unwrap_or("application/octet-stream")));
    if known.is_none() {
        given.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
}

fn media_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "mp3" => "audio/mpeg",
        "m4a" | "mp4" => "audio/mp4",
        "aac" => "audio/aac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "vtt" => "text/vtt; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "pdf" => "application/pdf",
        _ => return None,
    })
}

fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    let named = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = named.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == etag || tag == "*")
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_keys() {
        assert_eq!(key("ab/cd.mp3").as_deref(), Some("media/ab/cd.mp3"));
        for odd in ["", "..", "../station.db", "a/../b", ".hidden", "a//b", "a%2e", "a\\b", "/a", &"x".repeat(300)] {
            assert_eq!(key(odd), None, "{odd} was taken");
        }
    }

    #[test]
    fn a_file_named_by_its_content_never_changes() {
        let hash = "a".repeat(64);
        assert_eq!(content_hash(&format!("media/aa/{hash}.mp3")), Some(hash.as_str()));
        assert_eq!(content_hash("media/report.mp3"), None);
    }

    #[test]
    fn what_we_do_not_know_is_kept_not_opened() {
        let mut headers = HeaderMap::new();
        set_media_type(&mut headers, "media/page.html");
        assert_eq!(headers[header::CONTENT_TYPE], "application/octet-stream");
        assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment");
    }
}
