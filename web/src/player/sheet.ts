/** The sheet above the bar: the station's services with what is on them, and the listener's queue. */

import type { Bar } from "./bar";
import { clock } from "./clock";
import { digits } from "./duration";
import type { OnAirService } from "./on_air";
import { type Parts, setAttribute, setText } from "./parts";
import type { Player } from "./player";
import { isWanted } from "./state";

export class Sheet {
    readonly #parts: Parts;
    readonly #player: Player;
    readonly #bar: Bar;

    constructor(parts: Parts, player: Player, bar: Bar) {
        this.#parts = parts;
        this.#player = player;
        this.#bar = bar;
        this.#press();
        player.onChange(() => this.#draw());
        this.#draw();
    }

    close(): void {
        this.#setOpen(false);
    }

    get isOpen(): boolean {
        return this.#opener?.getAttribute("aria-expanded") === "true";
    }

    get #opener(): HTMLButtonElement | null {
        return this.#parts.control("sheet");
    }

    get #sheet(): HTMLElement | null {
        return this.#parts.show("sheet");
    }

    #press(): void {
        const parts = this.#parts;
        const player = this.#player;
        parts.onPress("sheet", () => {
            this.#setOpen(!this.isOpen);
            if (this.isOpen) this.#sheet?.focus();
        });
        parts.root.addEventListener("keydown", (event) => {
            if (event.key !== "Escape" || !this.isOpen) return;
            event.stopPropagation();
            this.#setOpen(false);
            this.#opener?.focus();
        });
        parts.onPress("tune", (row) => {
            const slug = row?.dataset["at"];
            if (!slug) return;
            const isPlaying = isWanted(player.state) && player.state.sound?.kind === "live" && player.service?.slug === slug;
            if (isPlaying) player.pause();
            else player.live(slug);
        });
        parts.onPress("play-queued", (row) => {
            const at = placeOf(row);
            player.playFromQueue(at);
            this.#focus(Math.min(at, player.queue.length - 1), "play-queued");
        });
        parts.onPress("earlier", (row) => this.#move(row, -1));
        parts.onPress("later", (row) => this.#move(row, 1));
        parts.onPress("remove", (row) => this.#remove(row));
        // Within the queue, Alt with an arrow moves the piece that has focus; Delete takes it out.
        parts.show("queue")?.addEventListener("keydown", (event) => {
            const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-at]") : null;
            if (row === null) return;
            if (event.altKey && event.key === "ArrowUp") this.#move(row, -1);
            else if (event.altKey && event.key === "ArrowDown") this.#move(row, 1);
            else if (event.key === "Delete") this.#remove(row);
            else return;
            event.preventDefault();
        });
        const keys = parts.control<HTMLInputElement>("keys");
        keys?.addEventListener("change", () => player.setKeys(keys.checked));
    }

    #setOpen(isOpen: boolean): void {
        if (this.#sheet) this.#sheet.hidden = !isOpen;
        this.#opener?.setAttribute("aria-expanded", String(isOpen));
        this.#parts.root.classList.toggle("is-open", isOpen);
    }

    #move(row: HTMLElement | null, by: number): void {
        const from = placeOf(row);
        const to = Math.max(0, Math.min(this.#player.queue.length - 1, from + by));
        const piece = this.#player.queue[from];
        if (!piece || from === to) return;
        const control = document.activeElement?.getAttribute("data-do") ?? "play-queued";
        this.#player.moveInQueue(from, by);
        this.#focus(to, control);
        this.#bar.say(`${piece.title}: place ${to + 1} of ${this.#player.queue.length}`);
    }

    #remove(row: HTMLElement | null): void {
        const at = placeOf(row);
        const piece = this.#player.queue[at];
        if (!piece) return;
        this.#player.removeFromQueue(at);
        this.#focus(Math.min(at, this.#player.queue.length - 1), "remove");
        this.#bar.say(`${piece.title} is out of the queue`);
    }

    /** Focus stays with the piece that was moved, or on its neighbour, or where the sheet was opened. */
    #focus(at: number, control: string): void {
        const row = this.#parts.show("queue")?.querySelector(`[data-at="${at}"]`);
        const enabled = row?.querySelector<HTMLElement>(`[data-do="${control}"]:not(:disabled)`);
        (enabled ?? row?.querySelector<HTMLElement>("button:not(:disabled)") ?? this.#opener)?.focus();
    }

    #draw(): void {
        this.#drawServices();
        this.#drawQueue();
        const keys = this.#parts.control<HTMLInputElement>("keys");
        if (keys) keys.checked = this.#player.settings.hasKeys;
    }

    #drawServices(): void {
        const list = this.#parts.show("services");
        this.#fill(list, "service", this.#player.onAir.services.map((service) => service.slug), (row, at) => {
            const service = this.#player.onAir.services[at];
            if (service) this.#drawService(row, service);
        });
    }

    #drawService(row: HTMLElement, service: OnAirService): void {
        const player = this.#player;
        const isTuned = player.piece === null && player.state.phase !== "idle" && player.service?.slug === service.slug;
        const isPlaying = isTuned && isWanted(player.state);
        row.classList.toggle("is-tuned", isTuned);
        const button = row.querySelector('[data-do="tune"]');
        setAttribute(button, "aria-pressed", String(isPlaying));
        setText(row.querySelector('[data-part="name"]'), service.name);
        setText(row.querySelector('[data-part="now"]'), service.now?.title || service.playing || service.teaser);
        setText(row.querySelector('[data-part="until"]'), service.now ? `until ${clock(service.now.end)}` : "");
        const next = row.querySelector<HTMLElement>('[data-part="next"]');
        if (next) next.hidden = service.next === null;
        setText(next, service.next ? `Next up: ${service.next.title}, ${clock(service.next.start)}` : "");
    }

    #drawQueue(): void {
        const { queue } = this.#player;
        const list = this.#parts.show("queue");
        this.#parts.setWhen("queue-empty", queue.length === 0);
        this.#parts.setText("queue-count", queue.length === 0 ? "" : String(queue.length));
        this.#fill(list, "queued", queue.map((_, at) => String(at)), (row, at) => {
            const piece = queue[at];
            if (!piece) return;
            setText(row.querySelector('[data-part="title"]'), piece.title);
            const length = piece.durationS === null ? "" : digits(piece.durationS);
            setText(row.querySelector('[data-part="about"]'), [piece.from, length].filter(Boolean).join(" · "));
            setAttribute(row.querySelector('[data-do="play-queued"]'), "aria-label", `Play ${piece.title}`);
            setAttribute(row.querySelector('[data-do="remove"]'), "aria-label", `Remove ${piece.title}`);
            this.#drawMove(row, "earlier", at === 0, `Move ${piece.title} up`);
            this.#drawMove(row, "later", at === queue.length - 1, `Move ${piece.title} down`);
        });
    }

    #drawMove(row: HTMLElement, name: string, isDisabled: boolean, label: string): void {
        const button = row.querySelector<HTMLButtonElement>(`[data-do="${name}"]`);
        if (button) button.disabled = isDisabled;
        setAttribute(button, "aria-label", label);
    }

    /** Makes a list have one row for each key, keeping the rows that are there: focus stays where it is. */
    #fill(list: HTMLElement | null, template: string, keys: readonly string[], draw: (row: HTMLElement, at: number) => void): void {
        if (list === null) return;
        while (list.children.length > keys.length) list.lastElementChild?.remove();
        keys.forEach((key, at) => {
            let row = list.children[at];
            if (row === undefined) {
                const fresh = this.#parts.row(template);
                if (fresh === null) return;
                list.append(fresh);
                row = fresh;
            }
            if (!(row instanceof HTMLElement)) return;
            setAttribute(row, "data-at", key);
            draw(row, at);
        });
    }
}

function placeOf(row: HTMLElement | null): number {
    return Number(row?.dataset["at"] ?? Number.NaN);
}
