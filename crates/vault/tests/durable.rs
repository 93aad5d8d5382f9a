//! When `put` has returned, the object is on the disk: watched from outside, call by call.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use vault::Vault;

/// The calls that decide it, with the files they are about.
const CALLS: &str = "trace=fsync,fdatasync,rename,renameat,renameat2,creat,openat";

#[test]
fn an_object_and_its_name_are_synced_before_put_returns() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let log = root.join("calls");
    let watched = Command::new("strace")
        .args(["-f", "-y", "-qq", "-e", CALLS, "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_program_to_be_watched", "--ignored"])
        .env("VAULT_TO_WRITE", &root)
        .output()
        .expect("what the vault does is watched with strace, which is missing: apt-get install strace");
    assert!(watched.status.success(), "{}", String::from_utf8_lossy(&watched.stderr));

    let calls = Calls(std::fs::read_to_string(&log).unwrap());
    let vault = root.join("vault").display().to_string();
    let content = calls.after(0, "fsync", &format!("<{vault}/media/ab/cd.mp3#1>"));
    let rename = calls.after(0, "rename", &format!("{vault}/media/ab/cd.mp3#1"));
    let returned = calls.after(0, "openat", "/put-returned");
    assert!(content < rename, "the content was on the disk only after it had its name:\n{}", calls.0);

    let name = calls.after(rename, "fsync", &format!("<{vault}/media/ab>"));
    assert!(name < returned, "the name was not on the disk when put returned:\n{}", calls.0);
    for new in [format!("<{vault}/media>"), format!("<{vault}>"), format!("<{}>", root.display())] {
        assert!(calls.after(0, "fsync", &new) < returned, "{new} was not on the disk when put returned:\n{}", calls.0);
    }
}

/// What strace wrote: a call a line.
struct Calls(String);

impl Calls {
    /// The line, from `start` on, of the first successful call of that name about that file.
    fn after(&self, start: usize, name: &str, file: &str) -> usize {
        let is_it = |line: &str| line.contains(&format!("{name}(")) && line.contains(file) && !line.contains("= -1");
        let mut lines = self.0.lines().enumerate().skip(start);
        let found = lines.find(|(_, line)| is_it(line));
        found.unwrap_or_else(|| panic!("no successful {name} of {file} from line {start} on:\n{}", self.0)).0
    }
}

#[tokio::test]
#[ignore = "is started, and watched, by an_object_and_its_name_are_synced_before_put_returns"]
async fn the_program_to_be_watched() {
    let Ok(root) = std::env::var("VAULT_TO_WRITE") else { return };
    let root = Path::new(&root);
    let vault = Vault::disk(&root.join("vault")).unwrap();
    vault.put("media/ab/cd.mp3", Bytes::from_static(b"sound")).await.unwrap();
    std::fs::write(root.join("put-returned"), b"").unwrap();
}
