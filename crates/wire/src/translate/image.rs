//! Pictures: they stay at their owner's.

use feeds::cds::Asset;
use station::Image;
use station::image::File;

use super::{NAME_CHARS_MAX, TEASER_CHARS_MAX, https, line};

/// The picture of an image asset; `None` if it has no file with an address that a page can use.
pub(super) fn image(asset: &Asset) -> Option<Image> {
    let picture = asset.picture()?;
    let template = picture.template.filter(|template| https(&filled_in(template)).is_some());
    Some(Image {
        file: File::Remote { href: https(&picture.href)?, template: template.map(as_https) },
        width_px: picture.width_px,
        height_px: picture.height_px,
        alt: line(asset.fields, "altText", TEASER_CHARS_MAX),
        caption: line(asset.fields, "caption", TEASER_CHARS_MAX),
        credit: credit(asset),
    })
}

/// The template as a page will use it, to see whether it is an address at all.
fn filled_in(template: &str) -> String {
    template.replace("{width}", "800").replace("{quality}", "80").replace("{format}", "webp")
}

fn as_https(template: String) -> String {
    match template.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => template,
    }
}

fn credit(asset: &Asset) -> String {
    let producer = line(asset.fields, "producer", NAME_CHARS_MAX);
    let provider = line(asset.fields, "provider", NAME_CHARS_MAX);
    match (producer.is_empty(), provider.is_empty() || provider == producer) {
        (true, _) => provider,
        (false, true) => producer,
        (false, false) => format!("{producer} / {provider}"),
    }
}
