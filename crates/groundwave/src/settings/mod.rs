//! The machine's settings: `groundwave.toml`.
//!
//! What belongs to the machine stands here (addresses, folders, engines, secrets); what belongs to the station is
//! edited at the desk. Every key has a default, a unit and a sentence, all in one place below; `groundwave config`
//! prints them with the values in force, so the printed file is the manual.
//!
//! A file is read in one go and all its faults are told at once: unknown keys with the nearest known one, wrong
//! types with what is wanted. A key may also come from the environment: `GROUNDWAVE_AIR_SOURCE_PASSWORD` sets
//! `source_password` in `[air]`.
//!
//! Start at [`Settings::load`].

mod fault;
mod kinds;
mod table;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use air::bans::Network;
pub use fault::{Fault, Faults};
pub use kinds::{Days, Header, LogFormat, Secret};
use table::{Place, Reader, entry, section};
use url::Url;

section! {
    /// Where the program keeps its things.
    pub struct Data in "data" {
        /// The folder for everything that it keeps: database, audio, pictures. Made if it is missing.
        dir: PathBuf = PathBuf::from("data"),
    }
}

section! {
    /// The door: where pages, listeners and encoders come in. One port takes all three.
    pub struct Door in "door" {
        /// The addresses to listen on.
        listen: Vec<SocketAddr> = vec![SocketAddr::from(([127, 0, 0, 1], 8000))],
        /// The most connections open at once; further ones are refused.
        connections_max: u32 = 16_000,
        /// How long a connection may take to send the head of its request, in milliseconds.
        head_timeout_ms: u32 = 15_000,
        /// Proxies in front of the door, as addresses or networks: what they say of where somebody comes from (in X-Forwarded-For,
        /// or by the PROXY protocol) is believed by bans, gates and the access log.
        proxies: Vec<Network> = Vec::new(),
    }
}

section! {
    /// TLS: the same door, behind which nobody on the way can listen in. Pages, listeners and encoders all come in here, too.
    pub struct Tls in "tls" {
        /// The addresses to listen on, like ["0.0.0.0:443"]. Without one, no TLS is spoken.
        listen: Vec<SocketAddr> = Vec::new(),
        /// The file with the certificate and its chain, in PEM. It is read again when it changes.
        certificate: Option<PathBuf> = None,
        /// The file with its key, in PEM and without a password; keep it from everybody but this program.
        key: Option<PathBuf> = None,
        /// Whether readers of pages who come without TLS are sent on to the first of these addresses. Streams never are.
        redirect: bool = false,
    }
}

entry! {
    /// The certificate of further host names; the one in [tls] is shown to whoever names none, or another.
    pub struct TlsHost in "tls" "host" {
        /// The file with the certificate and its chain, in PEM.
        certificate: Option<PathBuf> = None,
        /// The file with its key, in PEM and without a password.
        key: Option<PathBuf> = None,
    }
}

section! {
    /// The store: rows. SQLite in the data folder, or PostgreSQL.
    pub struct Store in "store" {
        /// `postgres://user:password@host/database`; empty for SQLite in the data folder.
        url: Secret = Secret::default(),
    }
}

