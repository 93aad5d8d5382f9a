//! What an authentication service is sent, byte for byte as Icecast 2.4.4 sends it.
//!
//! Scripts of many years read these bodies, some of them with no more than a regular expression: the order of the
//! fields and the way they are escaped are part of the contract. Pure: values in, a body out.

use std::net::IpAddr;

/// The server as it is known to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its host name.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// Somebody who wants to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The number that tells it from all others.
    pub client: u64,
    /// What was asked for, decoded, its query behind it: `/live.mp3?token=abc`.
    pub mount: String,
    /// The user that it gave; may be empty.
    pub user: String,
    /// The password that it gave; may be empty.
    pub password: String,
    /// From where it came.
    pub address: IpAddr,
    /// The program; empty if it did not say.
    pub agent: String,
}

/// Somebody who wants to send, or speaks for who does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The mount's path.
    pub mount: String,
    /// The user that it gave.
    pub user: String,
    /// The password that it gave.
    pub password: String,
    /// From where it came.
    pub address: IpAddr,
    /// Whether it asks for something else than sending: a title, a list of listeners.
    pub is_admin: bool,
}

/// `listener_add`; `headers` are those that are passed on, each with its whole name.
pub fn listener_add(server: &Server, listener: &Listener, headers: &[(String, String)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("&{name}={}", escape(value))).collect();
    format!(
        "action=listener_add&server={}&port={}&client={}&mount={}&user={}&pass={}&ip={}&agent={}{headers}",
        escape(&server.name),
        server.port,
        listener.client,
        escape(&listener.mount),
        escape(&listener.user),
        escape(&listener.password),
        escape(&text(listener.address)),
        agent(&listener.agent),
    )
}

/// `listener_remove`, after so many seconds.
pub fn listener_remove(server: &Server, listener: &Listener, seconds: u64) -> String {
    format!(
        "action=listener_remove&server={}&port={}&client={}&mount={}&user={}&pass={}&duration={seconds}&ip={}&agent={}",
        escape(&server.name),
        server.port,
        listener.client,
        escape(&listener.mount),
        escape(&listener.user),
        escape(&listener.password),
        escape(&text(listener.address)),
        agent(&listener.agent),
    )
}

/// `mount_add`: something is on a mount.
pub fn mount_add(server: &Server, mount: &str) -> String {
    format!("action=mount_add&mount={}&server={}&port={}", escape(mount), escape(&server.name), server.port)
}

/// `mount_remove`: nothing is on it any more.
pub fn mount_remove(server: &Server, mount: &str) -> String {
    format!("action=mount_remove&mount={}&server={}&port={}", escape(mount), escape(&server.name), server.port)
}

/// `stream_auth`.
pub fn stream_auth(server: &Server, sender: &Sender) -> String {
    format!(
        "action=stream_auth&mount={}&ip={}&server={}&port={}&user={}&pass={}{}",
        escape(&sender.mount),
        escape(&text(sender.address)),
        escape(&server.name),
        server.port,
        escape(&sender.user),
        escape(&sender.password),
        if sender.is_admin { "&admin=1" } else { "" },
    )
}

/// Every byte but letters and digits as `%2e`, in lower case.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02x}"));
        }
    }
    escaped
}

/// A missing program is a dash, unescaped.
fn agent(agent: &str) -> String {
    if agent.is_empty() { "-".to_owned() } else { escape(agent) }
}

/// An IPv4 address as such, also where a socket shows it as IPv6.
fn text(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Icecast 2.4.4 was seen to send.
    const LISTENER_ADD: &str = "action=listener_add&server=localhost&port=8000&client=144&mount=%2furlauth%2emp3%3ftoken%3dabc%26x%3d1&user=fred&pass=pw&ip=127%2e0%2e0%2e1&agent=My%20Player%2f1%2e0&ClientHeader.x-token=tt&ClientHeader.cookie=c%3d1";
    const LISTENER_REMOVE: &str = "action=listener_remove&server=localhost&port=8000&client=144&mount=%2furlauth%2emp3%3ftoken%3dabc%26x%3d1&user=fred&pass=pw&duration=1&ip=127%2e0%2e0%2e1&agent=My%20Player%2f1%2e0";
    const NAMELESS_ADD: &str = "action=listener_add&server=localhost&port=8000&client=145&mount=%2furlauth%2emp3%3ftoken%3dbad&user=&pass=&ip=127%2e0%2e0%2e1&agent=-";
    const MOUNT_ADD: &str = "action=mount_add&mount=%2furlauth%2emp3&server=localhost&port=8000";
    const STREAM_AUTH: &str = "action=stream_auth&mount=%2furlauth%2emp3&ip=127%2e0%2e0%2e1&server=localhost&port=8000&user=source&pass=goodpw";

    fn server() -> Server {
        Server { name: "localhost".into(), port: 8000 }
    }

    fn fred() -> Listener {
        Listener {
            client: 144,
            mount: "/urlauth.mp3?token=abc&x=1".into(),
            user: "fred".into(),
            password: "pw".into(),
            address: "127.0.0.1".parse().unwrap(),
            agent: "My Player/1.0".into(),
        }
    }

    #[test]
    fn a_listener_is_announced_as_icecast_does_it() {
        let headers = [("ClientHeader.x-token".into(), "tt".into()), ("ClientHeader.cookie".into(), "c=1".into())];
        assert_eq!(listener_add(&server(), &fred(), &headers), LISTENER_ADD);
        assert_eq!(listener_remove(&server(), &fred(), 1), LISTENER_REMOVE);
        let nameless = Listener {
            client: 145,
            mount: "/urlauth.mp3?token=bad".into(),
            user: String::new(),
            password: String::new(),
            agent: String::new(),
            address: "::ffff:127.0.0.1".parse().unwrap(),
        };
        assert_eq!(listener_add(&server(), &nameless, &[]), NAMELESS_ADD);
    }

    #[test]
    fn a_mount_and_its_sender_are_announced_as_icecast_does_it() {
        assert_eq!(mount_add(&server(), "/urlauth.mp3"), MOUNT_ADD);
        assert_eq!(mount_remove(&server(), "/urlauth.mp3"), MOUNT_ADD.replace("mount_add", "mount_remove"));
        let sender = Sender {
            mount: "/urlauth.mp3".into(),
            user: "source".into(),
            password: "goodpw".into(),
            address: "127.0.0.1".parse().unwrap(),
            is_admin: false,
        };
        assert_eq!(stream_auth(&server(), &sender), STREAM_AUTH);
        let admin = Sender { is_admin: true, ..sender };
        assert_eq!(stream_auth(&server(), &admin), format!("{STREAM_AUTH}&admin=1"));
    }

    #[test]
    fn letters_beyond_ascii_are_escaped_byte_by_byte() {
        assert_eq!(escape("Test Röck"), "Test%20R%c3%b6ck");
    }
}
