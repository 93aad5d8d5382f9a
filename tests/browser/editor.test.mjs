// The editor, written in as its people write: by keyboard, by paste, on a phone, through a lost network and a killed
// browser.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { chromium } from "playwright-core";

import { SAMPLES } from "./clipboard.mjs";
import { startBrowser, startStation, until } from "./station.mjs";

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WEB = path.resolve(import.meta.dirname, "../../web");
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };

let folder, browser;
let desks = [];

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "groundwave-editor-"));
  const built = spawnSync(process.execPath, ["build.mjs", path.join(folder, "dist")], { cwd: WEB, encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  for (const desk of desks) await desk.kill();
  await rm(folder, { recursive: true, force: true });
});

/** The least desk there is, on a story of nothing in a file; or on one that is there. */
async function startDesk(port = 0, file = `draft-${desks.length}.json`) {
  const child = spawn(process.execPath, [path.join(WEB, "test/harness/desk.mjs"), path.join(folder, file), String(port), path.join(folder, "dist")], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const line = await new Promise((resolve) => child.stdout.once("data", resolve));
  const origin = `http://127.0.0.1:${Number(line)}`;
  const desk = {
    origin,
    file,
    port: Number(line),
    draft: async () => (await fetch(`${origin}/stories/1/draft.json`)).json(),
    revisions: async () => JSON.parse(await readFile(path.join(folder, file), "utf8")).revisions,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
  desks.push(desk);
  return desk;
}

/** Opens a story of nothing as somebody, in a browser of their own; or the one that another desk has. */
async function open({ as = "June", options = {}, at, context } = {}) {
  const desk = at ?? (await startDesk());
  const page = await (context ?? (await browser.newContext({ viewport: DESK, ...options }))).newPage();
  page.faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(error.message));
  await page.goto(`${desk.origin}/?as=${as}`);
  await page.locator("#words").focus();
  page.desk = desk;
  return page;
}

/** Empties the story. */
async function empty(page) {
  await page.locator("#words").focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+Shift+Backspace");
}

/** The blocks, as the desk has them once everything is saved. */
async function saved(page) {
  await page.keyboard.press("Control+S");
  await until("the words to be saved", async () => (await page.locator("#saved").getAttribute("data-state")) === "saved");
  return (await page.desk.draft()).document.body.map(({ id: _, ...block }) => block);
}

function paste(page, data) {
  return page.evaluate((data) => {
    const clipboardData = new DataTransfer();
    for (const [type, text] of Object.entries(data)) if (text !== undefined) clipboardData.setData(type, text);
    document.querySelector("#words").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, data);
}

const plainBlocks = (blocks) => JSON.parse(JSON.stringify(blocks));

test("a story is written by keyboard alone", async () => {
  const page = await open();
  await page.locator("#headline").focus();
  await page.keyboard.type("The river rose");
  await until("the words to have focus", async () => {
    await page.keyboard.press("Tab");
    return page.evaluate(() => document.activeElement.id === "words");
  });
  const type = (words) => page.keyboard.type(words);
  const press = (key) => page.keyboard.press(key);
  await type("## The gauge\nIt **rose** and *fell*.\n- one\ntwo\n\n1. first\n\n> said\n\n---");
  await type("/pull");
  await press("Enter");
  await type("Twice in a night");
  await press("Enter");
  await type("/table");
  await press("Enter");
  await type("Hour");
  await press("Tab");
  await type("Feet");
  for (let cell = 0; cell < 7; cell++) await press("Tab");
  await press("ArrowDown");
  await type("See ");
  await press("Control+K");
  await type("example.org/map");
  await press("Enter");
  await type(" now");
  const table = ["Hour", "Feet", "", "", "", "", "", "", ""].map((words) => (words === "" ? [] : [{ t: words }]));
  const blocks = await saved(page);
  assert.deepEqual(blocks.slice(0, 7), [
    { block: "heading", level: 2, text: [{ t: "The gauge" }] },
    { block: "paragraph", text: [{ t: "It " }, { t: "rose", strong: true }, { t: " and " }, { t: "fell", em: true }, { t: "." }] },
    { block: "list", is_ordered: false, items: [[{ t: "one" }], [{ t: "two" }]] },
    { block: "list", is_ordered: true, items: [[{ t: "first" }]] },
    { block: "quote", text: [[{ t: "said" }]], attribution: "" },
    { block: "divider" },
    { block: "pull-quote", text: [{ t: "Twice in a night" }], attribution: "" },
  ]);
  assert.deepEqual(blocks[7], { block: "table", head: true, rows: [table.slice(0, 3), table.slice(3, 6), table.slice(6)] });
  assert.deepEqual(blocks[8], { block: "paragraph", text: [{ t: "See " }, { t: "https://example.org/map", href: "https://example.org/map" }, { t: " now" }] });
  assert.equal((await page.desk.draft()).document.headline, "The river rose");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("whatever is pasted comes in as clean blocks", async () => {
  const page = await open();
  for (const { name, html, plain, blocks } of SAMPLES) {
    await empty(page);
    await paste(page, { "text/html": html, "text/plain": plain });
    const found = await saved(page);
    // An empty line behind a card is there to write on.
    while (found.at(-1)?.block === "paragraph" && found.at(-1).text.length === 0) found.pop();
    assert.deepEqual(found, plainBlocks(blocks), name);
    const live = await page.locator("#words :is(script, style, iframe, img:not(.ProseMirror-separator), svg, object, form, [onclick], [onerror], [href^=javascript])").count();
    assert.equal(live, 0, `${name}: markup got through`);
  }
  // In the document that nobody sees, the browser says that it obeys our policy; nothing else may be said.
  assert.deepEqual(page.faults.filter((words) => !/^(Applying inline style|Executing inline event handler) violates/.test(words)), []);
  await page.context().close();
});

test("an address becomes a link over words, an embed on an empty line, and undo takes that back", async () => {
  const page = await open();
  await page.keyboard.type("the map");
  await page.keyboard.press("Shift+Home");
  await paste(page, { "text/plain": "https://example.org/map" });
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await paste(page, { "text/plain": "https://www.youtube.com/watch?v=x" });
  const link = { block: "paragraph", text: [{ t: "the map", href: "https://example.org/map" }] };
  const embed = { block: "embed", title: "On YouTube", href: "https://www.youtube.com/watch?v=x", provider: "YouTube" };
  assert.deepEqual((await saved(page)).slice(0, 2), [link, embed]);
  await page.keyboard.press("Control+Z");
  assert.deepEqual((await saved(page)).slice(0, 2), [link, { block: "paragraph", text: [{ t: embed.href, href: embed.href }] }]);
  assert.equal(await page.locator("#words iframe").count(), 0);
  await page.context().close();
});

test("what is copied out is clean HTML and plain words, and comes back whole", async () => {
  const page = await open();
  await page.keyboard.type("Water\n> It **rose**");
  await page.getByLabel("Who said it").fill("June <Okafor>");
  await page.locator("#words blockquote p").click();
  await page.keyboard.press("Control+A");
  const copied = await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    document.querySelector("#words").dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
    return Object.fromEntries([...clipboardData.types].map((type) => [type, clipboardData.getData(type)]));
  });
  assert.equal(copied["text/html"], "<p>Water</p><blockquote><p>It <strong>rose</strong></p><footer>— June &lt;Okafor&gt;</footer></blockquote>");
  assert.equal(copied["text/plain"], "Water\n\nIt rose\n— June <Okafor>");
  const whole = await saved(page);
  await empty(page);
  await paste(page, copied);
  assert.deepEqual(await saved(page), whole);
  await empty(page);
  await paste(page, { "text/html": copied["text/html"] });
  assert.deepEqual(await saved(page), whole);
  await page.context().close();
});

test("blocks are moved, turned and deleted by keys, from the toolbar and by its menus", async () => {
  const page = await open();
  await page.keyboard.type("one\ntwo");
  await page.keyboard.press("Alt+Shift+ArrowUp");
  const words = async () => (await saved(page)).map(({ block, text }) => [block, text?.[0]?.t]);
  assert.deepEqual(await words(), [["paragraph", "two"], ["paragraph", "one"]]);
  await page.keyboard.press("Alt+F10");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Paragraph: turn into");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "listbox");
  await page.keyboard.press("ArrowDown");
  const active = await page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant")).textContent);
  assert.match(active, /^Heading/);
  await page.keyboard.press("Enter");
  assert.deepEqual(await words(), [["heading", "two"], ["paragraph", "one"]]);
  await page.getByRole("button", { name: "Move down" }).click();
  assert.deepEqual(await words(), [["paragraph", "one"], ["heading", "two"]]);
  await page.getByRole("button", { name: "Delete block" }).click();
  assert.deepEqual(await words(), [["paragraph", "one"]]);
  await page.keyboard.press("Control+/");
  assert.ok(await page.getByRole("dialog", { name: "Writing by keyboard" }).isVisible());
  await page.keyboard.press("Escape");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("/");
  assert.ok(await page.getByRole("listbox", { name: "Add a block" }).isVisible());
  assert.match(await page.locator("#words").getAttribute("aria-activedescendant"), /-0$/);
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("listbox", { name: "Add a block" }).isVisible(), false);
  await page.keyboard.press("Backspace");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("no letter is lost in a hundred lines of typing, bold, breaks and undo", async () => {
  const page = await open();
  const lines = Array.from({ length: 40 }, (_, at) => `line ${at} of the river`);
  for (const [at, line] of lines.entries()) {
    if (at % 3 === 0) await page.keyboard.press("Control+B");
    await page.keyboard.type(line);
    if (at % 3 === 0) await page.keyboard.press("Control+B");
    if (at % 7 === 3) await page.keyboard.press("Alt+Shift+ArrowUp");
    if (at % 7 === 3) await page.keyboard.press("Control+Z");
    if (at % 5 === 0) {
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("End");
    }
    await page.keyboard.press(at % 4 === 0 ? "Shift+Enter" : "Enter");
  }
  const blocks = await saved(page);
  assert.deepEqual(blocks.flatMap(({ text }) => text.map(({ t }) => t).join("").split("\n")).filter(Boolean), lines);
  await page.context().close();
});

test("a desk that is killed costs nothing, and is told everything when it is back", async () => {
  const own = await startDesk();
  const page = await open({ at: own });
  await page.keyboard.type("Before. ");
  await saved(page);
  await own.kill();
  await page.keyboard.type("While it is away. ");
  await until("the loss to be said", async () => /No connection/.test(await page.locator("#saved").textContent()));
  await page.keyboard.type("And after.");
  const again = await startDesk(own.port, own.file);
  await until("everything to be at the desk", async () => (await again.draft()).document.body[0]?.text[0]?.t === "Before. While it is away. And after.");
  await until("that to be said", async () => (await page.locator("#saved").getAttribute("data-state")) === "saved");
  await page.context().close();
});

/** A browser with a profile that outlives it, whose process can be killed. */
async function startOwnBrowser() {
  const profile = path.join(folder, "profile");
  const context = await chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run"], viewport: DESK });
  const closed = new Promise((resolve) => context.once("close", resolve));
  return {
    context,
    async kill() {
      process.kill(await mainProcess(profile), "SIGKILL");
      await closed;
    },
  };
}

/** The browser that runs on `profile`: not one of its helpers, which name their kind. */
async function mainProcess(profile) {
  for (const entry of await readdir("/proc")) {
    const line = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "") : "";
    if (line.includes(`--user-data-dir=${profile}\0`) && !line.includes("--type=")) return Number(entry);
  }
  throw new Error("no browser runs on this profile");
}

/** Runs in the page: whether the browser's storage has a text with these words. */
function isKept(words) {
  return new Promise((resolve) => {
    const opened = indexedDB.open("groundwave-desk");
    opened.onsuccess = () => {
      const all = opened.result.transaction("unsaved").objectStore("unsaved").getAll();
      all.onsuccess = () => (opened.result.close(), resolve(all.result.some(({ document }) => JSON.stringify(document).includes(words))));
    };
  });
}

test("a browser that is killed offers the words again", async () => {
  const own = await startDesk();
  const first = await startOwnBrowser();
  let page = await open({ at: own, context: first.context });
  // The desk does not hear of it.
  await first.context.route("**/stories/1/draft", (route) => route.abort());
  await page.keyboard.type("Words that only this browser has.");
  await until("the browser to keep them", () => page.evaluate(isKept, "only this browser has."));
  await first.kill();
  const second = await startOwnBrowser();
  page = await open({ at: own, context: second.context });
  const offer = page.getByText(/^Your words of .* were not saved\.$/);
  await offer.waitFor();
  await page.getByRole("button", { name: "Look at them" }).click();
  assert.match(await page.getByRole("dialog").textContent(), /Words that only this browser has\./);
  await page.getByRole("dialog").getByRole("button", { name: "Put them back" }).click();
  assert.deepEqual(await saved(page), [{ block: "paragraph", text: [{ t: "Words that only this browser has." }] }]);
  await until("the offer to be gone", async () => !(await offer.isVisible()));
  await second.kill();
});

test("two writers: one reads along, takes over, and nobody’s words are lost", async () => {
  const own = await startDesk();
  const june = await open({ at: own });
  await june.keyboard.type("June was here.");
  await saved(june);
  const del = await open({ as: "Del", at: own });
  await del.getByText(/June has been writing since/).waitFor();
  assert.equal(await del.locator("#words").getAttribute("contenteditable"), "false");
  assert.equal(await del.getByRole("toolbar").isVisible(), false);
  await june.keyboard.type(" And writes.");
  await del.getByText("June was here. And writes.").waitFor();
  await june.keyboard.type(" Unsaved");
  await del.getByRole("button", { name: "Take over" }).click();
  await until("Del to write", async () => (await del.locator("#words").getAttribute("contenteditable")) === "true");
  await june.keyboard.type(" words");
  await june.getByText(/Del has been writing since/).waitFor();
  await until("June’s last words to be a revision", async () => JSON.stringify(await own.revisions()).includes("Unsaved"));
  await del.locator("#words").click();
  await del.keyboard.press("Control+End");
  await del.keyboard.type(" Del goes on.");
  await saved(del);
  await june.getByText(/Del goes on\./).waitFor();
  await june.getByRole("button", { name: "Take over" }).click();
  await june.getByText(/Your words of .* were not saved/).waitFor();
  await june.context().close();
  await del.context().close();
});

test("a text that somebody else saved is a choice, and neither is lost", async () => {
  const own = await startDesk();
  const page = await open({ at: own });
  await page.keyboard.type("Mine");
  await saved(page);
  const standing = await own.draft();
  const other = { ...standing.document, body: [{ id: "x", block: "paragraph", text: [{ t: "Theirs" }] }] };
  const answer = await fetch(`${own.origin}/stories/1/draft`, { method: "POST", headers: { cookie: "me=June" }, body: JSON.stringify({ version: standing.version, document: other, key: "k" }) });
  assert.equal(answer.status, 200);
  await page.keyboard.type(" goes on");
  await page.getByText(/saved this story at .* while you were writing\. Yours is kept in the history as number 1\./).waitFor();
  await page.getByRole("button", { name: "Take theirs" }).click();
  await page.getByText("Theirs").waitFor();
  assert.match(JSON.stringify(await own.revisions()), /Mine goes on/);
  await page.keyboard.type("x");
  await saved(page);
  await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    test(`axe finds nothing, ${colorScheme}, ${name}`, async () => {
      const page = await open({ options: { colorScheme, viewport, bypassCSP: true } });
          await paste(page, { "text/html": SAMPLES.find(({ name }) => name === "a web page").html });
      await page.locator("#words p").first().click();
      await page.keyboard.press("Control+Home");
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.type("/");
      const look = async (what) => {
        await page.evaluate(AXE);
        const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
        assert.deepEqual(violations.map((v) => `${what}: ${v.id}: ${v.help}: ${v.nodes.map((node) => node.html.slice(0, 200)).join(" ")}`), []);
      };
      await page.getByRole("listbox").waitFor();
      if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `editor-${name}-${colorScheme}.png`), fullPage: name === "desk" });
      await look("the menu");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+/");
      await look("the help");
      await page.context().close();
    });
  }
}

