//! A stock Icecast, as Debian ships it, in a folder and on a port of its own.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep, timeout};

use crate::studio::{AUTHORIZATION, PATIENCE, program, wait_for};

/// A running Icecast: source password `srcpw`, relay password `relpw`, administrator `admin:admpw`.
pub struct Icecast {
    pub port: u16,
    _folder: TempDir,
    _child: Child,
}

impl Icecast {
    /// Starts one with further elements in its configuration.
    pub async fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // It does not run as root, so it must be told who else to be, and let into its folder.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
        let owner = if is_root { "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" } else { "" };
        let dir = folder.path().display();
        let config = format!(
            "<icecast><location>here</location><admin>a@b.test</admin><limits><clients>50</clients><sources>10</sources>\
             <source-timeout>10</source-timeout></limits><authentication><source-password>srcpw</source-password>\
             <relay-password>relpw</relay-password><admin-user>admin</admin-user><admin-password>admpw</admin-password>\
             </authentication><hostname>localhost</hostname><listen-socket><port>{port}</port>\
             <bind-address>127.0.0.1</bind-address></listen-socket>{more}<paths><basedir>{dir}</basedir>\
             <logdir>{dir}</logdir><webroot>/usr/share/icecast2/web</webroot>\
             <adminroot>/usr/share/icecast2/admin</adminroot></paths><logging><accesslog>access.log</accesslog>\
             <errorlog>error.log</errorlog><loglevel>4</loglevel></logging><security><chroot>0</chroot>{owner}\
             </security></icecast>"
        );
        let file = folder.path().join("icecast.xml");
        std::fs::write(&file, config).unwrap();
        let mut command = program("icecast2");
        let child = command.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let icecast = Self { port, _folder: folder, _child: child };
        wait_for("icecast to open its port", || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
        icecast
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// What it answers to a request that ends.
    pub async fn ask(&self, request: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the answer ends").unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Its public status.
    pub async fn status(&self) -> String {
        self.ask("GET /status-json.xsl HTTP/1.0\r\n\r\n").await
    }

    /// Waits until its public status says something.
    pub async fn says(&self, wanted: &str) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = self.status().await;
            if status.contains(wanted) {
                return status;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for {wanted}; it says {status}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends MP3 to a mount, a little faster than it is heard, until the task is dropped.
    pub async fn send(&self, path: &str, sound: Vec<u8>) -> Sending {
        let mut socket = self.connect().await;
        let head =
            format!("SOURCE {path} HTTP/1.0\r\n{AUTHORIZATION}\r\nContent-Type: audio/mpeg\r\nice-name: Far\r\n");
        socket.write_all(format!("{head}ice-public: 0\r\nice-bitrate: 128\r\n\r\n").as_bytes()).await.unwrap();
        let sending = tokio::spawn(async move {
            // Half of a burst, so that whoever comes hears something at once.
            let (at_once, rest) = sound.split_at(48_000);
            if socket.write_all(at_once).await.is_err() {
                return;
            }
            for piece in rest.chunks(4_200).chain(sound.chunks(4_200).cycle()) {
                if socket.write_all(piece).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(250)).await;
            }
        });
        self.says(&format!("{path}\"")).await;
        Sending(sending)
    }
}

/// A source that sends until it is dropped.
pub struct Sending(JoinHandle<()>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.abort();
    }
}
