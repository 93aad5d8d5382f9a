//! A title that an encoder, or a traffic system, sends: the query of `/admin/metadata?mode=updinfo`.
//!
//! What Icecast gets wrong is put right as icecast-kh does: `song` clears the artist, `title` stands alone where
//! no artist is given, `url` is kept.

use percent_encoding::percent_decode;

use super::charset;

/// The longest query, or form, that is read, in bytes.
pub const BYTES_MAX: usize = 16 * 1024;

/// What is asked of the metadata address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// What to do: `updinfo`. `None` if the request does not say.
    pub mode: Option<String>,
    /// The mount's path. `None` if the request does not say.
    pub mount: Option<String>,
    /// Which of the mount's inputs is meant, where it has several.
    pub input: Option<String>,
    /// The new title; `None` if the request leaves it.
    pub title: Option<String>,
    /// The new address that goes with it; `None` if the request leaves it.
    pub url: Option<String>,
}

impl Update {
    /// Reads a query or a form: `mode=updinfo&mount=/news.mp3&song=Artist+-+Title`.
    ///
    /// ```
    /// use air::icecast::update::Update;
    /// let update = Update::parse("mode=updinfo&mount=%2Fa.mp3&artist=Miles&title=So+What");
    /// assert_eq!(update.title.as_deref(), Some("Miles - So What"));
    /// ```
    pub fn parse(query: &str) -> Self {
        let fields = Fields::parse(query);
        Self {
            mode: fields.get("mode", None),
            mount: fields.get("mount", None),
            input: fields.get("input", None),
            title: title(&fields),
            url: fields.words("url"),
        }
    }
}

fn title(fields: &Fields<'_>) -> Option<String> {
    let named = |name| fields.words(name);
    if let Some(song) = named("song") {
        return Some(song);
    }
    match (named("artist").filter(|artist| !artist.is_empty()), named("title")) {
        (Some(artist), Some(title)) if !title.is_empty() => Some(format!("{artist} - {title}")),
        (Some(artist), _) => Some(artist),
        (None, title) => title,
    }
}

/// The fields of a query or a form.
pub(super) struct Fields<'a> {
    pairs: Vec<(&'a str, &'a str)>,
    charset: Option<String>,
}

impl<'a> Fields<'a> {
    pub fn parse(query: &'a str) -> Self {
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let mut fields = Self { pairs, charset: None };
        fields.charset = fields.get("charset", None);
        fields
    }

    /// A field's value, in the character set that is named, or the one that fits.
    pub fn get(&self, name: &str, charset: Option<&str>) -> Option<String> {
        let (_, value) = self.pairs.iter().find(|(key, _)| *key == name)?;
        let spaced = value.replace('+', " ");
        let bytes: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
        Some(charset::decode(&bytes, charset))
    }

    /// A value as one line of plain words.
    fn words(&self, name: &str) -> Option<String> {
        let text = self.get(name, self.charset.as_deref())?;
        let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        Some(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn title_of(query: &str) -> Option<String> {
        Update::parse(query).title
    }

    #[test]
    fn a_title_is_made_of_what_is_there() {
        for (query, title) in [
            ("song=Bj%C3%B6rk+-+J%C3%B3ga", Some("Björk - Jóga")),
            ("song=One%20Two", Some("One Two")),
            ("artist=Miles&title=So+What", Some("Miles - So What")),
            ("title=News", Some("News")),
            ("artist=Miles", Some("Miles")),
            ("artist=&title=News", Some("News")),
            ("artist=Miles&title=", Some("Miles")),
            ("artist=A&title=T&song=A%20%2D%20T", Some("A - T")),
            ("song=", Some("")),
            ("song=A%26B%3D1", Some("A&B=1")),
            ("url=http%3A%2F%2Fx", None),
            ("", None),
        ] {
            assert_eq!(title_of(query).as_deref(), title, "{query}");
        }
    }

    #[test]
    fn the_character_set_is_the_one_named_or_the_one_that_fits() {
        assert_eq!(title_of("song=Bj%F6rk").as_deref(), Some("Björk"));
        assert_eq!(title_of("song=Bj%F6rk&charset=UTF-8").as_deref(), Some("Björk"));
        assert_eq!(title_of("song=%C3%B6&charset=ISO-8859-1").as_deref(), Some("Ã¶"));
        assert_eq!(title_of("charset=UTF%2d8&song=%D0%9F%D1%80%D0%B8").as_deref(), Some("При"));
    }

    #[test]
    fn a_line_end_cannot_ride_in_a_title() {
        assert_eq!(title_of("song=a%0D%0Aicy-name%3A+b%00").as_deref(), Some("a  icy-name: b"));
    }

    #[test]
    fn the_mount_and_the_mode_are_decoded() {
        let update = Update::parse("mode=updinfo&mount=%2fez%2emp3&input=backup&url=http%3a%2f%2fx%2f%3fcue%3d1");
        assert_eq!(update.mode.as_deref(), Some("updinfo"));
        assert_eq!(update.mount.as_deref(), Some("/ez.mp3"));
        assert_eq!(update.input.as_deref(), Some("backup"));
        assert_eq!(update.url.as_deref(), Some("http://x/?cue=1"));
        assert_eq!(Update::parse("song=x").mode, None);
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(query in ".{0,200}") {
            Update::parse(&query);
        }
    }
}
