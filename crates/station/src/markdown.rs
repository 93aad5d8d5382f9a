//! A body as light Markdown: what the desk's text field holds where there is no script.
//!
//! Paragraphs stand apart by an empty line; a single line feed is a line break. `## ` to `#### ` are headings, `- ` and
//! `1. ` lists, `> ` a quote and `>> ` a pull quote (each may end in a line `> — who said it`), `---` a change of subject,
//! `| a | b |` a table (a second row of dashes makes the first its head), `::: title` to `:::` a callout. Within words,
//! `*stressed*`, `**weighty**` and `[words](address)`; a backslash takes any sign at its word. `{{embed address title}}`
//! and `{{related address title | teaser}}` stand on lines of their own, and `{{keep name …}}` holds the place of what
//! cannot be written in letters: a picture, a sound.
//!
//! What is written and read again is the same, but for spaces that nobody sees ([`normal`]); a block that was not touched
//! comes back to the letter.
//!
//! Start at [`write`] and [`read`].

use std::iter;

use crate::draft::Piece;
use crate::text::{Run, address};
use crate::{Block, Text};

/// Signs that mean something within words.
const SIGNS: [char; 4] = ['\\', '*', '[', ']'];
/// Signs that mean something where a line begins.
const LINE_SIGNS: [char; 7] = ['#', '-', '>', '|', ':', '{', '—'];

/// The body as light Markdown.
///
/// ```
/// use station::draft::Piece;
/// use station::{Block, markdown};
/// let body = [Piece { id: "a".into(), block: Block::paragraph("2 * 3 is 6.") }];
/// assert_eq!(markdown::write(&body), "2 \\* 3 is 6.\n");
/// assert_eq!(markdown::read("2 \\* 3 is 6.\n", &body), [Block::paragraph("2 * 3 is 6.")]);
/// ```
pub fn write(body: &[Piece]) -> String {
    let blocks: Vec<String> = body.iter().filter_map(write_piece).collect();
    if blocks.is_empty() { String::new() } else { blocks.join("\n\n") + "\n" }
}

/// The blocks that `markdown` says. `body` is what was written before: what was not touched comes from there.
pub fn read(markdown: &str, body: &[Piece]) -> Vec<Block> {
    let text = markdown.replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut reader = Reader { lines: &lines, body, blocks: Vec::new() };
    while reader.block() {}
    let untouched = |block: Block| {
        body.iter()
            .find(|piece| normal(&piece.block).as_ref() == Some(&block))
            .map_or(block, |piece| piece.block.clone())
    };
    reader.blocks.into_iter().map(untouched).collect()
}

/// The block without what nobody sees: space at the ends of lines, runs that look alike side by side, empty items. `None`
/// if nothing is left.
pub fn normal(block: &Block) -> Option<Block> {
    Some(match block {
        Block::Paragraph { text } => Block::Paragraph { text: some(lines_of(text))? },
        Block::Heading { level, text } => Block::Heading { level: (*level).clamp(2, 4), text: some(line_of(text))? },
        Block::List { is_ordered, items } => Block::List { is_ordered: *is_ordered, items: all(items)? },
        Block::Quote { text, attribution } => Block::Quote { text: all(text)?, attribution: one_line(attribution) },
        Block::PullQuote { text, attribution } => {
            Block::PullQuote { text: some(lines_of(text))?, attribution: one_line(attribution) }
        }
        Block::Table { head, rows } => {
            let rows: Vec<Vec<Text>> = rows.iter().map(|row| row.iter().map(line_of).collect()).collect();
            let is_something = rows.iter().flatten().any(|cell| !cell.is_empty());
            Block::Table { head: *head, rows: is_something.then_some(rows)? }
        }
        Block::Callout { title, text } => {
            let (title, text) = (one_line(title), all(text).unwrap_or_default());
            if title.is_empty() && text.is_empty() {
                return None;
            }
            Block::Callout { title, text }
        }
        Block::Related { title, teaser, href } => {
            Block::Related { title: one_line(title), teaser: one_line(teaser), href: href.clone() }
        }
        Block::Embed { title, href, provider } => {
            Block::Embed { title: one_line(title), href: href.clone(), provider: provider.clone() }
        }
        other => other.clone(),
    })
}

fn all(texts: &[Text]) -> Option<Vec<Text>> {
    let texts: Vec<Text> = texts.iter().map(lines_of).filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then_some(texts)
}

