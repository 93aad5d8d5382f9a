//! The station itself: who it is.

use serde::{Deserialize, Serialize};

use crate::{Block, Image, Slug, StationId};

/// A station: the whole presence that a host name leads to. One program can be home to many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Station {
    /// Names it for ever.
    pub id: StationId,
    /// Its name in files and commands.
    pub slug: Slug,
    /// What it calls itself: "Harrow Valley Public Radio".
    pub name: String,
    /// A few words below the name.
    pub tagline: String,
    /// The call signs and frequencies, as said on the air: "WHVPR 91.3 Alder Falls".
    pub call_signs: Vec<String>,
    /// The host names (lower case, without port) that lead to it. The first is the one it prefers.
    pub host_names: Vec<String>,
    /// The IANA name of its time zone: `America/New_York`.
    pub zone: String,
    /// The BCP 47 tag of the language that it speaks: `en-US`.
    pub language: String,
    /// The one colour of its own.
    pub accent: Accent,
    /// The large picture at the head of its front page.
    pub banner: Option<Image>,
    /// What the page about it says.
    pub about: Vec<Block>,
    /// Where letters reach it.
    pub email: Option<String>,
    /// Its own service ids in NPR's Organization Service (`s921`), for documents restricted to some stations.
    #[serde(default)]
    pub org_service_ids: Vec<String>,
}

/// A colour, as `#rrggbb` in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Accent(String);

impl Accent {
    /// Takes `#rrggbb`; `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let is_colour = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_colour.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The colour as CSS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The WCAG contrast ratio of this colour against `other`, from 1 to 21. Text wants at least 4.5.
    pub fn contrast(&self, other: &Accent) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(&self) -> f64 {
        let channel = |at: usize| {
            let byte = u8::from_str_radix(&self.0[at..at + 2], 16).expect("an accent holds six hex digits");
            let c = f64::from(byte) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }
}

impl<'de> Deserialize<'de> for Accent {
    fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a colour like #1b5e8c")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_what_wcag_says_it_is() {
        let (black, white) = (Accent::parse("#000000").unwrap(), Accent::parse("#FFFFFF").unwrap());
        assert!((black.contrast(&white) - 21.0).abs() < 1e-9);
        assert!((white.contrast(&white) - 1.0).abs() < 1e-9);
        let grey = Accent::parse("#767676").unwrap();
        assert!((grey.contrast(&white) - 4.54).abs() < 0.01);
    }

    #[test]
    fn only_a_colour_is_a_colour() {
        for wrong in ["red", "#fff", "#12345", "#12345g", "#1234567", "red;}body{display:none"] {
            assert!(Accent::parse(wrong).is_none(), "{wrong} was taken");
        }
    }
}
