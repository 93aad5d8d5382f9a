//! What a setting can be, and how each kind is read and shown.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use toml::Value;

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

impl<K: Kind> Kind for Option<K> {
    const WANTED: &'static str = K::WANTED;
    fn read(value: &Value) -> Option<Self> {
        K::read(value).map(Some)
    }
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Kind::show)
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
