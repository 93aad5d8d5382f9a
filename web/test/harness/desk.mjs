// The least desk that the editor can be written against: one story, its draft in a file, the answers of the real one.
//
//   node web/test/harness/desk.mjs FILE PORT DIST
//
// Whoever opens `/?as=June` is June. It is killed by tests, and started again on the same file.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";

const [file, port, dist] = process.argv.slice(2);
const LEASE_MS = 5 * 60_000;
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types groundwave-paste";

const assets = new Map(readFileSync(`${dist}/manifest.tsv`, "utf8").trim().split("\n").map((line) => line.split("\t")).map(([name, path, type]) => [name, { path, type }]));

const empty = { section: "news", programme: null, slug: null, kicker: "", headline: "", teaser: "", seo_title: "", bylines: [], lead: null, sounds: [], body: [], note: "" };

function load() {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { version: 1, document: empty, saved_at: new Date().toISOString(), saved_by: "June", lock: null, answers: {}, revisions: [] };
  }
}

function keep(state) {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

const escaped = (words) => words.replace(/[&<>"]/gu, (sign) => `&#${sign.codePointAt(0)};`);

function page({ version, document: draft }) {
  const link = (name) => `/assets/${assets.get(name).path}`;
  const field = (name, label, value) => `<div class="field is-${name}"><label for="${name}">${label}</label><textarea id="${name}" name="${name}" rows="1">${escaped(value)}</textarea></div>`;
  const names = draft.bylines.map((one) => one.name).join("\n");
  return `<!doctype html><html lang="en-US"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Write</title>
<link rel="stylesheet" href="${link("desk.css")}"><link rel="stylesheet" href="${link("editor.css")}"><script type="module" src="${link("editor.js")}"></script></head>
<body><header class="top"><div class="top-line"><p class="top-name">Harrow Valley</p><div><output id="saved" form="story" aria-live="polite"></output> <button class="button" form="story">Save</button></div></div></header>
<main id="main"><h1 class="visually-hidden">Write a story</h1><form id="story" method="post" data-story="1" data-version="${version}">
${field("kicker", "Kicker", draft.kicker)}${field("headline", "Headline", draft.headline)}${field("teaser", "Teaser", draft.teaser)}${field("bylines", "Byline", names)}
<div class="field is-body"><label for="body">Story</label><textarea id="body" name="body"></textarea></div></form></main>
<script type="application/json" id="draft">${JSON.stringify(draft).replaceAll("<", "\\u003c")}</script></body></html>`;
}

/** What stands in `state.lock` for anybody but `me`; null if nobody else holds the story. */
function otherHolder({ lock }, me) {
  return lock !== null && lock.holder !== me && lock.until > Date.now() ? lock : null;
}

const held = (lock) => [423, { holder: lock.holder, since: lock.since, error: `${lock.holder} is writing.` }];

function save(state, me, { version, document, key }) {
  if (state.answers[key]) return state.answers[key];
  const other = otherHolder(state, me);
  const answer = (() => {
    if (other !== null) return held(other);
    if (version !== state.version) return [409, { version: state.version, by: state.saved_by, at: state.saved_at, error: "Another text was saved.", kept: state.revisions.length + 1 }];
    Object.assign(state, { version: version + 1, document, saved_at: new Date().toISOString(), saved_by: me });
    return [200, { version: state.version, saved_at: state.saved_at }];
  })();
  if (answer[0] !== 200) state.revisions.push({ by: me, document });
  state.answers[key] = answer;
  return answer;
}

function lock(state, me, { take }) {
  const other = otherHolder(state, me);
  if (other !== null && !take) return held(other);
  if (other !== null) state.revisions.push({ by: other.holder, document: state.document });
  const since = state.lock?.holder === me ? state.lock.since : new Date().toISOString();
  state.lock = { holder: me, since, until: Date.now() + LEASE_MS };
  return [200, { until: new Date(state.lock.until).toISOString(), by_me: true }];
}

function act(state, me, path, body) {
  switch (path) {
    case "/stories/1/draft":
      return save(state, me, body);
    case "/stories/1/lock":
      return lock(state, me, body);
    case "/stories/1/lock/release":
      if (state.lock?.holder === me) state.lock = null;
      return [200, {}];
    case "/stories/1/draft.json":
      return [200, { version: state.version, document: state.document, saved_at: state.saved_at, saved_by: state.saved_by, holder: otherHolder(state, "")?.holder ?? null }];
    default:
      return [404, { error: "nothing stands at this address" }];
  }
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://desk");
  const me = /(?:^|; )me=([^;]*)/u.exec(request.headers.cookie ?? "")?.[1] ?? "June";
  const name = [...assets].find(([, { path }]) => url.pathname === `/assets/${basename(path)}`);
  if (name !== undefined) return response.writeHead(200, { "content-type": name[1].type }).end(readFileSync(`${dist}/${name[1].path}`));
  const state = load();
  if (url.pathname === "/") {
    const cookie = url.searchParams.has("as") ? { "set-cookie": `me=${url.searchParams.get("as")}; SameSite=Strict` } : {};
    return response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY, ...cookie }).end(page(state));
  }
  let body = "";
  for await (const part of request) body += part;
  const [status, answer] = act(state, me, url.pathname, body === "" ? {} : JSON.parse(body));
  keep(state);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
}).listen(Number(port), "127.0.0.1", function () {
  console.log(this.address().port);
});
