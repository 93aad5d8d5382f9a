//! N concurrent listeners of a live stream, and what they and the server saw.
//!
//! Each connection is watched with epoll until its first whole audio frame. After that only the
//! sampled ("verified") ones stay on epoll and are parsed; the rest are swept every --sweep-ms with
//! recv(MSG_TRUNC), which throws the bytes away in the kernel, so that the client stays light.
use loadlab::args::{die, Args};
use loadlab::frames::{Codec, Icy, Verifier};
use loadlab::hist::{Dist, Hist};
use loadlab::net::{self, now_us, Epoll};
use loadlab::procstat;
use loadlab::tls::{Session, Tls};
use std::collections::BTreeMap;
use std::io::ErrorKind;

const USAGE: &str = "listeners --url http://127.x.y.z:PORT/MOUNT
  --n 1000          connections         --ramp 500     new connections per second
  --secs 30         measured window     --settle 5     seconds between the last connect and the window
  --pid P[,P]       server processes (children are added) for CPU and memory
  --icy             send Icy-MetaData: 1
  --verify 50       connections whose bytes are parsed all through (-1: all)
  --codec mp3|aac   --sweep-ms 500 (0: epoll for all)   --stuck 0   connections that never read
  --src-ips 8       local addresses to connect from (127.0.0.2 and up)
  --http11          send HTTP/1.1 instead of 1.0        --tls    speak TLS; what is only swept stays sealed
  --rst             end with a reset instead of a close
  --json FILE       append one JSON object";

#[derive(PartialEq, Clone, Copy)]
enum St {
    Connecting,
    Head,
    Start,
    Verify,
    Sweep,
    Stuck,
    Dead,
}

struct Conn {
    fd: i32,
    st: St,
    verified: bool,
    stuck: bool,
    t0: u64,
    t_first: u64,
    t_body: u64,
    t_frame: u64,
    body: u64,
    early: u64,
    win0: u64,
    last_rx: u64,
    stalls: u32,
    head: Vec<u8>,
    icy: Option<Box<Icy>>,
    ver: Option<Box<Verifier>>,
    tls: Option<Box<Session>>,
}

struct Lab {
    ep: Epoll,
    conns: Vec<Conn>,
    sweep: Vec<usize>,
    fails: BTreeMap<String, u64>,
    dropped: u64,
    age: Hist,
    age_old: Hist,
    first_age: Dist,
    in_window: bool,
    longest_wait_us: u64,
    req: Vec<u8>,
    codec: Codec,
    sweep_ms: u64,
    buf: Vec<u8>,
    tls: Option<Tls>,
    opened: Vec<u8>,
}

impl Lab {
    fn fail(&mut self, i: usize, why: String) {
        let c = &mut self.conns[i];
        if c.st == St::Dead {
            return;
        }
        if matches!(c.st, St::Verify | St::Sweep | St::Stuck) {
            self.dropped += 1;
        } else {
            *self.fails.entry(why).or_default() += 1;
        }
        c.st = St::Dead;
        net::close(c.fd);
        c.fd = -1;
    }

