//! Text from outside is hostile until it has passed the sanitiser. These tests stand where a page stands: they print
//! what came through as a template would, and read it again as a browser would.

use proptest::prelude::*;
use station::block::{self, Block};
use station::text::{self, Text, address, plain_from_html, title};

/// What a template does with words: it escapes them.
fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn print_text(text: &Text) -> String {
    let print = |run: &text::Run| {
        let mut html = escape(&run.words).replace('\n', "<br>");
        if run.em {
            html = format!("<em>{html}</em>");
        }
        if run.strong {
            html = format!("<strong>{html}</strong>");
        }
        match &run.href {
            Some(href) => format!("<a href=\"{}\">{html}</a>", escape(href)),
            None => html,
        }
    };
    text.0.iter().map(print).collect()
}

fn print_block(block: &Block) -> String {
    let tagged = |tag: &str, text: &Text| format!("<{tag}>{}</{tag}>", print_text(text));
    match block {
        Block::Paragraph { text } => tagged("p", text),
        Block::Heading { level, text } => tagged(&format!("h{level}"), text),
        Block::List { is_ordered, items } => {
            let list = if *is_ordered { "ol" } else { "ul" };
            format!("<{list}>{}</{list}>", items.iter().map(|item| tagged("li", item)).collect::<String>())
        }
        Block::Quote { text, attribution } => {
            let words: String = text.iter().map(|text| tagged("p", text)).collect();
            format!("<blockquote>{words}<footer>{}</footer></blockquote>", escape(attribution))
        }
        Block::Divider => "<hr>".into(),
        other => panic!("the sanitiser makes no {other:?}"),
    }
}

fn print(blocks: &[Block]) -> String {
    blocks.iter().map(print_block).collect()
}

fn texts(blocks: &[Block]) -> Vec<&Text> {
    let of = |block| match block {
        &Block::Paragraph { ref text } | &Block::Heading { ref text, .. } => vec![text],
        Block::List { items, .. } => items.iter().collect(),
        Block::Quote { text, .. } => text.iter().collect(),
        _ => Vec::new(),
    };
    blocks.iter().flat_map(of).collect()
}

fn hrefs(blocks: &[Block]) -> Vec<String> {
    texts(blocks).iter().flat_map(|text| &text.0).filter_map(|run| run.href.clone()).collect()
}

fn words(html: &str) -> Vec<String> {
    texts(&block::from_html(html)).iter().map(|text| text.words()).collect()
}

#[test]
fn a_paragraph_keeps_its_emphasis_and_its_links() {
    let text =
        Text::from_html("The <em>Alder</em> rose <a href='https://gauge.example/?site=7&p=x'>nine <b>feet</b></a>.");
    assert_eq!(
        print_text(&text),
        "The <em>Alder</em> rose <a href=\"https://gauge.example/?site=7&amp;p=x\">nine </a>\
         <a href=\"https://gauge.example/?site=7&amp;p=x\"><strong>feet</strong></a>."
    );
}

#[test]
fn sloppy_markup_is_read_as_a_browser_reads_it() {
    for (html, expected) in [
        ("<p>One<p>Two", vec!["One", "Two"]),
        ("<blockquote><div><p>Said &ldquo;so&rdquo;&nbsp;</p></div><br></blockquote>", vec!["Said “so”"]),
        ("Trailing<br>\n", vec!["Trailing"]),
        ("<div><div>In <div>deep</div></div>out</div>", vec!["In", "deep", "out"]),
        ("<p>&nbsp;</p><p> </p><p></p>", vec![]),
        ("AT&T, 3 < 4 &amp; 5 > 2", vec!["AT&T, 3 < 4 & 5 > 2"]),
        ("one\n   two\t three", vec!["one two three"]),
        ("first<br><br><br>second<br>third", vec!["first", "second\nthird"]),
        ("<table><tr><td>Stage</td><td>9 ft</td></tr><tr><td>Flood<td>7 ft</table>", vec!["Stage 9 ft", "Flood 7 ft"]),
        ("<ul><li>a<ul><li>b</li></ul><li><p>c</p><p>d</p></ul>", vec!["a", "b", "c\nd"]),
        ("</p></div>stray", vec!["stray"]),
        ("<a href=https://a.example/>x</a", vec!["x"]),
    ] {
        assert_eq!(words(html), expected, "{html}");
    }
}

