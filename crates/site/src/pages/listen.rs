//! `/listen`

use super::{Draft, Result, Visit, next_boundary};
use crate::cache::Tag;
use crate::view::listen::Page;

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let now_next = visit.now_next().await?;
    let programmes = store::programme::all(&visit.db, visit.edition.station.id).await?;
    let page = Page::new(&visit.edition, &now_next, &programmes);
    let draft = Draft::new("listen.html", &page, vec![Tag::OnAir, Tag::Programmes]);
    Ok(draft.fresh_until(next_boundary(&now_next)))
}
