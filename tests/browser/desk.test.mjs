// The desk, used as its people use it: from the owner's first link on, with a real passkey, on phone and desktop.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";

import { startBrowser, startStation, until } from "./station.mjs";

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const PASSWORD = "kettle lantern ferry moss";
const JUNE = "june@harrow.example";

let station, browser, desk, owner;

before(async () => {
  station = await startStation();
  browser = await startBrowser();
  desk = station.ready.desk.origin;
  owner = await browser.newContext({ viewport: DESK });
});

after(async () => {
  await browser?.close();
  await station?.stop();
});

async function signIn(page, password = PASSWORD) {
  await page.goto(`${desk}/sign-in`);
  await page.getByLabel("Mail address").first().fill(JUNE);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The code that an authenticator app shows at this moment, or some steps of thirty seconds ahead of it. */
function codeOf(secret, ahead = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac("sha1", key).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The path of a story that was begun, named and written in. */
async function begunStory(page) {
  await page.goto(`${desk}/stories/new`);
  await page.getByLabel("Headline").fill("The river rises");
  await page.getByRole("button", { name: "Begin writing" }).click();
  const story = new URL(await page.waitForURL(/\/edit$/).then(() => page.url())).pathname.replace("/edit", "");
  await page.goto(`${desk}${story}/history`);
  await page.getByLabel("Keep the text as it is now").fill("the first one");
  await page.getByRole("button", { name: "Keep" }).click();
  return story;
}

/** An authenticator that belongs to this page's browser: a phone with a finger on it. */
async function virtualAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
}

test("the first owner comes in by the link, by keyboard alone", async () => {
  const page = await owner.newPage();
  await page.goto(station.ready.desk.owner_link);
  for (const words of ["June Okafor", JUNE, PASSWORD]) {
    await until("the next field", async () => {
      await page.keyboard.press("Tab");
      return page.evaluate(() => document.activeElement instanceof HTMLInputElement);
    });
    await page.keyboard.type(words);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(`${desk}/account?said=welcome`);
  assert.match(await page.getByRole("status").textContent(), /You are in/);
  await page.goto(desk);
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Stories");
  assert.ok((await page.locator(".story-list li").count()) > 5, "the station's stories are not there");
  assert.match(await page.getByRole("complementary").textContent(), /Harrow Valley News/);
  await page.close();
});

test("no cookie of the desk reaches the public site", async () => {
  const cookies = await owner.cookies();
  assert.deepEqual([...new Set(cookies.map((cookie) => cookie.domain))], [new URL(desk).hostname]);
  for (const cookie of cookies) assert.ok(cookie.httpOnly && cookie.sameSite === "Strict", cookie.name);
  const page = await owner.newPage();
  const requests = [];
  page.on("requestfinished", (request) => requests.push(request));
  await page.goto(station.url("/"), { waitUntil: "load" });
  const sent = await Promise.all(requests.map(async (request) => (await request.allHeaders()).cookie));
  assert.ok(sent.length > 2);
  assert.deepEqual(sent.filter(Boolean), []);
  await page.close();
});

test("a passkey is added, and signs in", async () => {
  const page = await owner.newPage();
  await virtualAuthenticator(page);
  await page.goto(`${desk}/account`);
  await page.getByLabel("A name to know it by").fill("June’s phone");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.waitForURL(`${desk}/account?said=passkey-added`);
  assert.ok(await page.getByText("June’s phone").first().isVisible());
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(`${desk}/sign-in?said=signed-out`);
  await page.goto(`${desk}/audit`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(`${desk}/audit`);
  assert.match(await page.locator(".audit li").first().textContent(), /June Okafor signed in with a passkey/);
  await page.close();
});

test("one-time codes are set up, and asked for", async () => {
  const page = await owner.newPage();
  await page.goto(`${desk}/account/codes`);
  const secret = await page.locator("input[name=secret]").inputValue();
  assert.equal((await page.locator(".secret").textContent()).replaceAll(" ", ""), secret);
  await page.getByLabel("The code that the app shows now").fill(codeOf(secret));
  await page.getByRole("button", { name: "Turn codes on" }).click();
  const recovery = await page.locator(".recovery code").allTextContents();
  assert.equal(recovery.length, 10);

  const elsewhere = await (await browser.newContext({ viewport: PHONE })).newPage();
  await signIn(elsewhere);
  await elsewhere.getByLabel("Code").fill("000000");
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  assert.match(await elsewhere.getByRole("alert").textContent(), /not the code of this moment/);
  await elsewhere.getByLabel("Code").fill(recovery[0]);
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.waitForURL(`${desk}/`);
  await elsewhere.goto(`${desk}/account`);
  await elsewhere.getByRole("button", { name: "Sign out", exact: true }).click();
  await elsewhere.waitForURL(/signed-out/);
  await signIn(elsewhere);
  // The code of this step was used up when codes were turned on.
  await elsewhere.getByLabel("Code").fill(codeOf(secret, 1));
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.waitForURL(`${desk}/`);
  await elsewhere.context().close();

  await page.goto(`${desk}/account`);
  assert.match(await page.getByRole("main").textContent(), /You have 9 recovery codes left/);
  await page.getByRole("button", { name: "Turn codes off" }).click();
  await page.waitForURL(`${desk}/account?said=codes-stopped`);
  await page.close();
});

test("somebody is invited for one section, comes in on a phone, and sees what is theirs", async () => {
  const page = await owner.newPage();
  await page.goto(`${desk}/people`);
  await page.getByLabel("Name").fill("Del Aguirre");
  await page.getByLabel("Mail address").fill("del@harrow.example");
  await page.getByLabel("Role").selectOption("editor");
  await page.getByLabel("Where it holds").selectOption({ label: "News" });
  await page.getByRole("button", { name: "Invite" }).click();
  const link = await page.locator("#link").textContent();

  const phone = await (await browser.newContext({ viewport: PHONE })).newPage();
  await phone.goto(link);
  assert.equal(await phone.getByRole("heading", { level: 1 }).textContent(), "Welcome, Del Aguirre");
  const password = phone.getByLabel("Password", { exact: true });
  await password.fill("moss ferry lantern kettle");
  await phone.getByRole("button", { name: "Show the password" }).click();
  assert.equal(await password.getAttribute("type"), "text");
  await phone.getByRole("button", { name: "Come in" }).click();
  await phone.waitForURL(/\/account/);
  assert.match(await phone.getByRole("main").textContent(), /Editor, in News/);
  assert.deepEqual(await phone.getByRole("navigation", { name: "Desk" }).getByRole("listitem").allTextContents(), ["Desk", "Stories", "Master control"]);
  await phone.context().close();
  await page.close();
});

test("everything but passkeys works without script", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: PHONE });
  const page = await context.newPage();
  await signIn(page);
  await page.waitForURL(`${desk}/`);
  assert.ok(await page.getByRole("heading", { name: "On the air" }).isVisible());
  await page.goto(`${desk}/account`);
  assert.ok(await page.getByText("needs a browser with script").isVisible());
  assert.equal(await page.getByRole("button", { name: "Add a passkey" }).isVisible(), false);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(/signed-out/);
  await context.close();
});

