//! Thin wrappers over the socket calls. IPv4 loopback addresses only, on purpose.
use std::io;
use std::os::fd::RawFd;

pub fn now_us() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as u64 * 1_000_000 + t.tv_nsec as u64 / 1000
}

pub fn sleep_until_us(at: u64) {
    let t = libc::timespec { tv_sec: (at / 1_000_000) as i64, tv_nsec: (at % 1_000_000 * 1000) as i64 };
    while unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &t, std::ptr::null_mut()) } == libc::EINTR {}
}

pub struct Url {
    pub host: String,
    pub ip: [u8; 4],
    pub port: u16,
    pub path: String,
}

/// http://127.x.y.z:port/path only: a load tool must not be able to reach another machine.
pub fn url(s: &str) -> Url {
    let bad = || -> ! { crate::args::die(&format!("not an http://127.x.y.z:port/path address: {s:?}")) };
    let rest = s.strip_prefix("http://").unwrap_or_else(|| bad());
    let (hp, path) = match rest.find('/') {
        Some(i) => (&rest[..i], &rest[i..]),
        None => (rest, "/"),
    };
    let (h, p) = hp.split_once(':').unwrap_or_else(|| bad());
    let h4: std::net::Ipv4Addr = match h {
        "localhost" => std::net::Ipv4Addr::LOCALHOST,
        _ => h.parse().unwrap_or_else(|_| bad()),
    };
    if !h4.is_loopback() {
        bad()
    }
    Url { host: hp.to_string(), ip: h4.octets(), port: p.parse().unwrap_or_else(|_| bad()), path: path.to_string() }
}

pub fn sockaddr(ip: [u8; 4], port: u16) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(ip) },
        sin_zero: [0; 8],
    }
}

pub fn setopt(fd: RawFd, level: i32, opt: i32, v: i32) {
    unsafe { libc::setsockopt(fd, level, opt, &v as *const i32 as *const libc::c_void, 4) };
}

pub fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Starts a non-blocking connect, from 127.0.0.(1 + src) when src is given.
pub fn connect(ip: [u8; 4], port: u16, src: Option<u8>, blocking: bool) -> io::Result<RawFd> {
    unsafe {
        let fl = if blocking { 0 } else { libc::SOCK_NONBLOCK };
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | fl, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        if let Some(s) = src {
            setopt(fd, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
            let a = sockaddr([127, 0, 0, 1 + s], 0);
            libc::bind(fd, &a as *const _ as *const libc::sockaddr, 16);
        }
        setopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1);
        let a = sockaddr(ip, port);
        if libc::connect(fd, &a as *const _ as *const libc::sockaddr, 16) < 0 && errno() != libc::EINPROGRESS {
            let e = io::Error::last_os_error();
            libc::close(fd);
            return Err(e);
        }
        Ok(fd)
    }
}

pub fn listen(ip: [u8; 4], port: u16, reuseport: bool) -> io::Result<RawFd> {
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0);
        setopt(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1);
        if reuseport {
            setopt(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1);
        }
        let a = sockaddr(ip, port);
        if libc::bind(fd, &a as *const _ as *const libc::sockaddr, 16) < 0 || libc::listen(fd, 4096) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(fd)
    }
}

/// Bytes received; Err(WouldBlock) when there are none yet, Ok(0) at the end.
pub fn recv(fd: RawFd, buf: &mut [u8]) -> io::Result<usize> {
    let n = unsafe { libc::recv(fd, buf.as_mut_ptr() as *mut libc::c_void, buf.len(), libc::MSG_DONTWAIT) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

/// Throws up to `len` received bytes away without copying them.
pub fn discard(fd: RawFd, len: usize) -> io::Result<usize> {
    let n = unsafe { libc::recv(fd, std::ptr::null_mut(), len, libc::MSG_DONTWAIT | libc::MSG_TRUNC) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

pub fn send(fd: RawFd, b: &[u8]) -> io::Result<usize> {
    let n = unsafe { libc::send(fd, b.as_ptr() as *const libc::c_void, b.len(), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

pub fn close(fd: RawFd) {
    unsafe { libc::close(fd) };
}

pub struct Epoll(RawFd);

impl Epoll {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Epoll {
        Epoll(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
    }
    pub fn add(&self, fd: RawFd, events: i32, data: u64) {
        let mut e = libc::epoll_event { events: events as u32, u64: data };
        unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_ADD, fd, &mut e) };
    }
    pub fn set(&self, fd: RawFd, events: i32, data: u64) {
        let mut e = libc::epoll_event { events: events as u32, u64: data };
        unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_MOD, fd, &mut e) };
    }
    pub fn del(&self, fd: RawFd) {
        unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut()) };
    }
    pub fn wait(&self, ev: &mut [libc::epoll_event], timeout_ms: i32) -> usize {
        let n = unsafe { libc::epoll_wait(self.0, ev.as_mut_ptr(), ev.len() as i32, timeout_ms) };
        n.max(0) as usize
    }
}

/// Raises the open-files limit as far as this user may; returns it.
pub fn raise_nofile() -> u64 {
    unsafe {
        let mut r = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut r);
        r.rlim_cur = r.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &r);
        r.rlim_cur
    }
}

pub fn self_cpu_s() -> f64 {
    unsafe {
        let mut r: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut r);
        r.ru_utime.tv_sec as f64 + r.ru_stime.tv_sec as f64 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) as f64 / 1e6
    }
}

/// The value of a header in a raw head, names in any case.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let s = std::str::from_utf8(head).ok()?;
    s.split("\r\n").find_map(|l| {
        let (k, v) = l.split_once(':')?;
        k.trim().eq_ignore_ascii_case(name).then_some(v.trim())
    })
}

/// Where the head of a message ends (the index after the empty line).
pub fn head_end(b: &[u8]) -> Option<usize> {
    b.windows(4).position(|w| w == b"\r\n\r\n").map(|i| i + 4)
}
