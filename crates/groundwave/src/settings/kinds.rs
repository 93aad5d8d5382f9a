//! What a setting can be, and how each kind is read and shown.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use air::bans::Network;
use jiff::civil::Date;
use toml::Value;
use url::Url;

/// A kind of setting.
pub(super) trait Kind: Sized {
    /// What is wanted, for a person: "a whole number, like 500".
    const WANTED: &'static str;
    /// The setting in `value`, or `None` if that is something else.
    fn read(value: &Value) -> Option<Self>;
    /// The setting as TOML; `None` if there is nothing to write.
    fn show(&self) -> Option<String>;
}

/// A word that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that says `word`.
    pub fn new(word: impl Into<String>) -> Self {
        Secret(word.into())
    }

    /// The word itself, for the one who must use it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "(not set)" } else { "(set)" })
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for a person.
    Text,
    /// A JSON object on a line.
    Json,
}

impl Kind for bool {
    const WANTED: &'static str = "true or false";
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Kind for u32 {
    const WANTED: &'static str = "a whole number, not below 0";
    fn read(value: &Value) -> Option<Self> {
        value.as_integer().and_then(|number| u32::try_from(number).ok())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Kind for f64 {
    const WANTED: &'static str = "a number, like -18 or -18.5";
    fn read(value: &Value) -> Option<Self> {
        let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
        number.filter(|number| number.is_finite())
    }
    fn show(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

impl Kind for String {
    const WANTED: &'static str = "a text in quotes";
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
    fn show(&self) -> Option<String> {
        Some(Value::from(self.as_str()).to_string())
    }
}

impl Kind for Secret {
    const WANTED: &'static str = "a text in quotes";
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(Secret::new)
    }
    fn show(&self) -> Option<String> {
        if self.is_empty() { Some("\"\"".to_owned()) } else { None }
    }
}

impl Kind for PathBuf {
    const WANTED: &'static str = "a path in quotes";
    fn read(value: &Value) -> Option<Self> {
        value.as_str().filter(|path| !path.is_empty()).map(PathBuf::from)
    }
    fn show(&self) -> Option<String> {
        Some(Value::from(self.display().to_string()).to_string())
    }
}

impl Kind for SocketAddr {
    const WANTED: &'static str = "an address with a port, like \"127.0.0.1:8000\" or \"[::]:80\"";
    fn read(value: &Value) -> Option<Self> {
        value.as_str().and_then(|text| text.parse().ok())
    }
    fn show(&self) -> Option<String> {
        Some(format!("\"{self}\""))
    }
}

impl Kind for Vec<SocketAddr> {
    const WANTED: &'static str = "a list of addresses with ports, like [\"127.0.0.1:8000\", \"[::]:80\"]";
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(SocketAddr::read).collect()
    }
    fn show(&self) -> Option<String> {
        let addresses: Vec<String> = self.iter().map(|address| format!("\"{address}\"")).collect();
        Some(format!("[{}]", addresses.join(", ")))
    }
}

impl Kind for Url {
    const WANTED: &'static str = "an address, like \"http://example.org/path\"";
    fn read(value: &Value) -> Option<Self> {
        let url: Url = value.as_str()?.parse().ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    }
    fn show(&self) -> Option<String> {
        Some(Value::from(self.as_str()).to_string())
    }
}

/// A list of one kind of thing, each written as a text.
macro_rules! list_of_texts {
    ($kind:ty, $wanted:literal, $read:expr, $show:expr) => {
        impl Kind for Vec<$kind> {
            const WANTED: &'static str = $wanted;
            fn read(value: &Value) -> Option<Self> {
                let read: fn(&str) -> Option<$kind> = $read;
                value.as_array()?.iter().map(|item| read(item.as_str()?)).collect()
            }
            fn show(&self) -> Option<String> {
                let show: fn(&$kind) -> String = $show;
                let shown: Vec<String> = self.iter().map(|item| Value::from(show(item)).to_string()).collect();
                Some(format!("[{}]", shown.join(", ")))
            }
        }
    };
}

list_of_texts!(String, "a list of texts in quotes", |text| Some(text.to_owned()), String::clone);
list_of_texts!(
    Url,
    "a list of addresses, like [\"http://example.org/path\"]",
    |text| Url::read(&Value::from(text)),
    Url::to_string
);
list_of_texts!(
    Network,
    "a list of addresses and networks, like [\"203.0.113.7\", \"2001:db8::/32\"]",
    |text| text.parse().ok(),
    Network::to_string
);
list_of_texts!(
    IpAddr,
    "a list of addresses without ports, like [\"127.0.0.1\", \"::1\"]",
    |text| text.parse().ok(),
    IpAddr::to_string
);
list_of_texts!(Header, "a list of fields, like [\"X-Name: value\"]", Header::read, |header| format!(
    "{}: {}",
    header.name, header.value
));
list_of_texts!(
    Days,
    "a list of spans of days (at most 31 each), like [\"2026-02-02/2026-02-08\"]",
    Days::read,
    |days| format!("{}/{}", days.first, days.last)
);

/// A field of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Header {
    fn read(text: &str) -> Option<Self> {
        let (name, value) = text.split_once(':')?;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (is_name && !value.contains(char::is_control)).then_some(Self { name, value })
    }
}

/// The longest span of days that may be declared.
const DAYS_MAX: i32 = 31;

/// Days from the first to the last, both meant, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Days {
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('/')?;
        let days = Self { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
        let count = days.first.until(days.last).ok()?.get_days() + 1;
        (1..=DAYS_MAX).contains(&count).then_some(days)
    }
}

impl<K: Kind> Kind for Option<K> {
    const WANTED: &'static str = K::WANTED;
    fn read(value: &Value) -> Option<Self> {
        K::read(value).map(Some)
    }
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Kind::show)
    }
}

impl Kind for Vec<station::Codec> {
    const WANTED: &'static str =
        "a list of codecs, like [\"mp3\", \"aac\"]; there are mp3, aac, ogg-opus, ogg-vorbis, ogg-flac";
    fn read(value: &Value) -> Option<Self> {
        let codec = |value: &Value| station::Codec::ALL.into_iter().find(|codec| value.as_str() == Some(codec.slug()));
        value.as_array()?.iter().map(codec).collect()
    }
    fn show(&self) -> Option<String> {
        let codecs: Vec<String> = self.iter().map(|codec| format!("\"{}\"", codec.slug())).collect();
        Some(format!("[{}]", codecs.join(", ")))
    }
}

impl Kind for LogFormat {
    const WANTED: &'static str = "\"text\" or \"json\"";
    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        }
    }
    fn show(&self) -> Option<String> {
        Some(match self {
            LogFormat::Text => "\"text\"".to_owned(),
            LogFormat::Json => "\"json\"".to_owned(),
        })
    }
}

impl Kind for air::settings::SecondSource {
    const WANTED: &'static str = "\"standby\", \"refuse\" or \"take-over\"";
    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "standby" => Some(air::settings::SecondSource::Standby),
            "refuse" => Some(air::settings::SecondSource::Refuse),
            "take-over" => Some(air::settings::SecondSource::TakeOver),
            _ => None,
        }
    }
    fn show(&self) -> Option<String> {
        Some(match self {
            air::settings::SecondSource::Standby => "\"standby\"".to_owned(),
            air::settings::SecondSource::Refuse => "\"refuse\"".to_owned(),
            air::settings::SecondSource::TakeOver => "\"take-over\"".to_owned(),
        })
    }
}
