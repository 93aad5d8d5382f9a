//! The log: what the program says while it runs, to standard error.

use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat};

/// Starts the log. Call once.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|cause| {
        anyhow::anyhow!("`level` in [log] is `{}`, which is no log filter: {cause}", settings.level)
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|cause| anyhow::anyhow!("could not start the log: {cause}"))
}
