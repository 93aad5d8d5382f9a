//! Kill: a story is gone everywhere at once, for a grave reason.

use station::{Act, Story};
use store::Tx;

use crate::{Errand, Result, leads, reason, settle, taken_up};

/// Kills a story, wherever it stands and also one from the wire. It does not come back; its texts and the reason stay in
/// its history. What was planned for it is cancelled, and every preview link to it is worthless.
pub async fn kill(tx: &mut Tx, errand: &Errand<'_>, why: &str) -> Result<Story> {
    let why = reason(why)?;
    let stands = taken_up(tx, errand, Act::Kill).await?;
    store::plan::cancel(tx, stands.station, stands.id).await?;
    store::preview::revoke(tx, stands.station, stands.id).await?;
    let story = Story { state: leads(Act::Kill, &stands)?, ..stands.clone() };
    settle(tx, errand, Act::Kill, stands.state, &story, why).await?;
    Ok(story)
}