test("it fits a small phone, what is pressed is large enough, and the toolbar stands at the bottom", async () => {
  const page = await open({ options: { viewport: { width: 320, height: 640 }, reducedMotion: "reduce" } });
  await paste(page, { "text/html": SAMPLES[0].html });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll(".editor button, .editor input, .editor textarea")]
      .filter((element) => element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().height < 24 || element.getBoundingClientRect().width < 24)
      .map((element) => element.outerHTML.slice(0, 100)),
  );
  assert.deepEqual(small, []);
  const bar = await page.getByRole("toolbar").boundingBox();
  assert.ok(bar.y + bar.height >= 639 && bar.y + bar.height <= 641, `the toolbar ends at ${bar.y + bar.height}`);
  await page.context().close();
});

describe("at a station’s own desk", () => {
  let station, owner;

  before(async () => {
    station = await startStation();
    owner = await browser.newContext({ viewport: DESK });
    const page = await owner.newPage();
    await page.goto(station.ready.desk.owner_link);
    await page.getByLabel("Name").first().fill("June Okafor");
    await page.getByLabel("Mail address").first().fill("june@harrow.example");
    await page.getByLabel("Password", { exact: true }).fill("kettle lantern ferry moss");
    await page.keyboard.press("Enter");
    await page.waitForURL(/account/);
    await page.close();
  });

  after(() => station?.stop());

  test("a story outlives the server that is killed while it is written", async () => {
    const page = await owner.newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(`${station.ready.desk.origin}/stories/new`);
    await page.getByLabel("Headline").fill("The river rose");
    await page.getByLabel("Section").selectOption({ index: 1 });
    await page.getByRole("main").getByRole("button").last().click();
    await page.waitForURL(/\/stories\/\d+\/edit/);
    await page.locator("#words").focus();
    await page.keyboard.type("## The gauge\nIt **rose** twice.\n");
    await paste(page, { "text/html": SAMPLES[0].html });
    await page.keyboard.press("Control+S");
    const state = () => page.locator("#saved").getAttribute("data-state");
    await until("the words to be saved", async () => (await state()) === "saved");
    assert.deepEqual(faults.filter((words) => !/^(Applying inline style|Executing inline event handler) violates/.test(words)), []);
    const listen = new URL(station.ready.site).host.replace("localhost", "127.0.0.1");
    await station.stop({ keep: true, signal: "SIGKILL" });
    await page.keyboard.type(" Nobody has heard this yet.");
    await until("the loss to be said", async () => (await state()) === "offline");
    station = await startStation({ dir: station.folder, listen });
    await until("everything to be saved", async () => (await state()) === "saved");
    await page.reload();
    await page.locator("#words").getByText("Nobody has heard this yet.").waitFor();
    assert.match(await page.locator("#words").textContent(), /The gauge.*It rose twice\..*Sandbags/s);
    await page.close();
  });

  test("axe finds nothing on the page where a story is written", async () => {
    for (const [viewport, colorScheme] of [[PHONE, "light"], [DESK, "dark"]]) {
      const context = await browser.newContext({ viewport, colorScheme, bypassCSP: true });
      await context.addCookies(await owner.cookies());
      const page = await context.newPage();
      await page.goto(`${station.ready.desk.origin}/stories`);
      await page.getByRole("link", { name: "The river rose" }).click();
      await page.locator("#words").focus();
      if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `desk-${colorScheme}.png`), fullPage: true });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.html.slice(0, 200)).join(" ")}`), []);
      await context.close();
    }
  });
});
