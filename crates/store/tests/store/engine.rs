//! A database for one test: a SQLite file of its own, or a database of its own in a private PostgreSQL.
//!
//! The PostgreSQL server is started once for a run of the tests, from the Debian package, in a temporary folder and
//! without a network port. A shell stands between it and the tests: when the tests end, however they end, the shell's
//! input is closed, and it stops the server and clears the folder away.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use store::Db;
use tokio::sync::OnceCell;

/// How long the server may take to answer. A machine under load takes its time.
const START_SECONDS_MAX: u64 = 120;
/// PostgreSQL refuses to run as root; this is `nobody` on Debian.
const NOBODY: u32 = 65534;

pub struct Engine {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Engine {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("station.db").display());
        Self { url, _folder: Some(folder) }
    }

    pub async fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let folder = server().await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&url(folder, "postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        Self { url: url(folder, &name), _folder: None }
    }

    pub async fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres().await]
    }

    pub async fn open(&self) -> Db {
        Db::open(&self.url).await.unwrap()
    }

    pub async fn open_migrated(&self) -> Db {
        let db = self.open().await;
        db.migrate().await.unwrap();
        db
    }

    /// Runs statements past the store: what another version of the program, or a fault, could have done.
    pub async fn run(&self, statements: &'static str) {
        if self.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        }
    }
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres://groundwave@localhost/{database}?host={}", folder.display())
}

/// The folder with the socket of the one server of this run.
async fn server() -> &'static Path {
    static SERVER: OnceCell<(PathBuf, Child)> = OnceCell::const_new();
    let (folder, _) = SERVER
        .get_or_init(async || {
            let (folder, child) = tokio::task::spawn_blocking(start).await.unwrap();
            wait_until_it_answers(&folder).await;
            (folder, child)
        })
        .await;
    folder
}

fn start() -> (PathBuf, Child) {
    let programs = programs();
    let folder = tempfile::Builder::new().prefix("groundwave-pg-").tempdir().unwrap().keep();
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let script = r#"
        cd "$FOLDER"
        "$PROGRAMS/initdb" -D data -U groundwave -A trust --no-sync -E UTF8 --locale=C >log 2>&1 || exit 1
        "$PROGRAMS/postgres" -D data -c listen_addresses= -c unix_socket_directories="$FOLDER" \
            -c fsync=off -c full_page_writes=off -c max_connections=400 >>log 2>&1 &
        read -r _
        kill -INT $! && wait $!
        cd / && rm -rf "$FOLDER""#;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).env("FOLDER", &folder).env("PROGRAMS", programs);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that Ctrl-C in a terminal reaches the tests first and the shell can tidy up after them.
    shell.process_group(0);
    if is_root {
        shell.uid(NOBODY).gid(NOBODY);
    }
    let child = shell.spawn().unwrap();
    (folder, child)
}

async fn wait_until_it_answers(folder: &Path) {
    let url = url(folder, "postgres");
    let answers = async {
        while PgConnection::connect(&url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), answers).await.is_err() {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("PostgreSQL did not answer within {START_SECONDS_MAX} s; its log says:\n{log}");
    }
}

/// Where the newest installed PostgreSQL has its programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max_by_key(|programs| programs.parent().and_then(|v| v.file_name()?.to_str()?.parse::<u32>().ok()));
    newest.expect("the store is tested on PostgreSQL too, which is missing: apt-get install postgresql-15")
}
