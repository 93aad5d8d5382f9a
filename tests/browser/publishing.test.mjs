// Publishing, as an editor does it: from the draft to the reader and back, at phone and desktop size, with axe on every page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startBrowser, startStation, until } from "./station.mjs";

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 700 };
const DESK = { width: 1280, height: 900 };
/** A folder for pictures of the pages, for whoever wants to look at them. */
const PICTURES = process.env.PAGE_PICTURES;

let station, browser, desk, june, story;

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  desk = station.ready.desk.origin;
  june = await browser.newContext({ viewport: DESK });
  const page = await june.newPage();
  await page.goto(station.ready.desk.owner_link);
  await page.getByLabel("Your name").fill("June Okafor");
  await page.getByLabel("Mail address").fill("june@harrow.example");
  await page.getByRole("textbox", { name: "Password" }).fill("kettle lantern ferry moss");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${desk}/account?said=welcome`);
  await page.close();
  story = draft();
});

after(async () => {
  await browser?.close();
  await station?.stop();
});

/** One of the station's own stories, as it was before it was published. */
function draft() {
  const rows = path.join(station.folder, "station.db");
  const ask = (sql) => execFileSync("sqlite3", ["-json", "-cmd", ".timeout 5000", rows, sql], { encoding: "utf8" });
  const [{ id, headline }] = JSON.parse(ask("SELECT CAST(id AS TEXT) AS id, headline FROM story WHERE wire IS NULL AND section = 'news' ORDER BY id LIMIT 1"));
  ask(`UPDATE story SET state = 'draft', published_at = NULL, path_date = NULL WHERE id = ${id}`);
  return { id, headline, path: `/stories/${id}` };
}

/** Whether nothing can be found fault with on a page of the desk, at each size and in each light. */
async function look(name, where) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries({ phone: PHONE, narrow: NARROW, desk: DESK })) {
      const page = await june.newPage();
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      await page.goto(desk + where);
      for (const fold of await page.locator("main details").all()) await fold.evaluate((details) => (details.open = true));
      await page.evaluate(AXE);
      const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
      const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.html).join(" ")}`);
      assert.deepEqual(found, [], `${name}, ${colorScheme}, ${size}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${name}, ${size}: ${wide} px too wide`);
      if (PICTURES) {
        await mkdir(PICTURES, { recursive: true });
        await page.screenshot({ path: path.join(PICTURES, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      }
      await page.close();
    }
  }
}

const text = async (where) => (await fetch(station.url(where))).text();

describe("a story, from the draft to the reader and back", { concurrency: 1 }, () => {
  test("a preview link shows it to whoever has no account", async () => {
    await look("draft", story.path);
    const page = await june.newPage();
    await page.goto(desk + story.path);
    await page.getByRole("button", { name: "Make a link" }).click();
    const link = await page.locator("#link").textContent();
    await page.close();
    const stranger = await browser.newContext({ viewport: PHONE, bypassCSP: true });
    const shown = await stranger.newPage();
    await shown.goto(station.url(new URL(link).pathname));
    assert.equal(await shown.getByRole("heading", { level: 1 }).textContent(), story.headline);
    assert.match(await shown.locator(".preview-note").textContent(), /Preview\. This is how the story will look/);
    await shown.evaluate(AXE);
    const { violations } = await shown.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
    assert.deepEqual(violations.map((violation) => `${violation.id}: ${violation.help}`), []);
    assert.deepEqual(await stranger.cookies(), []);
    if (PICTURES) await shown.screenshot({ path: path.join(PICTURES, "preview-phone.png") });
    await stranger.close();
    assert.ok(!(await text("/")).includes(story.headline), "a draft is on the front page");
  });

  test("it is scheduled by keyboard, counts down and appears by itself", async () => {
    const page = await june.newPage();
    await page.goto(desk + story.path);
    const fold = page.locator("details", { has: page.locator("summary", { hasText: /^Schedule$/ }) });
    await fold.locator("summary").focus();
    await page.keyboard.press("Enter");
    const zone = "America/New_York";
    const shown = new Date(Date.now() + 6_000).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T");
    await fold.getByLabel("When").fill(shown);
    await fold.getByRole("button", { name: "Schedule" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/said=schedule/);
    assert.match(await page.locator("[data-countdown]").textContent(), /in 0:0\d|any moment now/);
    await look("scheduled", story.path);
    await until("the story on the front page", async () => (await text("/")).includes(story.headline));
    await page.reload();
    assert.match(await page.locator(".state").first().textContent(), /Published/);
    await page.close();
  });

  test("a correction stands on the page, and unpublishing asks what stands there instead", async () => {
    const page = await june.newPage();
    await page.goto(desk + story.path);
    const where = new URL(await page.getByRole("link", { name: "Its page" }).getAttribute("href")).pathname;
    await page.getByText("Correct", { exact: true }).first().click();
    await page.getByLabel("What was wrong, and what is right").fill("An earlier version named the wrong river.");
    await page.getByRole("button", { name: "Correct" }).click();
    await until("the correction", async () => (await text(where)).includes("named the wrong river"));
    await look("published", story.path);
    await page.getByText("Unpublish", { exact: true }).first().click();
    await page.getByLabel("A notice", { exact: true }).check();
    await page.getByLabel("What the notice says").fill("We are checking a figure in this story.");
    await page.getByLabel("Why, for the newsroom").first().fill("the figure");
    await page.getByRole("button", { name: "Unpublish" }).click();
    await until("the notice", async () => (await text(where)).includes("checking a figure"));
    await page.getByRole("button", { name: "Publish again" }).click();
    await until("the story", async () => (await text(where)).includes("named the wrong river"));

    await page.getByText("Kill", { exact: true }).first().click();
    assert.match(await page.locator("details.is-grave").textContent(), /Within a second it is gone/);
    await page.getByLabel("Why", { exact: true }).fill("It names a child.");
    await page.getByRole("button", { name: "Kill" }).click();
    assert.ok(!page.url().includes("said=kill"), "the box was not ticked");
    await page.getByLabel("I know that it does not come back").check();
    await page.getByRole("button", { name: "Kill" }).click();
    await page.waitForURL(/said=kill/);
    await until("the story to be gone", async () => (await fetch(station.url(where))).status === 410);
    await look("killed", story.path);
    await page.close();
  });

  test("what readers ask for in vain becomes a redirect with one press", async () => {
    for (let reader = 0; reader < 3; reader++) await fetch(station.url("/flood-map"));
    const page = await june.newPage();
    await until("the address on the list", async () => {
      await page.goto(`${desk}/redirects`);
      return (await page.getByText("/flood-map").count()) > 0;
    });
    await look("redirects", "/redirects");
    await page.getByRole("button", { name: "Make a redirect of /flood-map" }).click();
    await page.getByLabel("leads to").fill("/news");
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForURL(/said=redirect-saved/);
    const answer = await fetch(station.url("/flood-map"), { redirect: "manual" });
    assert.deepEqual([answer.status, answer.headers.get("location")], [301, "/news"]);
    await look("redirects-made", "/redirects");
    await page.close();
  });
});