section! {
    /// The air: live audio.
    pub struct Air in "air" {
        /// The user name that encoders give.
        source_user: String = "source".to_owned(),
        /// The password that encoders give. There is no default: without one, no encoder is let in.
        source_password: Secret = Secret::default(),
        /// A file whose first line is the password that encoders give, instead of `source_password`.
        source_password_file: Option<PathBuf> = None,
        /// The user name of the administrator, for `/admin/`.
        admin_user: String = "admin".to_owned(),
        /// The password of the administrator. There is no default: without one, `/admin/` lets nobody in but sources.
        admin_password: Secret = Secret::default(),
        /// A file whose first line is the password of the administrator, instead of `admin_password`.
        admin_password_file: Option<PathBuf> = None,
        /// Whether encoders, with their password, may also see, move and disconnect the listeners of a mount, as Icecast
        /// allows it. They may always give titles.
        sources_administer: bool = true,
        /// The address that Shoutcast encoders are told, like "0.0.0.0:8004". The port above it is opened, too: that is
        /// where they send. Not needed where the port above it is one of the door's.
        shoutcast_listen: Option<SocketAddr> = None,
        /// The mounts that Shoutcast encoders feed, like ["/news.mp3"]: the first, or the one whose number they name.
        /// Without one, no such encoder is let in.
        shoutcast_mounts: Vec<String> = Vec::new(),
        /// Whom to write to about the streams; `/status-json.xsl` and directories tell it to everybody.
        contact: String = String::new(),
        /// Where the streams come from, in words; told likewise.
        location: String = String::new(),
        /// How often a listener is sent what has come, in milliseconds: 250 to 1,000. Less is fresher, more is cheaper.
        batch_ms: u32 = 500,
        /// How much a listener gets at once at the start, in seconds of sound.
        burst_seconds: u32 = 4,
        /// How long a source may send nothing before the next input takes over, in milliseconds.
        source_stall_ms: u32 = 2_000,
        /// How long a source may send nothing before its connection is closed, in milliseconds.
        source_timeout_ms: u32 = 10_000,
        /// What becomes of a second source on a mount: it waits its turn ("standby"), is refused ("refuse") or takes
        /// the mount over ("take-over").
        second_source: air::settings::SecondSource = air::settings::SecondSource::Standby,
        /// Whether an encoder may open a mount that no service has.
        open_mounts: bool = true,
        /// The most listeners at once, over all mounts.
        listeners_max: u32 = 15_000,
        /// The most sources at once, over all mounts.
        sources_max: u32 = 64,
        /// How many threads send to listeners. One serves ten thousand.
        fan_out_threads: u32 = 1,
        /// The host name by which directories and authentication services know this server; the first station's if empty.
        public_name: String = String::new(),
        /// The port by which they know it; the door's first if 0.
        public_port: u32 = 0,
        /// Further fields of every answer to a listener.
        headers: Vec<Header> = Vec::new(),
        /// Addresses and networks that are turned away.
        deny: Vec<Network> = Vec::new(),
        /// A file of such, one a line. It is read again when it changes.
        deny_file: Option<PathBuf> = None,
        /// Addresses and networks that are let in; if there are any, nobody else is.
        allow: Vec<Network> = Vec::new(),
        /// A file of such, one a line. It is read again when it changes.
        allow_file: Option<PathBuf> = None,
        /// The user name that servers give which relay from here.
        relay_user: String = "relay".to_owned(),
        /// The password that they give to get the list of mounts. Without one, they get none.
        relay_password: Secret = Secret::default(),
        /// How many may wait for an authentication service at once.
        gate_requests_max: u32 = 512,
        /// How long each of them waits, in milliseconds.
        gate_timeout_ms: u32 = 5_000,
    }
}

entry! {
    /// The terms of one mount; those of path "*" are for every mount without terms of its own.
    pub struct Mount in "air" "mount" {
        /// The mount's path, like "/news.mp3".
        path: String = String::new(),
        /// The most listeners at once.
        listeners_max: Option<u32> = None,
        /// How long one may listen, in seconds.
        listener_seconds_max: Option<u32> = None,
        /// How much a listener gets at once at the start, in seconds of sound, if not `burst_seconds` of [air].
        burst_seconds: Option<u32> = None,
        /// Whether it is left out of status pages and of the list for relays.
        hidden: bool = false,
        /// Whether directories may list it; as its source says if not given.
        public: Option<bool> = None,
        /// A file in the mount's codec that every listener hears first.
        intro: Option<PathBuf> = None,
        /// The mount that is heard instead while this one is full.
        fallback_when_full: Option<String> = None,
        /// The user name that its encoder gives, where it has a password of its own.
        source_user: String = "source".to_owned(),
        /// The password that its encoder gives, instead of the one in [air].
        source_password: Secret = Secret::default(),
        /// What the stream is called, whatever its source says.
        name: String = String::new(),
        /// What is heard on it, whatever its source says.
        description: String = String::new(),
        /// What kind of thing it is, whatever its source says.
        genre: String = String::new(),
        /// A page about it, whatever its source says.
        url: String = String::new(),
        /// Further fields of the answer to its listeners.
        headers: Vec<Header> = Vec::new(),
        /// An authentication service's address that is asked whether somebody may listen.
        listener_add: Option<Url> = None,
        /// One that is told when a listener has left.
        listener_remove: Option<Url> = None,
        /// One that is told when the mount has a source.
        mount_add: Option<Url> = None,
        /// One that is told when the mount has no source any more.
        mount_remove: Option<Url> = None,
        /// One that is asked whether somebody may send; then no password here counts for this mount.
        stream_auth: Option<Url> = None,
        /// The fields of a listener's request that the authentication service is told.
        auth_headers: Vec<String> = Vec::new(),
        /// What is put before their names.
        auth_header_prefix: String = String::new(),
        /// The user name that the authentication service itself wants.
        auth_user: String = String::new(),
        /// The password that it wants.
        auth_password: Secret = Secret::default(),
    }
}

