//! The templates: built in, and overridden file by file by the station's theme folder.
//!
//! A page is rendered with the theme first. If a file of the theme is broken, that is logged once with its line, and the
//! page is rendered with what is built in: a mistake in a theme costs the look of a page, never the page.
//!
//! Templates get one value (a `Page` of [`view`](crate::view)) and one function, `asset("site.css")`, the address of a file
//! of crate `web`. They can load nothing, and what one rendering may spend is bounded.
//!
//! Start at [`Templates::render`].

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior};
use serde::Serialize;

use crate::view::prose;

/// What one rendering may spend: about as many template instructions, or 64 bytes of text each. The largest page of the
/// samples takes less than a tenth of it.
const FUEL_MAX: u64 = 1_000_000;
/// How many different faults of a theme are remembered so that each is logged once.
const FAULTS_MAX: usize = 256;

const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Turns views into HTML.
pub struct Templates {
    built_in: Environment<'static>,
    themed: Option<Environment<'static>>,
    faults: Mutex<HashSet<String>>,
}

/// Why a page could not be rendered with the built-in templates.
#[derive(Debug, thiserror::Error)]
#[error("render `{name}`")]
pub struct Error {
    name: String,
    source: minijinja::Error,
}

impl Templates {
    /// The built-in templates, under those of `theme_dir`.
    pub fn new(theme_dir: Option<&Path>) -> Self {
        Self::layered(BUILT_IN, theme_dir)
    }

    /// Every built-in template's name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    fn layered(built_in: &'static [(&str, &str)], theme_dir: Option<&Path>) -> Self {
        let themed = theme_dir.map(|folder| {
            let mut environment = environment(built_in, Some(folder));
            // A theme may be older than a field that it does not know of, or newer than one that is gone.
            environment.set_undefined_behavior(UndefinedBehavior::Chainable);
            environment
        });
        Self { built_in: environment(built_in, None), themed, faults: Mutex::default() }
    }

    /// The page `name` made out of `view`.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, Error> {
        let view = Value::from(Serde(view));
        if let Some(themed) = &self.themed {
            match render(themed, name, view.clone()) {
                Ok(html) => return Ok(html),
                Err(fault) => self.report(&fault),
            }
        }
        render(&self.built_in, name, view).map_err(|source| Error { name: name.to_owned(), source })
    }

    fn report(&self, fault: &minijinja::Error) {
        metrics::counter!("groundwave_site_theme_faults_total").increment(1);
        let place = format!("{}:{}", fault.name().unwrap_or("?"), fault.line().unwrap_or(0));
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < FAULTS_MAX && faults.insert(format!("{place} {fault}")) {
            tracing::warn!(place, error = %fault, "the theme has a mistake; pages that need this file are shown without the theme");
        }
    }
}

fn environment(built_in: &'static [(&str, &str)], theme_dir: Option<&Path>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL_MAX));
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(print);
    environment.add_function("asset", asset);
    let theme = theme_dir.map(minijinja::path_loader);
    environment.set_loader(move |name| {
        if let Some(found) = theme.as_ref().map(|load| load(name)).transpose()?.flatten() {
            return Ok(Some(found));
        }
        let built_in = built_in.iter().find(|(known, _)| *known == name);
        Ok(built_in.map(|(_, source)| minijinja::TemplateSource::new(*source)))
    });
    environment
}

fn render(environment: &Environment<'_>, name: &str, view: Value) -> Result<String, minijinja::Error> {
    environment.get_template(name)?.render(view)
}

/// Prints text escaped as it is for [`Prose`](crate::view::Prose). What minijinja would do is right as well, but writes
/// every slash of every address as six bytes.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    let text = value.as_str().filter(|_| !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html));
    let Some(text) = text else { return minijinja::escape_formatter(out, state, value) };
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    prose::push_escaped(&mut escaped, text);
    out.write_str(&escaped).map_err(minijinja::Error::from)
}

fn asset(name: &str) -> Result<&'static str, minijinja::Error> {
    web::named(name)
        .map(|asset| asset.path)
        .ok_or_else(|| minijinja::Error::new(ErrorKind::InvalidOperation, format!("there is no asset `{name}`")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    const SMALL: &[(&str, &str)] = &[
        ("page.html", "{% include 'head.html' %}<p>{{ words }}</p>"),
        ("head.html", "<h1>built in</h1>"),
        ("endless.html", "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}"),
    ];

    #[test]
    fn a_theme_overrides_file_by_file() {
        let theme = tempfile::tempdir().unwrap();
        fs::write(theme.path().join("head.html"), "<h1>ours</h1>").unwrap();
        let templates = Templates::layered(SMALL, Some(theme.path()));
        assert_eq!(templates.render("page.html", &json!({"words": "<"})).unwrap(), "<h1>ours</h1><p>&lt;</p>");
    }

    #[test]
    fn text_is_escaped_and_addresses_stay_readable() {
        let templates = Templates::layered(SMALL, None);
        let html = templates.render("page.html", &json!({"words": "a/b \"<&'\0"})).unwrap();
        assert!(html.ends_with("<p>a/b &quot;&lt;&amp;&#39;</p>"), "{html}");
    }

    #[test]
    fn a_broken_theme_is_named_once_and_the_page_is_shown_without_it() {
        let theme = tempfile::tempdir().unwrap();
        fs::write(theme.path().join("head.html"), "<h1>\n{% if %}</h1>").unwrap();
        let templates = Templates::layered(SMALL, Some(theme.path()));
        for _ in 0..2 {
            assert_eq!(templates.render("page.html", &json!({"words": ""})).unwrap(), "<h1>built in</h1><p></p>");
        }
        let faults = templates.faults.lock().unwrap();
        assert_eq!(faults.len(), 1);
        assert!(faults.iter().all(|fault| fault.starts_with("head.html:2 ")), "{faults:?}");
    }

    #[test]
    fn a_theme_cannot_reach_out_of_its_folder() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.html"), "secret").unwrap();
        let theme = outside.path().join("theme");
        fs::create_dir(&theme).unwrap();
        fs::write(theme.join("head.html"), "{% include '../secret.html' %}").unwrap();
        let templates = Templates::layered(SMALL, Some(&theme));
        assert_eq!(templates.render("page.html", &json!({"words": ""})).unwrap(), "<h1>built in</h1><p></p>");
    }

    #[test]
    fn what_a_rendering_may_spend_is_bounded() {
        let error = Templates::layered(SMALL, None).render("endless.html", &json!({})).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::OutOfFuel);
    }
}
