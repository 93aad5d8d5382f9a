//! The one sanitiser: HTML from outside becomes blocks, and stops being HTML.
//!
//! It goes in two steps. A real HTML parser (ammonia's) reads the fragment as a browser would and keeps a handful of
//! tags; what it writes is tidy. A small walk over that tidy text then makes values of it: runs of words, paragraphs,
//! lists, quotes. No tag and no attribute but a link's address survives, and a page escapes every word when it prints.
//!
//! Work is bounded: a fragment counts up to [`HTML_BYTES_MAX`] and [`HTML_TAGS_MAX`], and what lies behind is cut off.
//! [`is_within_bounds`] says beforehand whether that will happen.
//!
//! Start at [`blocks`]; [`address`] is the gate for links.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::text::Run;
use crate::{Block, Text};

/// How much of one fragment is read, in bytes. A long story is a tenth of it.
pub const HTML_BYTES_MAX: usize = 512 * 1024;

/// How many tags of one fragment are read. A parser's work grows with the square of the depth, so depth needs a bound.
pub const HTML_TAGS_MAX: usize = 4096;

/// The longest address that a link may have, in bytes.
pub const ADDRESS_BYTES_MAX: usize = 2048;

/// Tags whose words are kept, for what they do to the words around them.
const KEPT_TAGS: &[&str] = &[
    "a",
    "address",
    "article",
    "aside",
    "b",
    "blockquote",
    "br",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "section",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Tags that go with everything inside them: their content is not for reading.
const DROPPED_TAGS: &[&str] = &[
    "applet",
    "audio",
    "button",
    "canvas",
    "datalist",
    "embed",
    "frameset",
    "head",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
    "xmp",
];

/// True if the whole of `html` will be read; false if its end will be cut off.
pub fn is_within_bounds(html: &str) -> bool {
    within_bounds(html).len() == html.len()
}

/// The blocks that `html` is made of.
pub(crate) fn blocks(html: &str) -> Vec<Block> {
    static READER: LazyLock<ammonia::Builder<'static>> =
        LazyLock::new(|| reader(KEPT_TAGS, DROPPED_TAGS, &[("a", &["href"])]));
    let tidy = READER.clean(within_bounds(html)).to_string();
    let mut walk = Walk::default();
    for token in tokens(&tidy) {
        walk.take(token);
    }
    walk.finish()
}

/// The frames of `html`: the address and the title of each.
pub(crate) fn frames(html: &str) -> Vec<(String, String)> {
    static READER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let dropped: Vec<&str> = DROPPED_TAGS.iter().copied().filter(|tag| *tag != "iframe").collect();
        reader(&["iframe"], &dropped, &[("iframe", &["src", "title"])])
    });
    let tidy = READER.clean(within_bounds(html)).to_string();
    let frame = |token| match token {
        Token::Open(tag) if tag.name() == "iframe" => {
            let title = tag.attribute("title").map(|title| one_line(&title)).unwrap_or_default();
            Some((address(&tag.attribute("src")?)?, title))
        }
        _ => None,
    };
    tokens(&tidy).filter_map(frame).collect()
}

/// Lets an address from outside through if a page may link to it: `https:`, `http:`, `mailto:`, `tel:` or a path of
/// this site; `None` otherwise.
///
/// Addresses with a user name are refused: `https://bank.example@evil.example` leads somewhere else than it seems to.
///
/// ```
/// use station::text::address;
/// assert_eq!(address(" https://example.org/a?b=1&c=2 ").as_deref(), Some("https://example.org/a?b=1&c=2"));
/// assert_eq!(address("java\tscript:alert(1)"), None);
/// assert_eq!(address("//evil.example/"), None);
/// ```
pub fn address(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if text.is_empty() || text.len() > ADDRESS_BYTES_MAX || text.chars().any(is_unfit) {
        return None;
    }
    let address = if text.starts_with('/') { path_of_this_site(text)? } else { absolute(text)? };
    (address.len() <= ADDRESS_BYTES_MAX).then_some(address)
}