fn some(text: Text) -> Option<Text> {
    (!text.is_empty()).then_some(text)
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

// Words, letter by letter.

/// How a letter looks and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look {
    em: bool,
    strong: bool,
    href: Option<String>,
}

type Letter = (char, Look);

fn letters(text: &Text) -> Vec<Letter> {
    let look = |run: &Run| Look { em: run.em, strong: run.strong, href: run.href.clone() };
    text.0.iter().flat_map(|run| run.words.chars().map(move |letter| (letter, look(run)))).collect()
}

fn text(letters: Vec<Letter>) -> Text {
    let mut runs: Vec<Run> = Vec::new();
    for (letter, look) in letters {
        match runs.last_mut() {
            Some(run) if (run.em, run.strong, &run.href) == (look.em, look.strong, &look.href) => {
                run.words.push(letter)
            }
            _ => runs.push(Run { words: letter.into(), href: look.href, em: look.em, strong: look.strong }),
        }
    }
    Text(runs)
}

/// The text with its lines trimmed, none of them empty, and space looking like the words on both its sides.
fn lines_of(of: &Text) -> Text {
    let letters = letters(of);
    let mut kept: Vec<Letter> = Vec::new();
    let mut gap: Vec<Letter> = Vec::new();
    for (letter, look) in letters {
        if letter.is_whitespace() {
            gap.push((letter, look));
            continue;
        }
        let is_break = gap.iter().any(|(space, _)| *space == '\n');
        let before = kept.last().map(|(_, look)| look.clone());
        // Space before the first word is nothing; space around a line break is the line break.
        if let Some(before) = before {
            let spaces = std::mem::take(&mut gap);
            let shown = if is_break { vec![('\n', spaces[0].1.clone())] } else { spaces };
            kept.extend(shown.into_iter().map(|(space, _)| (space, between(&before, &look))));
        }
        gap.clear();
        kept.push((letter, look));
    }
    text(kept)
}

fn line_of(of: &Text) -> Text {
    let lines = lines_of(of);
    text(letters(&lines).into_iter().map(|(letter, look)| (if letter == '\n' { ' ' } else { letter }, look)).collect())
}

fn between(before: &Look, after: &Look) -> Look {
    Look {
        em: before.em && after.em,
        strong: before.strong && after.strong,
        href: before.href.clone().filter(|_| before.href == after.href),
    }
}

// Writing.

fn write_piece(piece: &Piece) -> Option<String> {
    let keep = |what: &str, words: &str| format!("{{{{keep {} {what}{}}}}}", piece.id, in_braces(words));
    Some(match normal(&piece.block)? {
        Block::Paragraph { text } => write_lines(&text).join("\n"),
        Block::Heading { level, text } => format!("{} {}", "#".repeat(level.into()), write_words(&text)),
        Block::List { is_ordered, items } => {
            let item = |(at, item): (usize, &Text)| {
                let mark = if is_ordered { format!("{}. ", at + 1) } else { "- ".to_owned() };
                mark + &write_lines(item).join("\n  ")
            };
            items.iter().enumerate().map(item).collect::<Vec<_>>().join("\n")
        }
        Block::Quote { text, attribution } => write_quote(">", &text, &attribution),
        Block::PullQuote { text, attribution } => write_quote(">>", &[text], &attribution),
        Block::Table { head, rows } => write_table(head, &rows),
        Block::Callout { title, text } => {
            let words = text.iter().map(|text| write_lines(text).join("\n") + "\n").collect::<Vec<_>>().join("\n");
            format!("{}\n{words}:::", format!("::: {title}").trim_end())
        }
        Block::Divider => "---".to_owned(),
        Block::Embed { title, href, .. } => format!("{{{{embed {href}{}}}}}", in_braces(&title)),
        Block::Related { title, teaser, href } if !href.is_empty() => {
            let teaser = if teaser.is_empty() { String::new() } else { format!(" |{}", in_braces(&teaser)) };
            format!("{{{{related {href}{}{teaser}}}}}", in_braces(&title))
        }
        Block::Related { title, .. } => keep("related", &title),
        Block::Image { image } => keep("picture", if image.alt.is_empty() { &image.caption } else { &image.alt }),
        Block::Gallery { title, .. } => keep("gallery", &title),
        Block::Sound { sound } => keep("sound", &sound.title),
        Block::Note { text, .. } => keep("note", &text.words()),
    })
}

