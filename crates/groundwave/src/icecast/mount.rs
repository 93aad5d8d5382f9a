//! `<mount>`: what an Icecast says of one mount, or of all that it says nothing of.

use std::path::Path;

use roxmltree::Node;
use toml::Value;

use super::{Translator, child, elements, is_true, text};

/// Where the terms of a mount stand.
const SECTION: &str = "air.mount";

impl<'a> Translator<'a> {
    pub(super) fn mount(&mut self, mount: Node<'a, 'a>) {
        let is_default = mount.attribute("type") == Some("default");
        let path = child(mount, "mount-name").map(text);
        let Some(path) = path.or_else(|| is_default.then_some("*")) else {
            return self.note(mount, "it has no <mount-name>");
        };
        self.draft.begin(SECTION);
        self.draft.set(SECTION, "path", Value::from(path));
        for element in elements(mount) {
            self.mount_element(mount, element);
        }
    }

    fn mount_element(&mut self, mount: Node<'a, 'a>, element: Node<'a, 'a>) {
        let is_on = |name| child(mount, name).is_some_and(is_true);
        match element.tag_name().name() {
            "mount-name" => self.taken += 1,
            "username" => self.text(element, SECTION, "source_user"),
            "password" => {
                self.text(element, SECTION, "source_password");
                self.warn_of_example(element);
            }
            "max-listeners" if text(element) == "-1" => self.taken += 1,
            "max-listeners" => self.number(element, SECTION, "listeners_max", |listeners| listeners),
            "max-listener-duration" => self.number(element, SECTION, "listener_seconds_max", |seconds| seconds),
            "hidden" => self.truth(element, SECTION, "hidden"),
            "public" if text(element) == "-1" => self.taken += 1,
            "public" => self.truth(element, SECTION, "public"),
            "no-yp" if is_true(element) => self.set(element, SECTION, "public", Value::from(false)),
            "no-yp" => self.taken += 1,
            "intro" => self.intro(element),
            "burst-size" => self.burst(element, SECTION),
            "fallback-mount" if is_on("fallback-when-full") => {
                self.text(element, SECTION, "fallback_when_full");
                self.note(element, "only for when the mount is full; for when its source is gone, let the backup sign in to this mount as user `backup`");
            }
            "fallback-mount" => {
                self.note(element, "not needed for automation or a backup encoder: let the backup sign in to this mount as user `backup`; `/admin/fallbacks` sets one by hand");
            }
            // Taken, or told, with the mount that is fallen back to.
            "fallback-when-full" | "fallback-override" => self.taken += 1,
            "stream-name" => self.text(element, SECTION, "name"),
            "stream-description" => self.text(element, SECTION, "description"),
            "stream-url" => self.text(element, SECTION, "url"),
            "genre" => self.text(element, SECTION, "genre"),
            "authentication" => self.mount_authentication(element),
            "http-headers" => self.headers(element, SECTION),
            "bitrate" | "type" | "subtype" => self.note(element, "not needed: the stream itself is looked at"),
            "charset" => self.note(element, "not needed: titles are UTF-8, and what is not is read as Latin-1"),
            "mp3-metadata-interval" => self.note(element, "it is 16000 for every mount"),
            "queue-size" => self.note(element, "not needed: a listener who falls behind is moved to the present"),
            "dump-file" => self.note(element, "not needed: what a service airs can be kept and cut by the schedule"),
            "on-connect" | "on-disconnect" => {
                self.note(
                    element,
                    "no program is started; `mount_add` and `mount_remove` of the mount tell an address",
                );
            }
            _ => self.note(element, "a mount has no such setting here"),
        }
    }

    /// Icecast looks for intros below its web folder.
    fn intro(&mut self, element: Node<'a, 'a>) {
        let webroot = child(self.root, "paths").and_then(|paths| child(paths, "webroot")).map_or("", text);
        let file = Path::new(webroot).join(text(element).trim_start_matches('/'));
        self.set(element, SECTION, "intro", Value::from(file.display().to_string()));
        self.note(element, "the program does not start if this file is missing or in another codec than the mount");
    }

    fn mount_authentication(&mut self, authentication: Node<'a, 'a>) {
        match authentication.attribute("type") {
            Some("url") => elements(authentication).for_each(|option| self.url_option(option)),
            Some("htpasswd") => {
                self.note(
                    authentication,
                    "listeners' passwords are not kept in a file here; a service at `listener_add` can know them",
                );
            }
            _ => self.note(authentication, "it is neither `url` nor `htpasswd`"),
        }
    }

    fn url_option(&mut self, option: Node<'a, 'a>) {
        let (name, value) = (option.attribute("name").unwrap_or_default(), option.attribute("value"));
        let Some(value) = value.map(str::trim) else { return self.note(option, "it has no value") };
        let key =
            match name {
                "listener_add" => "listener_add",
                "listener_remove" => "listener_remove",
                "mount_add" => "mount_add",
                "mount_remove" => "mount_remove",
                "stream_auth" => "stream_auth",
                "username" => "auth_user",
                "password" => "auth_password",
                "header_prefix" => "auth_header_prefix",
                "headers" => {
                    value.split(',').for_each(|header| self.draft.push(SECTION, "auth_headers", header.trim()));
                    self.taken += 1;
                    return;
                }
                _ => return self.note(
                    option,
                    &format!(
                        "`{name}` is not known here; `icecast-auth-user: 1` lets in, `icecast-auth-timelimit` limits"
                    ),
                ),
            };
        self.set(option, SECTION, key, Value::from(value));
    }
}
