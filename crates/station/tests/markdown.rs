//! Light Markdown: what is written and read again is the same.

use proptest::prelude::*;
use station::draft::Piece;
use station::markdown::{normal, read, write};
use station::text::Run;
use station::{Block, Text};

fn words() -> impl Strategy<Value = String> {
    let signs = r"[\\*\[\]()#>|:{}—.)0-9a-z \n\t-]{1,12}";
    prop_oneof![
        signs,
        "[a-zé水]{1,8}",
        Just("---".into()),
        Just("1. a".into()),
        Just(":::".into()),
        Just("{{keep a}}".into())
    ]
}

fn run() -> impl Strategy<Value = Run> {
    let hrefs = ["https://a.example/x_(y)?q=1", "/news", "mailto:jo@a.example"];
    let href = prop_oneof![4 => Just(None), 1 => proptest::sample::select(hrefs.to_vec()).prop_map(|href| Some(href.to_owned()))];
    (words(), href, any::<bool>(), any::<bool>()).prop_map(|(words, href, em, strong)| Run { words, href, em, strong })
}

fn text() -> impl Strategy<Value = Text> {
    prop::collection::vec(run(), 1..5).prop_map(Text)
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        r"[\\*\[\]()#>|{}.a-z -]{0,12}".prop_map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let texts = || prop::collection::vec(text(), 1..4);
    prop_oneof![
        3 => text().prop_map(|text| Block::Paragraph { text }),
        1 => (2..=4u8, text()).prop_map(|(level, text)| Block::Heading { level, text }),
        1 => (any::<bool>(), texts()).prop_map(|(is_ordered, items)| Block::List { is_ordered, items }),
        1 => (texts(), line()).prop_map(|(text, attribution)| Block::Quote { text, attribution }),
        1 => (text(), line()).prop_map(|(text, attribution)| Block::PullQuote { text, attribution }),
        1 => (any::<bool>(), prop::collection::vec(prop::collection::vec(text(), 2..4), 1..4))
            .prop_map(|(head, rows)| Block::Table { head, rows }),
        1 => ("[a-z ]{0,8}", texts()).prop_map(|(title, text)| Block::Callout { title, text }),
        1 => (line(), line()).prop_map(|(title, teaser)| Block::Related { title, teaser, href: "/news/x".into() }),
        1 => line().prop_map(|title| Block::embed("https://www.youtube.com/watch?v=x", title).unwrap()),
        1 => text().prop_map(|text| Block::Note { text, at: None }),
        1 => Just(Block::Divider),
    ]
}

fn pieces(blocks: Vec<Block>) -> Vec<Piece> {
    blocks.into_iter().enumerate().map(|(at, block)| Piece { id: format!("k{at}"), block }).collect()
}

/// Only what stands for itself: the places of pictures and notes mean nothing without the body that they are kept in.
fn is_words(block: &Block) -> bool {
    !matches!(block, Block::Note { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_read_again(blocks in prop::collection::vec(block().prop_filter("words", is_words), 0..6)) {
        let body = pieces(blocks);
        let markdown = write(&body);
        let expected: Vec<Block> = body.iter().filter_map(|piece| normal(&piece.block)).collect();
        prop_assert_eq!(read(&markdown, &[]), expected, "{}", markdown);
    }

    #[test]
    fn what_was_not_touched_comes_back_to_the_letter(blocks in prop::collection::vec(block(), 0..6)) {
        let body = pieces(blocks);
        let first = |block: &Block| body.iter().find(|piece| normal(&piece.block) == normal(block)).unwrap().block.clone();
        let shown = body.iter().filter(|piece| normal(&piece.block).is_some());
        let expected: Vec<Block> = shown.map(|piece| first(&piece.block)).collect();
        prop_assert_eq!(read(&write(&body), &body), expected);
    }

    #[test]
    fn whatever_is_typed_is_read_and_then_stays(markdown in r"([\\*\[\]()#>|:{}—.a-z0-9 -]{0,20}\n{0,2}){0,8}") {
        let blocks = read(&markdown, &[]);
        prop_assert_eq!(read(&write(&pieces(blocks.clone())), &[]), blocks);
    }

    #[test]
    fn no_letter_that_is_typed_is_lost(markdown in r"([\\*\[\]()#>a-z0-9 -]{0,20}\n{0,2}){0,8}") {
        let letters = |words: &str| words.chars().filter(char::is_ascii_lowercase).collect::<String>();
        let json = serde_json::to_value(read(&markdown, &[])).unwrap();
        prop_assert_eq!(letters(&markdown), letters(&said(&json)), "{}", json);
    }
}

/// Every word that a block says, without the names of its fields.
fn said(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::Array(all) => all.iter().map(said).collect(),
        serde_json::Value::Object(fields) => {
            fields.iter().filter(|(name, _)| *name != "block").map(|(_, value)| said(value)).collect()
        }
        serde_json::Value::String(words) => words.clone(),
        _ => String::new(),
    }
}

#[test]
fn what_people_write_is_understood() {
    let markdown = "# A heading\n\nTwo lines,\none paragraph with *stress*, **weight** and [a link](https://a.example/).\n- one\n- two\n  more of two\n1) first\n> A quote.\n> — Hanna\n>> Large.\n***\n5 * 3 * 2\n";
    let told: Vec<String> = read(markdown, &[]).iter().map(|block| serde_json::to_string(block).unwrap()).collect();
    assert_eq!(
        told,
        [
            r#"{"block":"heading","level":2,"text":[{"t":"A heading"}]}"#,
            r#"{"block":"paragraph","text":[{"t":"Two lines,\none paragraph with "},{"t":"stress","em":true},{"t":", "},{"t":"weight","strong":true},{"t":" and "},{"t":"a link","href":"https://a.example/"},{"t":"."}]}"#,
            r#"{"block":"list","is_ordered":false,"items":[[{"t":"one"}],[{"t":"two\nmore of two"}]]}"#,
            r#"{"block":"list","is_ordered":true,"items":[[{"t":"first"}]]}"#,
            r#"{"block":"quote","text":[[{"t":"A quote."}]],"attribution":"Hanna"}"#,
            r#"{"block":"pull-quote","text":[{"t":"Large."}],"attribution":""}"#,
            r#"{"block":"paragraph","text":[{"t":"***\n5 * 3 * 2"}]}"#,
        ]
    );
}

#[test]
fn a_link_that_a_page_may_not_have_stays_words() {
    let blocks = read("[the map](javascript:alert(1))", &[]);
    assert_eq!(blocks, [Block::paragraph("[the map](javascript:alert(1))")]);
}

#[test]
fn a_place_that_keeps_nothing_stays_words() {
    assert_eq!(read("{{keep k9 picture The dam}}", &[]), [Block::paragraph("{{keep k9 picture The dam}}")]);
}
