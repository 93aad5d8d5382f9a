//! The readable part of an address: `river-gauge-explained`.

use serde::{Deserialize, Serialize};

/// The longest slug, in bytes.
pub const SLUG_BYTES_MAX: usize = 96;

/// A word for an address: lower-case ASCII letters, digits and single hyphens, 1 to 96 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// Why a text cannot be a slug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a slug: use a–z, 0–9 and single hyphens, at most {SLUG_BYTES_MAX} characters")]
pub struct NotASlug(String);

impl Slug {
    /// Takes `text` if it is a slug already.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        let tidy = Self::tidy(text);
        if !text.is_empty() && tidy == text { Ok(Self(tidy)) } else { Err(NotASlug(text.to_owned())) }
    }

    /// Makes a slug out of a headline; `otherwise` where nothing of it can stand in an address.
    ///
    /// ```
    /// use station::Slug;
    /// assert_eq!(Slug::from_headline("Why the river rose: 3 answers", "story").as_str(), "why-the-river-rose-3-answers");
    /// assert_eq!(Slug::from_headline("Café Müller", "story").as_str(), "cafe-muller");
    /// assert_eq!(Slug::from_headline("水", "story").as_str(), "story");
    /// ```
    pub fn from_headline(headline: &str, otherwise: &str) -> Self {
        let tidy = Self::tidy(headline);
        if tidy.is_empty() { Self(Self::tidy(otherwise)) } else { Self(tidy) }
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn tidy(text: &str) -> String {
        let mut slug = String::with_capacity(text.len().min(SLUG_BYTES_MAX));
        for letter in text.chars().flat_map(plain_letters) {
            if slug.len() == SLUG_BYTES_MAX {
                break;
            }
            match letter {
                'a'..='z' | '0'..='9' => slug.push(letter),
                // An apostrophe joins ("what's" → "whats"); anything else parts words.
                '\'' | '’' => {}
                _ if slug.is_empty() || slug.ends_with('-') => {}
                _ => slug.push('-'),
            }
        }
        slug.truncate(slug.trim_end_matches('-').len());
        slug
    }
}

/// A letter in lower case as ASCII, where there is a customary way to write it so; as it is otherwise.
pub fn plain_letters(letter: char) -> impl Iterator<Item = char> {
    let plain: &[char] = match letter.to_lowercase().next().unwrap_or(letter) {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => &['a'],
        'ç' | 'ć' | 'č' => &['c'],
        'è' | 'é' | 'ê' | 'ë' | 'ē' => &['e'],
        'ì' | 'í' | 'î' | 'ï' => &['i'],
        'ñ' | 'ń' => &['n'],
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => &['o'],
        'ù' | 'ú' | 'û' | 'ü' => &['u'],
        'ý' | 'ÿ' => &['y'],
        'ß' => &['s', 's'],
        'æ' => &['a', 'e'],
        'œ' => &['o', 'e'],
        _ => &[],
    };
    let unchanged = plain.is_empty().then(|| letter.to_ascii_lowercase());
    plain.iter().copied().chain(unchanged)
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_taken_as_it_is_or_refused() {
        assert_eq!(Slug::parse("river-gauge").unwrap().as_str(), "river-gauge");
        for wrong in ["", "-", "a--b", "-a", "a-", "River", "a/b", "../etc", "a b", &"x".repeat(97)] {
            assert!(Slug::parse(wrong).is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn a_long_headline_is_cut_without_a_hyphen_at_the_end() {
        let slug = Slug::from_headline(&format!("{} and more", "x".repeat(SLUG_BYTES_MAX - 1)), "story");
        assert!(slug.as_str().len() <= SLUG_BYTES_MAX && !slug.as_str().ends_with('-'));
    }
}
