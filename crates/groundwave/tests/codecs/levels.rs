//! How loud renditions are, as ffmpeg's meter finds them where a listener would, and what the meters here tell of them.

use std::time::Duration;

use air::Settings;
use air::automation::Repertoire;
use bus::Heard;
use metrics_exporter_prometheus::PrometheusBuilder;
use station::event::{Event, Meters};
use station::{Codec, Service};
use tokio::time::timeout;

use super::house::{self, House, Plan, SERVICE};

/// Far too loud: noise that is cut off at full scale, with a tone in it.
const LOUD: &str = "anoisesrc=color=pink:amplitude=0.9:sample_rate=48000:seed=3:duration=44[a];\
    sine=frequency=330:sample_rate=48000:duration=44[b];[a][b]amix=normalize=0,volume=9dB";
/// The mounts to which nobody sends, at the lowest rates that a station would use, with what names their rates.
const RENDERED: [(Codec, u32); 3] = [(Codec::Mp3, 64), (Codec::Aac, 48), (Codec::OggOpus, 32)];
/// The level that is measured: after the normaliser has found its way, as long as a station's jingle.
const MEASURED: Duration = Duration::from_secs(10);

/// What ffmpeg's meter says of a stream: integrated loudness in LUFS, and true peak in dBTP.
fn measured(bytes: &[u8], codec: Codec) -> (f64, f64) {
    let before = ["-hide_banner", "-nostats", "-v", "info"];
    let told = house::ffmpeg(bytes, codec, &before, &["-af", "ebur128=peak=true", "-f", "null", "-"]);
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    let summary = text.rsplit("Summary:").next().unwrap_or_default();
    let figure = |name: &str| {
        let rest = summary.split(name).nth(1)?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    (figure("I:").expect("a loudness"), figure("Peak:").expect("a true peak"))
}

async fn next_meters(house: &mut House) -> Meters {
    let told = async {
        loop {
            if let Heard::Message(message) = house.news.next().await
                && let Event::Metered { service: SERVICE, meters } = message.event
                && meters.momentary_lufs > -60.0
            {
                return meters;
            }
        }
    };
    timeout(Duration::from_secs(60), told).await.expect("the meters are told")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_loud_the_studio_is_no_listener_hears_a_peak_above_the_ceiling() {
    let figures = PrometheusBuilder::new().install_recorder().expect("nobody else counts in this test");
    let mut mounts = vec![(Codec::OggFlac, 0)];
    mounts.extend(RENDERED);
    let mut house = House::open(Plan {
        mounts,
        settings: Settings { burst_seconds: 0, ..Settings::default() },
        repertoire: Repertoire::default(),
        vault: house::vault(),
    });
    let mut studio = house.studio(Codec::OggFlac);
    let loud = house::found(&house::made(LOUD, Codec::OggFlac), Codec::OggFlac);
    let sending = tokio::spawn(async move {
        for found in loud {
            studio.take(found).await.expect("the studio is wanted");
        }
        studio
    });
    let meters = next_meters(&mut house).await;
    assert!(meters.momentary_lufs > -18.0 && meters.phase > 0.9, "the meters show what was sent: {meters:?}");
    let figure = format!("groundwave_momentary_lufs{{service=\"{}\"}} -", house.service().slug);
    house::wait_until("the same stands in the figures", || figures.render().contains(&figure)).await;

    let is_rendered = || house.air.status()[0].mounts.iter().skip(1).all(|mount| mount.is_rendition);
    house::wait_until("the mounts carry renditions", is_rendered).await;
    house::wait_until("the renditions are level", || house.mount(Codec::Aac).loudness().is_some()).await;
    let heard = RENDERED.map(|(codec, _)| {
        let mount = house.mount(codec);
        async move { (codec, house::hear(&mount, MEASURED).await) }
    });
    for (codec, heard) in futures_util::future::join_all(heard).await {
        let (integrated_lufs, true_peak_dbtp) = measured(&heard, codec);
        println!("{codec:?}: {integrated_lufs} LUFS, {true_peak_dbtp} dBTP");
        assert!(true_peak_dbtp <= -1.0, "{codec:?}: {true_peak_dbtp} dBTP");
        assert!((integrated_lufs + 18.0).abs() <= 1.0, "{codec:?}: {integrated_lufs} LUFS");
    }
    assert_eq!(house.mount(Codec::OggFlac).loudness(), None, "of what is passed on nobody can say");
    sending.abort();
    house.air.stop().await;
}

impl House {
    fn service(&self) -> &Service {
        &self.air.settings().services[0]
    }
}
