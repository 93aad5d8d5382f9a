//! The air alone on one port, or on another behind TLS, too, for trying it out and for measuring it: any path can be a mount, and one service is heard
//! as HLS (silence, until an encoder sends to `/hls.aac`).
//!
//! ```text
//! cargo run --release -p air --example air -- 127.0.0.1:8000 hackable
//! ffmpeg -re -i song.mp3 -c copy -f mp3 icecast://source:hackable@127.0.0.1:8000/live.mp3
//! mpv http://127.0.0.1:8000/live.mp3
//! mpv http://127.0.0.1:8000/hls/live/index.m3u8
//!
//! cargo run --release -p air --example air -- 127.0.0.1:8000 hackable 500 127.0.0.1:8443 certificate.pem key.pem
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use air::front::Door;
use air::settings::{Settings, Sources};
use air::tls::{Certificates, Pair};
use air::{Air, Beat, front};
use station::{Clock, Codec, Mount, Service, ServiceId, Slug, StationId, Timestamp};

const USAGE: &str =
    "name an address, and a password for sources: air ADDRESS PASSWORD [BATCH_MS [TLS_ADDRESS CERTIFICATE KEY]]";

/// The machine's clocks.
struct Machine(tokio::time::Instant);

impl Clock for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().unwrap_or_else(|| "127.0.0.1:8000".to_owned()).parse()?;
    let password = arguments.next().ok_or(USAGE)?;
    let batch_ms = arguments.next().map_or(Ok(Settings::default().batch_ms), |text| text.parse())?;
    let secure = secure_door(arguments.collect())?;
    let sources = Sources { user: "source".to_owned(), password };
    let services = vec![service()?];
    let settings = Settings { services, sources, batch_ms, open_mounts: true, ..Settings::default() };
    let folder = std::env::temp_dir().join("air-example");
    let clock = Arc::new(Machine(tokio::time::Instant::now()));
    let air = Air::start_on(
        Beat::on_a_thread()?,
        settings,
        Vec::new(),
        vault::Vault::disk(&folder)?,
        bus::Local::new(),
        clock,
    )?;
    let listener = front::bind(address)?;
    println!("sources and listeners: http://{}", listener.local_addr()?);
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    front::serve(
        std::iter::once(Door::from(listener)).chain(secure).collect::<Vec<_>>(),
        Arc::clone(&air),
        air.routes(),
        stop,
    )
    .await;
    air.stop().await;
    Ok(())
}

/// The door behind TLS, if one is named.
fn secure_door(arguments: Vec<String>) -> Result<Option<Door>, Box<dyn std::error::Error>> {
    let [address, certificate, key] = match <[String; 3]>::try_from(arguments) {
        Ok(named) => named,
        Err(none) if none.is_empty() => return Ok(None),
        Err(_) => return Err(USAGE.into()),
    };
    let pair = Pair::read(&std::fs::read(certificate)?, &std::fs::read(key)?)?;
    let certificates = Some(Certificates::new(vec![pair])?);
    Ok(Some(Door { listener: front::bind(address.parse()?)?, certificates }))
}

/// A service with one mount that can be packed.
fn service() -> Result<Service, station::slug::NotASlug> {
    let mount = Mount {
        path: "/hls.aac".to_owned(),
        codec: Codec::Aac,
        bitrate_kbps: 128,
        sample_rate_hz: 44_100,
        channels: 2,
    };
    Ok(Service {
        id: ServiceId(1),
        station: StationId(1),
        slug: Slug::parse("live")?,
        name: "Live".to_owned(),
        teaser: String::new(),
        position: 0,
        mounts: vec![mount],
    })
}
