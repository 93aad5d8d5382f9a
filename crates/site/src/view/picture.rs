//! A picture as a page shows it.

use serde::Serialize;
use station::Image;
use station::image::File;

use super::address;

/// The widths that a picture is offered in where its owner makes sizes, in pixels.
const WIDTHS_PX: [u32; 5] = [320, 640, 960, 1280, 1920];
/// The width for a browser that does not choose, in pixels.
const WIDTH_PX_PLAIN: u32 = 960;
/// Where the owner lets us choose how hard a picture is compressed: 0 to 100.
const QUALITY: &str = "80";

/// A picture. Print `width` and `height` where they are known, so that the page keeps the place free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Where it is.
    pub src: String,
    /// The same in other sizes, for `srcset`; `sizes` is the template's to say.
    pub srcset: Option<String>,
    /// Its own width in pixels.
    pub width: Option<u32>,
    /// Its own height in pixels.
    pub height: Option<u32>,
    /// What it shows; empty where it says nothing that the text does not.
    pub alt: String,
    /// The words below it; may be empty.
    pub caption: String,
    /// Who made it; may be empty.
    pub credit: String,
}

impl Picture {
    /// The picture, if a page may load it.
    pub fn of(image: &Image) -> Option<Self> {
        let (src, srcset) = match &image.file {
            File::Vault(key) => (address::of_vault_key(key), None),
            File::Remote { href, template } => remote(href, template.as_deref(), image.width_px)?,
        };
        Some(Self {
            src,
            srcset,
            width: image.width_px,
            height: image.height_px,
            alt: image.alt.clone(),
            caption: image.caption.clone(),
            credit: image.credit.clone(),
        })
    }
}

fn remote(href: &str, template: Option<&str>, width_px: Option<u32>) -> Option<(String, Option<String>)> {
    let plain = address::safe_source(href)?.to_owned();
    let Some(template) = template.filter(|template| template.contains("{width}")) else {
        return Some((plain, None));
    };
    let at_width = |width: u32| {
        let filled =
            template.replace("{width}", &width.to_string()).replace("{quality}", QUALITY).replace("{format}", "webp");
        // A comma or a space would end the address within `srcset`.
        address::safe_source(&filled).map(|address| address.replace(',', "%2C"))
    };
    let own = width_px.unwrap_or(u32::MAX);
    let sizes: Vec<String> = WIDTHS_PX
        .into_iter()
        .filter(|width| *width <= own)
        .filter_map(|width| Some(format!("{} {width}w", at_width(width)?)))
        .collect();
    let src = at_width(WIDTH_PX_PLAIN.min(own)).unwrap_or(plain);
    Some((src, (!sizes.is_empty()).then(|| sizes.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(href: &str, template: Option<&str>) -> Image {
        let file = File::Remote { href: href.into(), template: template.map(Into::into) };
        Image {
            file,
            width_px: Some(700),
            height_px: Some(400),
            alt: String::new(),
            caption: String::new(),
            credit: String::new(),
        }
    }

    #[test]
    fn an_owner_who_makes_sizes_is_asked_for_none_larger_than_the_picture() {
        let picture =
            Picture::of(&image("https://a.example/p.jpg", Some("https://a.example/{width}/{quality}/p.{format}")));
        let picture = picture.unwrap();
        assert_eq!(picture.src, "https://a.example/700/80/p.webp");
        assert_eq!(
            picture.srcset.as_deref(),
            Some("https://a.example/320/80/p.webp 320w, https://a.example/640/80/p.webp 640w")
        );
    }

    #[test]
    fn a_picture_from_an_unsafe_address_is_not_shown() {
        assert_eq!(Picture::of(&image("javascript:x", None)), None);
        assert_eq!(Picture::of(&image("http://a.example/p.jpg", None)), None);
    }
}
