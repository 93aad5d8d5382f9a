//! Players that wait for the next part: N connections, each with one blocking reload of a playlist under way at any time.
//!
//! Each answer names the part that comes next, and the connection asks for the list with that one in it. Who is answered
//! first sets the clock for the part; the others are measured against it.
use loadlab::args::{die, Args};
use loadlab::hist::Dist;
use loadlab::net::{self, now_us, Epoll};
use loadlab::procstat;
use std::collections::HashMap;
use std::io::ErrorKind;

const USAGE: &str = "reloads --url http://127.x.y.z:PORT/LIST
  --n 2000          connections         --ramp 1000    new connections per second
  --secs 10         measured window     --settle 4     seconds between the last connect and the window
  --pid P[,P]       server processes (children are added) for CPU and memory
  --json FILE       append one JSON object";

struct Conn {
    fd: i32,
    is_open: bool,
    got: Vec<u8>,
    /// Where the answer ends, once its head is there.
    end: Option<usize>,
    wants: String,
}

struct Lab {
    ep: Epoll,
    url: net::Url,
    conns: Vec<Conn>,
    buf: Vec<u8>,
    in_window: bool,
    answers: u64,
    bytes: u64,
    failed: u64,
    /// When the first was told of each part, or of each round where the server names none.
    first_told: HashMap<String, u64>,
    late_ms: Dist,
}

impl Lab {
    fn open(&mut self, src: u8) {
        match net::connect(self.url.ip, self.url.port, Some(src), false) {
            Ok(fd) => {
                self.ep.add(fd, libc::EPOLLOUT, self.conns.len() as u64);
                self.conns.push(Conn { fd, is_open: false, got: Vec::new(), end: None, wants: String::new() });
            }
            Err(_) => self.failed += 1,
        }
    }

    fn ask(&mut self, i: usize) {
        let c = &mut self.conns[i];
        let (path, host) = (&self.url.path, &self.url.host);
        let query = match c.wants.split_once('.') {
            Some((seq, part)) => format!("?_HLS_msn={seq}&_HLS_part={part}"),
            None => String::new(),
        };
        let request = format!("GET {path}{query} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: loadlab-reloads/0.1\r\n\r\n");
        if net::send(c.fd, request.as_bytes()).ok() != Some(request.len()) {
            self.lose(i);
        }
    }

    fn lose(&mut self, i: usize) {
        self.failed += 1;
        net::close(self.conns[i].fd);
        self.conns[i].fd = -1;
    }

    fn ready(&mut self, i: usize) {
        if self.conns[i].fd < 0 {
            return;
        }
        if !self.conns[i].is_open {
            self.conns[i].is_open = true;
            self.ep.set(self.conns[i].fd, libc::EPOLLIN, i as u64);
            return self.ask(i);
        }
        let n = match net::recv(self.conns[i].fd, &mut self.buf) {
            Ok(0) => return self.lose(i),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => return,
            Err(_) => return self.lose(i),
        };
        self.conns[i].got.extend_from_slice(&self.buf[..n]);
        self.take(i);
    }

    fn take(&mut self, i: usize) {
        let now = now_us();
        let c = &mut self.conns[i];
        if c.end.is_none() {
            let Some(head) = net::head_end(&c.got) else { return };
            if !c.got.starts_with(b"HTTP/1.1 200") {
                return self.lose(i);
            }
            let length = net::header(&c.got[..head], "content-length").and_then(|v| v.parse::<usize>().ok());
            let Some(length) = length else { return self.lose(i) };
            c.end = Some(head + length);
        }
        if c.got.len() < c.end.unwrap_or(usize::MAX) {
            return;
        }
        // The first answer on a connection was not waited for, and says nothing.
        let was_waiting = !c.wants.is_empty();
        let part = std::mem::replace(&mut c.wants, next_part(&c.got));
        let bytes = c.got.len();
        c.got.clear();
        c.end = None;
        if self.in_window && was_waiting {
            let first = *self.first_told.entry(part).or_insert(now);
            self.late_ms.add((now - first) as f64 / 1e3);
            self.answers += 1;
            self.bytes += bytes as u64;
        }
        self.ask(i);
    }

    fn run_until(&mut self, end: u64) {
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
        while now_us() < end {
            let ready = self.ep.wait(&mut events, 5);
            for event in &events[..ready] {
                self.ready(event.u64 as usize);
            }
        }
    }
}

/// The numbers of the segment and the part that a list promises: `…URI="1764000000000-12.3.m4s"` is `12.3`. A server that names
/// none is asked for the same again, and its rounds are told apart by the number in its body.
fn next_part(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let hint = text.rsplit("#EXT-X-PRELOAD-HINT:").next().and_then(|it| it.split('"').nth(1));
    let name = hint.and_then(|it| it.strip_suffix(".m4s")).and_then(|it| it.rsplit_once('-'));
    name.map_or_else(String::new, |(_, numbers)| numbers.to_string())
}

fn main() {
    let a = Args::parse(USAGE);
    let url = net::url(a.opt("url").unwrap_or_else(|| die(USAGE)));
    let (n, ramp): (usize, f64) = (a.num("n", 2000), a.num("ramp", 1000.0));
    let (secs, settle): (f64, f64) = (a.num("secs", 10.0), a.num("settle", 4.0));
    let pids = procstat::parse_pids(&a.str("pid", ""));
    let file = a.opt("json").map(String::from);
    a.done();
    net::raise_nofile();
    let mut lab = Lab {
        ep: Epoll::new(),
        url,
        conns: Vec::new(),
        buf: vec![0; 64 * 1024],
        in_window: false,
        answers: 0,
        bytes: 0,
        failed: 0,
        first_told: HashMap::new(),
        late_ms: Dist::default(),
    };
    let before = procstat::usage(&pids);
    let start = now_us();
    for i in 0..n {
        lab.open(1 + (i % 8) as u8);
        lab.run_until(start + (i as f64 * 1e6 / ramp) as u64);
    }
    lab.run_until(now_us() + (settle * 1e6) as u64);
    let (use1, begun) = (procstat::usage(&pids), now_us());
    lab.in_window = true;
    lab.run_until(begun + (secs * 1e6) as u64);
    let (use2, window) = (procstat::usage(&pids), (now_us() - begun) as f64 / 1e6);
    let us_per_answer = (use2.cpu_ns - use1.cpu_ns) as f64 / 1e3 / lab.answers.max(1) as f64;
    let kb_each = use2.rss_kb.saturating_sub(before.rss_kb) as f64 / n as f64;
    let live = lab.conns.iter().filter(|c| c.fd >= 0).count();
    let body = lab.bytes / lab.answers.max(1);
    let json = format!(
        "{{\"n\":{n},\"live\":{live},\"failed\":{},\"window_s\":{window:.3},\"answers\":{},\"bytes_each\":{body},\"us_per_answer\":{us_per_answer:.3},\"kb_each\":{kb_each:.3},\"late_ms\":{}}}",
        lab.failed,
        lab.answers,
        lab.late_ms.json()
    );
    println!("{json}");
    if let Some(file) = file {
        use std::io::Write;
        let written = std::fs::OpenOptions::new().create(true).append(true).open(&file).and_then(|mut o| writeln!(o, "{json}"));
        written.unwrap_or_else(|e| die(&format!("{file}: {e}")));
    }
    std::process::exit((live < n) as i32);
}
