// Master control, as the person at the desk uses it: a studio comes, its meters move, the switch is held and let go, a piece
// is lined up. On phone and desktop, by keyboard, without script.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { startBrowser, startStation, until } from "./station.mjs";

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PHONE = { width: 390, height: 844 };
const SMALL = { width: 320, height: 640 };
const DESK = { width: 1280, height: 900 };

let station, browser, desk, cookies, studio;

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  desk = station.ready.desk.origin;
  const owner = await browser.newContext({ viewport: DESK });
  const page = await owner.newPage();
  await page.goto(station.ready.desk.owner_link);
  await page.locator("input[name=name]").fill("June Okafor");
  await page.locator("input[name=email]").fill("june@harrow.example");
  await page.locator("input[name=password]").fill("kettle lantern ferry moss");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${desk}/account?said=welcome`);
  cookies = (await owner.storageState()).cookies;
});

after(async () => {
  studio?.kill();
  await browser?.close();
  await station?.stop();
});

async function open(options = {}) {
  const context = await browser.newContext({ viewport: DESK, timezoneId: "America/New_York", ...options });
  await context.addCookies(cookies);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${desk}/control`);
  return { page, complaints, news: page.locator('[data-service="news"]') };
}

const says = (place, name) => place.locator(`[data-say="${name}"]`).first().textContent();

test("a studio comes, is heard on the meters, and goes, while somebody looks", async () => {
  const { page, complaints, news } = await open();
  await until("the live page", async () => (await page.locator("#following").textContent()) === "Live");
  assert.equal(await says(news, "on"), "Automation");
  const studioRow = news.locator('[data-rank="studio"]');
  assert.equal(await says(studioRow, "state"), "not connected");

  const tone = ["-f", "lavfi", "-i", "aevalsrc=0.1*sin(2*PI*(300+200*sin(t))*t):s=44100", "-ac", "2", "-c:a", "libmp3lame", "-b:a", "96k"];
  studio = spawn("ffmpeg", ["-v", "error", "-re", ...tone, "-content_type", "audio/mpeg", "-f", "mp3", station.icecast("/news.mp3")], { stdio: "ignore" });
  await until("the studio on the air", async () => (await says(news, "on")) === "Studio");
  await until("its row", async () => (await says(studioRow, "state")) === "on the air");
  assert.match(await says(studioRow, "who"), /\/news\.mp3/);
  assert.match(await news.locator('[data-mount="/news.aac"] [data-say="carries"]').textContent(), /studio, encoded here/);
  const loudness = () => news.locator("meter").first().evaluate((meter) => meter.value);
  await until("the meters", async () => (await loudness()) > -40);
  const first = await loudness();
  await until("a needle that moves", async () => (await loudness()) !== first);

  studio.kill();
  await until("automation again", async () => (await says(news, "on")) === "Automation");
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the switch is held by hand and let go, by keyboard alone, and the log says who did it", async () => {
  const { page, news } = await open();
  await news.getByRole("button", { name: /Hold .* Emergency loop/ }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${desk}/control?said=switched`);
  assert.equal(await page.locator(".said").textContent(), "The switch is set.");
  await until("the emergency loop, or nothing if it is still being made", async () => (await says(news, "on")) !== "Automation");
  assert.ok(await news.getByText("Held by hand to").isVisible());
  await news.getByRole("button", { name: "Let the switch decide" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${desk}/control?said=switched`);
  await until("automation", async () => (await says(news, "on")) === "Automation");
  await page.goto(`${desk}/audit`);
  assert.match(await page.locator(".audit li").first().textContent(), /June Okafor let the switch of Harrow Valley News decide by itself/);
  await page.context().close();
});

test("a piece is lined up by words of its title, and taken out again", async () => {
  const { page, news } = await open();
  const field = news.getByLabel("Line up a piece");
  await field.fill("no such piece at all");
  await news.getByRole("button", { name: "At the end" }).click();
  assert.match(await page.getByRole("alert").textContent(), /No piece is called “no such piece at all”/);
  const title = (await says(news.locator(".ahead li").last(), "title")) ?? "";
  await field.fill(title);
  await news.getByRole("button", { name: "At the end" }).click();
  await page.waitForURL(`${desk}/control?said=lined-up`);
  await news.getByRole("button", { name: `Take out ${title}` }).click();
  await page.waitForURL(`${desk}/control?said=taken-out`);
  assert.equal(await news.locator('[data-list="queue"] li').count(), 0);
  await page.context().close();
});

test("without script the page says what is on, and the switch works", async () => {
  const { page, news } = await open({ javaScriptEnabled: false });
  assert.equal(await says(news, "on"), "Automation");
  assert.ok(await page.getByText("This page shows the moment at which it was loaded.").isVisible());
  await news.getByRole("button", { name: /Hold .* Automation/ }).click();
  await page.waitForURL(`${desk}/control?said=switched`);
  await news.getByRole("button", { name: "Let the switch decide" }).click();
  await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    test(`axe finds nothing, ${colorScheme}, ${name}`, async () => {
      const { page } = await open({ colorScheme, viewport, bypassCSP: true });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.html).join(" ")}`), []);
      await page.context().close();
    });
  }
}

test("nothing is wider than a small phone, and what is pressed is large enough", async () => {
  const { page } = await open({ viewport: SMALL });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${overflow} px too wide`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([type=hidden])")]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 40)
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(small, []);
  await page.context().close();
});
