//! An Icecast's configuration as ours.
//!
//! What an `icecast.xml` says becomes the settings that it amounts to here; what has no counterpart is told with its
//! line, and with what to do instead. Nothing is left out in silence: every element is either taken over or told.
//!
//! Start at [`translate`].

mod draft;
mod mount;

use std::fmt;

use roxmltree::{Document, Node};
use toml::Value;

use draft::Draft;

/// The bytes of a second at the bit rate that most streams have: Icecast measures a burst in bytes, we in seconds.
const BYTES_PER_SECOND: u32 = 16_000;
/// The password that everybody's first configuration has.
const EXAMPLE_PASSWORD: &str = "hackme";

/// A configuration as ours, and what of it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The settings, as TOML.
    pub settings: String,
    /// What was not taken over, or not as it was, in the order of the file.
    pub notes: Vec<Note>,
    /// How many elements were taken over.
    pub taken: usize,
}

/// Something that was not taken over, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its line, counted from 1.
    pub line: u32,
    /// The element: `<queue-size>`.
    pub element: String,
    /// Why, and what to do instead.
    pub why: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: <{}>: {}", self.line, self.element, self.why)
    }
}

/// Why a file is no configuration of an Icecast's.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not XML.
    #[error("it is not XML: {0}")]
    Xml(#[from] roxmltree::Error),
    /// Its outermost element is another one.
    #[error("its outermost element is <{0}>, not <icecast>")]
    Root(String),
}

/// Reads an `icecast.xml`.
pub fn translate(xml: &str) -> Result<Translation, Unreadable> {
    let document = Document::parse(xml)?;
    let root = document.root_element();
    if root.tag_name().name() != "icecast" {
        return Err(Unreadable::Root(root.tag_name().name().to_owned()));
    }
    let mut translator = Translator { root, draft: Draft::default(), notes: Vec::new(), taken: 0 };
    translator.run();
    let Translator { draft, mut notes, taken, .. } = translator;
    notes.sort_by_key(|note| note.line);
    Ok(Translation { settings: draft.write(), notes, taken })
}

/// Goes through a configuration.
struct Translator<'a> {
    root: Node<'a, 'a>,
    draft: Draft,
    notes: Vec<Note>,
    taken: usize,
}

impl<'a> Translator<'a> {
    fn run(&mut self) {
        for element in elements(self.root) {
            match element.tag_name().name() {
                "limits" => self.limits(element),
                "authentication" => self.authentication(element),
                "directory" => self.directory(element),
                "listen-socket" => self.listen_socket(element),
                "http-headers" => self.headers(element, "air"),
                "relay" => self.relay(element),
                "mount" => self.mount(element),
                "paths" => self.paths(element),
                "logging" => self.logging(element),
                "security" => {
                    self.all_told(element, "the machine's service manager decides who runs the program, and where")
                }
                _ => self.plain(element),
            }
        }
    }

    /// An element that stands alone at the top.
    fn plain(&mut self, element: Node<'a, 'a>) {
        match element.tag_name().name() {
            "hostname" => self.text(element, "air", "public_name"),
            "location" => self.text(element, "air", "location"),
            "admin" => self.text(element, "air", "contact"),
            "shoutcast-mount" => self.push("air", "shoutcast_mounts", text(element)),
            "master-server" => {
                let port = self.sibling("master-server-port").unwrap_or("8000");
                let server = format!("http://{}:{port}", text(element));
                self.set(element, "master", "server", Value::from(server));
            }
            // Taken with the server.
            "master-server-port" => self.taken += 1,
            "master-update-interval" => self.number(element, "master", "update_seconds", |seconds| seconds.max(5)),
            "master-username" => self.text(element, "master", "user"),
            "master-password" => self.text(element, "master", "password"),
            "relays-on-demand" => self.truth(element, "master", "on_demand"),
            "fileserve" => self.note(
                element,
                "files are not served from a folder; the station's pages and pieces have addresses of their own",
            ),
            "server-id" => self.note(element, "the server says what it is: Groundwave"),
            _ => self.note(element, "there is no such setting here"),
        }
    }

    fn limits(&mut self, limits: Node<'a, 'a>) {
        for element in elements(limits) {
            match element.tag_name().name() {
                "clients" => self.number(element, "air", "listeners_max", |clients| clients),
                "sources" => self.number(element, "air", "sources_max", |sources| sources),
                "header-timeout" => {
                    self.number(element, "door", "head_timeout_ms", |s| (s * 1_000).clamp(500, 120_000))
                }
                "source-timeout" => {
                    self.number(element, "air", "source_timeout_ms", |s| (s * 1_000).clamp(2_000, 600_000))
                }
                "burst-on-connect" if is_true(element) => self.taken += 1,
                "burst-on-connect" => self.set(element, "air", "burst_seconds", Value::from(0)),
                "burst-size" if self.has_burst() => self.burst(element, "air"),
                "burst-size" => self.note(element, "<burst-on-connect> says that there is none"),
                "queue-size" => self.note(element, "not needed: a listener who falls behind is moved to the present"),
                "client-timeout" => self.note(element, "not needed: who takes nothing for 30 seconds is closed"),
                "threadpool" | "workers" => self.note(element, "not needed; see `fan_out_threads` in [air]"),
                _ => self.note(element, "there is no such limit here"),
            }
        }
    }