fn absolute(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    match url.scheme() {
        "https" | "http" => {
            let names_itself_plainly = url.host_str().is_some_and(|host| !host.is_empty())
                && url.username().is_empty()
                && url.password().is_none();
            names_itself_plainly.then(|| as_written_or_normal(text, &url))
        }
        "mailto" | "tel" => (!url.path().is_empty()).then(|| url.to_string()),
        _ => None,
    }
}

/// The address as its owner wrote it where a browser would read it just so; the normal form otherwise.
/// A query string carries its owner's own meaning, so nothing in it is rewritten without need.
fn as_written_or_normal(text: &str, url: &url::Url) -> String {
    let is_plain = |c: u8| c.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&c);
    let has_slashes = text.get(..url.scheme().len() + 3).is_some_and(|head| head.ends_with("://"));
    let has_plain_path = !text.contains("/.");
    match text.bytes().all(is_plain) && has_slashes && has_plain_path {
        true => text.to_owned(),
        false => url.to_string(),
    }
}

fn path_of_this_site(text: &str) -> Option<String> {
    static HERE: LazyLock<url::Url> =
        LazyLock::new(|| url::Url::parse("https://here.invalid/").expect("a constant address is one"));
    if text.starts_with("//") || text.contains('\\') {
        return None;
    }
    let url = HERE.join(text).ok()?;
    let stays_here = url.origin() == HERE.origin() && !url.path().starts_with("//");
    stays_here.then(|| url[url::Position::BeforePath..].to_owned())
}

/// `words` as one line: white space is one space, nothing invisible, nothing at the ends.
pub(crate) fn one_line(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut fit = word.chars().filter(|c| !is_unfit(*c)).peekable();
        if fit.peek().is_some() && !line.is_empty() {
            line.push(' ');
        }
        line.extend(fit);
    }
    line
}

/// Characters that no text from outside may bring: controls, and those that turn the direction of what follows, with
/// which a text can be made to read otherwise than it is written.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c == '\u{feff}'
}

fn within_bounds(html: &str) -> &str {
    let tags_end = html.bytes().enumerate().filter(|(_, byte)| *byte == b'<').nth(HTML_TAGS_MAX).map(|(at, _)| at);
    let mut end = html.len().min(HTML_BYTES_MAX).min(tags_end.unwrap_or(usize::MAX));
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    &html[..end]
}

fn reader(
    kept: &[&'static str],
    dropped: &[&'static str],
    attributes: &[(&'static str, &[&'static str])],
) -> ammonia::Builder<'static> {
    let mut reader = ammonia::Builder::empty();
    let attributes = attributes.iter().map(|(tag, names)| (*tag, names.iter().copied().collect()));
    reader
        .tags(kept.iter().copied().collect())
        .clean_content_tags(dropped.iter().copied().collect())
        .tag_attributes(attributes.collect::<HashMap<_, HashSet<_>>>())
        .url_schemes(["https", "http", "mailto", "tel"].into_iter().collect())
        .link_rel(None);
    reader
}

/// A piece of the tidy text that the parser wrote.
enum Token<'a> {
    Open(Tag<'a>),
    Close(&'a str),
    Words(String),
}

/// What stands between `<` and `>`.
struct Tag<'a>(&'a str);

impl<'a> Tag<'a> {
    fn name(&self) -> &'a str {
        self.0.split([' ', '/']).next().unwrap_or_default()
    }

    fn attribute(&self, name: &str) -> Option<String> {
        let start = self.0.find(&format!(" {name}=\""))? + name.len() + 3;
        let value = self.0[start..].split('"').next()?;
        Some(unescape(value))
    }
}

/// Cuts up the parser's own output. It always closes its tags and quotes its attributes, so this need not be clever.
fn tokens(tidy: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = tidy;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(tag) = rest.strip_prefix('<') else {
            let (words, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            rest = after;
            return Some(Token::Words(unescape(words)));
        };
        let end = end_of_tag(tag);
        rest = tag.get(end + 1..).unwrap_or_default();
        Some(match tag[..end].strip_prefix('/') {
            Some(name) => Token::Close(name),
            None => Token::Open(Tag(&tag[..end])),
        })
    })
}

