//! An account: somebody who may come in at the desk.
//!
//! An account is not a [`Person`](crate::Person). A person's name stands over stories; many persons (a guest writer, a
//! reporter at another station) never come in, and an accountant who comes in every month stands over nothing. Where
//! both are the same human being, the account says so.

use serde::{Deserialize, Serialize};

use crate::{AccountId, PersonId, StationId, Timestamp};

/// The longest mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest name, in characters.
pub const NAME_CHARACTERS_MAX: usize = 120;

/// Somebody who may come in. What proves that it is them is kept apart from this, in the store alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Names it for ever.
    pub id: AccountId,
    /// Where they come in.
    pub station: StationId,
    /// What they sign in with, and where letters reach them. See [`email`].
    pub email: String,
    /// What colleagues call them.
    pub name: String,
    /// The person whose name stands over their stories, if there is one.
    pub person: Option<PersonId>,
    /// When they were invited.
    pub invited_at: Timestamp,
    /// When they first came in; `None` for an invitation that nobody has taken up.
    pub joined_at: Option<Timestamp>,
    /// Since when they may not come in any more; `None` if they may.
    pub disabled_at: Option<Timestamp>,
}

impl Account {
    /// True if they may come in.
    pub fn is_open(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// The mail address in `text`, without what a form leaves around it and in lower case; `None` if it is none.
///
/// What an address may be is decided by whoever delivers to it; this refuses what can be none anywhere, and what could
/// be more than one.
///
/// ```
/// use station::account::email;
/// assert_eq!(email(" June@Harrow.example "), Some("june@harrow.example".to_owned()));
/// assert_eq!(email("june"), None);
/// ```
pub fn email(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !",;:<>()[]\\\"@".contains(letter);
    let is_address = !local.is_empty()
        && !domain.is_empty()
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with('.')
        && address.len() <= EMAIL_BYTES_MAX
        && local.chars().all(is_plain)
        && domain.chars().all(is_plain);
    is_address.then_some(address)
}

/// A name as it is kept: one line without a space too many; `None` if nothing is left or it is too long.
pub fn name(text: &str) -> Option<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = !name.is_empty() && name.chars().count() <= NAME_CHARACTERS_MAX && !name.contains(char::is_control);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_address_or_more_than_one_is_refused() {
        let long = format!("{}@a.example", "a".repeat(EMAIL_BYTES_MAX));
        let wrong =
            ["", "@", "a@", "@b", "a b@c.example", "a@b@c", "a@b,c@d", "a@b\r\nBcc: c@d", "a@.b", "<a@b>", &long];
        for wrong in wrong {
            assert_eq!(email(wrong), None, "{wrong:?} was taken");
        }
        assert_eq!(email("o'neill+desk@münchen.example").as_deref(), Some("o'neill+desk@münchen.example"));
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(name("  June \n Okafor ").as_deref(), Some("June Okafor"));
        for wrong in ["", " \t", "a\u{7}b", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert_eq!(name(wrong), None, "{wrong:?} was taken");
        }
    }
}
