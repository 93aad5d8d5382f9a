/**
 * What the station has on the air: asked once, then told by the server whenever it changes.
 *
 * A browser allows six connections to one host, over all its tabs. So a tab that nobody looks at and that plays
 * nothing hangs up, and asks again when it is looked at.
 */

export interface Airing {
    readonly title: string;
    readonly programme: { readonly slug: string; readonly title: string } | null;
    readonly start: string;
    readonly end: string;
}

export interface StreamMount {
    readonly path: string;
    readonly codec: string;
    readonly media_type: string;
    readonly bitrate_kbps: number;
}

export interface OnAirService {
    readonly slug: string;
    readonly name: string;
    readonly teaser: string;
    readonly hls: string | null;
    readonly mounts: readonly StreamMount[];
    readonly now: Airing | null;
    readonly next: Airing | null;
    /** What a radio's display shows at this moment; may be empty. */
    readonly playing: string;
}

const RETRY_MS = 15_000;

export class OnAir {
    services: readonly OnAirService[] = [];
    /** Settles when the services are known for the first time, or could not be asked for. */
    readonly known: Promise<void>;
    #changed: (() => void)[] = [];
    #line: EventSource | null = null;
    #isNeeded: () => boolean;

    /** `isNeeded` says whether news must be followed although nobody looks. */
    constructor(isNeeded: () => boolean) {
        this.#isNeeded = isNeeded;
        this.known = this.#ask();
        document.addEventListener("visibilitychange", () => this.follow());
        window.addEventListener("online", () => this.follow());
    }

    onChange(heard: () => void): void {
        this.#changed.push(heard);
    }

    find(slug: string): OnAirService | null {
        return this.services.find((service) => service.slug === slug) ?? null;
    }

    /** Picks up the line or hangs up, as is right at this moment. */
    follow(): void {
        const wanted = document.visibilityState === "visible" || this.#isNeeded();
        if (!wanted) {
            this.#line?.close();
            this.#line = null;
        } else if (this.#line === null) {
            this.#pickUp();
        }
    }

    #pickUp(): void {
        const line = new EventSource("/on-air/events");
        this.#line = line;
        line.addEventListener("on-air", (event) => this.#take(event.data));
        line.addEventListener("error", () => {
            // The browser tries again by itself unless it was refused; then we do, not too often.
            if (line.readyState !== EventSource.CLOSED || this.#line !== line) return;
            this.#line = null;
            window.setTimeout(() => this.follow(), RETRY_MS);
        });
    }

    async #ask(): Promise<void> {
        try {
            const answer = await fetch("/on-air.json", { headers: { accept: "application/json" } });
            if (answer.ok) this.#take(await answer.text());
        } catch {
            // The line brings it as soon as it stands.
        }
    }

    #take(text: string): void {
        let services: unknown;
        try {
            services = (JSON.parse(text) as { services?: unknown }).services;
        } catch {
            return;
        }
        if (!Array.isArray(services)) return;
        this.services = services as OnAirService[];
        for (const heard of this.#changed) heard();
    }
}

/** Where the service's rewind window is listed; null if it has none. */
export function rewindPath(service: OnAirService): string | null {
    return service.hls?.replace(/index\.m3u8$/, "rewind.m3u8") ?? null;
}

/** The mounts that this browser can play, in the station's order; every mount, if it will not say. */
export function playableMounts(service: OnAirService, canPlay: (mediaType: string) => boolean): readonly StreamMount[] {
    const playable = service.mounts.filter((mount) => canPlay(mount.media_type));
    return playable.length > 0 ? playable : service.mounts;
}