    fn authentication(&mut self, authentication: Node<'a, 'a>) {
        for element in elements(authentication) {
            let key = match element.tag_name().name() {
                "source-password" => "source_password",
                "relay-user" => "relay_user",
                "relay-password" => "relay_password",
                "admin-user" => "admin_user",
                "admin-password" => "admin_password",
                _ => {
                    self.note(element, "there is no such password here");
                    continue;
                }
            };
            self.text(element, "air", key);
            self.warn_of_example(element);
        }
    }

    fn directory(&mut self, directory: Node<'a, 'a>) {
        for element in elements(directory) {
            match element.tag_name().name() {
                "yp-url" => self.push("directory", "urls", text(element)),
                "yp-url-timeout" => {
                    self.number(element, "directory", "timeout_seconds", |seconds| seconds.clamp(1, 60))
                }
                _ => self.note(element, "directories are not told this"),
            }
        }
    }

    /// The file with the certificate, if one is named.
    fn certificate(&self) -> Option<Node<'a, 'a>> {
        let paths = child(self.root, "paths")?;
        child(paths, "ssl-certificate").or_else(|| child(paths, "tls-certificate"))
    }

    fn listen_socket(&mut self, socket: Node<'a, 'a>) {
        let address = child(socket, "bind-address").map_or("0.0.0.0", text);
        let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let port = child(socket, "port").map_or("8000", text);
        let is_tls = ["ssl", "tls"].iter().filter_map(|name| child(socket, name)).any(is_true);
        let is_shoutcast = child(socket, "shoutcast-mount").is_some();
        for element in elements(socket) {
            match element.tag_name().name() {
                // Taken with the port.
                "bind-address" => self.taken += 1,
                "port" if is_tls && self.certificate().is_none() => {
                    self.note(element, "TLS is not spoken without a certificate; name one in [tls]");
                }
                "port" if is_tls => self.push("tls", "listen", &format!("{address}:{port}")),
                "port" if is_shoutcast => {
                    self.set(element, "air", "shoutcast_listen", Value::from(format!("{address}:{port}")));
                }
                "port" => self.push("door", "listen", &format!("{address}:{port}")),
                "shoutcast-mount" => self.push("air", "shoutcast_mounts", text(element)),
                // Taken with the port.
                "ssl" | "tls" => self.taken += 1,
                "shoutcast-compat" => {
                    self.note(element, "not needed: the port above `shoutcast_listen` is opened by itself");
                }
                _ => self.note(element, "a door has no such setting here"),
            }
        }
    }

    fn headers(&mut self, headers: Node<'a, 'a>, section: &'static str) {
        for element in elements(headers) {
            match (element.attribute("name"), element.attribute("value"), element.attribute("status")) {
                (Some(name), Some(value), None) => self.push(section, "headers", &format!("{name}: {value}")),
                (_, _, Some(_)) => self.note(element, "fields are set for listeners' answers, not for a status"),
                _ => self.note(element, "a field wants a name and a value"),
            }
        }
    }

    fn relay(&mut self, relay: Node<'a, 'a>) {
        if child(relay, "server").is_none() {
            return self.note(relay, "it names no server");
        }
        self.draft.begin("air.relay");
        let value = |name, default| child(relay, name).map_or(default, text);
        let (port, mount) = (value("port", "8000"), value("mount", "/"));
        for element in elements(relay) {
            match element.tag_name().name() {
                "server" => {
                    let from = format!("http://{}:{port}{mount}", text(element));
                    self.set(element, "air.relay", "from", Value::from(from));
                }
                // Taken with the server.
                "port" | "mount" => self.taken += 1,
                "local-mount" => self.text(element, "air.relay", "mount"),
                "on-demand" => self.truth(element, "air.relay", "on_demand"),
                "relay-shoutcast-metadata" => self.truth(element, "air.relay", "titles"),
                "username" => self.text(element, "air.relay", "user"),
                "password" => self.text(element, "air.relay", "password"),
                _ => self.note(element, "a relay has no such setting here"),
            }
        }
        let is_on_demand = self.sibling("relays-on-demand") == Some("1");
        if child(relay, "on-demand").is_none() && is_on_demand {
            self.draft.set("air.relay", "on_demand", Value::from(true));
        }
    }

