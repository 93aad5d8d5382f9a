//! From a wire's topics to the station's sections.

use station::{Section, Slug};

/// Topic collections of the service and the sections that they would stand in, by the usual names of sections, the
/// best first. A station has the sections that it has; the first of these that it has is taken.
const TOPICS: &[(&str, &[&str])] = &[
    ("1001", &["news"]),
    ("1002", &["news"]),
    ("1003", &["national", "news"]),
    ("1004", &["world", "news"]),
    ("1006", &["business", "economy", "news"]),
    ("1007", &["science"]),
    ("1008", &["culture", "arts"]),
    ("1013", &["education", "news"]),
    ("1014", &["politics", "news"]),
    ("1017", &["economy", "business", "news"]),
    ("1019", &["technology", "science"]),
    ("1020", &["media", "news"]),
    ("1025", &["environment", "climate", "science"]),
    ("1026", &["space", "science"]),
    ("1032", &["books", "culture", "arts"]),
    ("1039", &["music", "culture", "arts"]),
    ("1045", &["film", "culture", "arts"]),
    ("1053", &["food", "culture"]),
    ("1070", &["law", "politics", "news"]),
    ("1091", &["national", "news"]),
    ("1126", &["world", "news"]),
    ("1128", &["health", "science"]),
];

/// The section for a story of these collections, the foremost first: the first that any of them leads to, else the
/// station's first section. `None` only where the station has none.
pub(crate) fn section(collections: &[String], sections: &[Section]) -> Option<Slug> {
    let names = |id: &String| TOPICS.iter().find(|(topic, _)| topic == id).map(|(_, names)| *names);
    let wanted = collections.iter().filter_map(names).flatten();
    let found = wanted.into_iter().find_map(|name| sections.iter().find(|section| section.slug.as_str() == *name));
    found.or(sections.first()).map(|section| section.slug.clone())
}

#[cfg(test)]
mod tests {
    use station::StationId;

    use super::*;

    fn sections(slugs: &[&str]) -> Vec<Section> {
        let section = |(position, slug): (i64, &&str)| Section {
            station: StationId(1),
            slug: Slug::parse(slug).unwrap(),
            title: String::new(),
            teaser: String::new(),
            position,
        };
        (0..).zip(slugs).map(section).collect()
    }

    #[test]
    fn a_story_stands_where_its_foremost_topic_leads() {
        let sections = sections(&["news", "science", "music"]);
        let at = |ids: &[&str]| section(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), &sections).unwrap();
        assert_eq!(at(&["319418027", "1128", "1001"]).as_str(), "science");
        assert_eq!(at(&["1039"]).as_str(), "music");
        assert_eq!(at(&["1045", "1004"]).as_str(), "news");
        assert_eq!(at(&["319418027"]).as_str(), "news");
        assert_eq!(at(&[]).as_str(), "news");
        assert_eq!(section(&[], &[]), None);
    }
}