/// Where the `>` stands that ends a tag, quoted ones not counted.
fn end_of_tag(tag: &str) -> usize {
    let mut is_quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return at,
            _ => {}
        }
    }
    tag.len()
}

/// The parser writes these five and no others.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// How a stretch of words looks and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look {
    href: Option<String>,
    em: bool,
    strong: bool,
}

impl Look {
    fn of(run: &Run) -> Self {
        Self { href: run.href.clone(), em: run.em, strong: run.strong }
    }

    fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn onto(&self, words: String) -> Run {
        Run { words, href: self.href.clone(), em: self.em, strong: self.strong }
    }
}

/// A paragraph while it is being read.
#[derive(Default)]
struct Line {
    runs: Vec<Run>,
    /// White space was met and not yet written: it counts as one space, and only between words.
    space: Option<Look>,
}

impl Line {
    fn push(&mut self, words: &str, look: &Look) {
        for c in words.chars() {
            match c {
                ' ' | '\n' | '\t' | '\r' | '\u{c}' | '\u{2028}' | '\u{2029}' => self.push_space(look),
                _ if is_unfit(c) => {}
                _ if c.is_whitespace() && self.is_at_start() => {}
                _ => {
                    if let Some(look) = self.space.take().filter(|_| !self.is_at_start()) {
                        self.push_char(' ', &look);
                    }
                    self.push_char(c, look);
                }
            }
        }
    }

    /// A space between two looks belongs to the plainer one, so that a link is not underlined beyond its words.
    fn push_space(&mut self, look: &Look) {
        if self.space.is_none() || look.is_plain() {
            self.space = Some(look.clone());
        }
    }

    fn push_char(&mut self, c: char, look: &Look) {
        match self.runs.last_mut() {
            Some(last) if Look::of(last) == *look => last.words.push(c),
            _ => self.runs.push(look.onto(c.into())),
        }
    }

    /// Breaks the line. False if it is broken here already: two breaks in a row are meant to part paragraphs.
    fn push_break(&mut self) -> bool {
        self.space = None;
        match self.runs.last_mut() {
            Some(last) if last.words.ends_with('\n') => false,
            Some(last) => {
                last.words.push('\n');
                true
            }
            None => true,
        }
    }

    fn is_at_start(&self) -> bool {
        self.runs.last().is_none_or(|last| last.words.ends_with('\n'))
    }

    fn finish(&mut self) -> Option<Text> {
        let mut runs = std::mem::take(self).runs;
        while let Some(last) = runs.last_mut() {
            last.words.truncate(last.words.trim_end().len());
            if !last.words.is_empty() {
                break;
            }
            runs.pop();
        }
        (!runs.is_empty()).then_some(Text(runs))
    }
}

#[derive(Default)]
struct OpenQuote {
    depth: u32,
    paragraphs: Vec<Text>,
    attribution: String,
    is_in_footer: bool,
}

#[derive(Default)]
struct OpenList {
    depth: u32,
    is_ordered: bool,
    items: Vec<Text>,
}

/// The walk over the tidy text: what is open, and what is finished.
#[derive(Default)]
struct Walk {
    blocks: Vec<Block>,
    line: Line,
    links: Vec<Option<String>>,
    em: u32,
    strong: u32,
    heading: Option<u8>,
    quote: Option<OpenQuote>,
    list: Option<OpenList>,
}

