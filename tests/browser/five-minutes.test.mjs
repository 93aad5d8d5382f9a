// Five minutes of HLS in hls.js (as usual, and near live), ffmpeg, VLC and mpv at once, with the source stopped and
// started again in the middle.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, chmod } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import { startBrowser, startStation, until } from "./station.mjs";

const SECONDS = Number(process.env.HLS_SECONDS ?? 300);
const HLS_JS = await readFile(createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js"), "utf8");
const run = promisify(execFile);

let station, browser, folder;

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  folder = await mkdtemp(path.join(tmpdir(), "groundwave-hls-"));
  await chmod(folder, 0o777);
});

after(async () => {
  await browser?.close();
  await station?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("hls.js, ffmpeg, VLC and mpv play on while the source goes and comes back", { timeout: (SECONDS + 180) * 1000 }, async () => {
  const list = station.url("/hls/news/index.m3u8");
  await until("three segments", async () => (await (await fetch(list)).text()).split("#EXTINF").length > 3);
  const lists = watchLists(list);
  const studio = sourceThatRests();
  const [page, near, decoded, recorded, playing] = await Promise.all([
    inChromium(list, { lowLatencyMode: false }),
    inChromium(list, { lowLatencyMode: true }),
    inFfmpeg(list),
    inVlc(list),
    inMpv(list),
  ]);
  studio.stop();
  lists.stop();

  for (const [mode, { fatal, played }] of [["as usual", page], ["near live", near]]) {
    assert.deepEqual(fatal, [], `hls.js gave up ${mode}`);
    assert.ok(played > SECONDS * 0.9, `hls.js played ${played} s of ${SECONDS} ${mode}`);
  }
  assert.ok(near.partsLoaded > SECONDS * 0.5, `hls.js loaded ${near.partsLoaded} parts in ${SECONDS} s`);
  assert.ok(near.behindS < 6, `hls.js was ${near.behindS} s behind live`);
  assert.equal(page.partsLoaded, 0, "hls.js took parts that it was not to take");
  assert.ok(near.titles > 0, "hls.js was told no programme and no title");
  assert.ok(decoded.seconds > SECONDS * 0.97, `ffmpeg decoded ${decoded.seconds} s of ${SECONDS}`);
  assert.equal(decoded.told, "", "ffmpeg found something broken");
  assert.ok(recorded > SECONDS * 0.9, `VLC played ${recorded} s of ${SECONDS}`);
  assert.ok(playing > SECONDS * 0.9, `mpv played ${playing} s of ${SECONDS}`);
  assert.deepEqual(lists.faults, []);
  assert.ok(studio.times >= 2, "the source was never started again");
});

/** Sends a tone to the news service's AAC mount, rests ten seconds half-way, and sends again. */
function sourceThatRests() {
  const state = { times: 0, stop: () => {} };
  let child;
  const start = () => {
    state.times++;
    const tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100", "-ac", "2", "-c:a", "aac", "-b:a", "64k"];
    child = spawn("ffmpeg", ["-v", "error", "-re", ...tone, "-f", "adts", "-content_type", "audio/aac", station.icecast("/news.aac")], { stdio: "ignore" });
  };
  start();
  const rest = setTimeout(() => child.kill("SIGKILL"), (SECONDS / 2) * 1000);
  const again = setTimeout(start, (SECONDS / 2 + 10) * 1000);
  state.stop = () => {
    clearTimeout(rest);
    clearTimeout(again);
    child.kill("SIGKILL");
  };
  return state;
}

/** Reads the playlist all the time and notes whatever a player could stumble over. */
function watchLists(list) {
  const state = { faults: [], stop: () => clearInterval(timer) };
  let last = { sequence: -1, discontinuity: -1 };
  const look = async () => {
    const text = await (await fetch(list)).text();
    const number = (tag) => Number(text.match(new RegExp(`#EXT-X-${tag}:(\\d+)`))?.[1] ?? 0);
    const seen = { sequence: number("MEDIA-SEQUENCE"), discontinuity: number("DISCONTINUITY-SEQUENCE") };
    if (seen.sequence < last.sequence || seen.discontinuity < last.discontinuity) state.faults.push(`went back from ${JSON.stringify(last)} to ${JSON.stringify(seen)}`);
    const target = number("TARGETDURATION");
    for (const [, length] of text.matchAll(/#EXTINF:([\d.]+)/g)) if (Math.round(Number(length)) > target) state.faults.push(`a segment of ${length} s with a target of ${target}`);
    if (!text.includes("#EXT-X-PROGRAM-DATE-TIME")) state.faults.push("no date");
    last = seen;
  };
  const timer = setInterval(() => look().catch((error) => state.faults.push(String(error))), 2000);
  return state;
}

/** Seconds that hls.js plays, what it gave up on, how many parts it took, how far behind live it was in the middle of them. */
async function inChromium(list, options) {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(station.url("/about"));
  await page.evaluate(HLS_JS);
  await page.evaluate(([where, options]) => {
    const audio = new Audio();
    const hls = new window.Hls(options);
    window.told = { fatal: [], audio, hls, parts: 0, behind: [] };
    hls.on(window.Hls.Events.FRAG_LOADED, (_, data) => data.part && window.told.parts++);
    setInterval(() => hls.latency > 0 && window.told.behind.push(hls.latency), 1000);
    hls.on(window.Hls.Events.ERROR, (_, data) => data.fatal && window.told.fatal.push(`${data.type} ${data.details}`));
    hls.loadSource(where);
    hls.attachMedia(audio);
    hls.on(window.Hls.Events.MANIFEST_PARSED, () => audio.play());
  }, [list, options]);
  const begun = await until("the first sound", () => page.evaluate(() => window.told.audio.currentTime > 0 && window.told.audio.currentTime));
  await pause(SECONDS * 1000);
  const told = await page.evaluate(() => {
    const { fatal, audio, hls, parts, behind } = window.told;
    const ranges = Object.keys(hls.levels[0]?.details?.dateRanges ?? {});
    return { fatal, at: audio.currentTime, parts, behind: behind.sort((a, b) => a - b), ranges };
  });
  await context.close();
  const behindS = told.behind[Math.floor(told.behind.length / 2)] ?? Infinity;
  return { fatal: told.fatal, played: told.at - begun, partsLoaded: told.parts, behindS, titles: told.ranges.length };
}

/** Seconds that ffmpeg decodes, and what it says. */
async function inFfmpeg(list) {
  const file = path.join(folder, "ffmpeg.wav");
  const { stderr } = await run("ffmpeg", ["-v", "error", "-i", list, "-t", String(SECONDS), "-ac", "1", "-ar", "8000", file], { timeout: (SECONDS + 120) * 1000 });
  return { seconds: await lengthOf(file), told: stderr };
}

/** Seconds that mpv plays. */
async function inMpv(list) {
  const file = path.join(folder, "mpv.wav");
  await run("mpv", ["--no-config", "--really-quiet", "--no-video", "--ao=pcm", `--ao-pcm-file=${file}`, `--length=${SECONDS}`, list], { timeout: (SECONDS + 120) * 1000 });
  return lengthOf(file);
}

/** Seconds that VLC plays. It refuses to run as root. */
async function inVlc(list) {
  const file = path.join(folder, "vlc.wav");
  const sout = `#transcode{acodec=s16l,channels=1,samplerate=8000}:std{access=file,mux=wav,dst=${file}}`;
  const vlc = ["cvlc", "--quiet", "--no-sout-video", "--run-time", String(SECONDS), "--sout", sout, list, "vlc://quit"];
  const command = process.getuid() === 0 ? ["runuser", "-u", "nobody", "--", "env", `HOME=${folder}`, ...vlc] : vlc;
  await run(command[0], command.slice(1), { timeout: (SECONDS + 120) * 1000 });
  return lengthOf(file);
}

async function lengthOf(file) {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]);
  return Number(stdout);
}
