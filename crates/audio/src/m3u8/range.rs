//! A stretch of time with a name: a programme, a piece that was played.

use std::fmt::{self, Display};
use std::time::Duration;

use super::{Quoted, Seconds};

/// A stretch of time with a name; its [`Display`] is the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// Names it for ever.
    pub id: String,
    /// What kind of stretch it is: `org.example.programme`.
    pub class: &'static str,
    /// When it began, in RFC 3339.
    pub start: String,
    /// When it ended; `None` while that is not known.
    pub end: Option<String>,
    /// How long it is meant to last.
    pub planned: Option<Duration>,
    /// What it is called.
    pub title: String,
}

impl Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, class, start, end, planned, title } = self;
        write!(f, "#EXT-X-DATERANGE:ID={},CLASS=\"{class}\",START-DATE=\"{start}\"", Quoted(id))?;
        if let Some(end) = end {
            write!(f, ",END-DATE=\"{end}\"")?;
        }
        if let Some(planned) = planned {
            write!(f, ",PLANNED-DURATION={}", Seconds(*planned))?;
        }
        write!(f, ",X-TITLE={}", Quoted(title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_what_was_on_and_when() {
        let open = DateRange {
            id: "programme-1".to_owned(),
            class: "org.example.programme",
            start: "2026-11-24T08:00:00.000Z".to_owned(),
            end: None,
            planned: Some(Duration::from_secs(1_800)),
            title: "Field Notes".to_owned(),
        };
        assert_eq!(
            open.to_string(),
            "#EXT-X-DATERANGE:ID=\"programme-1\",CLASS=\"org.example.programme\",START-DATE=\"2026-11-24T08:00:00.000Z\",\
            PLANNED-DURATION=1800.000000,X-TITLE=\"Field Notes\""
        );
        let ended = DateRange { end: Some("2026-11-24T08:30:00.000Z".to_owned()), planned: None, ..open };
        assert!(ended.to_string().contains(",END-DATE=\"2026-11-24T08:30:00.000Z\",X-TITLE="));
    }
}