section! {
    /// The sound: what counts as dead air, how loud renditions are, and what is heard when nothing else is.
    pub struct Sound in "sound" {
        /// Whether sources are listened to and renditions made, in child processes of this program. Without that, a mount
        /// has only what is sent to it, and a source is left only when it sends nothing.
        workshop: bool = true,
        /// What is quieter than this is silence: momentary loudness, in LUFS.
        silence_lufs: f64 = -50.0,
        /// How long a source may be silent, in seconds.
        silence_seconds: u32 = 10,
        /// How long one of its channels may be dead, in seconds.
        channel_dead_seconds: u32 = 20,
        /// How long it may be one tone and nothing else, in seconds.
        stuck_tone_seconds: u32 = 15,
        /// How long it may send the same few seconds again and again, in seconds.
        frozen_seconds: u32 = 20,
        /// How long it must then sound right before it is returned to, in seconds.
        return_after_seconds: u32 = 10,
        /// How much longer a pause in it is waited for, in seconds, so that no word is cut.
        quiet_point_seconds: u32 = 5,
        /// How loud renditions are made, in LUFS; 0 leaves them as loud as they came.
        loudness_lufs: f64 = -18.0,
        /// What no true peak of a rendition gets above, in dBTP.
        true_peak_dbtp: f64 = -1.0,
        /// What is heard when even automation has nothing: a file in MP3, AAC or Ogg. A chime if not given.
        emergency_file: Option<PathBuf> = None,
    }
}

entry! {
    /// What one programme may sound like, where that is not what [sound] says: a quiet movement is not dead air.
    pub struct Programme in "sound" "programme" {
        /// The programme's name in addresses, like "evening-concert".
        slug: String = String::new(),
        /// What is quieter than this is silence, in LUFS.
        silence_lufs: Option<f64> = None,
        /// How long it may be silent, in seconds.
        silence_seconds: Option<u32> = None,
        /// How long one channel may be dead, in seconds.
        channel_dead_seconds: Option<u32> = None,
        /// How long it may be one tone and nothing else, in seconds.
        stuck_tone_seconds: Option<u32> = None,
        /// How long it may send the same few seconds again and again, in seconds.
        frozen_seconds: Option<u32> = None,
    }
}

entry! {
    /// How loud the renditions of one service are, where that is not what [sound] says.
    pub struct ServiceSound in "sound" "service" {
        /// The service's name in addresses, like "music".
        slug: String = String::new(),
        /// How loud they are made, in LUFS; 0 leaves them as loud as they came.
        loudness_lufs: Option<f64> = None,
        /// What no true peak gets above, in dBTP.
        true_peak_dbtp: Option<f64> = None,
    }
}

section! {
    /// HLS and rewind.
    pub struct Hls in "hls" {
        /// How long a segment is, in milliseconds.
        segment_ms: u32 = 6_000,
        /// How far back a listener can go, in minutes.
        window_minutes: u32 = 120,
        /// Whether segments are offered in parts while they are still being made: a player that knows how is then three
        /// or four seconds behind the studio, and not twenty.
        low_latency: bool = true,
        /// How long a part is, in milliseconds.
        part_ms: u32 = 1_000,
        /// How many requests may wait at once for a part that is not made yet.
        waiting_max: u32 = 10_000,
    }
}

