// The player, as somebody uses it: real sound in a real browser, from page to page, through failures and back.
//
// Controls are found by role and name, as a screen reader finds them. Nothing here depends on the pace of the sound:
// without an audio device a browser's media clock keeps no time.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, describe, test } from "node:test";

import { PATIENCE_MS, startBrowser, startStation, until } from "./station.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const STATION_ZONE = "America/New_York";
const WAVE = "Field Notes: what the ground does to a radio wave";
const GAUGE = "The River Report: the gauge at the lock";
const MILL = "Mill Race";

let station, browser, pages;
const contexts = [];

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  pages = await pagesWithSound();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await station?.stop();
});

describe("live", () => {
  test("before anything plays, the bar says what it would play and counts no time", async () => {
    const { player, page } = await visit("/");
    await until("the big button", () => player.getByRole("button", { name: "Play Harrow Valley News live" }).isVisible());
    assert.doesNotMatch(await player.innerText(), /\d:\d\d/);
    assert.equal(await player.getByRole("slider", { name: "Position" }).count(), 0);
    assert.equal(await page.getByRole("status").textContent(), "");
  });

  test("one press plays live, and says so to the eye and to the ear", async () => {
    const { player, page, says, isHeard, sound } = await visit("/");
    const service = (await onAir()).services[0];
    await player.getByRole("button", { name: `Play ${service.name} live` }).click();
    await says("Live");
    await isHeard();
    assert.equal((await sound()).path, service.mounts[0].path);
    assert.equal(await page.getByRole("status").textContent(), `Playing: ${service.now.title}`);
    await player.getByRole("button", { name: "Pause" }).click();
    await says("Paused");
    assert.equal((await sound()).path, null, "a paused live stream is still being fetched");
  });

  test("the button at the head of every page does the same, and shows that it is on", async () => {
    const { page, says } = await visit("/about");
    const button = page.getByRole("banner").getByRole("button", { name: "Play live radio" });
    await button.click();
    await says("Live");
    assert.equal(await button.getAttribute("aria-pressed"), "true");
    await button.click();
    await says("Paused");
    assert.equal(await button.getAttribute("aria-pressed"), "false");
  });

  test("it plays on from page to page, back and forward, without asking for the stream again", async () => {
    const { page, says, isHeard, sound, streams } = await visit("/");
    await page.getByRole("button", { name: "Play Harrow Valley News live" }).first().click();
    await says("Live");
    const ways = [
      ["Schedule", () => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Schedule" }).click()],
      ["People", () => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" }).click()],
      ["Schedule", () => page.goBack()],
      ["People", () => page.goForward()],
    ];
    for (const [heading, go] of ways) {
      await go();
      await until(`the page ${heading}`, () => page.getByRole("heading", { level: 1, name: heading }).isVisible());
      await until("focus on its heading", () => page.evaluate(() => document.activeElement?.matches("main h1")));
      await isHeard();
      await says("Live");
    }
    assert.equal((await sound()).elements, 1, "another element has taken over");
    assert.deepEqual(streams, ["/news.mp3"]);
  });

  test("another service is one press away, and remembered", async () => {
    const { page, player, says, isHeard, sound, openSheet } = await visit("/");
    const sheet = await openSheet();
    const music = sheet.getByRole("button", { name: /^Harrow Valley Music/ });
    await music.click();
    await says("Live");
    await isHeard();
    assert.match((await sound()).path, /^\/music\./);
    assert.equal(await music.getAttribute("aria-pressed"), "true");
    await sheet.getByRole("button", { name: /^Harrow Valley News/ }).click();
    await until("the other service", async () => (await sound()).path?.startsWith("/news."));
    await says("Live");
    assert.equal(await music.getAttribute("aria-pressed"), "false");
    await music.click();
    await says("Live");
    await page.reload();
    await until("what was heard last", () => player.getByRole("button", { name: "Play Harrow Valley Music live" }).isVisible());
  });

  test("what is on and what is next stands there for each service, on the station's clock wherever the listener is", async () => {
    const { page, openSheet } = await visit("/", { timezoneId: "Asia/Tokyo" });
    const sheet = await openSheet();
    for (const { name, now, next } of (await onAir()).services) {
      const words = plain(await sheet.getByRole("button", { name: new RegExp(`^${name}`) }).innerText());
      assert.ok(words.includes(`${now.title} until ${stationTime(now.end)}`), words);
      assert.ok(words.includes(`Next up: ${next.title}, ${stationTime(next.start)}`), words);
    }
    const strip = plain(await page.getByRole("region", { name: "On the air" }).first().innerText());
    const { now } = (await onAir()).services[0];
    assert.ok(strip.includes(`${now.title} until ${stationTime(now.end)}`), strip);
  });

  test("a story's time is the station's, wherever the listener is", async () => {
    const { page } = await visit(pages.wave, { timezoneId: "Asia/Tokyo" });
    const time = page.getByRole("main").locator("time[datetime]").first();
    await until("its exact words", () => time.getAttribute("title"));
    const [moment, words, exact] = [await time.getAttribute("datetime"), plain(await time.innerText()), plain(await time.getAttribute("title"))];
    assert.ok(words.endsWith(stationTime(moment)) || words === exact, `${words} for ${moment}`);
    assert.ok(exact.includes(stationTime(moment)), `${exact} for ${moment}`);
  });
});

describe("on demand", () => {
  test("a piece shows how far it is, is sought by keyboard, and tells its place in words", async () => {
    const { page, player, says, isHeard, sound } = await visit(pages.wave);
    await page.getByRole("button", { name: act("Listen", WAVE) }).click();
    await says("Playing");
    await isHeard();
    await player.getByRole("button", { name: "Pause" }).click();
    await says("Paused");

    const slider = player.getByRole("slider", { name: "Position" });
    const { duration } = await sound();
    const whole = `${Math.floor(duration / 60)} minutes ${Math.floor(duration % 60)} seconds`;
    await slider.press("PageUp");
    for (const [key, placeS, words] of [
      ["Home", 0, "0 seconds"],
      ["ArrowRight", 5, "5 seconds"],
      ["PageUp", 35, "35 seconds"],
      ["PageUp", 65, "1 minute 5 seconds"],
      ["ArrowLeft", 60, "1 minute"],
    ]) {
      await slider.press(key);
      assert.equal((await sound()).placeS, placeS, key);
      assert.equal(await slider.getAttribute("aria-valuetext"), `${words} of ${whole}`);
    }
    const digits = `${Math.floor(duration / 60)}:${String(Math.floor(duration % 60)).padStart(2, "0")}`;
    assert.match(plain(await player.innerText()), new RegExp(`1:00 .*${digits}`));
    await player.getByRole("button", { name: "Back 15 seconds" }).click();
    assert.equal((await sound()).placeS, 45);
    await player.getByRole("button", { name: "Ahead 30 seconds" }).click();
    assert.equal((await sound()).placeS, 75);
  });

  test("a piece is heard faster if one likes, the radio never", async () => {
    const { page, player, says, sound, openSheet } = await visit(pages.wave);
    await page.getByRole("button", { name: act("Listen", WAVE) }).click();
    await says("Playing");
    await player.getByRole("combobox", { name: "Speed" }).selectOption("1.5");
    assert.equal((await sound()).speed, 1.5);
    await (await openSheet()).getByRole("button", { name: /^Harrow Valley News/ }).click();
    await says("Live");
    assert.equal((await sound()).speed, 1);
    assert.equal(await player.getByRole("combobox", { name: "Speed" }).count(), 0);
  });

  test("a piece that was left waits where it was, after a reload too", async () => {
    const { page, player, says, isHeard, sound } = await visit(pages.wave);
    await page.getByRole("button", { name: act("Listen", WAVE) }).click();
    await says("Playing");
    await isHeard();
    await player.getByRole("button", { name: "Pause" }).click();
    await says("Paused");
    for (const key of ["PageUp", "Home", "PageUp", "PageUp"]) await player.getByRole("slider", { name: "Position" }).press(key);

    await page.reload();
    await says("Paused");
    assert.match(plain(await player.innerText()), /1:00 /);
    assert.ok(await player.getByRole("link", { name: WAVE }).isVisible());
    await player.getByRole("button", { name: "Play", exact: true }).click();
    await says("Playing");
    await isHeard();
    assert.ok((await sound()).placeS >= 60, `it went on at ${(await sound()).placeS} s`);
  });

  test("a queue is filled, put in order by keyboard, emptied, kept over a reload, and played", async () => {
    const { page, player, says, sound, openSheet, lineUp } = await visit(pages.wave);
    await lineUp("Add to queue", WAVE, pages.wave);
    assert.equal(await page.getByRole("status").textContent(), `${WAVE} is in the queue`);
    await lineUp("Add to queue", GAUGE, pages.gauge);
    await lineUp("Play next", MILL, pages.mill);
    let queue = inOrder(await openSheet());
    await queue.is(MILL, WAVE, GAUGE);

    await queue.button(`Play ${GAUGE}`).focus();
    await page.keyboard.press("Alt+ArrowUp");
    await queue.is(MILL, GAUGE, WAVE);
    assert.equal(await page.getByRole("status").textContent(), `${GAUGE}: place 2 of 3`);
    assert.ok(await queue.button(`Play ${GAUGE}`).evaluate((button) => button === document.activeElement), "focus did not go along");
    await queue.button(`Move ${MILL} down`).press("Enter");
    await queue.is(GAUGE, MILL, WAVE);
    assert.ok(await queue.button(`Move ${GAUGE} up`).isDisabled());
    await queue.button(`Remove ${MILL}`).press("Enter");
    await queue.is(GAUGE, WAVE);
    assert.ok(await queue.button(`Remove ${WAVE}`).evaluate((button) => button === document.activeElement), "focus is lost");

    await page.reload();
    queue = inOrder(await openSheet());
    await queue.is(GAUGE, WAVE);
    await player.getByRole("button", { name: "Play the next in the queue" }).click();
    await says("Playing");
    assert.ok(await player.getByRole("link", { name: GAUGE }).isVisible());
    await queue.is(WAVE);
    await until("the length", async () => (await sound()).duration > 0);
    await player.getByRole("slider", { name: "Position" }).press("End");
    await until("the next piece by itself", () => player.getByRole("link", { name: WAVE }).isVisible());
    await says("Playing");
    await queue.is();
    assert.ok(await player.getByText("Nothing is lined up").isVisible());
  });

  test("focus stays in the player when the button that had it goes away", async () => {
    const { page, player, says, lineUp } = await visit(pages.gauge);
    await lineUp("Add to queue", GAUGE, pages.gauge);
    await player.getByRole("button", { name: "Play the next in the queue" }).press("Enter");
    await says("Playing");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Pause");
  });
});

describe("by ear, by key, from the lock screen", () => {
  test("volume and silence are remembered", async () => {
    const { page, player, says, sound } = await visit("/");
    const volume = player.getByRole("slider", { name: "Volume" });
    for (const _ of [1, 2, 3, 4]) await volume.press("ArrowLeft");
    assert.equal(await volume.getAttribute("aria-valuetext"), "80 percent");
    await player.getByRole("button", { name: "Mute" }).click();
    assert.equal(await volume.getAttribute("aria-valuetext"), "Muted");

    await page.reload();
    await player.getByRole("button", { name: "Play Harrow Valley News live" }).click();
    await says("Live");
    assert.deepEqual([(await sound()).volume, (await sound()).isMuted], [0.8, true]);
    assert.equal(await player.getByRole("button", { name: "Mute" }).getAttribute("aria-pressed"), "true");
    await player.getByRole("button", { name: "Mute" }).click();
    assert.deepEqual([(await sound()).volume, (await sound()).isMuted], [0.8, false]);
    assert.equal(await volume.getAttribute("aria-valuetext"), "80 percent");
  });

  test("K plays and pauses from anywhere, the space bar in the player; neither where one chooses or scrolls", async () => {
    const { page, says } = await visit("/schedule");
    await page.keyboard.press("k");
    await says("Live");
    await page.keyboard.press(" ");
    await page.getByRole("combobox", { name: "Times in" }).press("k");
    await says("Live");
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("K");
    await says("Paused");
    await page.getByRole("link", { name: "Skip to the player" }).press("Enter");
    await until("focus in the player", () => page.evaluate(() => document.activeElement?.id === "player"));
    await page.keyboard.press(" ");
    await says("Live");
    await page.getByRole("button", { name: "Pause" }).last().press(" ");
    await says("Paused");
  });

  test("single keys can be switched off, for good", async () => {
    const { page, player, says, openSheet } = await visit("/about");
    await page.keyboard.press("m");
    assert.equal(await player.getByRole("button", { name: "Mute" }).getAttribute("aria-pressed"), "true");
    const sheet = await openSheet();
    await sheet.getByText("Keys", { exact: true }).click();
    await sheet.getByRole("checkbox", { name: "Single keys work the player" }).uncheck();
    await page.reload();
    await until("the player", () => player.isVisible());
    await page.keyboard.press("m");
    await page.keyboard.press("k");
    assert.equal(await player.getByRole("button", { name: "Mute" }).getAttribute("aria-pressed"), "true");
    await says("");
  });

  test("the lock screen knows what plays, and its keys work", async () => {
    const { page, says, lineUp, sound, session } = await visit(pages.gauge);
    const { services } = await onAir();
    await page.getByRole("banner").getByRole("button", { name: "Play live radio" }).click();
    await says("Live");
    const live = await session();
    assert.deepEqual(
      [live.title, live.artist, live.album, live.state],
      [services[0].now.title, services[0].name, "Harrow Valley Public Radio", "playing"],
    );
    assert.ok(!live.actions.includes("seekto") && !live.actions.includes("nexttrack"), String(live.actions));
    await session("pause");
    await says("Paused");
    assert.equal((await session()).state, "paused");

    await page.getByRole("button", { name: act("Listen", GAUGE) }).click();
    await says("Playing");
    await session("pause");
    await session("seekto", { seekTime: 40 });
    assert.equal((await sound()).placeS, 40);
    await session("seekforward", { seekOffset: 10 });
    await session("seekbackward", { seekOffset: 20 });
    assert.equal((await sound()).placeS, 30);
    const piece = await session();
    assert.equal(piece.title, GAUGE);
    assert.match(piece.artwork, /^\/media\//);
    await lineUp("Add to queue", WAVE, pages.wave);
    await session("nexttrack");
    await says("Playing");
    assert.equal((await session()).title, WAVE);
  });

  test("on a phone the bar is one line that opens to a sheet; focus goes in, and comes back with Escape", async () => {
    const { page, player } = await visit("/", { viewport: PHONE });
    const opener = player.getByRole("button", { name: "Stations and queue" });
    assert.equal(await player.getByRole("button").count(), 2, "more than play and open");
    assert.ok((await player.boundingBox()).height < 80);
    await opener.press("Enter");
    const sheet = player.getByRole("group", { name: "Stations and queue" });
    assert.equal(await opener.getAttribute("aria-expanded"), "true");
    assert.ok(await sheet.evaluate((element) => element === document.activeElement), "focus did not go in");
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => document.activeElement?.textContent ?? "");
    assert.match(stop, /Harrow Valley News/);
    assert.ok(await player.getByRole("button", { name: "Mute" }).isVisible());
    await page.keyboard.press("Escape");
    assert.ok(await sheet.isHidden());
    assert.equal(await opener.getAttribute("aria-expanded"), "false");
    assert.ok(await opener.evaluate((button) => button === document.activeElement), "focus did not come back");
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
      test(`axe finds nothing with the sheet open and a piece playing, ${colorScheme}, ${name}`, async () => {
        const { page, says, lineUp, openSheet } = await visit(pages.gauge, { viewport, colorScheme, bypassCSP: true });
        await lineUp("Add to queue", WAVE, pages.wave);
        await page.getByRole("button", { name: act("Listen", WAVE) }).click();
        await says("Playing");
        await lineUp("Add to queue", GAUGE, pages.gauge);
        await lineUp("Add to queue", MILL, pages.mill);
        await (await openSheet()).getByText("Keys", { exact: true }).click();
        await page.evaluate(AXE);
        const { violations } = await page.evaluate(() => window.axe.run("#player", { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.html).join(" ")}`), []);
      });
    }
  }
});

describe("when something fails", () => {
  test("a listener who is offline is told so, and hears the radio as soon as the connection is back", async () => {
    const { page, context, says, isHeard } = await visit("/");
    await context.setOffline(true);
    await page.getByRole("banner").getByRole("button", { name: "Play live radio" }).click();
    await says("You are offline. Waiting…");
    assert.equal(await page.getByRole("status").textContent(), "You are offline. Waiting…");
    await context.setOffline(false);
    await says("Live");
    await isHeard();
  });

  test("a station that is killed is said to be down, and heard again by itself when it is back", async () => {
    const own = await startStation();
    const { page, says, isHeard } = await visit("/", { of: own });
    await page.getByRole("banner").getByRole("button", { name: "Play live radio" }).click();
    await says("Live");
    await isHeard();
    await own.stop({ keep: true, signal: "SIGKILL" });
    await says("The stream is down. Trying again…");
    assert.equal(await page.getByRole("status").textContent(), "The stream is down. Trying again…");
    const again = await startStation({ dir: own.folder, listen: new URL(own.ready.site).host.replace("localhost", "127.0.0.1") });
    try {
      await says("Live");
      await isHeard();
      assert.match(await page.getByRole("status").textContent(), /^Playing: /);
    } finally {
      await again.stop();
    }
  });

  test("a piece that does not come is asked for until it does", async () => {
    const own = await startStation();
    const { page, says, isHeard } = await visit(pages.wave, { of: own });
    await own.stop({ keep: true, signal: "SIGKILL" });
    await page.getByRole("button", { name: act("Listen", WAVE) }).click();
    await says("It does not load. Trying again…");
    const again = await startStation({ dir: own.folder, listen: new URL(own.ready.site).host.replace("localhost", "127.0.0.1") });
    try {
      await says("Playing");
      await isHeard();
    } finally {
      await again.stop();
    }
  });
});

describe("rewind", () => {
  test("one goes back in the radio, moves about there, and comes back to live", async () => {
    await until("a window to go back in", async () => (await (await fetch(station.url("/hls/news/rewind.m3u8"))).text()).split("#EXTINF").length > 6);
    const { page, player, says, isHeard, sound, streams } = await visit("/", { timezoneId: "Asia/Tokyo" });
    await page.getByRole("banner").getByRole("button", { name: "Play live radio" }).click();
    await says("Live");
    assert.deepEqual(streams.filter((path) => path.startsWith("/hls/")), [], "the window was fetched before anybody asked");
    await player.getByRole("button", { name: "Back 15 seconds" }).click();
    await says(/^\d+ \w+ behind live$/);
    await isHeard();

    await player.getByRole("button", { name: "Pause" }).click();
    await says("Paused");
    const slider = player.getByRole("slider", { name: "Position" });
    assert.match(await slider.getAttribute("aria-valuetext"), / behind live$/);
    const before = (await sound()).placeS;
    await slider.press("ArrowLeft");
    assert.ok((await sound()).placeS < before, "an arrow did not move it");
    const hours = [Date.now(), Date.now() - 300_000].map((moment) => stationTime(moment).match(/^\d+/)[0]);
    assert.match(plain(await player.innerText()), new RegExp(`\\b(${hours.join("|")}):\\d\\d:\\d\\d [AP]M`), "not the station's clock");
    await player.getByRole("button", { name: "Play", exact: true }).click();
    await says(/ behind live$/);

    await player.getByRole("button", { name: "Back to live" }).press("Enter");
    await says("Live");
    await isHeard();
    assert.match((await sound()).path, /^\/news\./);
    assert.equal(await slider.count(), 0);
    await player.getByRole("button", { name: "From the start" }).click();
    await says(/ behind live$/);
    await isHeard();
  });
});

test("without script there is a plain player on every page, and a list for an app", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  contexts.push(context);
  const page = await context.newPage();
  for (const where of ["/", pages.wave, "/listen"]) {
    await page.goto(station.url(where), { waitUntil: "load" });
    const audio = page.locator("audio[controls]").first();
    assert.ok(await audio.isVisible(), where);
    assert.equal(await audio.getAttribute("src"), "/news.mp3");
    const list = await page.getByRole("link", { name: /^Open/ }).first().getAttribute("href");
    assert.ok((await (await fetch(station.url(list))).text()).includes(station.url("/news.mp3")), `${list} does not lead to the stream`);
    assert.equal(await page.getByRole("button", { name: /^Play .* live$/ }).count(), 0, "a button that does nothing");
  }
});

/** Opens a page with a player, and says how to look at it and listen to it. */
async function visit(where, { of = station, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  contexts.push(context);
  await context.addInitScript(keepWhatIsPlayed);
  context.setDefaultTimeout(PATIENCE_MS / 2);
  const page = await context.newPage();
  const streams = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/hls\/|\.(mp3|aac)$/.test(pathname)) streams.push(pathname);
  });
  await page.goto(of.url(where), { waitUntil: "load" });
  const player = page.getByRole("region", { name: "Player", exact: true });
  await until("the player", () => player.isVisible());
  await until("what is on", () => player.getByRole("link", { name: "Play live radio" }).isHidden());

  const state = player.locator('[data-show="state"]');
  const sound = () => page.evaluate(() => window.played.look());
  return {
    page,
    context,
    player,
    streams,
    sound,
    /** Waits until the bar says this. */
    says: (words) =>
      until(`the words ${words}`, async () => {
        const said = (await state.textContent()) ?? "";
        return words instanceof RegExp ? words.test(said) : said === words;
      }),
    /** Waits until sound has moved on from where it is now. */
    async isHeard() {
      const from = (await sound()).placeS;
      await until("sound", async () => (await sound()).placeS > from);
    },
    async openSheet() {
      await player.getByRole("button", { name: "Stations and queue" }).click();
      const sheet = player.getByRole("group", { name: "Stations and queue" });
      await until("the sheet", () => sheet.isVisible());
      return sheet;
    },
    /** Presses a piece's "Add to queue" or "Play next" on its own page. */
    async lineUp(press, title, at) {
      if (new URL(page.url()).pathname !== at) await page.evaluate((path) => window.Turbo.visit(path), at);
      const button = page.getByRole("main").getByRole("button", { name: act(press, title) });
      await until(`the page ${at}`, () => button.isVisible());
      await button.click();
    },
    /** What the system was told of the sound; before that, does what a key of the system would do. */
    session: (action, details) => page.evaluate(([does, told]) => window.played.session(does, told), [action, details]),
  };
}

/** Runs in the page before all else: the audio element stands in no document, so whatever is played is kept here. */
function keepWhatIsPlayed() {
  const elements = [];
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    if (!elements.includes(this)) elements.push(this);
    return play.call(this);
  };
  const handlers = new Map();
  const { setActionHandler } = MediaSession.prototype;
  MediaSession.prototype.setActionHandler = function (action, does) {
    if (does === null) handlers.delete(action);
    else handlers.set(action, does);
    setActionHandler.call(this, action, does);
  };
  window.played = {
    look() {
      const audio = elements.at(-1);
      if (!audio) return { elements: 0, path: null, placeS: 0 };
      const path = audio.getAttribute("src");
      const { currentTime: placeS, duration, playbackRate: speed, volume, muted: isMuted } = audio;
      return { elements: elements.length, path, placeS, duration, speed, volume, isMuted };
    },
    session(action, details) {
      if (action) handlers.get(action)({ action, ...details });
      const { metadata, playbackState: state } = navigator.mediaSession;
      const { title, artist, album } = metadata ?? {};
      const artwork = metadata?.artwork[0] ? new URL(metadata.artwork[0].src).pathname : "";
      return { title, artist, album, artwork, state, actions: [...handlers.keys()] };
    },
  };
}

/** The name of what does something with a piece: "Listen: Mill Race, 1 minute 1 second". */
function act(does, title) {
  return new RegExp(`^${does} ?: ${title}`);
}

/** The queue in a sheet: its titles in order, its buttons by name. */
function inOrder(sheet) {
  const list = sheet.getByRole("region", { name: "Your queue" });
  const titles = async () => Promise.all((await list.locator('[data-part="title"]').all()).map((title) => title.innerText()));
  return {
    button: (name) => list.getByRole("button", { name, exact: true }),
    is: async (...wanted) => assert.deepEqual(await titles(), wanted),
  };
}

/** Where the demonstration station's three pieces of sound are. */
async function pagesWithSound() {
  const home = await (await fetch(station.url("/"))).text();
  const story = (slug) => home.match(new RegExp(`href="(/[a-z]+/[\\d-]+/${slug})"`))[1];
  return { wave: story("how-a-radio-wave-walks"), gauge: story("what-the-gauge-at-the-lock-says"), mill: "/episodes/mill-race" };
}

async function onAir() {
  return (await fetch(station.url("/on-air.json"))).json();
}

/** `4:33 PM` at the station. */
function stationTime(moment) {
  return plain(new Date(moment).toLocaleTimeString("en-US", { timeZone: STATION_ZONE, hour: "numeric", minute: "2-digit" }));
}

/** Words with one plain space between them. */
function plain(words) {
  return words.replace(/\s+/g, " ").trim();
}
