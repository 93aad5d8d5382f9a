//! What the site is set to.

use std::path::PathBuf;

use station::Station;

/// What the machine's operator decides about the site.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A folder of templates that override the built-in ones file by file; none by default.
    pub theme_dir: Option<PathBuf>,
    /// True (the default) if the public reaches the site by `https`: it decides how whole addresses are written.
    pub is_https: bool,
    /// For how long a browser that came by `https` shall come by nothing else, in seconds; a year by default, 0 says nothing.
    pub hsts_seconds: u64,
    /// The port in whole addresses; none by default, which is the scheme's own.
    pub port: Option<u16>,
    /// How much memory kept pages may take, in bytes; 64 MiB by default.
    pub page_cache_bytes_max: usize,
    /// How many browsers may follow what is on at one time; 20,000 by default. Each costs an open connection.
    pub followers_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme_dir: None,
            is_https: true,
            hsts_seconds: 365 * 24 * 3_600,
            port: None,
            page_cache_bytes_max: 64 * 1024 * 1024,
            followers_max: 20_000,
        }
    }
}

impl Settings {
    /// For how many seconds a browser shall come by `https` only, if it is told so.
    pub fn hsts(&self) -> Option<u64> {
        Some(self.hsts_seconds).filter(|seconds| self.is_https && *seconds > 0)
    }

    /// Where a station's site stands, without a slash at the end. It is made of the name that the station prefers, never
    /// of what a request says.
    pub fn origin(&self, station: &Station) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let host = station.host_names.first().map_or("localhost", String::as_str);
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }
}
