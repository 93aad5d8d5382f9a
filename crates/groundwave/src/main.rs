//! Groundwave: one radio station, on the air and on the page.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    groundwave::commands::run(std::env::args_os())
}
