//! The settings file of a new station, with a password of its own for encoders.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use crate::settings::Secret;

/// Writes `file`: `comment` first, then the password for encoders, then `more`.
pub(super) fn write(file: &Path, comment: &str, more: &str) -> anyhow::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).with_context(|| format!("could not make the folder {}", dir.display()))?;
    let text = format!(
        "{comment} `groundwave config --data {}` prints everything that can be set.\n\n[air]\nsource_password = \"{}\"\n\n{more}",
        dir.display(),
        random_word()?.reveal(),
    );
    // It holds a password: nobody else on the machine need read it.
    let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(file);
    made.and_then(|mut made| made.write_all(text.as_bytes()))
        .with_context(|| format!("could not write {}", file.display()))
}

/// Sixteen letters and digits that nobody can guess and everybody can type.
fn random_word() -> anyhow::Result<Secret> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = [0u8; 16];
    getrandom::fill(&mut chance).context("the machine gives no random numbers")?;
    Ok(Secret::new(chance.map(|byte| char::from(LETTERS[usize::from(byte % 32)])).into_iter().collect::<String>()))
}
