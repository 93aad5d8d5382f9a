//! The templates of the desk: built in, and not to be overridden. A theme is for the public; the desk is a tool.

use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

/// What one rendering may spend.
const FUEL_MAX: u64 = 2_000_000;

const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Turns views into HTML.
#[derive(Debug)]
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL_MAX));
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.add_function("asset", asset);
        for (name, source) in BUILT_IN {
            environment.add_template(name, source).expect("a built-in template is well-formed");
        }
        Self(environment)
    }

    pub(crate) fn render(&self, name: &str, view: Value) -> Result<String, minijinja::Error> {
        self.0.get_template(name)?.render(view)
    }
}

fn asset(name: &str) -> Result<&'static str, minijinja::Error> {
    web::named(name)
        .map(|asset| asset.path)
        .ok_or_else(|| minijinja::Error::new(ErrorKind::InvalidOperation, format!("there is no asset `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_never_become_markup() {
        let mut templates = Templates::new();
        templates.0.add_template("page.html", "<p title=\"{{ words }}\">{{ words }}</p>").unwrap();
        let html = templates.render("page.html", minijinja::context!(words => "<script>\"'&")).unwrap();
        assert!(
            !html.contains("<script") && !html.contains("\"'") && html.matches("&lt;script&gt;").count() == 2,
            "{html}"
        );
    }
}
