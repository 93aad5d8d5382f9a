//! Words with emphasis and links: what a paragraph is made of. Never HTML.
//!
//! A [`Text`] is a row of runs. A page makes HTML out of it by escaping each run, so nothing that came from outside
//! can become markup. Text from outside comes in by one way only: `Text::from_html` and
//! `block::from_html`, the one sanitiser.

use serde::{Deserialize, Serialize};

/// Words with emphasis and links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Run>);

/// Words that look alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The words. A line feed is a line break.
    #[serde(rename = "t")]
    pub words: String,
    /// Where they lead: an `https:`, `http:`, `mailto:` or `tel:` address, or a path of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Stressed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub em: bool,
    /// Weighty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strong: bool,
}

impl Text {
    /// Plain words.
    pub fn plain(words: impl Into<String>) -> Self {
        Text(vec![Run { words: words.into(), ..Run::default() }])
    }

    /// The words alone.
    pub fn words(&self) -> String {
        self.0.iter().map(|run| run.words.as_str()).collect()
    }

    /// True if there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|run| run.words.trim().is_empty())
    }
}
