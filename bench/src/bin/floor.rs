//! The least that a fan-out server can do: one thread, one shared buffer, one send per listener and
//! batch. It is a measuring stick, not a server: no checks, no limits, no logging.
//!
//! PUT or SOURCE on any path feeds the stream; GET /reload waits for the next batch and is answered with one shared page, as a
//! blocking playlist reload is; any other GET listens.
use loadlab::args::{die, Args};
use loadlab::net::{self, now_us, Epoll};
use std::io::ErrorKind;

const USAGE: &str = "floor --port 8100
  --batch-ms 500       how often listeners are written
  --burst 65536        bytes of history a new listener gets
  --metaint 16000      bytes between metadata, for who asks for it
  --page-bytes 4000    the size of the page that reloads are answered with
  --secs 600           end after this time";

/// A stretch of one stream in one piece of memory, addressed by absolute position.
struct Ring {
    buf: Vec<u8>,
    base: u64,
}

impl Ring {
    const KEEP_BYTES: usize = 256 * 1024;

    fn end(&self) -> u64 {
        self.base + self.buf.len() as u64
    }

    fn push(&mut self, d: &[u8]) {
        if self.buf.len() + d.len() > self.buf.capacity() {
            let cut = self.buf.len().saturating_sub(Self::KEEP_BYTES);
            self.buf.drain(..cut);
            self.base += cut as u64;
        }
        self.buf.extend_from_slice(d);
    }

    fn from(&self, pos: u64) -> &[u8] {
        &self.buf[(pos - self.base) as usize..]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Head,
    Source,
    Plain,
    Icy,
    /// Asks again and again; `pos` is 1 while a request waits.
    Reload,
}

struct Conn {
    fd: i32,
    kind: Kind,
    pos: u64,
    /// Audio bytes until the next metadata byte.
    until_meta: usize,
    head: Vec<u8>,
}

struct Floor {
    ep: Epoll,
    listener: i32,
    ring: Ring,
    conns: Vec<Option<Conn>>,
    free: Vec<usize>,
    burst: u64,
    metaint: usize,
    page_bytes: usize,
    round: u64,
}

const LISTEN: u64 = u64::MAX;

fn main() {
    let a = Args::parse(USAGE);
    let port: u16 = a.num("port", 8100);
    let batch_us: u64 = a.num::<u64>("batch-ms", 500) * 1000;
    let (burst, metaint) = (a.num("burst", 65536), a.num("metaint", 16000));
    let page_bytes = a.num("page-bytes", 4000);
    let secs: f64 = a.num("secs", 600.0);
    a.done();
    net::raise_nofile();
    let listener = net::listen([127, 0, 0, 1], port, false).unwrap_or_else(|e| die(&format!("listen: {e}")));
    let ring = Ring { buf: Vec::with_capacity(1 << 20), base: 0 };
    let mut floor = Floor { ep: Epoll::new(), listener, ring, conns: Vec::new(), free: Vec::new(), burst, metaint, page_bytes, round: 0 };
    floor.ep.add(listener, libc::EPOLLIN, LISTEN);
    floor.run(batch_us, now_us() + (secs * 1e6) as u64);
}

impl Floor {
    fn run(&mut self, batch_us: u64, end: u64) {
        let mut due = now_us() + batch_us;
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
        let mut buf = vec![0u8; 64 * 1024];
        loop {
            let now = now_us();
            if now >= end {
                return;
            }
            if now >= due {
                due += batch_us;
                self.write_all();
                self.answer_reloads();
                continue;
            }
            let ready = self.ep.wait(&mut events, ((due - now) as i64 / 1000 + 1) as i32);
            for event in &events[..ready] {
                match event.u64 {
                    LISTEN => self.accept(),
                    i => self.read(i as usize, &mut buf),
                }
            }
        }
    }

    fn accept(&mut self) {
        for _ in 0..256 {
            let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
            let fd = unsafe { libc::accept4(self.listener, std::ptr::null_mut(), std::ptr::null_mut(), flags) };
            if fd < 0 {
                return;
            }
            let i = self.free.pop().unwrap_or_else(|| {
                self.conns.push(None);
                self.conns.len() - 1
            });
            self.conns[i] = Some(Conn { fd, kind: Kind::Head, pos: 0, until_meta: 0, head: Vec::new() });
            self.ep.add(fd, libc::EPOLLIN, i as u64);
        }
    }

    fn read(&mut self, i: usize, buf: &mut [u8]) {
        let Some(c) = &mut self.conns[i] else { return };
        let is_alive = match (net::recv(c.fd, buf), c.kind) {
            (Ok(0), _) => false,
            (Ok(n), Kind::Source) => {
                self.ring.push(&buf[..n]);
                true
            }
            (Ok(n), Kind::Head | Kind::Reload) => {
                c.head.extend_from_slice(&buf[..n]);
                match net::head_end(&c.head) {
                    Some(end) => self.start(i, end),
                    None => true,
                }
            }
            (Ok(_), _) => true,
            (Err(e), _) => e.kind() == ErrorKind::WouldBlock,
        };
        if !is_alive {
            self.close(i);
        }
    }