impl Walk {
    fn take(&mut self, token: Token) {
        match token {
            Token::Words(words) => self.line.push(&words, &self.look()),
            Token::Open(tag) => self.open(&tag),
            Token::Close(name) => self.close(name),
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_line();
        self.end_list();
        self.end_quote();
        self.blocks
    }

    fn look(&self) -> Look {
        Look { href: self.links.last().cloned().flatten(), em: self.em > 0, strong: self.strong > 0 }
    }

    fn open(&mut self, tag: &Tag) {
        match tag.name() {
            "a" => self.links.push(tag.attribute("href").and_then(|href| address(&href))),
            "em" | "i" => self.em += 1,
            "strong" | "b" => self.strong += 1,
            "td" | "th" => self.line.push_space(&Look::default()),
            "br" => {
                if !self.line.push_break() {
                    self.end_line();
                }
            }
            block => {
                self.end_line();
                self.open_block(block);
            }
        }
    }

    fn open_block(&mut self, name: &str) {
        match name {
            "h1" | "h2" => self.heading = Some(2),
            "h3" => self.heading = Some(3),
            "h4" | "h5" | "h6" => self.heading = Some(4),
            "blockquote" if self.list.is_none() => self.quote.get_or_insert_default().depth += 1,
            "footer" => {
                if let Some(quote) = &mut self.quote {
                    quote.is_in_footer = true;
                }
            }
            // Inside a quote there are only paragraphs; a list within a list goes on in the outer one.
            "ul" | "ol" if self.quote.is_none() => {
                let list =
                    self.list.get_or_insert_with(|| OpenList { is_ordered: name == "ol", ..OpenList::default() });
                list.depth += 1;
            }
            "li" => {
                if let Some(list) = &mut self.list {
                    list.items.push(Text::default());
                }
            }
            "hr" if self.quote.is_none() && self.list.is_none() => self.blocks.push(Block::Divider),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => drop(self.links.pop()),
            "em" | "i" => self.em = self.em.saturating_sub(1),
            "strong" | "b" => self.strong = self.strong.saturating_sub(1),
            "td" | "th" => {}
            block => {
                self.end_line();
                self.close_block(block);
            }
        }
    }

    fn close_block(&mut self, name: &str) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = None,
            "footer" => {
                if let Some(quote) = &mut self.quote {
                    quote.is_in_footer = false;
                }
            }
            "blockquote" if self.list.is_none() => {
                if let Some(quote) = &mut self.quote {
                    quote.depth -= 1;
                    if quote.depth == 0 {
                        self.end_quote();
                    }
                }
            }
            "ul" | "ol" => {
                if let Some(list) = &mut self.list {
                    list.depth -= 1;
                    if list.depth == 0 {
                        self.end_list();
                    }
                }
            }
            _ => {}
        }
    }

    /// Puts what was read since the last boundary where it belongs.
    fn end_line(&mut self) {
        let Some(text) = self.line.finish() else { return };
        if let Some(list) = &mut self.list {
            add_to_item(&mut list.items, text);
        } else if let Some(quote) = &mut self.quote {
            match quote.is_in_footer {
                true => quote.attribution = one_line(&format!("{} {}", quote.attribution, text.words())),
                false => quote.paragraphs.push(text),
            }
        } else if let Some(level) = self.heading {
            self.blocks.push(Block::Heading { level, text: without_weight(text) });
        } else {
            self.blocks.push(Block::Paragraph { text });
        }
    }

    fn end_list(&mut self) {
        let Some(mut list) = self.list.take() else { return };
        list.items.retain(|item| !item.is_empty());
        if !list.items.is_empty() {
            self.blocks.push(Block::List { is_ordered: list.is_ordered, items: list.items });
        }
    }

    fn end_quote(&mut self) {
        let Some(quote) = self.quote.take() else { return };
        if !quote.paragraphs.is_empty() {
            self.blocks.push(Block::Quote { text: quote.paragraphs, attribution: quote.attribution });
        }
    }
}

/// Paragraphs within an item are lines of it.
fn add_to_item(items: &mut Vec<Text>, text: Text) {
    match items.last_mut() {
        Some(item) if item.0.is_empty() => *item = text,
        Some(item) => append_line(item, text),
        None => items.push(text),
    }
}

/// Adds `text` below `above`, as a line of its own.
pub(crate) fn append_line(above: &mut Text, text: Text) {
    if let Some(last) = above.0.last_mut() {
        last.words.push('\n');
    }
    for run in text.0 {
        match above.0.last_mut() {
            Some(last) if Look::of(last) == Look::of(&run) => last.words.push_str(&run.words),
            _ => above.0.push(run),
        }
    }
}

/// A heading is weighty by itself; desks often make it so a second time.
fn without_weight(text: Text) -> Text {
    let mut lighter = Line::default();
    for run in text.0 {
        let look = Look { strong: false, ..Look::of(&run) };
        run.words.chars().for_each(|c| lighter.push_char(c, &look));
    }
    Text(lighter.runs)
}