#[test]
fn blocks_are_told_apart() {
    let html = "<h1>A</h1><h3><strong>B</strong> <strong>c</strong></h3><h6>D</h6><ol><li>x</ol><hr>\
                <blockquote><p>Q</p><footer>Ida Marsh</footer></blockquote><p>end";
    let blocks = block::from_html(html);
    let levels: Vec<u8> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Heading { level, .. } => Some(*level),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [2, 3, 4]);
    assert_eq!(blocks[1], Block::Heading { level: 3, text: Text::plain("B c") });
    assert_eq!(blocks[3], Block::List { is_ordered: true, items: vec![Text::plain("x")] });
    assert_eq!(blocks[4], Block::Divider);
    assert_eq!(blocks[5], Block::Quote { text: vec![Text::plain("Q")], attribution: "Ida Marsh".into() });
}

#[test]
fn nothing_that_runs_or_tracks_comes_through() {
    for html in [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://track.example/pixel.gif' width=1 height=1>",
        "<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<iframe srcdoc='<script>alert(1)</script>'>fallback</iframe>",
        "<style>body{display:none}</style>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        "<template><p>hidden</p></template>",
        "<textarea></textarea><title><b onmouseover=alert(1)></title>",
        "<!-- <p>comment</p> -->",
        "<![CDATA[<b>x]]>",
        "<object data=x><embed src=y></object>",
        "<base href='https://evil.example/'>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    ] {
        let printed = print(&block::from_html(html));
        for trace in ["<script", "<img", "<svg", "<iframe", "<style", "<base", "<meta", "onerror", "hidden", "fallback"]
        {
            assert!(!printed.contains(trace), "{html} gave {printed}");
        }
        assert!(hrefs(&block::from_html(html)).is_empty(), "{html} gave a link");
    }
}

