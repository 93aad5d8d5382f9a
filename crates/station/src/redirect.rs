//! A redirect: an address of the site that leads elsewhere.
//!
//! It is written as two addresses: `/old` leads to `/new`; `/blog/*` leads everything below `/blog` to one place, or, where
//! the target ends in `/*` too, each to its like: `/blog/2019/flood` with `/stories/*` to `/stories/2019/flood`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The longest path or target, in bytes.
pub const REDIRECT_BYTES_MAX: usize = 512;
/// How many words of a path a prefix may have: what is asked for in vain is looked up by each of its beginnings.
pub const PREFIX_WORDS_MAX: usize = 8;

/// An address that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// Which.
    pub from: Pattern,
    /// Where it leads: a path of the site or a whole address; `/*` at its end stands for what a prefix leaves over.
    pub to: String,
    /// Why it is there.
    pub cause: Cause,
    /// Who made it, by name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An address, or all below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pattern {
    /// The path, without a slash at its end.
    pub path: String,
    /// True if every address below it is meant as well.
    pub is_prefix: bool,
}

/// Why a redirect is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A story went elsewhere.
    Moved,
    /// A story was unpublished, and something else is read in its place.
    Unpublished,
    /// Somebody made it.
    ByHand,
    /// It came with a list.
    Imported,
}

/// Why two addresses make no redirect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// What should lead elsewhere is no path.
    #[error("`{0}` is no path of this site: write it like /old/address, or /old/* for all below it")]
    From(String),
    /// Nobody can be sent there.
    #[error("`{0}` leads nowhere: write a path like /news, or a whole address that begins with https://")]
    To(String),
    /// It leads to itself.
    #[error("`{0}` would lead back to itself")]
    Circle(String),
}

impl Cause {
    const ALL: [Cause; 4] = [Cause::Moved, Cause::Unpublished, Cause::ByHand, Cause::Imported];

    /// Its name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Moved => "moved",
            Cause::Unpublished => "unpublished",
            Cause::ByHand => "by-hand",
            Cause::Imported => "imported",
        }
    }

    /// The cause of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

impl Pattern {
    /// One address.
    pub fn exact(path: impl Into<String>) -> Self {
        Self { path: path.into(), is_prefix: false }
    }

    /// Reads `/old/address`, `/old/*`, or a whole address of a site that once was.
    ///
    /// ```
    /// use station::redirect::Pattern;
    /// assert_eq!(Pattern::parse("https://old.example/post/flood/?amp=1").unwrap(), Pattern::exact("/post/flood"));
    /// assert!(Pattern::parse("/blog/*").unwrap().is_prefix);
    /// assert!(Pattern::parse("blog").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refuse = || Fault::From(shown(text));
        let path = without_host(text.trim());
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let (path, is_prefix) = path.strip_suffix("/*").map_or((path, false), |path| (path, true));
        let path = path.trim_end_matches('/');
        let words = path.split('/').skip(1);
        let is_path = path.starts_with('/') && words.clone().all(|word| !word.is_empty() && is_plain(word));
        let is_short = path.len() <= REDIRECT_BYTES_MAX && (!is_prefix || words.count() <= PREFIX_WORDS_MAX);
        if is_path && is_short { Ok(Self { path: path.to_owned(), is_prefix }) } else { Err(refuse()) }
    }

    /// True if `path` is meant.
    pub fn covers(&self, path: &str) -> bool {
        match path.strip_prefix(self.path.as_str()) {
            Some("") => true,
            Some(rest) => self.is_prefix && rest.starts_with('/'),
            None => false,
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.path, if self.is_prefix { "/*" } else { "" })
    }
}

impl Redirect {
    /// Where `path`, which the redirect covers, leads.
    pub fn target(&self, path: &str) -> String {
        match self.to.strip_suffix("/*") {
            Some(place) => format!("{place}{}", path.strip_prefix(self.from.path.as_str()).unwrap_or_default()),
            None => self.to.clone(),
        }
    }
}

