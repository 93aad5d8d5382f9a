//! A station that was made by `init` and is run by `serve`, asked at its desk; and a mail server that keeps what it gets.

#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::{Answer, PATIENCE, wait_for};

/// A running `groundwave serve`.
pub struct Served {
    pub address: SocketAddr,
    log: PathBuf,
    child: Child,
}

impl Served {
    /// Starts one on `dir`, on a port of its own, with variables in its environment; waits until its door is open.
    pub fn start(dir: &Path, environment: &[(&str, &str)]) -> Self {
        let log = dir.join("log.txt");
        let file = std::fs::File::create(&log).expect("a log can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_groundwave"))
            .args(["serve", "--data"])
            .arg(dir)
            .env("GROUNDWAVE_DOOR_LISTEN", "[\"127.0.0.1:0\"]")
            .env("GROUNDWAVE_LOG_LEVEL", "debug")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("the program starts");
        let address = wait_for("the door to open", || {
            let said = std::fs::read_to_string(&log).ok()?;
            let line = said.lines().find(|line| line.contains("on the air"))?;
            line.split("addresses=[").nth(1)?.split(']').next()?.parse().ok()
        });
        Self { address, log, child }
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// A page of the desk.
    pub fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n"), "")
    }

    /// What the desk answers to a form.
    pub fn post(&self, path: &str, form: &str) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        self.ask(&head, form)
    }

    fn ask(&self, head: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).expect("the door is open");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        let host = format!("desk.localhost:{}", self.address.port());
        write!(socket, "{head}Host: {host}\r\nConnection: close\r\n\r\n{body}").expect("the desk takes a request");
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).expect("the desk answers");
        Answer::parse(&bytes)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The cookies that an answer sets, as a browser sends them back.
pub fn cookies(answer: &Answer) -> String {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.filter_map(|(_, value)| value.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// A mail server on this machine: takes every letter, and hands it out as it came.
pub struct MailServer {
    pub url: String,
    pub letters: Receiver<String>,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("smtp://{}", listener.local_addr().expect("it has an address"));
        let (taken, letters) = channel();
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if let Some(letter) = take(socket)
                    && taken.send(letter).is_err()
                {
                    return;
                }
            }
        });
        Self { url, letters }
    }
}

/// One conversation in SMTP, as short as RFC 5321 lets it be.
fn take(socket: TcpStream) -> Option<String> {
    let mut lines = BufReader::new(socket.try_clone().ok()?).lines();
    let say = |words: &str| (&socket).write_all(format!("{words}\r\n").as_bytes()).ok();
    say("220 here")?;
    loop {
        let line = lines.next()?.ok()?;
        match line.get(..4)? {
            "DATA" => break,
            "QUIT" => return None,
            _ => say("250 fine")?,
        };
    }
    say("354 go on")?;
    let letter: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
    say("250 kept")?;
    Some(letter.join("\n"))
}