#[test]
fn a_link_leads_where_it_says() {
    for (given, taken) in [
        ("https://www.npr.org", Some("https://www.npr.org")),
        ("HTTPS://Example.org/x", Some("HTTPS://Example.org/x")),
        ("https://a.example/a b", Some("https://a.example/a%20b")),
        ("https://bücher.example/", Some("https://xn--bcher-kva.example/")),
        ("https:\\\\a.example\\x", Some("https://a.example/x")),
        ("mailto:news@whvr.example", Some("mailto:news@whvr.example")),
        ("tel:+15550100", Some("tel:+15550100")),
        ("/news/2026-11-24/x?y=1#z", Some("/news/2026-11-24/x?y=1#z")),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        (" \u{1}javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("https://bank.example@evil.example/", None),
        ("https://user:word@evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example/", None),
        ("/x/..//evil.example/", None),
        ("\\\\evil.example", None),
        ("relative/path", None),
        ("#fragment", None),
        ("https://", None),
        ("http://exa\u{202e}mple.org", None),
        ("", None),
    ] {
        assert_eq!(address(given).as_deref(), taken, "{given:?}");
    }
    assert_eq!(address(&format!("https://a.example/{}", "x".repeat(text::ADDRESS_BYTES_MAX))), None);
}

#[test]
fn letters_that_turn_the_reading_around_are_gone() {
    let text = Text::from_html("pay\u{202e}pal\u{2066}\0\u{7} \u{200f}now\u{feff}");
    assert_eq!(text.words(), "paypal now");
    assert_eq!(plain_from_html("a\u{202d}&#x202e;b&#0;&#8;"), "ab\u{fffd}");
    assert_eq!(title("\u{2067}x\u{1b}[31m"), "x [31m");
}

#[test]
fn a_huge_or_deep_fragment_is_cut_and_says_so() {
    let long = "word ".repeat(text::HTML_BYTES_MAX);
    assert!(!text::is_within_bounds(&long));
    assert!(Text::from_html(&long).words().len() <= text::HTML_BYTES_MAX);
    for tag in ["<div>", "<b>", "<a href=https://a.example/>", "<blockquote>", "<ul><li>", "<table>", "<h2>"] {
        let deep = format!("{}x", tag.repeat(100_000));
        assert!(!text::is_within_bounds(&deep));
        assert!(block::from_html(&deep).len() < text::HTML_TAGS_MAX);
    }
    assert!(text::is_within_bounds("<p>short</p>"));
}

#[test]
fn frames_become_pages_to_ask_for() {
    let html = "<div><iframe title='Map of <b>gauges</b>' src='https://maps.example/embed?x=1&amp;y=2'></iframe>\
                <iframe src='javascript:alert(1)'></iframe><iframe src='http://old.example/'></iframe>\
                <iframe><iframe src='https://inner.example/'></iframe></iframe></div>";
    let embeds = block::embeds_from_html(html);
    let Block::Embed { title, href, provider } = &embeds[0] else { panic!("{embeds:?}") };
    assert_eq!((title.as_str(), href.as_str()), ("Map of <b>gauges</b>", "https://maps.example/embed?x=1&y=2"));
    assert_eq!(provider, "maps.example");
    assert_eq!(embeds.len(), 1);
}

#[test]
fn a_title_is_one_line_of_bounded_length() {
    assert_eq!(title("  A\r\nStreamUrl='http://x';\0  B "), "A StreamUrl='http://x'; B");
    assert_eq!(title(&"ж".repeat(10_000)).chars().count(), text::TITLE_CHARS_MAX);
}

/// Markup as people and attackers write it: pieces of tags, attributes, entities and odd letters in any order.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "<p>", "</p>", "<br>", "<div>", "</div>", "<b>", "</b>", "<em>", "</i>", "<ul>", "<ol>", "<li>", "</ul>",
            "<blockquote>", "</blockquote>", "<footer>", "</footer>", "<h1>", "</h3>", "<hr>", "<table><tr><td>",
            "</td>", "<a href='", "<a href=\"https://a.example/?q=", "\">", "'", "</a>", "<script>", "</script>",
            "<style>", "<svg>", "<math>", "<iframe src=", "<!--", "-->", "<img src=x onerror=", ">", "<", "</", "&lt;",
            "&amp;", "&nbsp;", "&#x202e;", "&#0;", "javascript:", "data:", "//", "/x", "\u{0}", "\u{202e}", "\u{a0}",
            "\u{2028}", "\r\n", " ", "<a href=mailto:a@b.example>", "<template>", "<select>", "<plaintext", "&",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_came_through_once_comes_through_unchanged(html in markup()) {
        let once = block::from_html(&html);
        prop_assert_eq!(&block::from_html(&print(&once)), &once);

        let text = Text::from_html(&html);
        prop_assert_eq!(&Text::from_html(&print_text(&text)), &text);

        let plain = plain_from_html(&html);
        prop_assert_eq!(&plain_from_html(&escape(&plain)), &plain);
        prop_assert_eq!(title(&title(&html)), title(&html));
    }

    #[test]
    fn a_browser_finds_nothing_in_it_but_what_a_page_put_there(html in markup()) {
        let printed = print(&block::from_html(&html));
        let tags = ["p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "footer", "hr", "a", "em", "strong", "br"];
        let mut browser = ammonia::Builder::empty();
        browser.tags(tags.into_iter().collect()).link_rel(None).add_tag_attributes("a", ["href"]);
        browser.url_schemes(["https", "http", "mailto", "tel"].into_iter().collect());
        let read = browser.clean(&printed).to_string();
        let plain = |html: &str| html.replace("&quot;", "\"").replace("&nbsp;", "\u{a0}");
        prop_assert_eq!(plain(&read), plain(&printed));
    }

    #[test]
    fn every_link_is_one_that_a_page_may_have(html in markup(), odd in any::<String>()) {
        let mut found = hrefs(&block::from_html(&html));
        found.extend(address(&odd));
        for href in found {
            let is_fit = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| href.to_lowercase().starts_with(scheme))
                || (href.starts_with('/') && !href.starts_with("//"));
            prop_assert!(is_fit, "{href}");
            prop_assert!(!href.chars().any(|c| c.is_control() || c.is_whitespace()), "{href:?}");
            prop_assert_eq!(address(&href), Some(href));
        }
    }

    #[test]
    fn no_control_and_no_turning_letter_comes_through(html in markup()) {
        for line in [plain_from_html(&html), title(&html)] {
            prop_assert!(!line.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}')), "{line:?}");
        }
    }
}