describe("on every page of the desk", () => {
  let pages;

  before(async () => {
    const page = await owner.newPage();
    await page.goto(`${desk}/people`);
    const people = await page.locator(".row-title a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    const story = await begunStory(page);
    const ofStory = [`${story}/edit`, story, `${story}/history`, `${story}/compare?from=1&to=draft`];
    pages = ["/", "/stories", "/stories/new", ...ofStory, "/account", "/account/codes", "/people", ...people, "/roles", "/audit", "/no/such/page"];
    // A page that is closed while it loads does not always close.
    await page.waitForURL(/said=revision-named/);
    await page.close();
  });

  /** Goes to every page with the owner's cookies, and to those of the way in without. */
  async function visit(options, look) {
    const cookies = await owner.cookies();
    for (const [isIn, paths] of [[true, pages], [false, ["/sign-in"]]]) {
      const context = await browser.newContext({ bypassCSP: true, ...options });
      if (isIn) await context.addCookies(cookies);
      const page = await context.newPage();
      for (const path of paths) {
        await page.goto(desk + path, { waitUntil: "load" });
        await look(page, path);
      }
      await context.close();
    }
  }

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
      test(`axe finds nothing, ${colorScheme}, ${name}`, async () => {
        await visit({ colorScheme, viewport }, async (page, path) => {
          await page.evaluate(AXE);
          const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
          assert.deepEqual(violations.map((v) => `${path}: ${v.id}: ${v.help}: ${v.nodes.map((node) => node.html).join(" ")}`), []);
        });
      });
    }
  }

  test("the keyboard reaches everything, and one sees where it is", async () => {
    await visit({ viewport: DESK }, async (page, path) => {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("href")), "#main", path);
      const expected = await page.evaluate(() => document.querySelectorAll("a[href], button:not([hidden]), input:not([type=hidden], :disabled), select, summary").length);
      const reached = new Set();
      for (let stop = 0; stop < expected + 5; stop++) {
        await page.keyboard.press("Tab");
        const seen = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return null;
          const { outlineStyle } = getComputedStyle(element);
          return { what: element.outerHTML.slice(0, 160), isMarked: outlineStyle !== "none" };
        });
        if (seen === null) break;
        assert.ok(seen.isMarked, `${path}: ${seen.what} does not show that it has focus`);
        reached.add(seen.what);
      }
      assert.ok(reached.size >= 3, `${path}: the keyboard reached ${reached.size} things`);
    });
  });

  test("nothing is wider than a small phone, and what is pressed is large enough", async () => {
    await visit({ viewport: { width: 320, height: 640 } }, async (page, path) => {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${path} is ${overflow} px too wide at 320 px`);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll("button:not([hidden]), .button, input:not([type=hidden], [type=checkbox], [type=radio]), select")]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 40)
          .map((element) => element.outerHTML.slice(0, 120)),
      );
      assert.deepEqual(small, [], path);
    });
  });

  test("the browser has nothing to complain about, the content security policy included", async () => {
    const said = [];
    await visit({ viewport: DESK, bypassCSP: false }, async (page, path) => {
      // That a page is missing is said there by the browser itself.
      if (path === "/no/such/page") return;
      page.removeAllListeners("console");
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(`${path}: ${message.text()}`));
      await page.reload({ waitUntil: "load" });
      page.removeAllListeners("console");
    });
    assert.deepEqual(said, []);
  });
});