/// Words within double braces, with a space before them.
fn in_braces(words: &str) -> String {
    let words = one_line(words);
    if words.is_empty() {
        return words;
    }
    let escaped = |letter: char| {
        let slash = matches!(letter, '\\' | '}' | '|').then_some('\\');
        slash.into_iter().chain(iter::once(letter))
    };
    iter::once(' ').chain(words.chars().flat_map(escaped)).collect()
}

fn write_quote(mark: &str, texts: &[Text], attribution: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(write_lines(text));
    }
    if !attribution.is_empty() {
        lines.push(format!("— {attribution}"));
    }
    lines.iter().map(|line| format!("{mark} {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn write_table(head: bool, rows: &[Vec<Text>]) -> String {
    let cell = |cell: &Text| write_words(cell).replace('|', "\\|");
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines: Vec<String> = rows.iter().map(|row| line(row.iter().map(cell).collect())).collect();
    if head && !lines.is_empty() {
        lines.insert(1, line(rows[0].iter().map(|_| "---".to_owned()).collect()));
    }
    lines.join("\n")
}

/// The words, a line each, none of which can be taken for anything but words.
fn write_lines(text: &Text) -> Vec<String> {
    write_words(text).split('\n').map(plain_line).collect()
}

/// Takes the sign at its word where a line begins with one.
fn plain_line(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = line.split_at(digits);
    let is_sign = match rest.chars().next() {
        Some('.' | ')') => digits > 0,
        Some(letter) => digits == 0 && LINE_SIGNS.contains(&letter),
        None => false,
    };
    format!("{number}{}{rest}", if is_sign { "\\" } else { "" })
}

fn write_words(text: &Text) -> String {
    let mut written = String::new();
    let mut look = Look::default();
    let letters = letters(text).into_iter().map(Some).chain(iter::once(None));
    for letter in letters {
        let (letter, next) = letter.map_or((None, Look::default()), |(letter, look)| (Some(letter), look));
        let (leaves, enters) =
            (look.href != next.href && look.href.is_some(), look.href != next.href && next.href.is_some());
        if leaves {
            let href = look.href.unwrap_or_default();
            written += &format!("]({})", href.replace('\\', "\\\\").replace(')', "\\)"));
        }
        written += match (look.em != next.em, look.strong != next.strong) {
            (true, true) => "***",
            (false, true) => "**",
            (true, false) => "*",
            (false, false) => "",
        };
        if enters {
            written.push('[');
        }
        let Some(letter) = letter else { break };
        written.extend(SIGNS.contains(&letter).then_some('\\'));
        written.push(letter);
        look = next;
    }
    written
}

// Reading.

struct Reader<'a> {
    lines: &'a [&'a str],
    body: &'a [Piece],
    blocks: Vec<Block>,
}

impl<'a> Reader<'a> {
    /// Reads one block; false at the end.
    fn block(&mut self) -> bool {
        let Some(line) = self.lines.first() else { return false };
        if line.is_empty() {
            self.lines = &self.lines[1..];
            return true;
        }
        let block = match line {
            _ if is_rule(line) => self.rule(),
            _ if heading(line).is_some() => self.heading(),
            _ if line.starts_with(">>") => self.pull_quote(),
            _ if line.starts_with('>') => self.quote(),
            _ if item(line).is_some() => self.list(),
            _ if line.starts_with('|') => self.table(),
            _ if line.starts_with(":::") => self.callout(),
            _ if line.starts_with("{{") => self.braces().or_else(|| self.paragraph()),
            _ => self.paragraph(),
        };
        self.blocks.extend(block.and_then(|block| normal(&block)));
        true
    }

