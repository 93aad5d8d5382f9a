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

/// An entry that a section may have any number of, as `[[section.name]]`: each key with its sentence, its type and its
/// default.
macro_rules! entry {
    (
        $(#[doc = $entry_doc:literal])*
        pub struct $name:ident in $section:literal $entry:literal {
            $( $(#[doc = $doc:literal])* $key:ident: $kind:ty = $default:expr, )*
        }
    ) => {
        $(#[doc = $entry_doc])*
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
            fn read_all(reader: &mut $crate::settings::table::Reader) -> Vec<Self> {
                let count = reader.enter_all($section, $entry, &[$( stringify!($key) ),*]);
                let read = |at| {
                    let (defaults, place) = (Self::default(), $crate::settings::table::Place($section, $entry, at));
                    Self { $( $key: reader.take_from(place, stringify!($key), defaults.$key), )* }
                };
                (0..count).map(read).collect()
            }

            fn print_all(all: &[Self]) -> String {
                if all.is_empty() {
                    // The file is the manual: what could stand here is shown as a comment.
                    return $crate::settings::table::commented(&Self::default().print());
                }
                all.iter().map(Self::print).collect::<Vec<_>>().join("\n")
            }

            fn print(&self) -> String {
                let mut lines = vec![$( format!("#{}", $entry_doc), )* format!("[[{}.{}]]", $section, $entry)];
                $(
                    $( lines.push(format!("#{}", $doc)); )*
                    lines.push($crate::settings::table::line(stringify!($key), &self.$key));
                )*
                lines.join("\n") + "\n"
            }
        }
    };
}
pub(super) use entry;

/// Where an entry stands: its section, its name, and its place among its like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub &'static str, pub &'static str, pub usize);

/// Text of which nothing is in force.
pub(super) fn commented(text: &str) -> String {
    text.lines().map(|line| if line.starts_with('#') { format!("{line}\n") } else { format!("# {line}\n") }).collect()
}

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
    /// What a section may have many of: the section and the name.
    entries: Vec<(&'static str, &'static str)>,
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
        let (sections, entries, keys_known, faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let file = file.to_owned();
        Ok(Self { file, text, table: table.into_inner(), environment, sections, entries, keys_known, faults })
    }

    /// Begins a section: any key in it that is not among `known` is a fault.
    pub(super) fn enter(&mut self, section: &'static str, known: &[&'static str]) {
        self.sections.push(section);
        self.keys_known.extend(known.iter().map(|key| variable(section, key)));
        let mut wrong = Vec::new();
        match self.table.get(section).map(|value| (value.span(), value.get_ref())) {
            None => {}
            Some((_, DeValue::Table(table))) => {
                let is_entry = |key: &str| self.entries.contains(&(section, key));
                let is_known = |key: &str| known.contains(&key) || is_entry(key);
                for key in table.keys().filter(|key| !is_known(key.get_ref().as_ref())) {
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

    /// Begins the entries of a name; how many there are. Call it before their section is entered.
    pub(super) fn enter_all(&mut self, section: &'static str, name: &'static str, known: &[&'static str]) -> usize {
        self.entries.push((section, name));
        let shown = format!("[{section}.{name}]");
        let mut wrong = Vec::new();
        let count = match self.find(section, name).map(|value| (value.span(), value.get_ref())) {
            None => 0,
            Some((_, DeValue::Array(items))) if items.iter().all(|item| item.get_ref().is_table()) => {
                for table in items.iter().filter_map(|item| item.get_ref().as_table()) {
                    for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
                        wrong.push((key.span().start, unknown_key(key.get_ref(), &shown, known)));
                    }
                }
                items.len()
            }
            Some((span, _)) => {
                wrong.push((span.start, format!("`{name}` may stand many times: write [{shown}] on a line for each")));
                0
            }
        };
        for (byte, message) in wrong {
            self.fault_at(byte, message);
        }
        count
    }

    /// The value of a key of an entry: the file's, or `default`.
    pub(super) fn take_from<K: Kind>(&mut self, place: Place, key: &str, default: K) -> K {
        let Some(value) = self.find_in(place, key) else { return default };
        let (byte, read) = (value.span().start, plain(value.get_ref()).as_ref().and_then(K::read));
        read.unwrap_or_else(|| {
            self.fault_at(byte, format!("`{key}` in [[{}.{}]] wants {}", place.0, place.1, K::WANTED));
            default
        })
    }

    /// A fault of an entry: of a key's value, or of the entry if the key is not there.
    pub(super) fn fault_in(&mut self, place: Place, key: &str, message: String) {
        let entry = || self.find(place.0, place.1)?.get_ref().as_array()?.get(place.2);
        let byte = self.find_in(place, key).or_else(entry).map_or(0, |value| value.span().start);
        self.fault_at(byte, message);
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

    fn find_in(&self, place: Place, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        self.find(place.0, place.1)?.get_ref().as_array()?.get(place.2)?.get_ref().as_table()?.get(key)
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
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().map(toml::Value::from),
        DeValue::Array(items) => {
            items.iter().map(|item| plain(item.get_ref())).collect::<Option<Vec<_>>>().map(toml::Value::from)
        }
        _ => None,
    }
}