entry! {
    /// A stream of another server's that is an input of one of our mounts, behind the studio and its backup.
    pub struct Relay in "air" "relay" {
        /// Where it is, like "http://radio.example:8000/live.mp3". Only http, and only this address.
        from: Option<Url> = None,
        /// The path of our mount; the one that it has there if not given.
        mount: Option<String> = None,
        /// Whether it is fetched only while somebody hears it.
        on_demand: bool = false,
        /// Whether its titles are passed on.
        titles: bool = true,
        /// The user name that the other server wants; empty if none.
        user: String = String::new(),
        /// The password that it wants.
        password: Secret = Secret::default(),
    }
}

section! {
    /// A server whose mounts are all relayed, as its list says.
    pub struct Master in "master" {
        /// Where it is, like "http://radio.example:8000". Only http.
        server: Option<Url> = None,
        /// The user name by which it knows relays.
        user: String = "relay".to_owned(),
        /// Their password.
        password: Secret = Secret::default(),
        /// How often its list is asked for, in seconds.
        update_seconds: u32 = 120,
        /// Whether its mounts are fetched only while somebody hears them.
        on_demand: bool = false,
    }
}

section! {
    /// Directories, which public mounts are announced to.
    pub struct Directory in "directory" {
        /// Their addresses.
        urls: Vec<Url> = Vec::new(),
        /// How long one may take to answer, in seconds.
        timeout_seconds: u32 = 15,
    }
}

section! {
    /// The access log, for scripts that count listener-hours. Off without a folder.
    pub struct AccessLog in "access_log" {
        /// The folder for its files, one a day.
        dir: Option<PathBuf> = None,
        /// The reporting windows in which listeners' addresses stand in it. On other days each has an alias for the day.
        reporting: Vec<Days> = Vec::new(),
        /// How long a file is kept, in days.
        keep_days: u32 = 90,
    }
}

section! {
    /// The tape: everything that is aired, kept as it was sent.
    pub struct Tape in "tape" {
        /// For how many days it is kept; 0 keeps nothing.
        days: u32 = 14,
        /// The most that all services take together, in GB. A day of 128 kbit/s is 1.4.
        gigabytes: u32 = 20,
        /// Which of a service's streams are kept, as ["mp3", "aac"], the one that is cut first in front. Empty: the one of
        /// its first mount.
        codecs: Vec<station::Codec> = Vec::new(),
        /// How much of the disk is left to others, in MB: the oldest of the tape goes before that.
        free_megabytes: u32 = 512,
    }
}

section! {
    /// The pages.
    pub struct Site in "site" {
        /// A folder whose templates stand in for the built-in ones of the same name; `theme` in the data folder if
        /// not given.
        theme_dir: Option<PathBuf> = None,
        /// Whether the public reaches the site by https, through a proxy or a CDN in front of the door. Behind [tls] it does.
        is_https: bool = false,
        /// For how many days browsers shall come by https only, once they were here by https; 0 says nothing.
        hsts_days: u32 = 365,
        /// How much memory finished pages may take, in MB.
        page_cache_mb: u32 = 64,
    }
}

section! {
    /// The desk: where the staff come in. It has a host name of its own and comes through the same door as the site.
    pub struct Desk in "desk" {
        /// Whether there is one.
        is_open: bool = true,
        /// Where the staff reach it, like `https://desk.radio.example`; `{host}` stands for a station's first host name.
        /// Empty for `desk.` before that name. Anywhere but on this machine alone it must be https.
        origin: String = String::new(),
        /// The addresses of proxies in front of the door: what they say of where a request came from is believed.
        proxies: Vec<IpAddr> = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
    }
}

section! {
    /// Letters: invitations, and links to sign in with. None are sent without a server.
    pub struct Mail in "mail" {
        /// The mail server, like `smtps://user:password@mail.example`.
        smtp: Secret = Secret::default(),
        /// The address that letters come from, like `Harrow Valley <desk@harrow.example>`.
        from: String = String::new(),
    }
}

