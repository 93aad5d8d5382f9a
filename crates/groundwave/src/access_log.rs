//! The access log's files: one a day, in a folder, the old ones removed.
//!
//! The air hands over lines from threads that must not wait. So they go into a bounded queue, and a thread of this
//! module's writes them. A line that finds the queue full, or no room on the disk, is lost and counted; the air goes on.
//!
//! Start at [`Files::open`].

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use air::access::Ledger;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// How many lines may wait to be written.
const LINES_WAITING_MAX: usize = 16_384;
/// How long a line may wait in memory for others.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// Hands lines to the thread that writes them.
pub struct Files(SyncSender<(Date, String)>);

impl Files {
    /// Opens the folder, making it if it is missing. Files are kept for so many days.
    pub fn open(dir: &Path, keep_days: u32) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let (lines, waiting) = sync_channel(LINES_WAITING_MAX);
        let keeper = Keeper { dir: dir.to_owned(), keep_days, open: None, is_told: false };
        std::thread::Builder::new().name("access-log".to_owned()).spawn(|| keeper.run(waiting))?;
        Ok(Self(lines))
    }
}

impl Ledger for Files {
    fn take(&self, day: Date, line: String) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.0.try_send((day, line)) {
            metrics::counter!("groundwave_access_lines_lost_total").increment(1);
        }
    }
}

/// Writes lines.
struct Keeper {
    dir: PathBuf,
    keep_days: u32,
    open: Option<(Date, io::BufWriter<File>)>,
    /// Whether the log has been told that lines cannot be written.
    is_told: bool,
}

impl Keeper {
    /// Writes until nobody hands lines over any more.
    fn run(mut self, waiting: Receiver<(Date, String)>) {
        while let Ok((day, line)) = waiting.recv() {
            self.take(day, &line);
            // Whatever comes within a moment goes to the disk with it.
            while let Ok((day, line)) = waiting.recv_timeout(FLUSH_AFTER) {
                self.take(day, &line);
                if self.open.as_ref().is_some_and(|(_, file)| file.buffer().is_empty()) {
                    break;
                }
            }
            self.tell(|keeper| keeper.open.as_mut().map_or(Ok(()), |(_, file)| file.flush()));
        }
    }

    fn take(&mut self, day: Date, line: &str) {
        self.tell(|keeper| keeper.write(day, line));
    }

    fn write(&mut self, day: Date, line: &str) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != day) {
            self.open = None;
            let file = File::options().create(true).append(true).open(self.dir.join(name(day)))?;
            self.open = Some((day, io::BufWriter::new(file)));
            self.remove_old(day)?;
        }
        let Some((_, file)) = &mut self.open else { return Ok(()) };
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")
    }

    /// Removes files that are older than they may become.
    fn remove_old(&self, today: Date) -> io::Result<()> {
        let oldest = today.saturating_sub(i64::from(self.keep_days).days());
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_name().to_str().and_then(day_of).is_some_and(|day| day < oldest) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Does something, and says once if it fails, and once when it goes again.
    fn tell(&mut self, act: impl FnOnce(&mut Self) -> io::Result<()>) {
        match act(self) {
            Ok(()) if std::mem::take(&mut self.is_told) => tracing::info!("the access log can be written again"),
            Ok(()) => {}
            Err(error) => {
                metrics::counter!("groundwave_access_lines_lost_total").increment(1);
                self.open = None;
                if !std::mem::replace(&mut self.is_told, true) {
                    tracing::error!(%error, dir = %self.dir.display(), "the access log cannot be written; lines are lost");
                }
            }
        }
    }
}

fn name(day: Date) -> String {
    format!("access-{day}.log")
}

fn day_of(name: &str) -> Option<Date> {
    name.strip_prefix("access-")?.strip_suffix(".log")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_file_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        fs::write(folder.path().join("access-2026-08-01.log"), "old\n").unwrap();
        fs::write(folder.path().join("notes.txt"), "mine\n").unwrap();
        let mut keeper = Keeper { dir: folder.path().to_owned(), keep_days: 90, open: None, is_told: false };
        keeper.take(day("2026-11-24"), "a");
        keeper.take(day("2026-11-24"), "b");
        keeper.take(day("2026-11-25"), "c");
        drop(keeper);
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        assert_eq!(read("access-2026-11-24.log").as_deref(), Some("a\nb\n"));
        assert_eq!(read("access-2026-11-25.log").as_deref(), Some("c\n"));
        assert_eq!(read("access-2026-08-01.log"), None);
        assert!(read("notes.txt").is_some());
    }

    #[test]
    fn a_folder_that_is_gone_loses_lines_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("gone");
        let mut keeper = Keeper { dir: dir.clone(), keep_days: 90, open: None, is_told: false };
        keeper.take("2026-11-24".parse().unwrap(), "a");
        assert!(keeper.is_told);
        fs::create_dir(&dir).unwrap();
        keeper.take("2026-11-24".parse().unwrap(), "b");
        drop(keeper);
        assert_eq!(fs::read_to_string(dir.join("access-2026-11-24.log")).unwrap(), "b\n");
    }
}