    /// The lines from here that `belongs` takes.
    fn while_lines(&mut self, belongs: impl Fn(&str) -> bool) -> &'a [&'a str] {
        let count = self.lines.iter().take_while(|line| belongs(line)).count();
        let (taken, rest) = self.lines.split_at(count);
        self.lines = rest;
        taken
    }

    fn line(&mut self) -> &'a str {
        let line = self.lines[0];
        self.lines = &self.lines[1..];
        line
    }

    fn rule(&mut self) -> Option<Block> {
        self.line();
        Some(Block::Divider)
    }

    fn heading(&mut self) -> Option<Block> {
        let (level, words) = heading(self.line())?;
        Some(Block::Heading { level, text: read_words(words) })
    }

    fn paragraph(&mut self) -> Option<Block> {
        // The first line may look like anything: it has been found to be nothing else.
        let first = self.line();
        let more = self.while_lines(|line| !line.is_empty() && !begins_something(line));
        let words = iter::once(first).chain(more.iter().copied()).collect::<Vec<_>>().join("\n");
        Some(Block::Paragraph { text: read_words(&words) })
    }

    fn list(&mut self) -> Option<Block> {
        let is_ordered = item(self.lines[0])?.0;
        let mut items: Vec<String> = Vec::new();
        let goes_on =
            |line: &str| item(line).is_some_and(|(ordered, _)| ordered == is_ordered) || line.starts_with("  ");
        for line in self.while_lines(goes_on) {
            match (item(line), items.last_mut()) {
                (Some((_, words)), _) if !line.starts_with("  ") => items.push(words.to_owned()),
                (_, Some(last)) => *last += &format!("\n{line}"),
                (_, None) => items.push((*line).to_owned()),
            }
        }
        Some(Block::List { is_ordered, items: items.iter().map(|words| read_words(words)).collect() })
    }

    fn quote(&mut self) -> Option<Block> {
        let lines = self.while_lines(|line| line.starts_with('>') && !line.starts_with(">>"));
        let (texts, attribution) = read_quote(lines, 1);
        Some(Block::Quote { text: texts.iter().map(|words| read_words(words)).collect(), attribution })
    }

    fn pull_quote(&mut self) -> Option<Block> {
        let lines = self.while_lines(|line| line.starts_with(">>"));
        let (texts, attribution) = read_quote(lines, 2);
        Some(Block::PullQuote { text: read_words(&texts.join("\n")), attribution })
    }

    fn table(&mut self) -> Option<Block> {
        let lines = self.while_lines(|line| line.starts_with('|'));
        let mut rows: Vec<Vec<&str>> = lines.iter().map(|line| cells(line)).collect();
        let is_dashes =
            |row: &Vec<&str>| row.iter().all(|cell| cell.len() >= 3 && cell.bytes().all(|byte| b"-:".contains(&byte)));
        let head = rows.get(1).is_some_and(is_dashes);
        if head {
            rows.remove(1);
        }
        let read = |row: Vec<&str>| row.into_iter().map(read_words).collect();
        Some(Block::Table { head, rows: rows.into_iter().map(read).collect() })
    }

    fn callout(&mut self) -> Option<Block> {
        let title = self.line().trim_start_matches(':').trim().to_owned();
        let inside = self.while_lines(|line| !line.starts_with(":::"));
        self.lines = self.lines.get(1..).unwrap_or_default();
        let paragraphs = inside.split(|line| line.is_empty());
        Some(Block::Callout { title, text: paragraphs.map(|lines| read_words(&lines.join("\n"))).collect() })
    }

    /// What stands in double braces, if it can be made of anything; nothing is read otherwise.
    fn braces(&mut self) -> Option<Block> {
        let inside = self.lines[0].strip_prefix("{{")?.strip_suffix("}}")?;
        let (word, rest) = inside.trim().split_once(' ')?;
        let (first, words) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let (title, teaser) = split_unescaped(words);
        let block = match word {
            "keep" => self.body.iter().find(|piece| piece.id == first).map(|piece| piece.block.clone()),
            "embed" => Block::embed(first, unescaped(words.trim())),
            "related" => address(first).map(|href| Block::Related {
                title: unescaped(title.trim()),
                teaser: unescaped(teaser.trim()),
                href,
            }),
            _ => None,
        }?;
        self.line();
        Some(block)
    }
}

fn begins_something(line: &str) -> bool {
    is_rule(line)
        || heading(line).is_some()
        || item(line).is_some()
        || line.starts_with(['>', '|'])
        || line.starts_with(":::")
        || line.starts_with("{{")
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.bytes().all(|byte| byte == b'-')
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let words = line[level..].strip_prefix(' ')?;
    // One mark is what people write for a heading; the only one of that rank is the headline.
    (1..=6).contains(&level).then_some((level.clamp(2, 4) as u8, words))
}

/// Whether an item is numbered, and its words.
fn item(line: &str) -> Option<(bool, &str)> {
    if let Some(words) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some((false, words));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let words = line[digits..].strip_prefix(". ").or_else(|| line[digits..].strip_prefix(") "))?;
    (1..=9).contains(&digits).then_some((true, words))
}

