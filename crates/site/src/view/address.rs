//! Addresses that a page may lead to or load from.

/// `href` if a reader may be led there: a web page, a letter, a call, or a path of this site. Everything else
/// (`javascript:` above all) is no address.
pub fn safe_link(href: &str) -> Option<&str> {
    let href = href.trim();
    let scheme_is_safe = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| starts_with(href, scheme));
    ((scheme_is_safe || is_own_path(href) || href.starts_with('#')) && is_one_word(href)).then_some(href)
}

/// `href` if a page may load a picture or a sound from it: an `https` address or a path of this site.
pub fn safe_source(href: &str) -> Option<&str> {
    let href = href.trim();
    ((starts_with(href, "https://") || is_own_path(href)) && is_one_word(href)).then_some(href)
}

/// True if the link leaves this site.
pub fn is_external(href: &str) -> bool {
    starts_with(href, "https://") || starts_with(href, "http://")
}

/// The address of what the vault keeps under `key`. Keys of what is public begin with `media/`.
pub fn of_vault_key(key: &str) -> String {
    format!("/media/{}", key.strip_prefix("media/").unwrap_or(key))
}

fn starts_with(href: &str, scheme: &str) -> bool {
    href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// A second slash or a backslash would make the browser read a host name.
fn is_own_path(href: &str) -> bool {
    href.starts_with('/') && !href.starts_with("//") && !href.contains('\\')
}

fn is_one_word(href: &str) -> bool {
    !href.chars().any(|letter| letter.is_control() || letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_led_to_pages_letters_and_calls_only() {
        for good in
            ["https://a.example/x?y=1", "HTTP://a.example", "mailto:a@b.example", "tel:+15185550100", "/news", "#n1"]
        {
            assert_eq!(safe_link(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            " java\nscript:x",
            "data:text/html,x",
            "//evil.example",
            "/\\evil.example",
            "news",
            "",
            "https://a b",
        ] {
            assert_eq!(safe_link(bad), None, "{bad:?} was taken");
        }
    }

    #[test]
    fn a_picture_is_never_loaded_in_the_clear() {
        assert_eq!(safe_source("http://a.example/p.jpg"), None);
        assert_eq!(safe_source("https://a.example/p.jpg"), Some("https://a.example/p.jpg"));
        assert_eq!(of_vault_key("media/ab.jpg"), "/media/ab.jpg");
    }
}
