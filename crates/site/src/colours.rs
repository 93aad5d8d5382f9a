//! A station's own colours, made out of its one accent so that they can always be read.

use station::Accent;

/// What text needs against what it stands on (WCAG 2.2, 1.4.3), with a little room for rounding.
const CONTRAST_MIN: f64 = 4.55;
/// The lightest page that text in the accent stands on in light dress, and the darkest in dark dress. The style sheet's
/// own pages lie on the far sides of these.
const LIGHT_PAGE: &str = "#f2efe9";
const DARK_PAGE: &str = "#24262b";
/// How many steps lie between a colour and black or white.
const STEPS: u16 = 64;

/// The style sheet that gives a station its colours: the only thing in which the looks of two stations differ before a
/// theme is made.
pub fn stylesheet(accent: &Accent) -> String {
    format!(
        ":root{{--accent:{};--accent-ink:{};--accent-on-light:{};--accent-on-dark:{}}}\n",
        accent.as_str(),
        ink_on(accent),
        readable_on(accent, LIGHT_PAGE, 0),
        readable_on(accent, DARK_PAGE, 255),
    )
}

/// The station's icon: a mast and its waves, in the accent.
pub fn icon(accent: &Accent) -> String {
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="{accent}"/>"#,
            r#"<g fill="none" stroke="{ink}" stroke-width="5" stroke-linecap="round"><path d="M32 30v22"/>"#,
            r#"<path d="M22 34a13 13 0 0 1 0-16M42 34a13 13 0 0 0 0-16M14 40a24 24 0 0 1 0-28M50 40a24 24 0 0 0 0-28"/></g>"#,
            r#"<circle cx="32" cy="26" r="5" fill="{ink}"/></svg>"#
        ),
        accent = accent.as_str(),
        ink = ink_on(accent),
    )
}

/// Black or white: whichever is read better on the accent.
fn ink_on(accent: &Accent) -> &'static str {
    let white = colour("#ffffff");
    if accent.contrast(&white) >= accent.contrast(&colour("#000000")) { "#ffffff" } else { "#000000" }
}

/// The accent, moved towards black (`end` 0) or white (255) until it can be read on `page`.
fn readable_on(accent: &Accent, page: &str, end: u8) -> String {
    let page = colour(page);
    let steps = (0..=STEPS).map(|step| moved(accent, end, step));
    let readable = steps.into_iter().find(|candidate| candidate.contrast(&page) >= CONTRAST_MIN);
    readable.unwrap_or_else(|| moved(accent, end, STEPS)).as_str().to_owned()
}

fn moved(accent: &Accent, end: u8, step: u16) -> Accent {
    let channel = |at: usize| {
        let from = u8::from_str_radix(&accent.as_str()[at..at + 2], 16).expect("an accent holds six hex digits");
        let mixed = (u16::from(from) * (STEPS - step) + u16::from(end) * step) / STEPS;
        format!("{mixed:02x}")
    };
    colour(&format!("#{}{}{}", channel(1), channel(3), channel(5)))
}

fn colour(text: &str) -> Accent {
    Accent::parse(text).expect("a colour made here is a colour")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_station_chooses_can_be_read() {
        for chosen in ["#1b5e8c", "#ffff00", "#000000", "#ffffff", "#808080", "#c8102e", "#00ff7f"] {
            let accent = colour(chosen);
            assert!(accent.contrast(&colour(ink_on(&accent))) >= 4.5, "{chosen}");
            for (page, end) in [(LIGHT_PAGE, 0), (DARK_PAGE, 255)] {
                let text = colour(&readable_on(&accent, page, end));
                assert!(text.contrast(&colour(page)) >= 4.5, "{chosen} on {page} became {}", text.as_str());
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_already_is_left_alone() {
        assert!(stylesheet(&colour("#1b5e8c")).contains("--accent-on-light:#1b5e8c;"));
    }
}
