// Every kind of page, in a real browser: nothing that keeps somebody out, nothing that is not HTML, nothing heavy.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { pageKinds, startBrowser, startStation } from "./station.mjs";

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const VNU = require("vnu-jar");
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const PAGE_BYTES_MAX = 100 * 1024;
const SCRIPT_BYTES_MAX = 40 * 1024;

let station, browser, kinds;

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  kinds = await pageKinds(station);
});

after(async () => {
  await browser?.close();
  await station?.stop();
});

describe("accessibility", () => {
  for (const scheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
      test(`axe finds nothing on any kind of page, ${scheme}, ${name}`, async () => {
        const context = await browser.newContext({ viewport, colorScheme: scheme, bypassCSP: true });
        const page = await context.newPage();
        for (const [kind, where] of Object.entries(kinds)) {
          await page.goto(station.url(where), { waitUntil: "load" });
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
          const told = violations.map((v) => `${kind}: ${v.id}: ${v.help}: ${v.nodes.map((node) => node.html).join(" ")}`);
          assert.deepEqual(told, []);
        }
        await context.close();
      });
    }
  }

  test("every page can be walked by keyboard, and shows where one is", async () => {
    const page = await browser.newPage({ viewport: DESK });
    for (const [kind, where] of Object.entries(kinds)) {
      await page.goto(station.url(where), { waitUntil: "load" });
      await page.keyboard.press("Tab");
      const first = await page.evaluate(() => document.activeElement?.getAttribute("href"));
      assert.ok(first?.startsWith("#"), `${kind}: the first stop is not the way past the menu but ${first}`);
      for (let stop = 0; stop < 12; stop++) {
        await page.keyboard.press("Tab");
        const seen = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return "end";
          const style = getComputedStyle(element);
          const box = element.getBoundingClientRect();
          const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          const isMarked = style.outlineStyle !== "none" || style.boxShadow !== "none";
          const isUncovered = top !== null && (element === top || element.contains(top) || top.contains(element));
          return isMarked && isUncovered ? "seen" : `${element.outerHTML.slice(0, 120)} marked: ${isMarked}, uncovered: ${isUncovered}`;
        });
        if (seen === "end") break;
        assert.equal(seen, "seen", kind);
      }
    }
    await page.close();
  });

  test("no page is wider than a small phone", async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
    for (const [kind, where] of Object.entries(kinds)) {
      await page.goto(station.url(where), { waitUntil: "load" });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${kind} is ${overflow} px too wide at 320 px`);
    }
    await page.close();
  });
});

test("every page is valid HTML", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "groundwave-html-"));
  await mkdir(folder, { recursive: true });
  const files = [];
  for (const [kind, where] of Object.entries(kinds)) {
    const file = path.join(folder, `${kind}.html`);
    await writeFile(file, await (await fetch(station.url(where))).text());
    files.push(file);
  }
  const told = await promisify(execFile)("java", ["-Xss2m", "-jar", VNU, "--errors-only", ...files]).then(
    () => "",
    (error) => error.stderr || String(error),
  );
  assert.equal(told, "");
  await rm(folder, { recursive: true });
});

test("every page reads without script", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: PHONE });
  const page = await context.newPage();
  for (const [kind, where] of Object.entries(kinds)) {
    await page.goto(station.url(where), { waitUntil: "load" });
    assert.equal(await page.locator("h1").count(), 1, kind);
    assert.ok((await page.locator("main").innerText()).length > 60, `${kind} says next to nothing`);
  }
  await page.goto(station.url("/listen"));
  assert.ok(await page.locator("audio[controls]").count(), "no player without script");
  assert.ok(await page.locator('a[href$=".m3u"]').count(), "no playlist without script");
  await context.close();
});

test("every page is light", async () => {
  const page = await browser.newPage();
  for (const [kind, where] of Object.entries(kinds)) {
    const loads = [];
    const note = (response) => loads.push(response);
    page.on("response", note);
    await page.goto(station.url(where), { waitUntil: "load" });
    page.off("response", note);
    let bytes = 0;
    for (const response of loads) {
      const type = response.headers()["content-type"] ?? "";
      if (/^(image|audio)\//.test(type) || type.includes("event-stream")) continue;
      const { responseBodySize, responseHeadersSize } = await response.request().sizes();
      bytes += responseBodySize + responseHeadersSize;
      if (type.includes("javascript")) assert.ok(responseBodySize <= SCRIPT_BYTES_MAX, `${response.url()}: ${responseBodySize} bytes of script`);
    }
    assert.ok(bytes <= PAGE_BYTES_MAX, `${kind} weighs ${bytes} bytes`);
  }
  await page.close();
});

test("a page asks nothing of anybody else", async () => {
  const page = await browser.newPage();
  const strangers = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(station.ready.site)) strangers.push(request.url());
  });
  for (const where of Object.values(kinds)) await page.goto(station.url(where), { waitUntil: "load" });
  assert.deepEqual(strangers.filter((url) => !/^(data|blob):/.test(url)), []);
  await page.close();
});

test("the player comes after the story in the document", async () => {
  const html = await (await fetch(station.url(kinds.story))).text();
  assert.ok(html.indexOf("</h1>") > 0 && html.indexOf("data-turbo-permanent") > html.indexOf("</main>"));
});

test("no page says anything in the console", async () => {
  const page = await browser.newPage();
  const said = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  for (const [kind, where] of Object.entries(kinds)) if (kind !== "missing") await page.goto(station.url(where), { waitUntil: "load" });
  assert.deepEqual(said, []);
  await page.close();
});