/// Reads where somebody is sent: a path of the site (`/` is the front page), or a whole address.
///
/// ```
/// use station::redirect::target;
/// assert_eq!(target(" /news/ ").unwrap(), "/news");
/// assert_eq!(target("/").unwrap(), "/");
/// assert!(target("//evil.example/").is_err() && target("javascript:alert(1)").is_err());
/// ```
pub fn target(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let refuse = || Fault::To(shown(text));
    if text == "/" {
        return Ok(text.to_owned());
    }
    if text.starts_with('/') {
        let is_prefix = text.ends_with("/*");
        let path = Pattern::parse(text).map_err(|_| refuse())?.path;
        return Ok(if is_prefix { format!("{path}/*") } else { path });
    }
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_short = text.len() <= REDIRECT_BYTES_MAX;
    if is_web && is_short { crate::text::address(text).ok_or_else(refuse) } else { Err(refuse()) }
}

/// The beginnings of a path that a prefix could stand for, the longest first: `/a/b`, `/a`.
pub fn beginnings(path: &str) -> Vec<&str> {
    let ends = path.char_indices().skip(1).filter(|(_, letter)| *letter == '/').map(|(at, _)| at);
    let mut all: Vec<&str> = ends.take(PREFIX_WORDS_MAX).map(|at| &path[..at]).collect();
    if all.len() < PREFIX_WORDS_MAX && path.len() > 1 {
        all.push(path);
    }
    all.reverse();
    all
}

/// `https://old.example/post` → `/post`.
fn without_host(text: &str) -> &str {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
        None => text,
    }
}

fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>*".contains(&byte)) && word != "." && word != ".."
}

fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(from: &str, to: &str) -> Redirect {
        Redirect {
            from: Pattern::parse(from).unwrap(),
            to: target(to).unwrap(),
            cause: Cause::ByHand,
            by: "Jo".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_prefix_leads_each_to_its_like_or_all_to_one_place() {
        let like = redirect("/blog/*", "/stories/*");
        assert_eq!(like.target("/blog/2019/flood"), "/stories/2019/flood");
        assert_eq!(like.target("/blog"), "/stories");
        assert_eq!(redirect("/blog/*", "/news").target("/blog/2019/flood"), "/news");
        assert_eq!(redirect("/old", "https://other.example/x").target("/old"), "https://other.example/x");
    }

    #[test]
    fn a_pattern_covers_whole_words_only() {
        let all = Pattern::parse("/blog/*").unwrap();
        assert!(all.covers("/blog") && all.covers("/blog/a/b") && !all.covers("/blogs") && !all.covers("/"));
        let one = Pattern::parse("/blog/").unwrap();
        assert!(one.covers("/blog") && !one.covers("/blog/a"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", "/", "/*", "blog", "//evil.example", "/a//b", "/a\\b", "/a b", "/../etc", "/a/*/b", "/é"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong} was taken");
        }
        let deep = format!("{}/*", "/a".repeat(PREFIX_WORDS_MAX + 1));
        assert!(Pattern::parse(&deep).is_err());
        assert!(Pattern::parse(&format!("/{}", "a".repeat(REDIRECT_BYTES_MAX))).is_err());
        for wrong in ["", "news", "//evil.example", "ftp://a.example/", "mailto:a@b.example", "https://"] {
            assert!(target(wrong).is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn a_path_has_as_many_beginnings_as_words() {
        assert_eq!(beginnings("/a/b/c"), ["/a/b/c", "/a/b", "/a"]);
        assert_eq!(beginnings("/"), [""; 0]);
        assert_eq!(beginnings(&"/a".repeat(50)).len(), PREFIX_WORDS_MAX);
    }

    #[test]
    fn every_cause_has_a_name_that_leads_back() {
        assert!(Cause::ALL.into_iter().all(|cause| Cause::parse(cause.as_str()) == Some(cause)));
    }
}