/// The paragraphs of a quote, and who said it.
fn read_quote(lines: &[&str], mark_bytes: usize) -> (Vec<String>, String) {
    let mut lines: Vec<&str> = lines.iter().map(|line| line[mark_bytes..].trim()).collect();
    // A name alone is what is quoted.
    let last = lines
        .last()
        .filter(|_| lines.iter().rev().skip(1).any(|line| !line.is_empty()))
        .and_then(|line| line.strip_prefix('—').or_else(|| line.strip_prefix("-- ")));
    let attribution = last.map(one_line);
    if attribution.is_some() {
        lines.pop();
    }
    let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    (paragraphs.map(|lines| lines.join("\n")).collect(), attribution.unwrap_or_default())
}

/// What stands between the bars of a row.
fn cells(line: &str) -> Vec<&str> {
    let inside = line.trim_start_matches('|');
    let mut cells = Vec::new();
    let (mut from, mut is_escaped) = (0, false);
    for (at, letter) in inside.char_indices() {
        if letter == '|' && !is_escaped {
            cells.push(inside[from..at].trim());
            from = at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    cells.extend(Some(inside[from..].trim()).filter(|rest| !rest.is_empty()));
    cells
}

/// The words before and after the first bar that is not taken at its word.
fn split_unescaped(words: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, letter) in words.char_indices() {
        if letter == '|' && !is_escaped {
            return (&words[..at], &words[at + 1..]);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    (words, "")
}

fn unescaped(words: &str) -> String {
    let mut is_escaped = false;
    let shown = |letter: &char| {
        is_escaped = *letter == '\\' && !is_escaped;
        !is_escaped
    };
    words.chars().filter(shown).collect()
}

fn read_words(words: &str) -> Text {
    let signs: Vec<char> = words.chars().collect();
    let mut read: Vec<Letter> = Vec::new();
    let mut look = Look::default();
    let mut links: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(&sign) = signs.get(at) {
        let rest = &signs[at..];
        match sign {
            '\\' if rest.get(1).is_some_and(|next| !next.is_alphanumeric() && *next != '\n') => {
                read.push((rest[1], look.clone()));
                at += 2;
            }
            '*' => {
                let count = rest.iter().take_while(|sign| **sign == '*').count();
                if toggles(rest, count, &look) {
                    look.em ^= count != 2;
                    look.strong ^= count != 1;
                } else {
                    read.extend(iter::repeat_n(('*', look.clone()), count));
                }
                at += count;
            }
            '[' => {
                links.push(read.len());
                read.push(('[', look.clone()));
                at += 1;
            }
            ']' => match links.pop().zip(destination(&rest[1..])) {
                Some((from, (href, length))) => {
                    read.remove(from);
                    read[from..].iter_mut().for_each(|(_, look)| look.href = Some(href.clone()));
                    links.clear();
                    at += 1 + length;
                }
                None => {
                    read.push((']', look.clone()));
                    at += 1;
                }
            },
            letter => {
                read.push((letter, look.clone()));
                at += 1;
            }
        }
    }
    lines_of(&text(read))
}

/// True if stars stand for a look: between two and three of them, and, where one begins, before a word with an end in sight.
fn toggles(rest: &[char], count: usize, look: &Look) -> bool {
    let is_open = look.em || look.strong;
    let begins_word = rest.get(count).is_some_and(|next| !next.is_whitespace());
    let has_end = || {
        let mut is_escaped = false;
        rest[count..].iter().any(|sign| {
            let is_end = *sign == '*' && !is_escaped;
            is_escaped = *sign == '\\' && !is_escaped;
            is_end
        })
    };
    count <= 3 && (is_open || begins_word && has_end())
}

/// Where a link leads whose words have just ended, and how many signs say so.
fn destination(rest: &[char]) -> Option<(String, usize)> {
    if rest.first() != Some(&'(') {
        return None;
    }
    let (mut href, mut is_escaped) = (String::new(), false);
    for (at, sign) in rest.iter().enumerate().skip(1) {
        match sign {
            ')' if !is_escaped => return Some((address(&href)?, at + 1)),
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            '\n' => return None,
            letter => href.push(*letter),
        }
        is_escaped = false;
    }
    None
}
