//! Submit: a writer hands a story in.

use station::{Act, Story};
use store::Tx;

use crate::{Errand, Result, leads, onto, settle, taken_up, working_text};

/// Hands a draft in for review. `word` is what the writer says to whoever looks it over; it may be empty.
pub async fn submit(tx: &mut Tx, errand: &Errand<'_>, word: &str) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::Submit).await?;
    let text = working_text(tx, &stands).await?;
    let story = Story { state: leads(Act::Submit, &stands)?, ..onto(&stands, text) };
    settle(tx, errand, Act::Submit, stands.state, &story, word.trim()).await?;
    Ok(story)
}
