//! How long something lasts, for eyes, ears and machines.

use serde::Serialize;

/// How long something lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duration {
    /// Whole seconds.
    pub seconds: i64,
    /// As a clock shows it: `4:12`, `1:02:03`.
    pub clock: String,
    /// As it is said: "4 minutes 12 seconds".
    pub words: String,
    /// For `datetime` and machines: `PT4M12S`.
    pub iso: String,
}

impl Duration {
    /// Of so many milliseconds, to the nearest second; `None` where there is nothing to say.
    pub fn of_ms(ms: i64) -> Option<Self> {
        let seconds = (ms + 500) / 1000;
        if seconds <= 0 {
            return None;
        }
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let clock = if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") };
        let parts: Vec<String> = [(h, "hour"), (m, "minute"), (s, "second")]
            .into_iter()
            .filter_map(|(count, unit)| part(count, unit))
            .collect();
        let iso: String = [(h, 'H'), (m, 'M'), (s, 'S')]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        Some(Self { seconds, clock, words: parts.join(" "), iso: format!("PT{iso}") })
    }
}

fn part(count: i64, unit: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{count} {unit}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_as_people_say_it() {
        let long = Duration::of_ms(3_723_400).unwrap();
        assert_eq!((long.clock.as_str(), long.iso.as_str()), ("1:02:03", "PT1H2M3S"));
        assert_eq!(long.words, "1 hour 2 minutes 3 seconds");
        assert_eq!(Duration::of_ms(60_000).unwrap().words, "1 minute");
        assert_eq!(Duration::of_ms(0), None);
    }
}
