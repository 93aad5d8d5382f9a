//! Every address that the public site answers, on one screen. What has no line here does not exist.

use http::Method;

/// A line of the table.
#[derive(Debug)]
pub struct Route {
    /// The path. `{name}` stands for one word, `{*name}` for the rest.
    pub path: &'static str,
    /// What may be done with it.
    pub methods: &'static [Method],
    /// Those parts of the query that count, in the order in which they are kept. All others are as if they were not
    /// there.
    pub query: &'static [&'static str],
    /// How large a body may come with the request, in bytes.
    pub body_bytes_max: u64,
    /// Whether finished answers are kept: in the page cache, or by whoever asks.
    pub kept: Kept,
    /// What answers.
    pub serves: Serves,
}

/// Who keeps an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// We do, as finished bytes, until an event.
    Here,
    /// Whoever asks, for as long as the answer says.
    There,
    /// Nobody.
    Nowhere,
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// A page.
    Page(Page),
    /// A story as it will look, for whoever has a link to it.
    Preview,
    /// What is on, as JSON.
    OnAir,
    /// What is on, as events.
    OnAirEvents,
    /// A file of the vault.
    Media,
    /// A file that crate `web` made.
    Asset,
    /// The station's colours.
    Stylesheet,
    /// The station's icon.
    Icon,
    /// The icon's address of old.
    OldIcon,
    /// What a phone needs to put the site beside its apps.
    Manifest,
    /// What robots may do.
    Robots,
}

/// The pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the page of that name")]
pub enum Page {
    Home,
    Section,
    Story,
    People,
    Person,
    Programmes,
    Programme,
    Episode,
    Schedule,
    Listen,
    About,
}

const READ: &[Method] = &[Method::GET, Method::HEAD];

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    //    path                         methods  query                    body  kept           serves
    route("/",                         READ, &[],                        0, Kept::Here,    Serves::Page(Page::Home)),
    route("/people",                   READ, &[],                        0, Kept::Here,    Serves::Page(Page::People)),
    route("/people/{person}",          READ, &["before"],                0, Kept::Here,    Serves::Page(Page::Person)),
    route("/programmes",               READ, &[],                        0, Kept::Here,    Serves::Page(Page::Programmes)),
    route("/programmes/{programme}",   READ, &["before"],                0, Kept::Here,    Serves::Page(Page::Programme)),
    route("/episodes/{episode}",       READ, &[],                        0, Kept::Here,    Serves::Page(Page::Episode)),
    route("/schedule",                 READ, &["week", "day", "zone"],   0, Kept::Here,    Serves::Page(Page::Schedule)),
    route("/listen",                   READ, &[],                        0, Kept::Here,    Serves::Page(Page::Listen)),
    route("/about",                    READ, &[],                        0, Kept::Here,    Serves::Page(Page::About)),
    route("/{section}",                READ, &["before"],                0, Kept::Here,    Serves::Page(Page::Section)),
    route("/{section}/{date}/{story}", READ, &[],                        0, Kept::Here,    Serves::Page(Page::Story)),
    route("/preview/{secret}",         READ, &[],                        0, Kept::Nowhere, Serves::Preview),
    route("/on-air.json",              READ, &[],                        0, Kept::Nowhere, Serves::OnAir),
    route("/on-air/events",            READ, &[],                        0, Kept::Nowhere, Serves::OnAirEvents),
    route("/media/{*key}",             READ, &[],                        0, Kept::There,   Serves::Media),
    route("/assets/station.css",       READ, &[],                        0, Kept::There,   Serves::Stylesheet),
    route("/assets/{name}",            READ, &[],                        0, Kept::There,   Serves::Asset),
    route("/favicon.svg",              READ, &[],                        0, Kept::There,   Serves::Icon),
    route("/favicon.ico",              READ, &[],                        0, Kept::There,   Serves::OldIcon),
    route("/manifest.webmanifest",     READ, &[],                        0, Kept::There,   Serves::Manifest),
    route("/robots.txt",               READ, &[],                        0, Kept::There,   Serves::Robots),
];

const fn route(
    path: &'static str,
    methods: &'static [Method],
    query: &'static [&'static str],
    body_bytes_max: u64,
    kept: Kept,
    serves: Serves,
) -> Route {
    Route { path, methods, query, body_bytes_max, kept, serves }
}

impl Route {
    /// The words of `path` that stand where the table has a name, as they were sent.
    pub fn words(&self, path: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut rest = path;
        for piece in self.path.split('/').skip(1) {
            rest = rest.strip_prefix('/').unwrap_or(rest);
            if piece.starts_with("{*") {
                words.push(rest.to_owned());
                return words;
            }
            let (word, after) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            if piece.starts_with('{') {
                words.push(word.to_owned());
            }
            rest = after;
        }
        words
    }

    /// Those parts of a query that count, first come first served, in the order of the table.
    pub fn query(&self, query: Option<&str>) -> Vec<(&'static str, String)> {
        let given: Vec<_> = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        let value = |name: &str| given.iter().find(|(given, _)| given == name).map(|(_, value)| value.to_string());
        self.query
            .iter()
            .filter_map(|name| Some((*name, value(name)?)))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// The address by which an answer is kept: the path, and those parts of the query that count.
    pub fn address(&self, path: &str, query: &[(&'static str, String)]) -> String {
        if query.is_empty() {
            return path.to_owned();
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str) -> &'static Route {
        ROUTES.iter().find(|route| route.path == path).unwrap()
    }

    #[test]
    fn a_path_gives_the_words_that_the_table_names() {
        assert_eq!(line("/{section}/{date}/{story}").words("/news/2026-11-24/a"), ["news", "2026-11-24", "a"]);
        assert_eq!(line("/people/{person}").words("/people/a"), ["a"]);
        assert_eq!(line("/media/{*key}").words("/media/ab/c.mp3"), ["ab/c.mp3"]);
        assert!(line("/").words("/").is_empty());
    }

    #[test]
    fn only_what_the_table_allows_tells_two_addresses_apart() {
        let schedule = line("/schedule");
        let address = |query: &str| schedule.address("/schedule", &schedule.query(Some(query)));
        assert_eq!(address("utm_source=x&fbclid=1"), "/schedule");
        assert_eq!(address("zone=UTC&week=2026-11-23&x=y"), address("week=2026-11-23&zone=UTC"));
        assert_eq!(address("day=a&day=b&week="), "/schedule?day=a");
        assert_eq!(address("day=a%26zone%3Db"), "/schedule?day=a%26zone%3Db");
    }

    #[test]
    fn no_line_stands_twice_and_every_page_is_only_read() {
        for (at, route) in ROUTES.iter().enumerate() {
            assert!(ROUTES[..at].iter().all(|other| other.path != route.path), "{} stands twice", route.path);
            assert_eq!(matches!(route.serves, Serves::Page(_)), route.kept == Kept::Here, "{}", route.path);
            assert!(route.methods == READ && route.body_bytes_max == 0, "{}", route.path);
        }
    }
}
