/** Master control, kept up to the moment: what the page said when it was loaded is said anew whenever it changes. */

/** A service at one moment, as the desk tells it. */
export interface Panel {
  slug: string;
  on: string;
  is_well: boolean;
  since: { words: string };
  reason: string;
  held: string | null;
  meters: Record<"momentary" | "short_term" | "integrated" | "true_peak" | "phase", number> | null;
  inputs: { rank: string; who: string; state: string; is_on: boolean; is_there: boolean; is_faulty: boolean }[];
  mounts: { path: string; carries: string; listeners: number }[];
  listeners: number;
  playing: { title: string; until: string } | null;
  queue: { number: number; title: string }[];
  ahead: { at: string; title: string }[];
}

export function followControl(page: Document): void {
  const root = page.querySelector<HTMLElement>("[data-follow]");
  const address = root?.dataset.follow;
  if (!root || !address) return;
  const saying = page.getElementById("following");
  const say = (words: string) => {
    if (saying && saying.textContent !== words) saying.textContent = words;
  };
  saying?.removeAttribute("hidden");
  page.getElementById("snapshot")?.remove();
  const events = new EventSource(address);
  events.addEventListener("message", (event: MessageEvent<string>) => {
    say("Live");
    const { services } = JSON.parse(event.data) as { services: Panel[] };
    for (const panel of services) {
      const section = root.querySelector(`[data-service="${CSS.escape(panel.slug)}"]`);
      if (section) show(section, panel);
    }
  });
  events.addEventListener("error", () => say("The connection is lost; what stands here may be old. Trying again"));
  // A page that is left must not hold a place.
  addEventListener("pagehide", () => events.close());
}

export function show(section: Element, panel: Panel): void {
  write(section, "on", panel.on);
  section.querySelector<HTMLElement>("[data-well]")?.setAttribute("data-well", panel.is_well ? "yes" : "no");
  write(section, "since", panel.since.words);
  write(section, "reason", panel.reason);
  write(section.querySelector(".panel-guide"), "listeners", String(panel.listeners));
  showMeters(section, panel.meters);
  write(section, "held", panel.held ?? "");
  part(section, "held", panel.held !== null);
  for (const input of panel.inputs) {
    const row = section.querySelector(`[data-rank="${input.rank}"]`);
    row?.classList.toggle("is-on", input.is_on);
    row?.classList.toggle("is-faulty", input.is_faulty);
    row?.classList.toggle("is-away", !input.is_there);
    row?.querySelector("button")?.toggleAttribute("disabled", !input.is_there);
    write(row, "state", input.state);
    write(row, "who", input.who);
  }
  for (const mount of panel.mounts) {
    const row = section.querySelector(`[data-mount="${CSS.escape(mount.path)}"]`);
    write(row, "carries", mount.carries);
    write(row, "listeners", String(mount.listeners));
  }
  part(section, "playing", panel.playing !== null);
  write(section, "playing", panel.playing?.title ?? "");
  write(section, "playing-until", panel.playing?.until ?? "");
  list(section, "ahead", panel.ahead, (item, piece) => {
    write(item, "at", piece.at);
    write(item, "title", piece.title);
  });
  list(section, "queue", panel.queue, (item, piece) => {
    write(item, "title", piece.title);
    item.querySelector("button")?.setAttribute("aria-label", `Take out ${piece.title}`);
    const form = item.querySelector<HTMLFormElement>("form");
    const action = form?.dataset.action;
    if (form && action) form.action = action.replace("{number}", String(piece.number));
  });
  part(section, "no-queue", panel.queue.length === 0);
}

function showMeters(section: Element, meters: Panel["meters"]): void {
  part(section, "meters", meters !== null);
  part(section, "no-meters", meters === null);
  if (!meters) return;
  for (const [name, value] of Object.entries(meters)) {
    write(section, name, name === "phase" ? value.toFixed(1) : figure(value));
    const needle = section.querySelector<HTMLMeterElement>(`[data-meter="${name}"]`);
    if (needle) needle.value = value;
  }
}

/** A level as engineers write it; what is below hearing is silence. */
export function figure(value: number): string {
  return value <= -99 ? "−∞" : value.toFixed(1).replace("-", "−");
}

/** Says something where it stands, and leaves alone what says so already: a screen reader would read it again. */
function write(within: Element | null | undefined, name: string, words: string): void {
  const place = within?.querySelector(`[data-say="${name}"]`);
  if (place && place.textContent !== words) place.textContent = words;
}

function part(within: Element, name: string, isShown: boolean): void {
  within.querySelector(`[data-part="${name}"]`)?.toggleAttribute("hidden", !isShown);
}

/** Makes a list anew if what it has is something else. */
function list<T>(within: Element, name: string, things: T[], fill: (item: Element, thing: T) => void): void {
  const place = within.querySelector<HTMLElement>(`[data-list="${name}"]`);
  const template = within.querySelector<HTMLTemplateElement>(`[data-template="${name}"]`);
  const key = JSON.stringify(things);
  if (!place || !template || place.dataset.key === key) return;
  place.dataset.key = key;
  const items = things.map((thing) => {
    const item = (template.content.cloneNode(true) as DocumentFragment).firstElementChild!;
    fill(item, thing);
    return item;
  });
  // Whoever is about to press a button here must not lose it under the finger; it comes back with the next change.
  if (place.contains(place.ownerDocument.activeElement)) {
    delete place.dataset.key;
    return;
  }
  place.replaceChildren(...items);
}
