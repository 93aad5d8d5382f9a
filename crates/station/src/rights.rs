//! Whose a syndicated story is, and what may be done with it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whose a story is, where it stands first, and how long it may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Whose names stand in the copyright line, first the first. Never empty for a syndicated story.
    pub owners: Vec<Owner>,
    /// The year in the copyright line: that of first publication.
    pub copyright_year: Option<i16>,
    /// The story's page at its owner's: what search engines are told to prefer.
    pub canonical: Option<String>,
    /// True if search engines must leave the page alone.
    pub is_noindex: bool,
    /// From when on it should no longer be recommended (it may still be read).
    pub recommend_until: Option<Timestamp>,
}

/// An organisation that owns a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its name: "NPR".
    pub name: String,
    /// Its site: `https://www.npr.org`.
    pub site: Option<String>,
}

impl Rights {
    /// The rights line's words without its link: "Copyright 2021 NPR." The page adds "To see more, visit …"
    /// with [`Rights::see_more`].
    pub fn copyright(&self) -> Option<String> {
        let names = join_names(&self.owners)?;
        Some(match self.copyright_year {
            Some(year) => format!("Copyright {year} {names}."),
            None => format!("Copyright {names}."),
        })
    }

    /// The site to which the rights line sends a reader: the first owner's.
    pub fn see_more(&self) -> Option<&str> {
        self.owners.iter().find_map(|owner| owner.site.as_deref())
    }
}

fn join_names(owners: &[Owner]) -> Option<String> {
    let names: Vec<&str> = owners.iter().map(|owner| owner.name.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [all @ .., last] => Some(format!("{} and {last}", all.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str, site: Option<&str>) -> Owner {
        Owner { name: name.into(), site: site.map(Into::into) }
    }

    #[test]
    fn the_line_names_year_and_owner() {
        let rights = Rights {
            owners: vec![owner("NPR", Some("https://www.npr.org"))],
            copyright_year: Some(2021),
            ..Rights::default()
        };
        assert_eq!(rights.copyright().as_deref(), Some("Copyright 2021 NPR."));
        assert_eq!(rights.see_more(), Some("https://www.npr.org"));
    }

    #[test]
    fn several_owners_are_joined_as_people_say_it() {
        let owners = vec![owner("A", None), owner("B", Some("https://b.example")), owner("C", None)];
        let rights = Rights { owners, ..Rights::default() };
        assert_eq!(rights.copyright().as_deref(), Some("Copyright A, B and C."));
        assert_eq!(rights.see_more(), Some("https://b.example"));
    }

    #[test]
    fn an_own_story_has_no_line() {
        assert_eq!(Rights::default().copyright(), None);
    }
}
