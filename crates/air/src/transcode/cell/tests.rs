//! A cell is tried by a prisoner: this test program, started once more and told to get out.

use std::process::Command;

/// What a prisoner is told to try.
const DEED: &str = "PRISONER_DEED";

/// Starts this test program as a prisoner and says how that ended: with what it found out, or not at all.
fn try_to(deed: &str) -> Option<String> {
    let name = "transcode::cell::tests::prisoner";
    let program = std::env::current_exe().expect("a test has a program");
    let mut command = Command::new(program);
    command.args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(DEED, deed);
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = said.split_once("found: ").map(|(_, rest)| rest.lines().next().unwrap_or_default().to_owned());
    found.filter(|_| output.status.success())
}

/// Is no test by itself: the ones below start it in a process of its own.
#[test]
#[ignore = "it locks up the process that runs it"]
fn prisoner() {
    let Ok(deed) = std::env::var(DEED) else { return };
    let parent = std::os::unix::process::parent_id();
    let cell = super::lock();
    let found = match deed.as_str() {
        "nothing" => cell.shortcomings(),
        "read a file" => told(std::fs::read("/etc/hostname")),
        "write a file" => told(std::fs::write("/tmp/groundwave-prisoner", b"free")),
        "connect" => told(std::net::TcpStream::connect("127.0.0.1:9")),
        "listen" => told(std::net::UdpSocket::bind("127.0.0.1:0")),
        "start a program" => told(Command::new("/bin/true").status()),
        "signal the parent" => {
            let parent = rustix::process::Pid::from_raw(parent as i32).expect("there is a parent");
            told(rustix::process::kill_process(parent, rustix::process::Signal::TERM))
        }
        "take memory" => {
            let taken: Vec<Vec<u8>> = (0..64_u8).map(|turn| vec![turn; 8 << 20]).collect();
            taken.len().to_string()
        }
        other => panic!("nobody knows how to {other}"),
    };
    println!("\nfound: {found}");
}

fn told<T, E: std::fmt::Debug>(tried: Result<T, E>) -> String {
    if tried.is_ok() { "free".to_owned() } else { "refused".to_owned() }
}

#[test]
fn every_lock_holds_on_this_machine_or_is_named() {
    let missing = try_to("nothing").expect("it ends well");
    assert!(["", "Landlock"].contains(&missing.as_str()), "missing: {missing}");
}

#[test]
fn files_network_and_other_processes_are_out_of_reach() {
    for deed in ["read a file", "write a file", "connect", "listen", "start a program", "signal the parent"] {
        assert_eq!(try_to(deed).as_deref(), Some("refused"), "{deed}");
    }
}

#[test]
fn memory_without_end_ends_the_child_alone() {
    assert_eq!(try_to("take memory"), None);
}
