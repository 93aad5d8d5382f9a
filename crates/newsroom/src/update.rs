//! Update: readers see another text of a published story.

use station::{Act, Story};
use store::Tx;

use crate::show::show;
use crate::{Errand, Error, Result, onto, taken_up, working_text};

/// How much an update matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Readers should know: the story is dated anew.
    Major,
    /// A slip of the pen: no date moves.
    Minor,
}

/// Puts what has been written since in the place of what readers see. `why` says what is new; it may be empty.
pub async fn update(tx: &mut Tx, errand: &Errand<'_>, weight: Weight, why: &str) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::Update).await?;
    let text = onto(&stands, working_text(tx, &stands).await?);
    if text == stands {
        return Err(Error::Unchanged);
    }
    let text = dated(text, weight, errand);
    show(tx, errand, Act::Update, &stands, text, why.trim()).await
}

/// The text with the date of its last change that matters.
pub(crate) fn dated(text: Story, weight: Weight, errand: &Errand<'_>) -> Story {
    match weight {
        Weight::Major => Story { updated_at: Some(errand.now), ..text },
        Weight::Minor => text,
    }
}