section! {
    /// The wire: stories from elsewhere.
    pub struct Wire in "wire" {
        /// The Organization Service, which knows the names behind owners' ids; empty to never ask it.
        organization_service: String = "https://organization.api.npr.org".to_owned(),
    }
}

section! {
    /// Figures for a Prometheus server.
    pub struct Metrics in "metrics" {
        /// The address for figures, of its own; keep it from the public.
        listen: Option<SocketAddr> = None,
    }
}

section! {
    /// What the program says while it runs.
    pub struct Log in "log" {
        /// How much is said: `error`, `warn`, `info`, `debug`, or per part as in `info,air=debug`.
        level: String = "info".to_owned(),
        /// `text` for people, `json` for machines.
        format: LogFormat = LogFormat::Text,
    }
}

/// All settings of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `[data]`
    pub data: Data,
    /// `[door]`
    pub door: Door,
    /// `[tls]`
    pub tls: Tls,
    /// `[[tls.host]]`
    pub tls_hosts: Vec<TlsHost>,
    /// `[store]`
    pub store: Store,
    /// `[air]`
    pub air: Air,
    /// `[[air.mount]]`
    pub mounts: Vec<Mount>,
    /// `[[air.relay]]`
    pub relays: Vec<Relay>,
    /// `[master]`
    pub master: Master,
    /// `[directory]`
    pub directory: Directory,
    /// `[access_log]`
    pub access_log: AccessLog,
    /// `[sound]`
    pub sound: Sound,
    /// `[[sound.programme]]`
    pub programme_sounds: Vec<Programme>,
    /// `[[sound.service]]`
    pub service_sounds: Vec<ServiceSound>,
    /// `[hls]`
    pub hls: Hls,
    /// `[tape]`
    pub tape: Tape,
    /// `[site]`
    pub site: Site,
    /// `[desk]`
    pub desk: Desk,
    /// `[mail]`
    pub mail: Mail,
    /// `[wire]`
    pub wire: Wire,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[log]`
    pub log: Log,
}

impl Settings {
    /// Reads `file`, then the environment; the defaults where neither says anything. Without a file, the defaults
    /// and the environment alone.
    pub fn load(file: Option<&Path>) -> Result<Self, Faults> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|cause| Faults::unreadable(path, &cause))?,
            None => String::new(),
        };
        let name = file.map_or_else(|| "groundwave.toml".into(), |path| path.display().to_string());
        Self::read(&name, &text, &std::env::vars().collect::<Vec<_>>())
    }

    /// Reads `text`, the contents of a file called `name`, and the variables of an environment.
    pub fn read(name: &str, text: &str, environment: &[(String, String)]) -> Result<Self, Faults> {
        let mut reader = Reader::new(name, text, environment)?;
        let tls_hosts = TlsHost::read_all(&mut reader);
        let mounts = Mount::read_all(&mut reader);
        let relays = Relay::read_all(&mut reader);
        let programme_sounds = Programme::read_all(&mut reader);
        let service_sounds = ServiceSound::read_all(&mut reader);
        let settings = Self {
            data: Data::read(&mut reader),
            door: Door::read(&mut reader),
            tls: Tls::read(&mut reader),
            tls_hosts,
            store: Store::read(&mut reader),
            air: Air::read(&mut reader),
            mounts,
            relays,
            master: Master::read(&mut reader),
            directory: Directory::read(&mut reader),
            access_log: AccessLog::read(&mut reader),
            sound: Sound::read(&mut reader),
            programme_sounds,
            service_sounds,
            hls: Hls::read(&mut reader),
            tape: Tape::read(&mut reader),
            site: Site::read(&mut reader),
            desk: Desk::read(&mut reader),
            mail: Mail::read(&mut reader),
            wire: Wire::read(&mut reader),
            metrics: Metrics::read(&mut reader),
            log: Log::read(&mut reader),
        };
        settings.hold_bounds(&mut reader);
        reader.finish()?;
        Ok(settings)
    }

    /// The effective whole as a file that could be read again, each key with its sentence. Secrets are not shown.
    pub fn print(&self) -> String {
        [
            self.data.print(),
            self.door.print(),
            self.tls.print(),
            TlsHost::print_all(&self.tls_hosts),
            self.store.print(),
            self.air.print(),
            Mount::print_all(&self.mounts),
            Relay::print_all(&self.relays),
            self.master.print(),
            self.directory.print(),
            self.access_log.print(),
            self.sound.print(),
            Programme::print_all(&self.programme_sounds),
            ServiceSound::print_all(&self.service_sounds),
            self.hls.print(),
            self.tape.print(),
            self.site.print(),
            self.desk.print(),
            self.mail.print(),
            self.wire.print(),
            self.metrics.print(),
            self.log.print(),
        ]
        .join("\n")
    }

    /// The address of the store: the one that is set, or SQLite in the data folder.
    pub fn store_url(&self) -> String {
        match self.store.url.reveal() {
            "" => format!("sqlite://{}", self.data.dir.join("station.db").display()),
            url => url.to_owned(),
        }
    }

    /// True if the public reaches the site by https, here or at a proxy.
    pub fn is_https(&self) -> bool {
        self.site.is_https || !self.tls.listen.is_empty()
    }

    fn hold_tls(&self, reader: &mut Reader) {
        let is_half = |certificate: &Option<PathBuf>, key: &Option<PathBuf>| certificate.is_some() != key.is_some();
        if is_half(&self.tls.certificate, &self.tls.key) {
            let message = "`certificate` and `key` in [tls] go together: name both files".to_owned();
            reader.fault("tls", if self.tls.key.is_some() { "key" } else { "certificate" }, message);
        }
        if !self.tls.listen.is_empty() && self.tls.certificate.is_none() && self.tls.key.is_none() {
            let message = "`listen` in [tls] wants a certificate: name its files in `certificate` and `key`".to_owned();
            reader.fault("tls", "listen", message);
        }
        if self.tls.redirect && self.tls.listen.is_empty() {
            let message = "`redirect` in [tls] leads nowhere: name an address in `listen`".to_owned();
            reader.fault("tls", "redirect", message);
        }
        for (at, host) in self.tls_hosts.iter().enumerate() {
            if host.certificate.is_none() || host.key.is_none() {
                let message = "[[tls.host]] wants both files, `certificate` and `key`".to_owned();
                let key = if host.key.is_some() { "key" } else { "certificate" };
                reader.fault_in(Place("tls", "host", at), key, message);
            }
        }
    }

    fn hold_mounts(&self, reader: &mut Reader) {
        for (at, mount) in self.mounts.iter().enumerate() {
            let place = Place("air", "mount", at);
            if mount.path != "*" && !mount.path.starts_with('/') {
                let message =
                    "`path` in [[air.mount]] wants a mount's path, like \"/news.mp3\", or \"*\" for all others";
                reader.fault_in(place, "path", message.to_owned());
            }
            if self.mounts[..at].iter().any(|before| before.path == mount.path) {
                reader.fault_in(place, "path", format!("there are terms for `{}` already", mount.path));
            }
        }
    }

    fn hold_relays(&self, reader: &mut Reader) {
        let is_http = |url: &Url| url.scheme() == "http";
        for (at, relay) in self.relays.iter().enumerate() {
            let place = Place("air", "relay", at);
            if !relay.from.as_ref().is_some_and(is_http) {
                let message =
                    "`from` in [[air.relay]] wants a stream's address, like \"http://radio.example:8000/live.mp3\"";
                reader.fault_in(place, "from", message.to_owned());
            }
            if relay.mount.as_ref().is_some_and(|mount| !mount.starts_with('/')) {
                let message = "`mount` in [[air.relay]] wants a mount's path, like \"/news.mp3\"";
                reader.fault_in(place, "mount", message.to_owned());
            }
        }
        if self.master.server.as_ref().is_some_and(|server| !is_http(server) || server.path() != "/") {
            let message = "`server` in [master] wants a server's address, like \"http://radio.example:8000\"";
            reader.fault("master", "server", message.to_owned());
        }
    }

    fn hold_sound(&self, reader: &mut Reader) {
        let sound = &self.sound;
        for (key, seconds) in [
            ("silence_seconds", sound.silence_seconds),
            ("channel_dead_seconds", sound.channel_dead_seconds),
            ("stuck_tone_seconds", sound.stuck_tone_seconds),
            ("frozen_seconds", sound.frozen_seconds),
        ] {
            reader.bound("sound", key, seconds, 1..=3_600);
        }
        reader.bound("sound", "return_after_seconds", sound.return_after_seconds, 0..=3_600);
        reader.bound("sound", "quiet_point_seconds", sound.quiet_point_seconds, 0..=60);
        for (key, value) in [
            ("silence_lufs", sound.silence_lufs),
            ("loudness_lufs", sound.loudness_lufs),
            ("true_peak_dbtp", sound.true_peak_dbtp),
        ] {
            if !(-100.0..=0.0).contains(&value) {
                reader.fault("sound", key, format!("`{key}` in [sound] is {value}; it must be from -100 to 0"));
            }
        }
    }

    fn hold_bounds(&self, reader: &mut Reader) {
        if !self.mail.smtp.is_empty() && self.mail.from.is_empty() {
            reader.fault(
                "mail",
                "smtp",
                "letters need an address that they come from: set `from` in [mail]".to_owned(),
            );
        }
        reader.bound("air", "batch_ms", self.air.batch_ms, 100..=2_000);
        reader.bound("air", "burst_seconds", self.air.burst_seconds, 0..=30);
        reader.bound("air", "source_stall_ms", self.air.source_stall_ms, 200..=60_000);
        reader.bound("air", "source_timeout_ms", self.air.source_timeout_ms, self.air.source_stall_ms..=600_000);
        reader.bound("air", "fan_out_threads", self.air.fan_out_threads, 1..=64);
        reader.bound("hls", "segment_ms", self.hls.segment_ms, 1_000..=20_000);
        reader.bound("hls", "part_ms", self.hls.part_ms, 200..=self.hls.segment_ms);
        reader.bound("hls", "window_minutes", self.hls.window_minutes, 1..=20_160);
        reader.bound("tape", "days", self.tape.days, 0..=3_660);
        reader.bound("tape", "gigabytes", self.tape.gigabytes, 1..=1_000_000);
        reader.bound("door", "head_timeout_ms", self.door.head_timeout_ms, 500..=120_000);
        reader.bound("door", "connections_max", self.door.connections_max, 16..=1_000_000);
        reader.bound("site", "hsts_days", self.site.hsts_days, 0..=3_650);
        reader.bound("air", "public_port", self.air.public_port, 0..=65_535);
        reader.bound("air", "gate_timeout_ms", self.air.gate_timeout_ms, 100..=60_000);
        reader.bound("access_log", "keep_days", self.access_log.keep_days, 1..=3_650);
        reader.bound("directory", "timeout_seconds", self.directory.timeout_seconds, 1..=60);
        reader.bound("master", "update_seconds", self.master.update_seconds, 5..=86_400);
        self.hold_tls(reader);
        self.hold_mounts(reader);
        self.hold_relays(reader);
        self.hold_sound(reader);
        if self.air.shoutcast_listen.is_some_and(|address| matches!(address.port(), 0 | u16::MAX)) {
            let message =
                "`shoutcast_listen` in [air] wants a port from 1 to 65534, for the port above it is opened, too";
            reader.fault("air", "shoutcast_listen", message.to_owned());
        }
        if let Some(path) = self.air.shoutcast_mounts.iter().find(|path| !path.starts_with('/')) {
            let message = format!("`{path}` in `shoutcast_mounts` is no mount: write the path, like \"/news.mp3\"");
            reader.fault("air", "shoutcast_mounts", message);
        }
        if self.air.shoutcast_listen.is_some() && self.air.shoutcast_mounts.is_empty() {
            let message = "`shoutcast_listen` in [air] leads nowhere: name a mount in `shoutcast_mounts`";
            reader.fault("air", "shoutcast_listen", message.to_owned());
        }
        if self.door.listen.is_empty() {
            reader.fault("door", "listen", "`listen` wants at least one address, like [\"127.0.0.1:8000\"]".to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
