//! What a person can ask of the program: one file for each command.

mod air;
mod check;
mod config;
mod demo;
mod first_settings;
mod import;
mod init;
mod library;
mod piece;
mod serve;
mod transcode;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use station::Service;

use crate::settings::Settings;

/// One radio station, on the air and on the page.
#[derive(Debug, Parser)]
#[command(name = "groundwave", version, about, max_term_width = 100)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a demonstration station, making what is missing
    Demo(demo::Demo),
    /// Make a station where there is none yet
    Init(init::Init),
    /// Put the station on the air and its pages on the net
    Serve(serve::Serve),
    /// Say who may come in at the desk
    User(user::User),
    /// Take in stories, sound, rotations, or an Icecast's configuration, from elsewhere
    Import(import::Import),
    /// List the pieces that automation can play
    Library(library::Library),
    /// Show a piece of the library, or change what the rotation knows of it
    Piece(piece::PieceCommand),
    /// Speak to the station that is on the air: what is on, and what should be
    Air(air::Air),
    /// Say whether folder, store and ports are fit, before anything starts
    Check(check::Check),
    /// Print the settings in force, each with its meaning
    Config(config::Config),
    /// Decode or encode for a running station, locked in; the station starts it
    #[command(name = crate::sound::CHILD, hide = true)]
    TranscodeChild,
}

/// Where a command finds its settings.
#[derive(Debug, Default, Args)]
struct Place {
    /// The settings file [default: groundwave.toml in the data folder or here, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder; has the last word over the settings
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    /// The settings in force.
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = Settings::load(self.file().as_deref())?;
        if let Some(dir) = &self.data {
            settings.data.dir = dir.clone();
        }
        Ok(settings)
    }

    fn file(&self) -> Option<PathBuf> {
        let customary = || {
            let beside_the_data = self.data.iter().map(|dir| dir.join("groundwave.toml"));
            beside_the_data.chain([PathBuf::from("groundwave.toml")]).find(|path| path.is_file())
        };
        self.config.clone().or_else(customary)
    }
}

/// The service of that name.
fn choose_service(services: Vec<Service>, slug: &str) -> anyhow::Result<Service> {
    let known = services.iter().map(|service| service.slug.as_str()).collect::<Vec<_>>().join(", ");
    let found = services.into_iter().find(|service| service.slug.as_str() == slug);
    found.with_context(|| format!("no service is called `{slug}`; there are {known}"))
}

/// Does what the command line asks, and says how it went.
pub fn run(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match Line::try_parse_from(line) {
        Ok(line) => line,
        Err(told) => {
            // Help and version are not errors; clap knows which is which and where each is printed.
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let done = match line.command {
        Command::Demo(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::User(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Library(command) => command.run(),
        Command::Piece(command) => command.run(),
        Command::Air(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::TranscodeChild => Ok(transcode::run()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("groundwave: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with all its causes, as one sentence.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The runtime that the asynchronous rooms share.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
