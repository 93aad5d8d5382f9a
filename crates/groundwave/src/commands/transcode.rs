//! `groundwave transcode-child`: what the station starts for each sound that is decoded or encoded. Not for people.

use std::process::ExitCode;

use air::transcode::child;

/// Serves the parent until it is done.
pub(super) fn run() -> ExitCode {
    child::run()
}
