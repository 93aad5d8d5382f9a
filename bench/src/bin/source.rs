//! An Icecast source client that sends a paced stream of numbered frames (or a looped file).
use loadlab::args::{die, Args};
use loadlab::frames::{frame_len, push_frame, Codec};
use loadlab::hist::Dist;
use loadlab::net;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

const USAGE: &str = "source --url http://127.0.0.1:PORT/MOUNT [--secs 60]
  --user source --pass hackme   credentials
  --method put|source           PUT (HTTP/1.1, Expect: 100-continue) or the old SOURCE verb
  --codec mp3|aac               numbered frames at exactly 16,000 bytes/s
  --file F                      loop this MP3 or ADTS file instead, paced by its frames
  --mounts N                    feed MOUNT1..MOUNTN from this one process
  --chunk-frames 1              frames per write
  --prefill 0                   seconds of audio sent at once at the start
  --meta 0                      change the title every this many seconds (/admin/metadata)
  --json                        print one JSON object at the end";

fn base64(s: &str) -> String {
    const A: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    s.as_bytes()
        .chunks(3)
        .flat_map(|c| {
            let v = (c[0] as u32) << 16 | (*c.get(1).unwrap_or(&0) as u32) << 8 | *c.get(2).unwrap_or(&0) as u32;
            (0..4).map(move |i| if i <= c.len() { A[(v >> (18 - 6 * i) & 63) as usize] as char } else { '=' })
        })
        .collect()
}

/// The frames of a file with their durations, for looping.
fn file_frames(path: &str, codec: Codec) -> Vec<(Vec<u8>, u64)> {
    let b = std::fs::read(path).unwrap_or_else(|e| die(&format!("{path}: {e}")));
    let mut at = 0;
    if b.len() > 10 && &b[..3] == b"ID3" {
        at = 10 + b[6..10].iter().fold(0usize, |a, &x| a << 7 | x as usize);
    }
    let mut v = Vec::new();
    while at + 7 < b.len() {
        match frame_len(&b[at..], codec) {
            Some(l) if at + l <= b.len() => {
                let h = &b[at..];
                let us = match codec {
                    Codec::Mp3 => {
                        let base = [44100u64, 48000, 32000][(h[2] >> 2 & 3) as usize];
                        match h[1] >> 3 & 3 {
                            3 => 1152 * 1_000_000 / base,
                            2 => 576 * 1_000_000 / (base / 2),
                            _ => 576 * 1_000_000 / (base / 4),
                        }
                    }
                    Codec::Aac => {
                        const S: [u64; 13] = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
                        1024 * 1_000_000 / S[(h[2] >> 2 & 15).min(12) as usize]
                    }
                };
                v.push((h[..l].to_vec(), us));
                at += l;
            }
            _ => at += 1,
        }
    }
    if v.is_empty() {
        die(&format!("{path}: no frames of this codec"));
    }
    v
}

struct Mount {
    sock: TcpStream,
    id: u16,
    seq: u64,
    t0: u64,
    elapsed: u64,
    pending: Vec<u8>,
    dead: bool,
}

