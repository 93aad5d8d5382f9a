//! The user and password that a source, or a program that speaks for one, shows.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A user and a password, as HTTP's Basic scheme carries them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who it says it is.
    pub user: String,
    /// What only that user should know.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the value of an `Authorization` field; `None` if it is not of the Basic scheme.
    ///
    /// ```
    /// use air::source::Credentials;
    /// let shown = Credentials::from_basic("Basic c291cmNlOnNyY3B3").unwrap();
    /// assert_eq!((shown.user.as_str(), shown.password.as_str()), ("source", "srcpw"));
    /// ```
    pub fn from_basic(authorization: &str) -> Option<Self> {
        let (scheme, encoded) = authorization.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Self { user: user.to_owned(), password: password.to_owned() })
    }

    /// True if the password is `expected`; how long the answer takes does not tell how much of it was right. An
    /// empty password opens nothing.
    pub fn has_password(&self, expected: &str) -> bool {
        !expected.is_empty() && is_equal(self.password.as_bytes(), expected.as_bytes())
    }
}

fn is_equal(shown: &[u8], expected: &[u8]) -> bool {
    let mut difference = shown.len() ^ expected.len();
    for (at, byte) in shown.iter().enumerate() {
        difference |= usize::from(byte ^ expected[at % expected.len()]);
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(password: &str) -> Credentials {
        Credentials { user: "source".into(), password: password.into() }
    }

    #[test]
    fn only_the_whole_password_opens() {
        assert!(shown("srcpw").has_password("srcpw"));
        for wrong in ["", "srcp", "srcpwx", "srcpwsrcpw", "SRCPW", "xrcpw"] {
            assert!(!shown(wrong).has_password("srcpw"), "{wrong} opened");
        }
    }

    #[test]
    fn a_station_without_a_password_lets_nobody_in() {
        assert!(!shown("").has_password(""));
        assert!(!shown("x").has_password(""));
    }

    #[test]
    fn a_password_may_have_colons_and_letters_of_any_kind() {
        let encoded = STANDARD.encode("studio:pä:ss");
        let shown = Credentials::from_basic(&format!("basic  {encoded}")).unwrap();
        assert_eq!((shown.user.as_str(), shown.password.as_str()), ("studio", "pä:ss"));
    }

    #[test]
    fn anything_else_is_no_credentials() {
        for wrong in ["", "Basic", "Basic !!!", "Bearer abc", "Basic c291cmNl"] {
            assert!(Credentials::from_basic(wrong).is_none(), "{wrong:?} was read");
        }
    }

    #[test]
    fn a_log_never_shows_the_password() {
        assert!(!format!("{:?}", shown("srcpw")).contains("srcpw"));
    }
}
