//! What the machine lets one program have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files besides connections: rows, logs, kept segments, and what the runtime needs for itself.
const FILES_BESIDES: u64 = 256;

/// Asks for as many open files as `connections` need. A machine that allows fewer gets a warning in the log: it
/// will turn people away on the night when most of them come.
pub fn make_room_for(connections: u32) {
    let wanted = u64::from(connections) + FILES_BESIDES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum: limit.maximum });
    let has = if raised.is_ok() { allowed } else { limit.current.unwrap_or_default() };
    if has < wanted {
        tracing::warn!(
            files_allowed = has,
            files_wanted = wanted,
            "this machine allows fewer open files than connections_max in [door] needs; raise LimitNOFILE or ulimit -n"
        );
    }
}
