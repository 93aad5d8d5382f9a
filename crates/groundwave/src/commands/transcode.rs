//! `groundwave transcode-child`: what the station starts for each sound that is decoded or encoded. Not for people.

use std::path::PathBuf;
use std::process::ExitCode;

use air::transcode::{Workshop, child};

/// Its name on the command line.
pub(super) const NAME: &str = "transcode-child";

/// The running program, even after another has been put in its place on the disk.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Our allocator takes a gigabyte's worth of addresses before anything can forbid it, and hands them out later: the limit of
/// memory would come too late. A child does without.
const NO_RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

/// Starts children that are this very program.
pub fn workshop() -> Workshop {
    workshop_of(THIS_PROGRAM)
}

/// Starts children that are `program`, which has to be this one.
pub fn workshop_of(program: impl Into<PathBuf>) -> Workshop {
    let (name, value) = NO_RESERVE;
    Workshop::new(program, [NAME.into()]).with_environment([(name.into(), value.into())])
}

/// Serves the parent until it is done.
pub(super) fn run() -> ExitCode {
    child::run()
}
