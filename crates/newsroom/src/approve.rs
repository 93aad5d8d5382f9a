//! Approve: a story is ready.

use station::{Act, Story};
use store::Tx;

use crate::{Errand, Result, check_readable, leads, onto, settle, taken_up, working_text};

/// Says that a story is ready to be published. An editor's own draft need not be handed in first.
pub async fn approve(tx: &mut Tx, errand: &Errand<'_>) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::Approve).await?;
    let text = working_text(tx, &stands).await?;
    let story = Story { state: leads(Act::Approve, &stands)?, ..onto(&stands, text) };
    check_readable(&story)?;
    settle(tx, errand, Act::Approve, stands.state, &story, "").await?;
    Ok(story)
}
