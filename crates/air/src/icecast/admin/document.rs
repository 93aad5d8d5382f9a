//! What an administrator is told: a small tree, written as XML for programs and as a page for people.
//!
//! Icecast makes its pages out of its XML with style sheets; here one writer makes both, so that they cannot disagree.
//! Whatever stands in the tree came from outside and is escaped where it is written.

use std::fmt::Write as _;

use super::super::escape_xml;

/// A part of the tree: a value, or further parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    name: &'static str,
    /// Its one attribute, if it has one: `mount="/live.mp3"`.
    attribute: Option<(&'static str, String)>,
    content: Content,
    /// What can be done about it. Only pages show that.
    acts: Vec<Act>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Value(String),
    Parts(Vec<Element>),
}

/// Something that can be done, as a button on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    /// What stands on the button.
    pub label: &'static str,
    /// The command that it gives: `killclient.xsl`.
    pub command: &'static str,
    /// What it gives along.
    pub fields: Vec<(&'static str, String)>,
}

impl Element {
    /// A value with its name.
    pub fn value(name: &'static str, value: impl ToString) -> Self {
        Self { name, attribute: None, content: Content::Value(value.to_string()), acts: Vec::new() }
    }

    /// Parts under one name.
    pub fn parts(name: &'static str, parts: Vec<Element>) -> Self {
        Self { name, attribute: None, content: Content::Parts(parts), acts: Vec::new() }
    }

    /// The same with an attribute.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attribute = Some((name, value.to_owned()));
        self
    }

    /// The same with something that can be done about it.
    pub fn with_act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// The whole as an XML document.
    pub fn xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\"?>\n");
        self.write_xml(&mut xml);
        xml.push('\n');
        xml
    }

    fn write_xml(&self, xml: &mut String) {
        let name = self.name;
        match &self.attribute {
            Some((attribute, value)) => put(xml, format_args!("<{name} {attribute}=\"{}\">", escape_xml(value))),
            None => put(xml, format_args!("<{name}>")),
        }
        match &self.content {
            Content::Value(value) => xml.push_str(&escape_xml(value)),
            Content::Parts(parts) => parts.iter().for_each(|part| part.write_xml(xml)),
        }
        put(xml, format_args!("</{name}>"));
    }

    /// The whole as a page for a person, under this heading.
    pub fn page(&self, heading: &str) -> String {
        let mut body = String::new();
        self.write_parts(&mut body, 2);
        page(heading, &body)
    }

    /// Its values as a table, then its parts one by one; parts without a title of their own as rows of one table.
    fn write_parts(&self, html: &mut String, level: usize) {
        let Content::Parts(parts) = &self.content else { return };
        let values: Vec<(&str, &str)> = parts.iter().filter_map(Element::as_value).collect();
        if !values.is_empty() {
            html.push_str("<table>\n");
            for (name, value) in values {
                put(
                    html,
                    format_args!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", words(name), escape_xml(value)),
                );
            }
            html.push_str("</table>\n");
        }
        let (titled, rows): (Vec<&Element>, Vec<&Element>) =
            parts.iter().filter(|part| part.as_value().is_none()).partition(|part| part.attribute.is_some());
        write_rows(&rows, html);
        for part in titled {
            let title = part.attribute.as_ref().map_or("", |(_, value)| value);
            put(html, format_args!("<section>\n<h{level}>{}</h{level}>\n", escape_xml(title)));
            part.write_acts(html);
            part.write_parts(html, level + 1);
            html.push_str("</section>\n");
        }
    }

    fn write_acts(&self, html: &mut String) {
        for Act { label, command, fields } in &self.acts {
            put(html, format_args!("<form action=\"/admin/{command}\">"));
            for (name, value) in fields {
                put(html, format_args!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape_xml(value)));
            }
            put(html, format_args!("<button>{label}</button></form>\n"));
        }
    }

    fn as_value(&self) -> Option<(&str, &str)> {
        match &self.content {
            Content::Value(value) => Some((self.name, value)),
            Content::Parts(_) => None,
        }
    }

    fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = match &self.content {
            Content::Parts(parts) => parts.as_slice(),
            Content::Value(_) => &[],
        };
        parts.iter().filter_map(Element::as_value)
    }
}

/// Parts that are alike, each a row of one table.
fn write_rows(rows: &[&Element], html: &mut String) {
    let Some(first) = rows.first() else { return };
    html.push_str("<table>\n<tr>");
    first.values().for_each(|(name, _)| put(html, format_args!("<th scope=\"col\">{}</th>", words(name))));
    html.push_str("<td></td></tr>\n");
    for row in rows {
        html.push_str("<tr>");
        row.values().for_each(|(_, value)| put(html, format_args!("<td>{}</td>", escape_xml(value))));
        html.push_str("<td>");
        row.write_acts(html);
        html.push_str("</td></tr>\n");
    }
    html.push_str("</table>\n");
}

/// A page with a heading: plain, readable, nothing fetched from anywhere.
pub(crate) fn page(heading: &str, body: &str) -> String {
    let heading = escape_xml(heading);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{heading}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}}\
         th{{text-align:left;font-weight:600;padding-right:1rem;vertical-align:top}}form{{display:inline}}\
         :root{{color-scheme:light dark}}</style>\n</head>\n<body>\n<h1>{heading}</h1>\n{body}</body>\n</html>\n"
    )
}

/// A name as people read it: `listener_peak` is "listener peak".
fn words(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// Writing into a `String` cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listeners() -> Element {
        let listener = Element::parts("listener", vec![Element::value("UserAgent", "<VLC> & \"co\"")]).with_act(Act {
            label: "Disconnect",
            command: "killclient.xsl",
            fields: vec![("mount", "/a\"b".to_owned()), ("id", "7".to_owned())],
        });
        let source = Element::parts("source", vec![Element::value("Listeners", 1), listener]).with("mount", "/a\"b");
        Element::parts("icestats", vec![source])
    }

    #[test]
    fn programs_get_xml() {
        assert_eq!(
            listeners().xml(),
            "<?xml version=\"1.0\"?>\n<icestats><source mount=\"/a&quot;b\"><Listeners>1</Listeners><listener>\
             <UserAgent>&lt;VLC&gt; &amp; &quot;co&quot;</UserAgent></listener></source></icestats>\n"
        );
    }

    #[test]
    fn people_get_a_page_with_what_they_can_do() {
        let page = listeners().page("Who listens");
        for part in [
            "<h1>Who listens</h1>",
            "<h2>/a&quot;b</h2>",
            "<th scope=\"row\">Listeners</th><td>1</td>",
            "<th scope=\"col\">UserAgent</th>",
            "<td>&lt;VLC&gt; &amp; &quot;co&quot;</td>",
            "<form action=\"/admin/killclient.xsl\"><input type=\"hidden\" name=\"mount\" value=\"/a&quot;b\">",
            "<button>Disconnect</button>",
        ] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
        assert!(!page.contains("<VLC>"));
    }
}
