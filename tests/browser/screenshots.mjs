// Makes the pictures of the README from a demonstration station: `npm run screenshots`.

import { mkdir } from "node:fs/promises";
import path from "node:path";

import { pageKinds, startBrowser, startStation, until } from "./station.mjs";

const PICTURES = path.resolve(import.meta.dirname, "../../docs/pictures");
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 860 };

await mkdir(PICTURES, { recursive: true });
const station = await startStation({ listen: "127.0.0.1:8000" });
const browser = await startBrowser();
try {
  const kinds = await pageKinds(station);
  await picture("front-page", kinds.home, { viewport: DESK });
  await picture("front-page-dark", kinds.home, { viewport: PHONE, colorScheme: "dark", deviceScaleFactor: 2 });
  await picture("story", kinds.story, { viewport: PHONE, deviceScaleFactor: 2 });
  await picture("schedule", kinds.schedule, { viewport: DESK });
} finally {
  await browser.close();
  await station.stop();
}

async function picture(name, where, options) {
  const context = await browser.newContext({ timezoneId: "America/New_York", ...options });
  const page = await context.newPage();
  await page.goto(station.url(where), { waitUntil: "load" });
  await until("the pictures", () => page.evaluate(() => [...document.images].filter((image) => image.loading !== "lazy").every((image) => image.complete)));
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  await context.close();
}