fn main() {
    let a = Args::parse(USAGE);
    let u = net::url(&a.str("url", "http://127.0.0.1:8000/live"));
    let secs: f64 = a.num("secs", 60.0);
    let auth = base64(&format!("{}:{}", a.str("user", "source"), a.str("pass", "hackme")));
    let method = a.str("method", "put");
    let codec = Codec::parse(&a.str("codec", "mp3"));
    let file = a.opt("file").map(|f| file_frames(f, codec));
    let mounts: u16 = a.num("mounts", 1);
    let chunk: u64 = a.num::<u64>("chunk-frames", 1).max(1);
    let prefill: f64 = a.num("prefill", 0.0);
    let meta: f64 = a.num("meta", 0.0);
    let json = a.flag("json");
    a.done();
    net::raise_nofile();

    let path_of = |i: u16| if mounts == 1 { u.path.clone() } else { format!("{}{}", u.path, i + 1) };
    let mut ms: Vec<Mount> = Vec::new();
    for i in 0..mounts {
        let mut s = TcpStream::connect((std::net::Ipv4Addr::from(u.ip), u.port)).unwrap_or_else(|e| die(&format!("connect: {e}")));
        s.set_nodelay(true).ok();
        s.set_read_timeout(Some(std::time::Duration::from_secs(5))).ok();
        let first = if method == "put" { format!("PUT {} HTTP/1.1\r\nExpect: 100-continue", path_of(i)) } else { format!("SOURCE {} HTTP/1.0", path_of(i)) };
        let req = format!(
            "{first}\r\nHost: {}\r\nAuthorization: Basic {auth}\r\nUser-Agent: loadlab-source/0.1\r\nContent-Type: {}\r\nice-name: Load lab\r\nice-description: numbered frames\r\nice-public: 0\r\nice-bitrate: 128\r\nice-audio-info: bitrate=128;samplerate=48000;channels=2\r\n\r\n",
            u.host,
            codec.mime()
        );
        s.write_all(req.as_bytes()).unwrap_or_else(|e| die(&format!("request: {e}")));
        let mut head = Vec::new();
        let mut b = [0u8; 512];
        while net::head_end(&head).is_none() {
            match s.read(&mut b) {
                Ok(n) if n > 0 => head.extend_from_slice(&b[..n]),
                r => die(&format!("{}: no answer ({r:?}): {}", path_of(i), String::from_utf8_lossy(&head))),
            }
        }
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or("").to_string();
        if !line.contains(" 100") && !line.contains(" 200") {
            die(&format!("{}: refused: {line}", path_of(i)));
        }
        s.set_nonblocking(true).unwrap();
        ms.push(Mount { sock: s, id: i, seq: 0, t0: 0, elapsed: 0, pending: Vec::new(), dead: false });
    }

    // Titles go over a connection of their own, so they cannot disturb the pacing.
    if meta > 0.0 {
        let (ip, port, host, auth) = (u.ip, u.port, u.host.clone(), auth.clone());
        let paths: Vec<String> = (0..mounts).map(path_of).collect();
        std::thread::spawn(move || {
            for k in 1.. {
                std::thread::sleep(std::time::Duration::from_secs_f64(meta));
                for p in &paths {
                    if let Ok(mut s) = TcpStream::connect((std::net::Ipv4Addr::from(ip), port)) {
                        let _ = write!(s, "GET /admin/metadata?mount={p}&mode=updinfo&song=Artist+{k}+-+Title+{k} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Basic {auth}\r\n\r\n");
                        let _ = s.read(&mut [0u8; 1024]);
                    }
                }
            }
        });
    }

    let start = net::now_us() + 5_000;
    let pre_us = (prefill * 1e6) as u64;
    for (i, m) in ms.iter_mut().enumerate() {
        // Mounts are spread over one chunk; a prefill is audio that is already due.
        m.t0 = start + i as u64 * 24_000 * chunk / mounts as u64;
    }
    let end = start + (secs * 1e6) as u64;
    let (mut late, mut sent, mut blocked) = (Dist::default(), 0u64, 0u64);
    loop {
        // The mount whose next chunk is due first.
        let Some(i) = (0..ms.len()).filter(|&i| !ms[i].dead).min_by_key(|&i| ms[i].t0 + ms[i].elapsed.saturating_sub(pre_us)) else { break };
        let m = &mut ms[i];
        let due = m.t0 + m.elapsed.saturating_sub(pre_us);
        if due >= end {
            break;
        }
        net::sleep_until_us(due);
        let now = net::now_us();
        if m.elapsed > pre_us {
            late.add((now - due) as f64 / 1000.0);
        }
        let mut out = std::mem::take(&mut m.pending);
        if !out.is_empty() {
            blocked += 1;
        }
        for _ in 0..chunk {
            match &file {
                None => {
                    push_frame(&mut out, codec, m.id, m.seq, now);
                    m.seq += 1;
                    m.elapsed = codec.frame_time_us(m.seq);
                }
                Some(f) => {
                    let (b, us) = &f[m.seq as usize % f.len()];
                    out.extend_from_slice(b);
                    m.seq += 1;
                    m.elapsed += us;
                }
            }
        }
        match net::send(m.sock.as_raw_fd(), &out) {
            Ok(n) => {
                sent += n as u64;
                m.pending = out.split_off(n);
            }
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => m.pending = out,
            Err(e) => {
                eprintln!("{}: {e}", path_of(m.id));
                m.dead = true;
            }
        }
    }
    let dead = ms.iter().filter(|m| m.dead).count();
    let frames: u64 = ms.iter().map(|m| m.seq).sum();
    let cpu = net::self_cpu_s();
    if json {
        println!("{{\"mounts\":{mounts},\"dead\":{dead},\"frames\":{frames},\"bytes\":{sent},\"blocked_writes\":{blocked},\"late_ms\":{},\"cpu_s\":{cpu:.3}}}", late.json());
    } else {
        println!("mounts {mounts} (lost {dead}), frames {frames}, bytes {sent}, writes into a full socket {blocked}");
        println!("late by ms: p50 {:.3} p99 {:.3} max {:.3}; own CPU {cpu:.2} s", late.q(0.5), late.q(0.99), late.q(1.0));
    }
    std::process::exit((dead > 0) as i32);
}
