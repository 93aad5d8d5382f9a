//! A settings file that is being written.

use toml::Value;

/// The order in which sections stand.
const ORDER: [&str; 9] = ["door", "tls", "air", "air.mount", "air.relay", "master", "directory", "access_log", "log"];
/// The sections that may stand many times.
const ENTRIES: [&str; 2] = ["air.mount", "air.relay"];

/// A settings file that is being written: sections, each with its keys in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Draft(Vec<Section>);

#[derive(Debug)]
struct Section {
    name: &'static str,
    keys: Vec<(&'static str, Value)>,
}

impl Draft {
    /// Begins one more of a section that may stand many times; what is set in it goes there.
    pub fn begin(&mut self, name: &'static str) {
        self.0.push(Section { name, keys: Vec::new() });
    }

    pub fn has(&self, section: &str, key: &str) -> bool {
        let found = self.0.iter().rev().find(|known| known.name == section);
        found.is_some_and(|section| section.keys.iter().any(|(known, _)| *known == key))
    }

    pub fn set(&mut self, section: &'static str, key: &'static str, value: Value) {
        self.section(section).keys.push((key, value));
    }

    /// Adds to a list.
    pub fn push(&mut self, section: &'static str, key: &'static str, value: &str) {
        let section = self.section(section);
        match section.keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Value::Array(list))) => list.push(Value::from(value)),
            _ => section.keys.push((key, Value::from(vec![Value::from(value)]))),
        }
    }

    /// The file.
    pub fn write(&self) -> String {
        let written = |section: &Section| {
            let heading = match ENTRIES.contains(&section.name) {
                true => format!("[[{}]]", section.name),
                false => format!("[{}]", section.name),
            };
            let keys: String = section.keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            format!("{heading}\n{keys}")
        };
        let in_order = ORDER.iter().flat_map(|name| self.0.iter().filter(move |section| section.name == *name));
        in_order.map(written).collect::<Vec<_>>().join("\n")
    }

    fn section(&mut self, name: &'static str) -> &mut Section {
        let at = self.0.iter().rposition(|section| section.name == name).unwrap_or_else(|| {
            self.begin(name);
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}
