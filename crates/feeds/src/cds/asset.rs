//! Assets: the parts of a document.

use super::{Link, Record};

/// A part of a document: a paragraph, a picture, a sound, a byline.
#[derive(Clone, Copy, Debug)]
pub struct Asset<'a> {
    /// Its name within the document.
    pub id: &'a str,
    /// Its fields.
    pub fields: Record<'a>,
}

/// A picture's file, as an image asset offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The address of the file.
    pub href: String,
    /// The address with `{width}` and perhaps `{quality}`, `{format}` to be filled in.
    pub template: Option<String>,
    /// The file's width, if it is told.
    pub width_px: Option<u32>,
    /// The file's height, if it is told.
    pub height_px: Option<u32>,
}

impl<'a> Asset<'a> {
    /// What it is; empty if it does not say.
    pub fn kind(&self) -> String {
        self.fields.kind().unwrap_or_default()
    }

    /// The whole picture: the file that its maker calls primary, else the widest. Crops are for those who lay out a
    /// page by hand.
    pub fn picture(&self) -> Option<Picture> {
        let files = self.fields.links("enclosures");
        let widest = || files.iter().rev().max_by_key(|file| file.width_px);
        let file = files.iter().find(|file| file.has_rel("primary")).or_else(widest)?;
        Some(Picture {
            href: file.href.clone(),
            template: file.template.clone().filter(|template| is_template(template)),
            width_px: file.width_px,
            height_px: file.height_px,
        })
    }

    /// The file to play: MP3 before MP4, a file before a playlist, since that order is what most devices can play.
    pub fn playable(&self) -> Option<Link> {
        let mut files = self.fields.links("enclosures");
        files.sort_by_key(|file| rank(file.media_type.as_deref().unwrap_or_default()));
        files.into_iter().next()
    }

    /// True if any of its files is premium: to be played or linked, never kept.
    pub fn is_premium(&self) -> bool {
        self.fields.links("enclosures").iter().any(|file| file.has_rel("premium"))
    }
}

fn is_template(template: &str) -> bool {
    let filled = template.replace("{width}", "").replace("{quality}", "").replace("{format}", "");
    template.contains("{width}") && !filled.contains(['{', '}'])
}

fn rank(media_type: &str) -> u8 {
    match media_type {
        "audio/mpeg" | "audio/mp3" => 0,
        "audio/mp4" | "audio/aac" | "audio/x-m4a" => 1,
        "application/vnd.apple.mpegurl" | "application/x-mpegurl" | "audio/mpegurl" | "audio/x-mpegurl" => 4,
        _ if media_type.starts_with("audio/") => 2,
        _ => 3,
    }
}
