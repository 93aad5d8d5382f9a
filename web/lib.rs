//! What the browser gets: the player, the styles, their compressed copies and names.
//!
//! The files are bundled when this crate is built (see `build.rs`) and named by their content, so that a browser may
//! keep them for ever. A page asks for [`path`] by the name it knows; the door answers with [`asset`] by the name that
//! the browser asks for.
//!
//! Start at [`path`].

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A finished file, in every form that it is sent in.
#[derive(Debug)]
pub struct Asset {
    /// The name that pages know it by: `site.css`.
    pub name: &'static str,
    /// Its address, which changes with its content: `/assets/site-X4K2V7QA.css`.
    pub path: &'static str,
    /// Its media type, ready for the header.
    pub media_type: &'static str,
    /// Its bytes as they are.
    pub identity: &'static [u8],
    /// Its bytes compressed with gzip.
    pub gzip: &'static [u8],
    /// Its bytes compressed with brotli.
    pub brotli: &'static [u8],
    /// A hash of its bytes, without quotes: what a door makes an entity tag of, one for each form.
    pub etag: &'static str,
}

impl Asset {
    /// The last part of its address: `site-X4K2V7QA.css`.
    pub fn file_name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

/// Every asset, by name.
pub fn all() -> &'static [Asset] {
    ASSETS
}

/// The asset that a browser asks for by the last part of its address: `site-X4K2V7QA.css`.
pub fn asset(file_name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.file_name() == file_name)
}

/// The asset that a page knows by `name`: `site.css`.
pub fn named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The address of the asset that a page knows by `name`.
///
/// # Panics
/// If there is no asset of that name; where a stranger chooses the name, ask [`named`].
pub fn path(name: &str) -> &'static str {
    named(name).unwrap_or_else(|| panic!("the browser's part has no `{name}`")).path
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What a reader on one bar of signal waits for: the first script and the styles, compressed.
    const SCRIPT_BYTES_MAX: usize = 40 * 1024;
    const STYLES_BYTES_MAX: usize = 16 * 1024;
    /// What somebody waits for who wants to write on that signal, once.
    const EDITOR_BYTES_MAX: usize = 90 * 1000;

    #[test]
    fn the_first_script_and_the_styles_stay_within_their_budget() {
        let (script, styles) = (named("site.js").unwrap(), named("site.css").unwrap());
        assert!(script.gzip.len() <= SCRIPT_BYTES_MAX, "site.js is {} bytes", script.gzip.len());
        assert!(styles.gzip.len() <= STYLES_BYTES_MAX, "site.css is {} bytes", styles.gzip.len());
    }

    #[test]
    fn the_editor_stays_within_its_budget_and_out_of_every_other_script() {
        let editor = named("editor.js").unwrap();
        assert!(editor.brotli.len() <= EDITOR_BYTES_MAX, "editor.js is {} bytes", editor.brotli.len());
        for name in ["site.js", "desk.js"] {
            let script = std::str::from_utf8(named(name).unwrap().identity).unwrap();
            assert!(!script.contains("ProseMirror"), "{name} carries the editor");
        }
    }

    #[test]
    fn the_rewind_library_is_a_file_of_its_own() {
        let script = std::str::from_utf8(named("site.js").unwrap().identity).unwrap();
        assert!(all().len() > 2, "there is no file beside the entry points");
        assert!(!script.contains("EXT-X-"), "the first script carries the HLS library");
    }

    #[test]
    fn a_file_that_a_script_loads_later_is_served_too() {
        let script = std::str::from_utf8(named("site.js").unwrap().identity).unwrap();
        let mut later = script.split("import(\"./").skip(1).filter_map(|rest| rest.split('"').next()).peekable();
        assert!(later.peek().is_some(), "the first script loads nothing later");
        for file in later {
            assert!(asset(file).is_some(), "{file} is loaded but not served");
        }
    }

    #[test]
    fn every_address_is_named_by_content_and_found_by_it() {
        let paths: HashSet<_> = all().iter().map(|asset| asset.path).collect();
        assert_eq!(paths.len(), all().len());
        for one in all() {
            assert_ne!(one.file_name(), one.name, "{} is not named by its content", one.name);
            assert_eq!(asset(one.file_name()).map(|a| a.path), Some(one.path));
            assert!(one.brotli.len() < one.identity.len(), "{} does not compress", one.name);
        }
    }

    #[test]
    fn an_unknown_name_leads_nowhere() {
        assert!(asset("site.js").is_none());
        assert!(asset("../Cargo.toml").is_none());
        assert!(named("nothing.js").is_none());
    }
}
