//! What a radio's display shows.

use air::Settings;
use air::mount::NoSource;
use station::broadcast::{Broadcast, Cause, NowNext};
use station::event::Event;
use station::{Codec, ProgrammeId, RuleId, Timestamp};

use crate::house::{Ear, Encoder, House, SERVICE, STATION, studio, wait_for};

fn on_air(title: Option<&str>) -> Event {
    let now = title.map(|title| Broadcast {
        station: STATION,
        service: SERVICE,
        programme: ProgrammeId(1),
        title: title.into(),
        start: Timestamp::UNIX_EPOCH,
        end: Timestamp::UNIX_EPOCH,
        cause: Cause::Rule(RuleId(1)),
    });
    Event::OnAir { service: SERVICE, now_next: NowNext { now, next: None } }
}

#[tokio::test(start_paused = true)]
async fn a_source_s_title_comes_before_the_programme_s_and_that_before_the_service_s_name() {
    let house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let shows = async |title: &str| {
        wait_for(title, || (mount.snapshot().title == title).then_some(())).await;
    };
    shows("Harrow Valley News").await;
    assert_eq!(mount.retitle(Some("Nobody"), None), Err(NoSource));
    house.tell(on_air(Some("The Morning Ledger")));
    shows("The Morning Ledger").await;
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(0.2).await.unwrap();
    shows("The Morning Ledger").await;
    mount.retitle(Some("Interview"), None).unwrap();
    shows("Interview").await;
    house.tell(on_air(Some("Midday")));
    encoder.send(0.2).await.unwrap();
    shows("Interview").await;
    drop(encoder);
    shows("Midday").await;
    house.tell(on_air(None));
    shows("Harrow Valley News").await;
}

#[tokio::test(start_paused = true)]
async fn an_address_stays_with_the_titles_until_it_is_changed() {
    let house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    mount.retitle(Some("One"), Some("http://example.test/1")).unwrap();
    mount.retitle(Some("Two"), None).unwrap();
    encoder.send(1.0).await.unwrap();
    let title = mount.log().window().last().unwrap().title.clone();
    assert_eq!((title.text.as_str(), title.url.as_str()), ("Two", "http://example.test/1"));
}

#[tokio::test(start_paused = true)]
async fn the_same_title_on_several_mounts_is_one_event() {
    let codecs = [Codec::Aac, Codec::Mp3];
    let mut house = House::with(&codecs, 0, Settings::default()).await;
    let encoders = codecs.map(|codec| Encoder::new(house.mount(codec).attach(studio("Studio")).unwrap(), codec));
    for mut encoder in encoders {
        encoder.send(0.2).await.unwrap();
        encoder.feed.title("First", "");
        std::mem::forget(encoder.feed);
    }
    house.mount(Codec::Mp3).retitle(Some("Second"), None).unwrap();
    let mut titles = Vec::new();
    while titles.last().is_none_or(|title| title != "Second") {
        titles.push(
            house
                .hear(|event| match event {
                    Event::Title { title, .. } => Some(title),
                    _ => None,
                })
                .await,
        );
    }
    titles.retain(|title| title != "Harrow Valley News");
    assert_eq!(titles, ["First", "Second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_s_titles_stand_where_they_were_announced() {
    let house = House::with(&[Codec::Aac], 0, Settings { batch_ms: 100, ..Settings::default() }).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.feed.title("It's \"one\"; Title='x", "");
    encoder.send(1.0).await.unwrap();
    let mut ear = Ear::on(&mount, Some(1_000));
    encoder.send(3.0).await.unwrap();
    ear.hear(30_000).await;
    let mut heard = &ear.heard[..];
    let mut texts = Vec::new();
    while heard.get(1_000).is_some_and(|length| heard.len() > 1_001 + usize::from(*length) * 16) {
        let length = usize::from(heard[1_000]) * 16;
        texts.push(String::from_utf8(heard[1_001..1_001 + length].to_vec()).unwrap());
        heard = &heard[1_001 + length..];
    }
    // The burst may begin with the silence before the studio came.
    texts.retain(|text| !text.is_empty() && !text.starts_with("StreamTitle='Harrow Valley News'"));
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("StreamTitle='It") && texts[0].matches("';").count() == 1, "{texts:?}");
}