    /// Answers a request. False: close.
    fn start(&mut self, i: usize, end: usize) -> bool {
        let Some(c) = &mut self.conns[i] else { return false };
        let mut head = std::mem::take(&mut c.head);
        let rest = head.split_off(end);
        if head.starts_with(b"PUT ") || head.starts_with(b"SOURCE ") {
            c.kind = Kind::Source;
            self.ring.push(&rest);
            return net::send(c.fd, b"HTTP/1.0 200 OK\r\n\r\n").is_ok();
        }
        if head.starts_with(b"GET /reload") {
            (c.kind, c.pos) = (Kind::Reload, 1);
            return true;
        }
        let wants_icy = net::header(&head, "icy-metadata") == Some("1");
        let mut answer = String::from("HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\nCache-Control: no-cache\r\n");
        if wants_icy {
            answer.push_str(&format!("icy-metaint:{}\r\n", self.metaint));
        }
        answer.push_str("\r\n");
        c.kind = if wants_icy { Kind::Icy } else { Kind::Plain };
        c.until_meta = self.metaint;
        c.pos = self.ring.end() - (self.ring.end() - self.ring.base).min(self.burst);
        net::send(c.fd, answer.as_bytes()).is_ok() && write_one(c, &self.ring, self.metaint)
    }

    fn write_all(&mut self) {
        for i in 0..self.conns.len() {
            let is_alive = self.conns[i].as_mut().is_none_or(|c| write_one(c, &self.ring, self.metaint));
            if !is_alive {
                self.close(i);
            }
        }
    }

    /// Answers every request that waits, with one page.
    fn answer_reloads(&mut self) {
        self.round += 1;
        // It names the next round as a playlist names its next part.
        let hint = format!("\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1-{}.0.m4s\"\n", self.round + 1);
        let body = format!("{}{hint}", "#".repeat(self.page_bytes.saturating_sub(hint.len())));
        let page = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        for i in 0..self.conns.len() {
            let Some(c) = self.conns[i].as_mut().filter(|c| c.kind == Kind::Reload && c.pos == 1) else { continue };
            c.pos = 0;
            if net::send(c.fd, page.as_bytes()).ok() != Some(page.len()) {
                self.close(i);
            }
        }
    }

    fn close(&mut self, i: usize) {
        if let Some(c) = self.conns[i].take() {
            net::close(c.fd);
            self.free.push(i);
        }
    }
}

/// Sends what a listener lacks. False: it is gone, or too far behind.
fn write_one(c: &mut Conn, ring: &Ring, metaint: usize) -> bool {
    if !matches!(c.kind, Kind::Plain | Kind::Icy) {
        return true;
    }
    if c.pos < ring.base {
        return false;
    }
    let d = ring.from(c.pos);
    if d.is_empty() {
        return true;
    }
    if c.kind == Kind::Icy && c.until_meta < d.len() {
        return write_with_meta(c, d, metaint);
    }
    match net::send(c.fd, d) {
        Ok(n) => {
            c.pos += n as u64;
            c.until_meta -= if c.kind == Kind::Icy { n } else { 0 };
            true
        }
        Err(e) => e.kind() == ErrorKind::WouldBlock,
    }
}

/// Audio up to the metadata point, one zero byte, more audio.
fn write_with_meta(c: &mut Conn, d: &[u8], metaint: usize) -> bool {
    static ZERO: [u8; 1] = [0];
    let mut iov: Vec<libc::iovec> = Vec::with_capacity(12);
    let (mut at, mut until) = (0usize, c.until_meta);
    while at < d.len() && iov.len() < 12 {
        let n = until.min(d.len() - at);
        iov.push(libc::iovec { iov_base: d[at..].as_ptr() as *mut _, iov_len: n });
        at += n;
        until -= n;
        if until == 0 {
            iov.push(libc::iovec { iov_base: ZERO.as_ptr() as *mut _, iov_len: 1 });
            until = metaint;
        }
    }
    let mut m: libc::msghdr = unsafe { std::mem::zeroed() };
    m.msg_iov = iov.as_mut_ptr();
    m.msg_iovlen = iov.len() as _;
    let n = unsafe { libc::sendmsg(c.fd, &m, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) };
    if n < 0 {
        return net::errno() == libc::EAGAIN;
    }
    // Walk over what was taken. A zero byte that was cut off goes first the next time.
    let mut left = n as usize;
    for part in &iov {
        if left == 0 {
            break;
        }
        let taken = part.iov_len.min(left);
        if std::ptr::eq(part.iov_base as *const u8, ZERO.as_ptr()) {
            c.until_meta = metaint;
        } else {
            c.pos += taken as u64;
            c.until_meta -= taken;
        }
        left -= taken;
    }
    true
}
