//! Reads sections out of a TOML file, remembering where everything stood.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Faults, nearest, place};
use super::kinds::Kind;

/// A section of the settings: each key with its sentence, its type and its default.
///
/// Makes the struct, its defaults, its reader and its printer out of one list, so that they cannot disagree.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])*
        pub struct $name:ident in $section:literal {
            $( $(#[doc = $doc:literal])* $key:ident: $kind:ty = $default:expr, )*
        }
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $doc])* pub $key: $kind, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )* }
            }
        }

        impl $name {
            fn read(reader: &mut $crate::settings::table::Reader) -> Self {
                let defaults = Self::default();
                reader.enter($section, &[$( stringify!($key) ),*]);
                Self { $( $key: reader.take($section, stringify!($key), defaults.$key), )* }
            }

            fn print(&self) -> String {
                let mut lines = vec![$( format!("#{}", $section_doc), )* format!("[{}]", $section)];
                $(
                    $( lines.push(format!("#{}", $doc)); )*
                    lines.push($crate::settings::table::line(stringify!($key), &self.$key));
                )*
                lines.join("\n") + "\n"
            }
        }
    };
}
pub(super) use section;

/// One line of a printed file.
pub(super) fn line<K: Kind>(key: &str, value: &K) -> String {
    match value.show() {
        Some(shown) => format!("{key} = {shown}"),
        None => format!("# {key} = (not shown, or not set)"),
    }
}

