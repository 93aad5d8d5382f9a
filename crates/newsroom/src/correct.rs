//! Correct: what was wrong is admitted and put right.

use station::story::Correction;
use station::{Act, Story, Text};
use store::Tx;

use crate::show::show;
use crate::{Errand, Error, Result, onto, taken_up, working_text};

/// Puts what has been written since in the place of what readers see, and adds an admission that they see too: what was
/// wrong. Earlier admissions stay. The text may be what it was, where words alone put it right.
pub async fn correct(tx: &mut Tx, errand: &Errand<'_>, admission: Text) -> Result<Story> {
    if admission.is_empty() {
        return Err(Error::Incomplete { what: "what was wrong" });
    }
    let stands = taken_up(tx, errand, Act::Correct).await?;
    let words = admission.words();
    let mut text = onto(&stands, working_text(tx, &stands).await?);
    text.corrections.push(Correction { text: admission, at: errand.now });
    text.updated_at = Some(errand.now);
    show(tx, errand, Act::Correct, &stands, text, &words).await
}
