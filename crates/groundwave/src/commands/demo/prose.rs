//! The small part of Markdown that the demonstration's stories are written in; `demo/README.md` has its table.

use station::text::Run;
use station::{Block, Image, Text};

/// The blocks of `words`. `picture` finds a picture's file and makes its image from alt text and caption.
pub(super) fn blocks(
    words: &str,
    picture: impl Fn(&str, &str, &str) -> anyhow::Result<Image>,
) -> anyhow::Result<Vec<Block>> {
    let chunks = words.split("\n\n").map(|chunk| chunk.trim_matches('\n')).filter(|chunk| !chunk.trim().is_empty());
    chunks.map(|chunk| block(chunk, &picture)).collect()
}

fn block(chunk: &str, picture: &impl Fn(&str, &str, &str) -> anyhow::Result<Image>) -> anyhow::Result<Block> {
    if chunk == "---" {
        return Ok(Block::Divider);
    }
    for (mark, level) in [("### ", 3), ("## ", 2)] {
        if let Some(words) = chunk.strip_prefix(mark) {
            return Ok(Block::Heading { level, text: text(words) });
        }
    }
    if chunk.starts_with(">> ") {
        let (paragraphs, attribution) = quote(chunk, ">>");
        return Ok(Block::PullQuote { text: text(&paragraphs.join(" ")), attribution });
    }
    if chunk.starts_with('>') {
        let (paragraphs, attribution) = quote(chunk, ">");
        return Ok(Block::Quote { text: paragraphs.iter().map(|words| text(words)).collect(), attribution });
    }
    if let Some((alt, file, caption)) = picture_parts(chunk) {
        return Ok(Block::Image { image: picture(file, alt, caption)? });
    }
    if chunk.starts_with("- ") {
        return Ok(Block::List { is_ordered: false, items: items(chunk, |line| line.strip_prefix("- ")) });
    }
    if chunk.starts_with("1. ") {
        return Ok(Block::List { is_ordered: true, items: items(chunk, numbered) });
    }
    Ok(Block::Paragraph { text: text(&joined(chunk)) })
}

/// The paragraphs of a quotation and who said it.
fn quote(chunk: &str, mark: &str) -> (Vec<String>, String) {
    let mut lines: Vec<&str> = chunk.lines().map(|line| line.strip_prefix(mark).unwrap_or(line).trim()).collect();
    let attribution = match lines.last().and_then(|line| line.strip_prefix("— ")) {
        Some(name) => {
            let name = name.to_owned();
            lines.pop();
            name
        }
        None => String::new(),
    };
    let paragraphs = lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).filter(|words| !words.is_empty());
    (paragraphs.collect(), attribution)
}

/// The items of a list; a line without a mark goes on with the item above it.
fn items(chunk: &str, mark: impl Fn(&str) -> Option<&str>) -> Vec<Text> {
    let mut items: Vec<String> = Vec::new();
    for line in chunk.lines() {
        match (mark(line), items.last_mut()) {
            (Some(words), _) => items.push(words.trim().to_owned()),
            (None, Some(item)) => *item = format!("{item} {}", line.trim()),
            (None, None) => items.push(line.trim().to_owned()),
        }
    }
    items.iter().map(|words| text(words)).collect()
}

fn numbered(line: &str) -> Option<&str> {
    let (number, words) = line.split_once(". ")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(words)
}

/// `![alt](file "caption")`, the caption being optional.
fn picture_parts(chunk: &str) -> Option<(&str, &str, &str)> {
    let (alt, rest) = chunk.strip_prefix("![")?.split_once("](")?;
    let inside = rest.strip_suffix(')')?;
    match inside.split_once(" \"") {
        Some((file, caption)) => Some((alt, file, caption.strip_suffix('"')?)),
        None => Some((alt, inside, "")),
    }
}

fn joined(chunk: &str) -> String {
    chunk.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Words with `*stress*`, `**weight**` and `[links](address)`.
fn text(words: &str) -> Text {
    let mut runs = Vec::new();
    let mut open = Run::default();
    let mut rest = words;
    while let Some(at) = rest.find(['*', '[']) {
        open.words.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("**") {
            flush(&mut runs, &mut open);
            open.strong = !open.strong;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('*') {
            flush(&mut runs, &mut open);
            open.em = !open.em;
            rest = after;
        } else if let Some((label, href, after)) = link(rest) {
            flush(&mut runs, &mut open);
            runs.push(Run { words: label.to_owned(), href: Some(href.to_owned()), ..open.clone() });
            rest = after;
        } else {
            open.words.push('[');
            rest = &rest[1..];
        }
    }
    open.words.push_str(rest);
    flush(&mut runs, &mut open);
    Text(runs)
}

/// The label and address of a link that `words` begin with, and what comes after it.
fn link(words: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = words.strip_prefix('[')?.split_once("](")?;
    let (href, after) = rest.split_once(')')?;
    Some((label, href, after))
}

fn flush(runs: &mut Vec<Run>, open: &mut Run) {
    if !open.words.is_empty() {
        runs.push(Run { words: std::mem::take(&mut open.words), ..open.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Vec<Block> {
        blocks(words, |_, _, _| anyhow::bail!("no pictures here")).unwrap()
    }

    #[test]
    fn words_can_be_stressed_weighty_and_lead_somewhere() {
        let words = text("The *river* rose **four feet** by [noon](https://example.org/a).");
        let told: Vec<(&str, bool, bool)> =
            words.0.iter().map(|run| (run.words.as_str(), run.em, run.strong)).collect();
        assert_eq!(told[1], ("river", true, false));
        assert_eq!(told[3], ("four feet", false, true));
        assert_eq!(words.0[5].href.as_deref(), Some("https://example.org/a"));
        assert_eq!(words.words(), "The river rose four feet by noon.");
    }

    #[test]
    fn a_quotation_has_its_paragraphs_and_its_speaker() {
        let [Block::Quote { text, attribution }] = &read("> One\n> line.\n>\n> Two.\n> — Ada")[..] else {
            panic!("no quote")
        };
        assert_eq!(text.iter().map(Text::words).collect::<Vec<_>>(), ["One line.", "Two."]);
        assert_eq!(attribution, "Ada");
    }

    #[test]
    fn a_list_goes_on_over_lines() {
        let [Block::List { is_ordered: true, items }] = &read("1. first\n   and more\n2. second")[..] else {
            panic!("no list")
        };
        assert_eq!(items.iter().map(Text::words).collect::<Vec<_>>(), ["first and more", "second"]);
    }

    #[test]
    fn a_bracket_that_is_no_link_stays_a_bracket() {
        assert_eq!(text("a [sic] b").words(), "a [sic] b");
    }
}
