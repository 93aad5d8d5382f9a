//! Words with emphasis and links, as HTML that was escaped run by run.

use minijinja::Value;
use serde::{Serialize, Serializer};
use station::Text;
use station::text::Run;

use super::address;

/// A piece of HTML that templates print as it is. It can only be made out of a [`Text`] or of JSON, and making it escapes.
#[derive(Clone, Debug)]
pub struct Prose(Value);

impl Prose {
    /// The words as inline HTML: `<em>`, `<strong>`, `<a>` and `<br>`.
    pub fn of(text: &Text) -> Self {
        let mut html = String::with_capacity(text.words().len() + 32);
        text.0.iter().for_each(|run| push_run(&mut html, run));
        Self(Value::from_safe_string(html))
    }

    /// JSON that can stand inside a `<script>` element: nothing in it can end the element.
    pub fn of_json(json: &serde_json::Value) -> Self {
        let text = json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        Self(Value::from_safe_string(text))
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }
}

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn push_run(html: &mut String, run: &Run) {
    let href = run.href.as_deref().and_then(address::safe_link);
    if let Some(href) = href {
        html.push_str("<a href=\"");
        push_escaped(html, href);
        html.push_str(if address::is_external(href) { "\" rel=\"noopener\">" } else { "\">" });
    }
    push_if(html, run.strong, "<strong>");
    push_if(html, run.em, "<em>");
    push_words(html, &run.words);
    push_if(html, run.em, "</em>");
    push_if(html, run.strong, "</strong>");
    push_if(html, href.is_some(), "</a>");
}

fn push_if(html: &mut String, condition: bool, tag: &str) {
    if condition {
        html.push_str(tag);
    }
}

fn push_words(html: &mut String, words: &str) {
    for (at, line) in words.split('\n').enumerate() {
        push_if(html, at > 0, "<br>");
        push_escaped(html, line);
    }
}

/// Escapes for text and for attribute values in double quotes; drops what HTML forbids in text.
pub(crate) fn push_escaped(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push('\n'),
            _ if letter.is_control() => html.push_str(if letter == '\t' { " " } else { "" }),
            _ => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &str, href: Option<&str>) -> Run {
        Run { words: words.into(), href: href.map(Into::into), ..Run::default() }
    }

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        let text = Text(vec![run("<img src=x onerror=\"a\">\0 & 'b'", None)]);
        assert_eq!(Prose::of(&text).as_str(), "&lt;img src=x onerror=&quot;a&quot;&gt; &amp; &#39;b&#39;");
    }

    #[test]
    fn a_link_leads_out_without_a_handle_back_and_a_script_is_no_link() {
        let text = Text(vec![
            run("out", Some("https://a.example/?a=1&b=\"")),
            run("in", Some("/news")),
            run("no", Some("javascript:x")),
        ]);
        assert_eq!(
            Prose::of(&text).as_str(),
            "<a href=\"https://a.example/?a=1&amp;b=&quot;\" rel=\"noopener\">out</a><a href=\"/news\">in</a>no"
        );
    }

    #[test]
    fn emphasis_nests_and_a_line_feed_breaks_the_line() {
        let text = Text(vec![Run { words: "a\nb".into(), em: true, strong: true, href: None }]);
        assert_eq!(Prose::of(&text).as_str(), "<strong><em>a<br>b</em></strong>");
    }

    #[test]
    fn json_cannot_end_the_element_it_stands_in() {
        let json = Prose::of_json(&serde_json::json!({"headline": "</script><script>alert(1)</script>&"}));
        assert!(!json.as_str().contains(['<', '>', '&']));
        let read: serde_json::Value = serde_json::from_str(json.as_str()).unwrap();
        assert_eq!(read["headline"], "</script><script>alert(1)</script>&");
    }

    #[test]
    fn a_template_prints_prose_as_it_is_and_everything_else_escaped() {
        let text = Text(vec![run("x", Some("/"))]);
        let mut environment = minijinja::Environment::new();
        environment.add_template("a.html", "{{ prose }}{{ words }}").unwrap();
        let context =
            minijinja::context! { prose => Value::from(minijinja::value::Serde(Prose::of(&text))), words => "<" };
        assert_eq!(environment.get_template("a.html").unwrap().render(context).unwrap(), "<a href=\"/\">x</a>&lt;");
    }
}
