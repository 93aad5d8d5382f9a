//! Send back: a story needs more work.

use station::{Act, Story};
use store::Tx;

use crate::{Errand, Result, leads, onto, reason, settle, taken_up, working_text};

/// Gives a story that was handed in, or was ready, back to its writer. `why` says what is missing.
pub async fn send_back(tx: &mut Tx, errand: &Errand<'_>, why: &str) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::SendBack).await?;
    let text = working_text(tx, &stands).await?;
    let story = Story { state: leads(Act::SendBack, &stands)?, ..onto(&stands, text) };
    settle(tx, errand, Act::SendBack, stands.state, &story, reason(why)?).await?;
    Ok(story)
}
