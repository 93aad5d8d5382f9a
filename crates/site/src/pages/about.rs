//! `/about`

use super::{Draft, Visit};
use crate::view::about::Page;

pub(super) fn draft(visit: &Visit) -> Draft {
    Draft::new("about.html", &Page::new(&visit.edition), Vec::new())
}
