//! `/admin/`, as the programs know it that administrators have written for Icecast.

use std::sync::Arc;

use air::Settings;
use air::settings::Sources;
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::sound;
use crate::studio::{AUTHORIZATION, PATIENCE, Sending, Studio, settings, wait_for, with_news};

/// What opens everything to the administrator: `admin:admpw`.
const ADMIN: &str = "Authorization: Basic YWRtaW46YWRtcHc=";
/// What opens the list of mounts to a server that relays: `relay:relpw`.
const RELAY: &str = "Authorization: Basic cmVsYXk6cmVscHc=";

/// Settings with an administrator, where sources make their mounts.
pub fn administered() -> Settings {
    let known = |user: &str, password: &str| Sources { user: user.into(), password: password.into() };
    let (admin, relays) = (known("admin", "admpw"), known("relay", "relpw"));
    Settings { admin, relays, open_mounts: true, linger_seconds: 600, ..settings() }
}

async fn ask_as(studio: &Studio, who: &str, path: &str) -> String {
    studio.ask(&format!("GET {path} HTTP/1.0\r\n{who}\r\n\r\n")).await
}

async fn ask(studio: &Studio, path: &str) -> String {
    ask_as(studio, ADMIN, path).await
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

async fn title(studio: &Studio, mount: &str, title: &str) {
    let answer = ask(studio, &format!("/admin/metadata?mode=updinfo&mount={mount}&song={title}")).await;
    assert!(answer.contains("<return>1</return>"), "{answer}");
}

/// Somebody who listens, with titles.
pub struct Ear {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Ear {
    pub async fn on(studio: &Studio, path: &str, agent: &str) -> Self {
        let mut socket = studio.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nUser-Agent: {agent}\r\nIcy-MetaData: 1\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        Self { socket, received: Vec::new() }
    }

    /// The same on a connection that has fetched a page before.
    async fn on_a_kept_connection(studio: &Studio, path: &str) -> Self {
        let mut socket = studio.connect().await;
        socket.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut ear = Self { socket, received: Vec::new() };
        ear.hear("hello").await;
        ear.received.clear();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nIcy-MetaData: 1\r\n\r\n");
        ear.socket.write_all(request.as_bytes()).await.unwrap();
        ear
    }

    /// Hears on until these words have come.
    async fn hear(&mut self, words: &str) {
        self.hear_bytes(words.as_bytes()).await;
    }

    /// Hears on until these bytes have come.
    pub async fn hear_bytes(&mut self, bytes: &[u8]) {
        let hearing = async {
            while !self.received.windows(bytes.len()).any(|window| window == bytes) {
                assert_ne!(self.socket.read_buf(&mut self.received).await.unwrap(), 0, "the answer ended");
            }
        };
        let words = String::from_utf8_lossy(bytes);
        timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("{words} was not heard"));
    }

    async fn hear_title(&mut self, title: &str) {
        self.hear(&format!("StreamTitle='{title}';")).await;
    }

    /// Hears on until the connection ends.
    async fn hear_the_end(&mut self) {
        let ending = async { while let Ok(1..) = self.socket.read_buf(&mut self.received).await {} };
        timeout(PATIENCE, ending).await.expect("the answer ends");
    }

    /// The sound of the one answer that it got, freed of the titles.
    fn sound(&self) -> Vec<u8> {
        let start = self.received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let mut deinterleaver = audio::icy::Deinterleaver::new(16_000);
        let (mut sound, mut input) = (Vec::new(), &self.received[start..]);
        while let Some(piece) = deinterleaver.next(&mut input) {
            if let audio::icy::Piece::Sound(bytes) = piece {
                sound.extend_from_slice(bytes);
            }
        }
        sound
    }
}

/// Two mounts that are on, each with its title: /a.mp3 and /b.mp3.
async fn two_mounts() -> (Studio, [Sending; 2]) {
    let studio = Studio::with(administered()).await;
    let sources =
        [studio.send(Codec::Mp3, "/a.mp3", "ice-name: A\r\n").await, studio.send(Codec::Mp3, "/b.mp3", "").await];
    title(&studio, "/a.mp3", "Sound+of+A").await;
    title(&studio, "/b.mp3", "Sound+of+B").await;
    (studio, sources)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_first_what_is_wanted_then_who_wants_it_then_of_which_mount() {
    let (studio, _sources) = two_mounts().await;
    let nobody = "X-Nobody: 1";
    for (who, path, first_line, part) in [
        (nobody, "/admin/!POKE", "HTTP/1.0 400 Bad Request", "<b>400 - Unrecognised command</b>"),
        (ADMIN, "/admin/nosuch", "HTTP/1.0 400 Bad Request", "<b>400 - Unrecognised command</b>"),
        (nobody, "/admin/stats", "HTTP/1.0 401 Authentication Required", "You need to authenticate\r\n"),
        (nobody, "/admin/", "HTTP/1.0 401 Authentication Required", "You need to authenticate\r\n"),
        (nobody, "/admin/listclients?mount=/nope", "HTTP/1.0 401 Authentication Required", "You need to"),
        (RELAY, "/admin/stats", "HTTP/1.0 401 Authentication Required", "You need to authenticate\r\n"),
        (AUTHORIZATION, "/admin/stats", "HTTP/1.0 401 Authentication Required", "You need to authenticate\r\n"),
        (
            AUTHORIZATION,
            "/admin/streamlist.txt",
            "HTTP/1.0 401 Authentication Required",
            "You need to authenticate\r\n",
        ),
        (ADMIN, "/admin/listclients?mount=/nope", "HTTP/1.0 400 Bad Request", "<b>400 - Source does not exist</b>"),
        (ADMIN, "/admin/listclients", "HTTP/1.0 400 Bad Request", "<b>400 - Unknown admin request</b>"),
        (ADMIN, "/admin/listmounts?mount=/a.mp3", "HTTP/1.0 400 Bad Request", "<b>400 - Mount request unknown</b>"),
        (ADMIN, "/admin/killclient?mount=/a.mp3", "HTTP/1.0 400 Bad Request", "<b>400 - Missing parameter</b>"),
        (ADMIN, "/admin/fallbacks?mount=/a.mp3", "HTTP/1.0 400 Bad Request", "<b>400 - Missing parameter</b>"),
        (ADMIN, "/admin/manageauth?mount=/a.mp3", "HTTP/1.0 400 Bad Request", "<b>400 - missing parameter</b>"),
        (ADMIN, "/admin/moveclients?mount=/a.mp3&destination=/nope", "HTTP/1.0 400 Bad Request", "400 - No such dest"),
        (
            ADMIN,
            "/admin/moveclients?mount=/a.mp3&destination=/a.mp3",
            "HTTP/1.0 400 Bad Request",
            "<b>400 - supplied mountpoints are identical</b>",
        ),
    ] {
        let answer = ask_as(&studio, who, path).await;
        assert_eq!(status(&answer), first_line, "{path}");
        assert!(answer.contains(part), "{path}: {answer}");
        let challenges = answer.to_lowercase().contains("\r\nwww-authenticate: basic realm=");
        assert_eq!(challenges, first_line.contains("401"), "{answer}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_the_administrator_where_no_password_is_set() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/a.mp3", "").await;
    // admin: with an empty password, and with the sources' own.
    for who in ["Authorization: Basic YWRtaW46", "Authorization: Basic YWRtaW46c3JjcHc=", "X-Nobody: 1"] {
        for path in ["/admin/stats", "/admin/listclients?mount=/a.mp3", "/admin/streamlist.txt"] {
            assert_eq!(
                status(&ask_as(&studio, who, path).await),
                "HTTP/1.0 401 Authentication Required",
                "{who} {path}"
            );
        }
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_administers_its_mount_unless_that_is_forbidden() {
    for (sources_administer, first_line) in [(true, "HTTP/1.0 200 OK"), (false, "HTTP/1.0 401 Authentication Required")]
    {
        let studio = Studio::with(Settings { sources_administer, ..administered() }).await;
        let _source = studio.send(Codec::Mp3, "/a.mp3", "").await;
        let answer = ask_as(&studio, AUTHORIZATION, "/admin/listclients?mount=/a.mp3").await;
        assert_eq!(status(&answer), first_line);
        let title = ask_as(&studio, AUTHORIZATION, "/admin/metadata?mode=updinfo&mount=/a.mp3&song=x").await;
        assert_eq!(status(&title), "HTTP/1.0 200 OK", "titles are the source's own in any case");
        studio.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statistics_have_icecast_s_names() {
    let (studio, _sources) = two_mounts().await;
    let answer = ask(&studio, "/admin/stats").await;
    assert!(answer.to_lowercase().contains("\r\ncontent-type: text/xml; charset=utf-8\r\n"), "{answer}");
    let xml = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(xml.starts_with("<?xml version=\"1.0\"?>\n<icestats><admin></admin><client_connections>"), "{xml}");
    for part in [
        "<listeners>0</listeners>",
        "<server_id>Groundwave</server_id>",
        "<server_start_iso8601>2026-11-24T08:00:0",
        "<sources>2</sources>",
        "<source mount=\"/a.mp3\">",
        "<genre>various</genre>",
        "<max_listeners>unlimited</max_listeners>",
        "<public>1</public>",
        "<server_description>Unspecified description</server_description>",
        "<server_name>A</server_name>",
        "<server_type>audio/mpeg</server_type>",
        "<slow_listeners>0</slow_listeners>",
        "<title>Sound of B</title>",
        "<total_bytes_read>",
    ] {
        assert!(xml.contains(part), "{part} is missing in {xml}");
    }
    let one = ask(&studio, "/admin/stats?mount=/b.mp3").await;
    assert!(one.contains("mount=\"/b.mp3\"") && !one.contains("mount=\"/a.mp3\""), "{one}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mounts_are_listed_for_administrators_and_for_those_who_relay() {
    let (studio, _sources) = two_mounts().await;
    ask(&studio, "/admin/fallbacks?mount=/a.mp3&fallback=/b.mp3").await;
    let listed = ask(&studio, "/admin/listmounts").await;
    let first = "<icestats><source mount=\"/a.mp3\"><fallback>/b.mp3</fallback><listeners>0</listeners><Connected>";
    assert!(listed.contains(first), "{listed}");
    assert!(listed.contains("</Connected><content-type>audio/mpeg</content-type></source>"), "{listed}");
    for who in [RELAY, ADMIN] {
        let text = ask_as(&studio, who, "/admin/streamlist.txt").await;
        assert!(text.to_lowercase().contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n/a.mp3\r\n/b.mp3\r\n"), "{text}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_is_listed_without_an_address_and_can_be_shown_out() {
    let (studio, _sources) = two_mounts().await;
    let mut first = Ear::on(&studio, "/a.mp3", "VLC/3.0 \"q\"").await;
    first.hear_title("Sound of A").await;
    let mut second = Ear::on_a_kept_connection(&studio, "/a.mp3").await;
    second.hear_title("Sound of A").await;

    let mount = studio.on_air("/a.mp3").await;
    let ids: Vec<u64> = mount.roster().list(studio.air.clock().elapsed()).iter().map(|line| line.id).collect();
    let listed = ask(&studio, "/admin/listclients?mount=/a.mp3").await;
    assert!(listed.contains("<source mount=\"/a.mp3\"><Listeners>2</Listeners><listener><IP>2001:db8:"), "{listed}");
    assert!(listed.contains("</IP><UserAgent>VLC/3.0 &quot;q&quot;</UserAgent><Connected>"), "{listed}");
    assert!(listed.contains(&format!("</Connected><ID>{}</ID></listener>", ids[0])), "{listed}");
    assert!(!listed.contains("127.0.0.1"), "{listed}");

    let gone = ask(&studio, "/admin/killclient?mount=/a.mp3&id=99999").await;
    assert_eq!(status(&gone), "HTTP/1.0 200 OK");
    assert!(
        gone.contains("<iceresponse><message>Client 99999 not found</message><return>0</return></iceresponse>"),
        "{gone}"
    );
    for (ear, id) in [(&mut first, ids[0]), (&mut second, ids[1])] {
        let killed = ask(&studio, &format!("/admin/killclient?mount=/a.mp3&id={id}")).await;
        assert!(killed.contains(&format!("<message>Client {id} removed</message><return>1</return>")), "{killed}");
        ear.hear_the_end().await;
    }
    wait_for("the roster to be empty", || mount.roster().ids().is_empty().then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_moved_within_their_answer_and_no_frame_is_broken() {
    let (studio, _sources) = two_mounts().await;
    let mut ears = [Ear::on(&studio, "/a.mp3", "One").await, Ear::on_a_kept_connection(&studio, "/a.mp3").await];
    for ear in &mut ears {
        ear.hear_title("Sound of A").await;
    }
    let moved = ask(&studio, "/admin/moveclients?mount=/a.mp3&destination=/b.mp3").await;
    assert!(moved.contains("<message>Clients moved from /a.mp3 to /b.mp3</message><return>1</return>"), "{moved}");
    for ear in &mut ears {
        ear.hear_title("Sound of B").await;
    }
    let (a, b) = (studio.on_air("/a.mp3").await, studio.on_air("/b.mp3").await);
    assert_eq!((a.roster().ids().len(), b.roster().ids().len()), (0, 2));
    wait_for("them to be counted where they are", || {
        (b.audience().now() == 2 && a.audience().now() == 0).then_some(())
    })
    .await;
    sound::assert_is_unbroken(Codec::Mp3, &ears[0].sound());

    let back = ask(&studio, "/admin/moveclients?mount=/b.mp3&destination=/a.mp3").await;
    assert!(back.contains("<return>1</return>"), "{back}");
    ears[0].received.clear();
    ears[0].hear_title("Sound of A").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_not_moved_to_another_codec_and_it_is_said() {
    let (studio, _sources) = two_mounts().await;
    let _opus = studio.send(Codec::OggOpus, "/c.opus", "").await;
    let mut ear = Ear::on(&studio, "/a.mp3", "One").await;
    ear.hear_title("Sound of A").await;
    let refused = ask(&studio, "/admin/moveclients?mount=/a.mp3&destination=/c.opus").await;
    assert_eq!(status(&refused), "HTTP/1.0 200 OK");
    let message = "Clients not moved from /a.mp3 to /c.opus: the mounts carry different codecs";
    assert!(refused.contains(&format!("<message>{message}</message><return>0</return>")), "{refused}");
    assert_eq!(studio.on_air("/a.mp3").await.roster().ids().len(), 1);
    let choice = ask(&studio, "/admin/moveclients?mount=/a.mp3").await;
    assert!(choice.contains("<current_source>/a.mp3</current_source><source mount=\"/b.mp3\">"), "{choice}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_takes_listeners_over_while_the_source_is_away_and_gives_them_back() {
    let studio = Studio::with(Settings { linger_seconds: 1, ..administered() }).await;
    let live = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let _backup = studio.send(Codec::Mp3, "/backup.mp3", "").await;
    title(&studio, "/live.mp3", "Live").await;
    title(&studio, "/backup.mp3", "Backup").await;
    let configured = ask(&studio, "/admin/fallbacks?mount=/live.mp3&fallback=/backup.mp3").await;
    assert!(configured.ends_with("<body><p>Fallback configured</p></body></html>"), "{configured}");

    let mut ear = Ear::on(&studio, "/live.mp3", "One").await;
    ear.hear_title("Live").await;
    drop(live);
    ear.hear_title("Backup").await;
    let mut newcomer = Ear::on(&studio, "/live.mp3", "Two").await;
    newcomer.hear_title("Backup").await;

    ear.received.clear();
    let _live = studio.send(Codec::Mp3, "/live.mp3", "").await;
    title(&studio, "/live.mp3", "Live+again").await;
    ear.hear_title("Live again").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_can_be_disconnected() {
    let studio = Studio::with(Settings { open_mounts: false, ..with_news() }).await;
    let refused =
        studio.ask(&format!("GET /admin/killsource?mount=/news.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n")).await;
    assert!(
        refused.contains("<b>400 - Source does not exist</b>") || refused.contains("Source is not available"),
        "{refused}"
    );
    studio.close().await;

    let (studio, _sources) = two_mounts().await;
    let mount = studio.on_air("/a.mp3").await;
    let killed = ask(&studio, "/admin/killsource?mount=/a.mp3").await;
    assert!(killed.contains("<message>Source Removed</message><return>1</return>"), "{killed}");
    wait_for("the source to be gone", || (mount.snapshot().sources == 0).then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_a_page_for_people() {
    let (studio, _sources) = two_mounts().await;
    let mut ear = Ear::on(&studio, "/a.mp3", "<b>VLC</b>").await;
    ear.hear_title("Sound of A").await;
    for (path, heading, part) in [
        ("/admin/", "Statistics", "<h2>/a.mp3</h2>"),
        ("/admin", "Statistics", "<h2>/a.mp3</h2>"),
        ("/admin/stats.xsl", "Statistics", "<th scope=\"row\">listener peak</th>"),
        ("/admin/listmounts.xsl", "Mounts", "<form action=\"/admin/killsource.xsl\">"),
        ("/admin/moveclients.xsl", "Mounts", "<h2>/b.mp3</h2>"),
        ("/admin/moveclients.xsl?mount=/a.mp3", "Mounts", "<button>Move the listeners here</button>"),
        ("/admin/listclients.xsl?mount=/a.mp3", "Listeners", "<td>&lt;b&gt;VLC&lt;/b&gt;</td>"),
        (
            "/admin/updatemetadata.xsl?mount=/a.mp3",
            "Give a title",
            "<form action=\"/admin/metadata.xsl\" method=\"post\">",
        ),
        ("/admin/killclient.xsl?mount=/a.mp3&id=99999", "Client 99999 not found", "return"),
        ("/admin/metadata.xsl?mode=updinfo&mount=/a.mp3&song=x", "Metadata update successful", "return"),
        ("/admin/killsource.xsl?mount=/a.mp3", "Source Removed", "return"),
    ] {
        let page = ask(&studio, path).await;
        assert_eq!(status(&page), "HTTP/1.0 200 OK", "{path}");
        assert!(page.to_lowercase().contains("\r\ncontent-type: text/html; charset=utf-8\r\n"), "{page}");
        assert!(page.contains(&format!("<h1>{heading}</h1>")) && page.contains(part), "{path}: {page}");
    }
    studio.close().await;
}

/// A browser sends a password along that its owner once gave, whoever makes it ask.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_use_somebody_s_password() {
    let (studio, _sources) = two_mounts().await;
    for path in [
        "/admin/killsource?mount=/a.mp3",
        "/admin/metadata?mode=updinfo&mount=/a.mp3&song=Hijacked",
        "/admin.cgi?mode=updinfo&pass=srcpw&song=Hijacked",
    ] {
        let answer = ask_as(&studio, &format!("{ADMIN}\r\nSec-Fetch-Site: cross-site"), path).await;
        assert_eq!(status(&answer), "HTTP/1.0 403 Forbidden", "{path}");
        let own = ask_as(&studio, &format!("{ADMIN}\r\nSec-Fetch-Site: same-origin"), "/admin/stats").await;
        assert_eq!(status(&own), "HTTP/1.0 200 OK");
    }
    assert_eq!(studio.on_air("/a.mp3").await.snapshot().title, "Sound of A");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_can_sign_a_listener_in() {
    let (studio, _sources) = two_mounts().await;
    let request =
        "GET /admin/buildm3u?mount=/a.mp3&username=u&password=p%40s HTTP/1.0\r\nHost: radio.test:8000\r\n\r\n";
    let answer = studio.ask(request).await;
    assert!(answer.ends_with("\r\n\r\nhttp://u:p%40s@radio.test:8000/a.mp3\r\n"), "{answer}");
    let head = answer.to_lowercase();
    assert!(head.contains("\r\ncontent-type: audio/x-mpegurl\r\n"), "{answer}");
    assert!(head.contains("\r\ncontent-disposition: attachment; filename=\"listen.m3u\"\r\n"), "{answer}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_watches_is_told_every_figure_and_then_what_changes() {
    let (studio, _sources) = two_mounts().await;
    let refused = studio.ask("STATS / HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&refused), "HTTP/1.0 401 Authentication Required");

    let mut socket = studio.connect().await;
    socket.write_all(format!("STATS / HTTP/1.0\r\n{ADMIN}\r\n\r\n").as_bytes()).await.unwrap();
    let mut watcher = Ear { socket, received: Vec::new() };
    watcher.hear("EVENT global sources 2\n").await;
    assert!(watcher.received.starts_with(b"HTTP/1.0 200 OK\r\n\r\nEVENT "), "nothing else stands in the head");
    watcher.hear("EVENT /b.mp3 title Sound of B\n").await;
    watcher.received.clear();
    title(&studio, "/a.mp3", "Another").await;
    watcher.hear("EVENT /a.mp3 title Another\n").await;
    assert!(!String::from_utf8_lossy(&watcher.received).contains("/b.mp3 title"), "only what is new is told");
    let _third = studio.send(Codec::Mp3, "/c.mp3", "").await;
    watcher.hear("EVENT /c.mp3 server_type audio/mpeg\n").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_people_and_shoutcast_s_pages_say_what_is_on() {
    let (studio, _sources) = two_mounts().await;
    let get = async |path: &str| studio.ask(&format!("GET {path} HTTP/1.0\r\nHost: radio.test\r\n\r\n")).await;
    let page = get("/status.xsl").await;
    for part in ["<h2>A</h2>", "<a href=\"http://radio.test/a.mp3.m3u\">m3u</a>", "<td>Sound of B</td>"] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let only = get("/status.xsl?mount=/b.mp3").await;
    assert!(!only.contains("<h2>A</h2>"), "{only}");

    let seven = get("/7.html").await;
    assert!(seven.contains("<body>0,1,0,15000,0,0,Sound of A</body>"), "{seven}");
    assert!(get("/currentsong?sid=2").await.ends_with("\r\n\r\nSound of B"));
    assert_eq!(status(&get("/currentsong?sid=3").await), "HTTP/1.0 404 Not Found");
    let json = get("/stats?sid=2&json=1").await;
    let json: serde_json::Value = serde_json::from_str(json.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(
        (&json["songtitle"], &json["streamstatus"], &json["streampath"]),
        (&"Sound of B".into(), &1.into(), &"/b.mp3".into())
    );
    let xml = get("/stats?sid=1").await;
    assert!(xml.contains("<SHOUTCASTSERVER>") && xml.contains("<SONGTITLE>Sound of A</SONGTITLE>"), "{xml}");
    studio.close().await;
}

/// Numbered twice, so that neither the mounts nor the rosters are held up by each other: many are moved at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_moved_to_and_fro_and_nobody_is_lost() {
    let (studio, _sources) = two_mounts().await;
    let mut ears = Vec::new();
    for number in 0..60 {
        ears.push(Ear::on(&studio, "/a.mp3", &format!("Player {number}")).await);
    }
    let (a, b) = (studio.on_air("/a.mp3").await, studio.on_air("/b.mp3").await);
    let all_at = |mount: &Arc<air::Mount>| (mount.roster().ids().len() == 60).then_some(());
    wait_for("all to be there", || all_at(&a)).await;
    for _ in 0..5 {
        ask(&studio, "/admin/moveclients?mount=/a.mp3&destination=/b.mp3").await;
        wait_for("all to have moved", || all_at(&b)).await;
        ask(&studio, "/admin/moveclients?mount=/b.mp3&destination=/a.mp3").await;
        wait_for("all to be back", || all_at(&a)).await;
    }
    for ear in &mut ears[..5] {
        ear.hear_title("Sound of A").await;
        sound::assert_is_unbroken(Codec::Mp3, &ear.sound());
    }
    drop(ears);
    wait_for("all to be gone", || (a.roster().ids().is_empty() && b.roster().ids().is_empty()).then_some(())).await;
    studio.close().await;
}
