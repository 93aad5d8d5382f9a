// A demonstration station and a real browser for the tests: the program that `cargo build` made, Debian's Chromium.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PROGRAM = process.env.GROUNDWAVE ?? path.join(ROOT, "target/debug/groundwave");
const CHROMIUM = "/usr/bin/chromium";

/** How long anything may take before a test gives up. Nothing is expected to; it only ends what hangs. */
export const PATIENCE_MS = 60_000;

/** Starts a station; `stop()` ends it and takes its folder away. */
export async function startStation({ dir, listen = "127.0.0.1:0" } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: cargo build --bin groundwave`);
  const folder = dir ?? (await mkdtemp(path.join(tmpdir(), "groundwave-")));
  const readyFile = path.join(folder, "ready.json");
  await rm(readyFile, { force: true });
  const child = spawn(PROGRAM, ["demo", "--data", folder, "--listen", listen, "--ready-file", readyFile], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const ready = JSON.parse(await until("the station", () => readFile(readyFile, "utf8").catch(() => null)));
  return {
    folder,
    ready,
    url: (where) => ready.site + where,
    icecast: (mount) => `icecast://${ready.source.user}:${ready.source.password}@${new URL(ready.site).host}${mount}`,
    async stop({ keep = false, signal = "SIGINT" } = {}) {
      child.kill(signal);
      await ended;
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a browser that plays sound without being touched first, and looks up nothing on its own. */
export function startBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error("Chromium is missing: apt-get install chromium");
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--autoplay-policy=no-user-gesture-required",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

/** Looks again and again until `look` finds something; gives up with a sentence. */
export async function until(what, look, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s for ${what} in vain`);
    await pause(50);
  }
}

/** One page of each kind, by a walk through the links of the site. */
export async function pageKinds(station) {
  const read = async (where) => (await fetch(station.url(where))).text();
  const first = (page, pattern, what) => {
    const found = page.match(pattern);
    if (!found) throw new Error(`no link to ${what}`);
    return found[1];
  };
  const home = await read("/");
  const programmes = await read("/programmes");
  const programme = first(programmes, /href="(\/programmes\/field-notes)"/, "a programme with an episode");
  const story = first(home, /href="(\/[a-z-]+\/\d{4}-\d\d-\d\d\/[a-z0-9-]+)"/, "a story");
  return {
    home: "/",
    section: "/news",
    story,
    people: "/people",
    person: first(await read("/people"), /href="(\/people\/[a-z0-9-]+)"/, "a person"),
    programmes: "/programmes",
    programme,
    episode: first(await read(programme), /href="(\/episodes\/[a-z0-9-]+)"/, "an episode"),
    schedule: "/schedule",
    listen: "/listen",
    about: "/about",
    missing: "/no/such/page",
  };
}