    fn ready(&mut self, i: usize, events: u32) {
        let c = &mut self.conns[i];
        if c.st == St::Connecting {
            let mut e: i32 = 0;
            let mut l = 4u32;
            unsafe { libc::getsockopt(c.fd, libc::SOL_SOCKET, libc::SO_ERROR, &mut e as *mut i32 as *mut libc::c_void, &mut l) };
            if e != 0 || events & libc::EPOLLERR as u32 != 0 {
                return self.fail(i, format!("connect: {}", std::io::Error::from_raw_os_error(e)));
            }
            let first = match &self.tls {
                None => self.req.clone(),
                Some(tls) => c.tls.insert(Box::new(tls.session(&self.req))).outgoing(),
            };
            match net::send(c.fd, &first) {
                Ok(n) if n == first.len() => {
                    c.st = St::Head;
                    let fd = c.fd;
                    self.ep.set(fd, libc::EPOLLIN, i as u64);
                }
                r => return self.fail(i, format!("request: {r:?}")),
            }
            return;
        }
        let mut buf = std::mem::take(&mut self.buf);
        loop {
            let c = &mut self.conns[i];
            if matches!(c.st, St::Dead | St::Sweep | St::Stuck) {
                break;
            }
            match net::recv(c.fd, &mut buf) {
                Ok(0) => {
                    self.fail(i, "closed before audio".into());
                    break;
                }
                Ok(n) => {
                    self.take(i, &buf[..n]);
                    if n < buf.len() {
                        break;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => {
                    self.fail(i, format!("receive: {e}"));
                    break;
                }
            }
        }
        self.buf = buf;
    }

    /// What came on a connection, opened if it is sealed.
    fn take(&mut self, i: usize, d: &[u8]) {
        let c = &mut self.conns[i];
        let Some(tls) = &mut c.tls else { return self.feed(i, d) };
        let mut opened = std::mem::take(&mut self.opened);
        opened.clear();
        let is_right = tls.open(d, &mut opened);
        let answer = tls.outgoing();
        match is_right {
            Err(e) => self.fail(i, format!("TLS: {e}")),
            Ok(()) if net::send(c.fd, &answer).ok() != Some(answer.len()) => self.fail(i, "the handshake cannot be sent".into()),
            Ok(()) if !opened.is_empty() => self.feed(i, &opened),
            Ok(()) => {}
        }
        self.opened = opened;
    }

    fn got(&mut self, i: usize, n: u64, now: u64) {
        let c = &mut self.conns[i];
        if self.in_window {
            self.longest_wait_us = self.longest_wait_us.max(now - c.last_rx);
            c.stalls += u32::from(now - c.last_rx > 2_000_000);
        }
        c.last_rx = now;
        c.body += n;
        if now - c.t_body < 500_000 {
            c.early += n;
        }
    }

    fn feed(&mut self, i: usize, d: &[u8]) {
        let now = now_us();
        let c = &mut self.conns[i];
        if c.t_first == 0 {
            c.t_first = now;
        }
        if c.st == St::Head {
            c.head.extend_from_slice(d);
            let Some(e) = net::head_end(&c.head) else {
                if c.head.len() > 16384 {
                    self.fail(i, "no end of head".into());
                }
                return;
            };
            let head = std::mem::take(&mut c.head);
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or("").to_string();
            if !line.contains(" 200") {
                return self.fail(i, format!("status: {line}"));
            }
            let mi = net::header(&head[..e], "icy-metaint").and_then(|v| v.parse().ok()).unwrap_or(0);
            c.icy = Some(Box::new(Icy::new(mi)));
            c.ver = Some(Box::new(Verifier::new(self.codec)));
            c.st = St::Start;
            c.last_rx = now;
            if head.len() > e {
                self.body(i, &head[e..], now);
            }
            return;
        }
        self.body(i, d, now);
    }

    fn body(&mut self, i: usize, d: &[u8], now: u64) {
        if self.conns[i].t_body == 0 {
            self.conns[i].t_body = now;
        }
        self.got(i, d.len() as u64, now);
        let c = &mut self.conns[i];
        // An unverified connection is parsed up to its first whole frame only.
        let cut = if c.verified { d.len() } else { d.len().min(4096) };
        let (icy, ver) = (c.icy.as_mut().unwrap(), c.ver.as_mut().unwrap());
        let mut frames = 0;
        icy.push(&d[..cut], |a| frames += ver.push(a));
        if c.t_frame == 0 && ver.frames > 0 {
            c.t_frame = now;
        }
        if frames > 0 && self.in_window && c.verified {
            if let Some(m) = ver.last {
                self.age.add(now.saturating_sub(m.time_us));
            }
            if let Some(m) = ver.fresh {
                self.age_old.add(now.saturating_sub(m.time_us));
            }
        }
        if c.st == St::Start && ver.frames > 0 {
            if let Some(m) = ver.first {
                self.first_age.add(now.saturating_sub(m.time_us) as f64 / 1e6);
            }
            let (fd, verified, stuck) = (c.fd, c.verified, c.stuck);
            if stuck {
                c.st = St::Stuck;
                self.ep.del(fd);
            } else if verified || self.sweep_ms == 0 {
                c.st = St::Verify;
            } else {
                c.st = St::Sweep;
                self.ep.del(fd);
                self.sweep.push(i);
            }
            if !verified {
                let c = &mut self.conns[i];
                c.ver = None;
                c.icy = None;
                c.tls = None;
            }
        }
    }

    /// Throws away what connection `i` received.
    fn drop_bytes(&mut self, i: usize) {
        let c = &self.conns[i];
        match net::discard(c.fd, 1 << 20) {
            Ok(0) => self.fail(i, String::new()),
            Ok(n) => self.got(i, n as u64, now_us()),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.fail(i, String::new()),
        }
    }
}

fn main() {
    let a = Args::parse(USAGE);
    let u = net::url(&a.str("url", "http://127.0.0.1:8000/live"));
    let n: usize = a.num("n", 1000);
    let ramp: f64 = a.num("ramp", 500.0);
    let secs: f64 = a.num("secs", 30.0);
    let settle: f64 = a.num("settle", 5.0);
    let pids = procstat::parse_pids(&a.str("pid", ""));
    let icy = a.flag("icy");
    let verify: i64 = a.num("verify", 50);
    let codec = Codec::parse(&a.str("codec", "mp3"));
    let sweep_ms: u64 = a.num("sweep-ms", 500);
    let stuck: usize = a.num("stuck", 0);
    let src_ips: u8 = a.num::<u8>("src-ips", 8).max(1);
    let http11 = a.flag("http11");
    let rst = a.flag("rst");
    let tls = a.flag("tls");
    let jfile = a.opt("json").map(String::from);
    a.done();
    let limit = net::raise_nofile();
    if n as u64 + 50 > limit {
        die(&format!("--n {n}: the open-files limit is {limit}; run several processes"));
    }
    let verify_n = if verify < 0 { n } else { (verify as usize).min(n) };

    let mut req = format!("GET {} HTTP/1.{}\r\nHost: {}\r\nUser-Agent: loadlab-listeners/0.1\r\nAccept: */*\r\n", u.path, http11 as u8, u.host);
    if icy {
        req.push_str("Icy-MetaData: 1\r\n");
    }
    req.push_str("\r\n");

    let mut lab = Lab {
        ep: Epoll::new(),
        conns: Vec::with_capacity(n),
        sweep: Vec::new(),
        fails: BTreeMap::new(),
        dropped: 0,
        age: Hist::default(),
        age_old: Hist::default(),
        first_age: Dist::default(),
        in_window: false,
        longest_wait_us: 0,
        req: req.into_bytes(),
        codec,
        sweep_ms,
        buf: vec![0; 256 * 1024],
        tls: tls.then(Tls::new),
        opened: Vec::new(),
    };

    let usage0 = procstat::usage(&pids);
    let kern0 = procstat::kernel_kb();
    let t_begin = now_us();
    let (mut w_start, mut w_end) = (u64::MAX, u64::MAX);
    let (mut u1, mut m1, mut self1) = (usage0.clone(), procstat::machine(), 0.0);
    let mut ramp_usage = usage0.clone();
    let mut ev = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
    let (mut sweep_at, mut sweep_t, mut sweep_credit) = (0usize, now_us(), 0.0f64);

    loop {
        let now = now_us();
        // New connections.
        if lab.conns.len() < n {
            let due = (((now - t_begin) as f64 / 1e6 * ramp) as usize + 1).min(n);
            let mut burst = 0;
            while lab.conns.len() < due && burst < 200 {
                burst += 1;
                let i = lab.conns.len();
                let src = (src_ips > 1).then(|| 1 + (i % src_ips as usize) as u8);
                // Sampled and stuck connections are spread over the whole ramp.
                let verified = verify_n > 0 && i * verify_n / n != (i + 1) * verify_n / n;
                let is_stuck = !verified && stuck > 0 && i * stuck / n != (i + 1) * stuck / n;
                let t0 = now_us();
                let (fd, st) = match net::connect(u.ip, u.port, src, false) {
                    Ok(fd) => (fd, St::Connecting),
                    Err(e) => {
                        *lab.fails.entry(format!("connect: {e}")).or_default() += 1;
                        (-1, St::Dead)
                    }
                };
                if fd >= 0 {
                    if is_stuck {
                        net::setopt(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, 8192);
                    }
                    lab.ep.add(fd, libc::EPOLLOUT, i as u64);
                }
                lab.conns.push(Conn {
                    fd,
                    st,
                    verified,
                    stuck: is_stuck,
                    t0,
                    t_first: 0,
                    t_body: 0,
                    t_frame: 0,
                    body: 0,
                    early: 0,
                    win0: 0,
                    last_rx: t0,
                    stalls: 0,
                    head: Vec::new(),
                    icy: None,
                    ver: None,
                    tls: None,
                });
            }
            if lab.conns.len() == n {
                w_start = now_us() + (settle * 1e6) as u64;
                ramp_usage = procstat::usage(&pids);
            }
        }
        // The sweep: a share of the connections each time round, all of them once per sweep_ms.
        if sweep_ms > 0 && !lab.sweep.is_empty() {
            sweep_credit += lab.sweep.len() as f64 * (now - sweep_t) as f64 / (sweep_ms * 1000) as f64;
            sweep_credit = sweep_credit.min(lab.sweep.len() as f64);
            while sweep_credit >= 1.0 {
                sweep_credit -= 1.0;
                sweep_at = (sweep_at + 1) % lab.sweep.len();
                let i = lab.sweep[sweep_at];
                if lab.conns[i].st == St::Sweep {
                    lab.drop_bytes(i);
                }
            }
        }
        sweep_t = now;
        if now >= w_start && w_end == u64::MAX {
            lab.in_window = true;
            w_end = now + (secs * 1e6) as u64;
            for c in &mut lab.conns {
                c.win0 = c.body;
            }
            u1 = procstat::usage(&pids);
            m1 = procstat::machine();
            self1 = net::self_cpu_s();
            w_start = now;
        }
        if now >= w_end {
            break;
        }
        let k = lab.ep.wait(&mut ev, if lab.conns.len() < n { 1 } else { 10 });
        for e in &ev[..k] {
            let (id, bits) = (e.u64 as usize, e.events);
            if lab.conns[id].st != St::Dead {
                lab.ready(id, bits);
            }
        }
    }
    let u2 = procstat::usage(&pids);
    let m2 = procstat::machine();
    let self2 = net::self_cpu_s();
    let t_end = now_us();
    let kern2 = procstat::kernel_kb();
    let win = (t_end - w_start) as f64 / 1e6;

    let (mut ttfb, mut ttbody, mut ttframe, mut early) = (Dist::default(), Dist::default(), Dist::default(), Dist::default());
    let mut rate = Dist::default();
    let (mut live, mut stalls, mut stalled_conns, mut bytes) = (0u64, 0u64, 0u64, 0u64);
    let (mut frames, mut gaps, mut missing, mut backs, mut chain, mut damaged, mut skips, mut vn) = (0, 0, 0, 0, 0, 0, 0u64, 0u64);
    let (mut titles, mut icy_err) = (0, 0);
    for c in &mut lab.conns {
        if c.t_first > 0 {
            ttfb.add((c.t_first - c.t0) as f64 / 1e3);
        }
        if c.t_body > 0 {
            ttbody.add((c.t_body - c.t0) as f64 / 1e3);
            early.add(c.early as f64);
        }
        if c.t_frame > 0 {
            ttframe.add((c.t_frame - c.t0) as f64 / 1e3);
        }
        if matches!(c.st, St::Verify | St::Sweep) {
            live += 1;
            bytes += c.body - c.win0;
            rate.add((c.body - c.win0) as f64 / win);
            if t_end - c.last_rx > 2_000_000 {
                c.stalls += 1;
            }
            stalls += c.stalls as u64;
            stalled_conns += (c.stalls > 0) as u64;
        }
        if let (true, Some(v), Some(i)) = (c.verified, &c.ver, &c.icy) {
            vn += 1;
            frames += v.frames;
            gaps += v.gaps;
            missing += v.missing;
            backs += v.backs;
            chain += v.chain_errors;
            damaged += v.damaged;
            skips += (v.first_skip > 0) as u64;
            titles += i.titles;
            icy_err += i.errors;
        }
    }
    let failed: u64 = lab.fails.values().sum();
    let cpu = (u2.cpu_ns - u1.cpu_ns) as f64 / 1e9;
    let lsec = live as f64 * win;
    let us_per_ls = cpu * 1e6 / lsec;
    let pct_per_k = cpu / win * 100.0 * 1000.0 / live as f64;
    let ramp_cpu = (ramp_usage.cpu_ns - usage0.cpu_ns) as f64 / 1e9;
    let rss_per = (u2.rss_kb as f64 - usage0.rss_kb as f64) / live as f64;
    let ctx = u2.ctx_switches.saturating_sub(u1.ctx_switches) as f64 / win;

    println!("connected {live} of {n}, failed {failed} {:?}, dropped later {}", lab.fails, lab.dropped);
    println!("window {win:.1} s, {:.1} MB, per listener bytes/s: min {:.0} p1 {:.0} p50 {:.0} max {:.0}", bytes as f64 / 1e6, rate.q(0.0), rate.q(0.01), rate.q(0.5), rate.q(1.0));
    println!("stalls over 2 s: {stalls} on {stalled_conns} connections");
    println!("verified {vn}: frames {frames}, gaps {gaps} (missing {missing}), repeats {backs}, chain errors {chain}, damaged {damaged}, started inside a frame {skips}, titles {titles}, icy errors {icy_err}");
    println!("ms to first byte: p50 {:.2} p90 {:.2} p99 {:.2} max {:.2}", ttfb.q(0.5), ttfb.q(0.9), ttfb.q(0.99), ttfb.q(1.0));
    println!("ms to first frame: p50 {:.2} p90 {:.2} p99 {:.2} max {:.2}", ttframe.q(0.5), ttframe.q(0.9), ttframe.q(0.99), ttframe.q(1.0));
    println!("bytes in the first 0.5 s: p50 {:.0}; age of the first frame p50 {:.2} s", early.q(0.5), lab.first_age.q(0.5));
    println!("age of the newest frame on arrival, ms: p50 {:.1} p99 {:.1} max {:.1}; of the oldest in the same read: p50 {:.1} p99 {:.1}", lab.age.q(0.5) as f64 / 1e3, lab.age.q(0.99) as f64 / 1e3, lab.age.max as f64 / 1e3, lab.age_old.q(0.5) as f64 / 1e3, lab.age_old.q(0.99) as f64 / 1e3);
    if !pids.is_empty() {
        println!("server CPU {cpu:.3} s (user {:.2} sys {:.2}): {us_per_ls:.2} us per listener-second, {pct_per_k:.3} % of a core per 1,000 listeners; ramp {ramp_cpu:.2} s", u2.user_s - u1.user_s, u2.sys_s - u1.sys_s);
        println!("server RSS {} kB (before {} kB): {rss_per:.2} kB per listener; threads {}; context switches {ctx:.0}/s", u2.rss_kb, usage0.rss_kb, u2.threads);
    }
    println!("kernel, both ends: TCP buffers {} kB (before {}), slab {} kB (before {})", kern2.0, kern0.0, kern2.1, kern0.1);
    println!("machine busy {:.2} s, softirq {:.2} s, ksoftirqd {:.2} s, this client {:.2} s", m2.0 - m1.0, m2.1 - m1.1, m2.2 - m1.2, self2 - self1);
    if let Some(f) = jfile {
        use std::io::Write;
        let why = format!("{:?}", lab.fails).replace('"', "'");
        let j = format!(
            "{{\"n\":{n},\"live\":{live},\"failed\":{failed},\"why\":\"{why}\",\"dropped\":{},\"win\":{win:.3},\"icy\":{icy},\"rate_min\":{:.1},\"rate_p50\":{:.1},\"stalls\":{stalls},\"stall_ms_max\":{:.1},\"stalled_conns\":{stalled_conns},\"verified\":{vn},\"frames\":{frames},\"gaps\":{gaps},\"missing\":{missing},\"backs\":{backs},\"chain\":{chain},\"damaged\":{damaged},\"inside_frame\":{skips},\"titles\":{titles},\"icy_errors\":{icy_err},\"ttfb_ms\":{},\"ttbody_ms\":{},\"ttframe_ms\":{},\"early_bytes\":{:.0},\"first_age_s\":{:.3},\"age_ms_p50\":{:.2},\"age_ms_p99\":{:.2},\"old_ms_p50\":{:.2},\"old_ms_p99\":{:.2},\"cpu_s\":{cpu:.4},\"user_s\":{:.3},\"sys_s\":{:.3},\"us_per_ls\":{us_per_ls:.3},\"pct_per_k\":{pct_per_k:.4},\"ramp_cpu_s\":{ramp_cpu:.3},\"rss0_kb\":{},\"rss_kb\":{},\"rss_per_kb\":{rss_per:.3},\"threads\":{},\"ctx_s\":{ctx:.0},\"tcp_kb0\":{},\"tcp_kb\":{},\"slab_kb0\":{},\"slab_kb\":{},\"machine_s\":{:.3},\"softirq_s\":{:.3},\"ksoftirqd_s\":{:.3},\"client_s\":{:.3}}}",
            lab.dropped, rate.q(0.0), rate.q(0.5), lab.longest_wait_us as f64 / 1e3, ttfb.json(), ttbody.json(), ttframe.json(), early.q(0.5), lab.first_age.q(0.5),
            lab.age.q(0.5) as f64 / 1e3, lab.age.q(0.99) as f64 / 1e3, lab.age_old.q(0.5) as f64 / 1e3, lab.age_old.q(0.99) as f64 / 1e3, u2.user_s - u1.user_s, u2.sys_s - u1.sys_s, usage0.rss_kb, u2.rss_kb, u2.threads,
            kern0.0, kern2.0, kern0.1, kern2.1, m2.0 - m1.0, m2.1 - m1.1, m2.2 - m1.2, self2 - self1
        );
        let r = std::fs::OpenOptions::new().create(true).append(true).open(&f).and_then(|mut o| writeln!(o, "{j}"));
        if let Err(e) = r {
            die(&format!("{f}: {e}"));
        }
    }
    for c in &lab.conns {
        if c.fd >= 0 {
            if rst {
                let l = libc::linger { l_onoff: 1, l_linger: 0 };
                unsafe { libc::setsockopt(c.fd, libc::SOL_SOCKET, libc::SO_LINGER, &l as *const _ as *const libc::c_void, 8) };
            }
            net::close(c.fd);
        }
    }
    // 0: everyone listened without a gap.
    std::process::exit((failed + lab.dropped + stalls + gaps + backs + chain + damaged > 0) as i32);
}
