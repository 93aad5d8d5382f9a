//! The words by which the desk finds a story.
//!
//! Every story has a row for each word of its headline, teaser, kicker, slug and bylines, folded to lower case without
//! accents; a question is a range over those rows, so that what is typed finds words that begin with it. Stories that an
//! earlier version of the program saved are indexed after the migration.

use std::collections::BTreeSet;

use station::{StationId, Story, StoryId};

use crate::{Db, Result, Tx};

/// The longest part of a word that is kept, in bytes.
const WORD_BYTES_MAX: usize = 40;
/// How many words of one story are kept.
const WORDS_MAX: usize = 200;
/// How many words of a question count.
pub(crate) const ASKED_MAX: usize = 4;
/// How many stories are indexed in one transaction.
const CATCH_UP_PAGE: u32 = 500;
/// Stands behind every word.
const BEHIND: char = char::MAX;

questions! { "search":
    FORGET = "
        DELETE FROM story_word
        WHERE station = $1
          AND story = $2
          AND word = $3";

    ADD = "
        INSERT INTO story_word (station, story, word)
        VALUES ($1, $2, $3)
        ON CONFLICT (station, story, word) DO NOTHING";

    WORDS = "
        SELECT word
        FROM story_word
        WHERE station = $1
          AND story = $2";

    NOT_INDEXED = "
        SELECT id
        FROM story
        WHERE station = $1
          AND is_indexed = 0
        ORDER BY id
        LIMIT $2";

    IS_INDEXED = "
        UPDATE story
        SET is_indexed = 1
        WHERE station = $1
          AND id = $2";
}

/// The words of `text`, folded: lower case, without accents.
///
/// ```
/// assert_eq!(store::search::words("Café Müller’s 3rd river-gauge"), ["3rd", "cafe", "gauge", "mullers", "river"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let mut words = BTreeSet::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '\'' | '’')) {
        let folded = fold(word);
        if !folded.is_empty() && words.len() < WORDS_MAX {
            words.insert(folded);
        }
    }
    words.into_iter().collect()
}

/// From where to where the words lie that begin with each word of `asked`; what was not asked lies everywhere.
pub(crate) fn ranges(asked: &str) -> Option<[(String, String); ASKED_MAX]> {
    let mut words = words(asked);
    // The longest is the rarest, as a rule: it is looked for first.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    if words.is_empty() {
        return None;
    }
    let mut words = words.into_iter();
    Some(std::array::from_fn(|_| match words.next() {
        Some(word) => {
            let end = format!("{word}{BEHIND}");
            (word, end)
        }
        None => (String::new(), BEHIND.to_string()),
    }))
}

/// Keeps the words of the story as they are now.
pub(crate) async fn index(tx: &mut Tx, story: &Story) -> Result<()> {
    let rows = tx.rows(WORDS, values![story.station, story.id]).await?;
    let before = rows.iter().map(|row| row.text("word")).collect::<Result<BTreeSet<String>>>()?;
    let now: BTreeSet<String> = words(&findable(story)).into_iter().collect();
    for gone in before.difference(&now) {
        tx.execute(FORGET, values![story.station, story.id, gone]).await?;
    }
    for new in now.difference(&before) {
        tx.execute(ADD, values![story.station, story.id, new]).await?;
    }
    Ok(())
}

/// Indexes what an earlier version of the program saved.
pub(crate) async fn catch_up(db: &Db) -> Result<()> {
    for station in crate::station::all(db).await? {
        while catch_up_page(db, station.id).await? {}
    }
    Ok(())
}

/// False if nothing is left.
async fn catch_up_page(db: &Db, station: StationId) -> Result<bool> {
    let mut tx = db.begin().await?;
    let ids = tx.rows(NOT_INDEXED, values![station, CATCH_UP_PAGE]).await?;
    for row in &ids {
        let id = StoryId(row.number("id")?);
        if let Some(story) = crate::story::by_id_in(&mut tx, station, id).await? {
            index(&mut tx, &story).await?;
        }
        tx.execute(IS_INDEXED, values![station, id]).await?;
    }
    tx.commit().await?;
    Ok(!ids.is_empty())
}

fn findable(story: &Story) -> String {
    let names = story.bylines.iter().map(|byline| byline.name.as_str());
    let lines = [story.headline.as_str(), &story.teaser, &story.kicker, story.slug.as_str()];
    lines.into_iter().chain(names).collect::<Vec<_>>().join(" ")
}

fn fold(word: &str) -> String {
    let mut folded = String::new();
    for letter in word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(station::slug::plain_letters) {
        for letter in letter.to_lowercase() {
            if folded.len() + letter.len_utf8() > WORD_BYTES_MAX {
                return folded;
            }
            folded.push(letter);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_is_looked_for_first_and_what_was_not_asked_lies_everywhere() {
        let [first, second, third, _] = ranges("the River").unwrap();
        assert_eq!((first.0.as_str(), second.0.as_str(), third.0.as_str()), ("river", "the", ""));
        assert!("rivers" < first.1.as_str() && "rives" > first.1.as_str() && "\u{10fffe}" < third.1.as_str());
        assert_eq!(ranges(" – "), None);
    }

    #[test]
    fn a_long_word_is_cut_at_a_letter() {
        assert_eq!(words(&"ж".repeat(60)), ["ж".repeat(20)]);
    }
}