/// A file being read: what it says, what the environment says over it, and what is wrong with either.
pub(super) struct Reader<'a> {
    file: String,
    text: &'a str,
    table: DeTable<'a>,
    environment: &'a [(String, String)],
    sections: Vec<&'static str>,
    keys_known: Vec<String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// Parses `text`. Fails only if it is not TOML.
    pub(super) fn new(file: &str, text: &'a str, environment: &'a [(String, String)]) -> Result<Self, Faults> {
        let table = DeTable::parse(text).map_err(|cause| {
            let place = cause.span().map(|span| place(text, span.start));
            Faults(vec![Fault { file: file.to_owned(), place, message: cause.message().to_owned() }])
        })?;
        let (sections, keys_known, faults) = (Vec::new(), Vec::new(), Vec::new());
        let file = file.to_owned();
        Ok(Self { file, text, table: table.into_inner(), environment, sections, keys_known, faults })
    }

    /// Begins a section: any key in it that is not among `known` is a fault.
    pub(super) fn enter(&mut self, section: &'static str, known: &[&'static str]) {
        self.sections.push(section);
        self.keys_known.extend(known.iter().map(|key| variable(section, key)));
        let mut wrong = Vec::new();
        match self.table.get(section).map(|value| (value.span(), value.get_ref())) {
            None => {}
            Some((_, DeValue::Table(table))) => {
                for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
                    wrong.push((key.span().start, unknown_key(key.get_ref(), section, known)));
                }
            }
            Some((span, _)) => {
                wrong.push((span.start, format!("`{section}` is a section: write [{section}] on a line")))
            }
        }
        for (byte, message) in wrong {
            self.fault_at(byte, message);
        }
    }

    /// The value of a key: the environment's, the file's, or `default`.
    pub(super) fn take<K: Kind>(&mut self, section: &str, key: &str, default: K) -> K {
        let name = variable(section, key);
        if let Some((_, text)) = self.environment.iter().find(|(variable, _)| *variable == name) {
            return self.take_variable(&name, text).unwrap_or(default);
        }
        let Some(value) = self.find(section, key) else { return default };
        let (byte, read) = (value.span().start, plain(value.get_ref()).as_ref().and_then(K::read));
        read.unwrap_or_else(|| {
            self.fault_at(byte, format!("`{key}` in [{section}] wants {}", K::WANTED));
            default
        })
    }

    /// A fault unless `value` is within `bounds`.
    pub(super) fn bound(&mut self, section: &str, key: &str, value: u32, bounds: RangeInclusive<u32>) {
        if !bounds.contains(&value) {
            let (low, high) = (bounds.start(), bounds.end());
            self.fault(section, key, format!("`{key}` in [{section}] is {value}; it must be from {low} to {high}"));
        }
    }

    /// A fault of a key's value.
    pub(super) fn fault(&mut self, section: &str, key: &str, message: String) {
        match self.find(section, key).map(|value| value.span().start) {
            Some(byte) => self.fault_at(byte, message),
            None => self.faults.push(Fault { file: variable(section, key), place: None, message }),
        }
    }

    /// All faults, those of unknown sections among them.
    pub(super) fn finish(mut self) -> Result<(), Faults> {
        let unknown: Vec<(usize, String)> = self
            .table
            .keys()
            .filter(|key| !self.sections.contains(&key.get_ref().as_ref()))
            .map(|key| (key.span().start, unknown_section(key.get_ref(), &self.sections)))
            .collect();
        for (byte, message) in unknown {
            self.fault_at(byte, message);
        }
        self.refuse_unknown_variables();
        self.faults.sort_by_key(|fault| fault.place);
        if self.faults.is_empty() { Ok(()) } else { Err(Faults(self.faults)) }
    }

    fn refuse_unknown_variables(&mut self) {
        for (name, _) in self.environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            if self.keys_known.contains(name) || NOT_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let meant = nearest(name, self.keys_known.iter().map(String::as_str));
            let message = match meant {
                Some(meant) => format!("no setting has this name; did you mean {meant}?"),
                None => "no setting has this name; `groundwave config` lists them all".to_owned(),
            };
            self.faults.push(Fault { file: format!("environment variable {name}"), place: None, message });
        }
    }

    fn take_variable<K: Kind>(&mut self, name: &str, text: &str) -> Option<K> {
        let as_toml = text.parse::<toml::Value>().ok().as_ref().and_then(K::read);
        let read = as_toml.or_else(|| K::read(&toml::Value::from(text)));
        if read.is_none() {
            let file = format!("environment variable {name}");
            self.faults.push(Fault { file, place: None, message: format!("wants {}", K::WANTED) });
        }
        read
    }

    fn find(&self, section: &str, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        match self.table.get(section)?.get_ref() {
            DeValue::Table(table) => table.get(key),
            _ => None,
        }
    }

    fn fault_at(&mut self, byte: usize, message: String) {
        self.faults.push(Fault { file: self.file.clone(), place: Some(place(self.text, byte)), message });
    }
}

const PREFIX: &str = "GROUNDWAVE_";

/// Variables that begin like settings and are none: they steer building, not running.
const NOT_SETTINGS: [&str; 1] = ["GROUNDWAVE_WEB_DIST"];

/// The variable of the environment that sets a key.
fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}_{key}").to_ascii_uppercase()
}

fn unknown_key(key: &str, section: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(meant) => format!("unknown key `{key}` in [{section}]; did you mean `{meant}`?"),
        None => format!("unknown key `{key}` in [{section}]; it takes {}", known.join(", ")),
    }
}

fn unknown_section(section: &str, known: &[&str]) -> String {
    match nearest(section, known.iter().copied()) {
        Some(meant) => format!("unknown section [{section}]; did you mean [{meant}]?"),
        None => format!("unknown section [{section}]; there are {}", known.join(", ")),
    }
}

/// A parsed value without its places; `None` for what no setting is (a date, a table, a number out of range).
fn plain(value: &DeValue<'_>) -> Option<toml::Value> {
    match value {
        DeValue::String(text) => Some(toml::Value::from(text.as_ref())),
        DeValue::Boolean(is) => Some(toml::Value::from(*is)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(toml::Value::from),
        DeValue::Array(items) => {
            items.iter().map(|item| plain(item.get_ref())).collect::<Option<Vec<_>>>().map(toml::Value::from)
        }
        _ => None,
    }
}