    fn paths(&mut self, paths: Node<'a, 'a>) {
        for element in elements(paths) {
            match element.tag_name().name() {
                "deny-ip" => self.text(element, "air", "deny_file"),
                "allow-ip" => self.text(element, "air", "allow_file"),
                "alias" => self.note(
                    element,
                    "there are no aliases; the front page is the station's, and a mount has one address",
                ),
                "ssl-certificate" | "tls-certificate" => {
                    if !self.draft.has("tls", "key") {
                        // Without a file of its own, the key stands in the certificate's.
                        let key = child(paths, "ssl-private-key").unwrap_or(element);
                        self.draft.set("tls", "key", Value::from(text(key)));
                    }
                    self.text(element, "tls", "certificate");
                }
                // Taken with the certificate.
                "ssl-private-key" => self.taken += 1,
                "ssl-allowed-ciphers" => self
                    .note(element, "not set: only TLS 1.2 and 1.3 are spoken, with ciphers that are held to be safe"),
                // Its part is played by the log and by intros.
                "logdir" | "webroot" => self.taken += 1,
                "x-forwarded-for" => self.push("door", "proxies", text(element)),
                _ => self.note(element, "not needed: everything is kept in the data folder"),
            }
        }
    }

    fn logging(&mut self, logging: Node<'a, 'a>) {
        let dir = child(self.root, "paths").and_then(|paths| child(paths, "logdir")).map_or(".", text).to_owned();
        for element in elements(logging) {
            match element.tag_name().name() {
                "accesslog" => {
                    self.set(element, "access_log", "dir", Value::from(dir.as_str()));
                    self.note(element, "one file a day; listeners' addresses stand in it only in the windows that `reporting` in [access_log] names");
                }
                "loglevel" => {
                    let level = ["error", "warn", "info", "debug"];
                    let number = text(element).parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                    match number.and_then(|number| level.get(number)) {
                        Some(level) => self.set(element, "log", "level", Value::from(*level)),
                        None => self.note(element, "it is none of 1 to 4"),
                    }
                }
                "playlistlog" => self.note(element, "what was played is kept by the station, not in a log file"),
                "errorlog" => self
                    .note(element, "what the program says goes to its error output, which the service manager keeps"),
                _ => self
                    .note(element, "not needed: the access log has one file a day; the rest is the service manager's"),
            }
        }
    }

    /// Tells of everything within an element, in the same words.
    fn all_told(&mut self, within: Node<'a, 'a>, why: &str) {
        elements(within).for_each(|element| self.note(element, why));
    }

    // What can be done with one element.

    fn set(&mut self, element: Node<'a, 'a>, section: &'static str, key: &'static str, value: Value) {
        if self.draft.has(section, key) {
            return self.note(element, "it stands here a second time; the first counts");
        }
        self.draft.set(section, key, value);
        self.taken += 1;
    }

    fn push(&mut self, section: &'static str, key: &'static str, value: &str) {
        self.draft.push(section, key, value);
        self.taken += 1;
    }

    fn text(&mut self, element: Node<'a, 'a>, section: &'static str, key: &'static str) {
        self.set(element, section, key, Value::from(text(element)));
    }

    fn truth(&mut self, element: Node<'a, 'a>, section: &'static str, key: &'static str) {
        self.set(element, section, key, Value::from(is_true(element)));
    }

    /// A number, as ours. Where ours has other bounds, that is told.
    fn number(&mut self, element: Node<'a, 'a>, section: &'static str, key: &'static str, ours: fn(u32) -> u32) {
        let Ok(theirs) = text(element).parse::<u32>() else { return self.note(element, "it is no number") };
        // In bounds that no product of ours leaves.
        self.set(element, section, key, Value::from(i64::from(ours(theirs.min(4_000_000)))));
    }

    fn burst(&mut self, element: Node<'a, 'a>, section: &'static str) {
        let Ok(bytes) = text(element).parse::<u32>() else { return self.note(element, "it is no number") };
        let seconds = (bytes.saturating_add(BYTES_PER_SECOND / 2) / BYTES_PER_SECOND).min(30);
        self.set(element, section, "burst_seconds", Value::from(i64::from(seconds)));
        self.note(element, &format!("a burst is measured in time: {seconds} s, which is that size at 128 kbit/s"));
    }

    fn note(&mut self, element: Node<'a, 'a>, why: &str) {
        let line = element.document().text_pos_at(element.range().start).row;
        let element = element.tag_name().name().to_owned();
        self.notes.push(Note { line, element, why: why.to_owned() });
    }

    fn warn_of_example(&mut self, element: Node<'a, 'a>) {
        if text(element) == EXAMPLE_PASSWORD {
            self.note(
                element,
                "this is the password of every example; choose one of your own before you open the door",
            );
        }
    }

    /// The text of an element at the top.
    fn sibling(&self, name: &str) -> Option<&'a str> {
        child(self.root, name).map(text)
    }

    fn has_burst(&self) -> bool {
        child(self.root, "limits").and_then(|limits| child(limits, "burst-on-connect")).is_none_or(is_true)
    }
}

fn elements<'a>(node: Node<'a, 'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(Node::is_element)
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    elements(node).find(|element| element.tag_name().name() == name)
}

fn text<'a>(node: Node<'a, 'a>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

fn is_true(node: Node<'_, '_>) -> bool {
    matches!(text(node), "1" | "true" | "yes" | "on")
}

#[cfg(test)]
mod tests;
