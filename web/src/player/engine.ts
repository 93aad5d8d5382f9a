/**
 * The audio element and what it is told to do.
 *
 * There is one element for the whole visit; it stands in no page, so no change of page can stop it. The engine carries
 * out the acts that `state.ts` decides on and reports what happens; it decides nothing itself.
 */

import { type OnAir, playableMounts, rewindPath } from "./on_air";
import { open, type Rewind } from "./rewind";
import type { Sound, Target } from "./sound";
import { type Act, AT_REST, type Happening, isLive, isWanted, reduce, type State } from "./state";

/** What is silent for so long is taken for broken. */
const CONNECT_MS_MAX = 12_000;
/** A live stream comes at the pace of the clock: one that has run dry is hardly ever coming after so long. */
const DRY_LIVE_MS_MAX = 6_000;
/** A piece may still be loading over a thin line, and beginning anew would throw away what has come. */
const DRY_PIECE_MS_MAX = 20_000;

export class Engine {
    readonly #audio = new Audio();
    readonly #onAir: OnAir;
    #state: State = AT_REST;
    #rewind: Rewind | null = null;
    /** Where a piece begins, or goes on after it broke off. */
    #startS = 0;
    /** Where a rewound service broke off. */
    #lost: Target | null = null;
    #timer = 0;
    #speed = 1;
    /** Counts what was loaded, so that an answer that comes too late is known as such. */
    #loads = 0;

    onState: (before: State, after: State) => void = () => {};
    onNext: () => void = () => {};
    /** The place has moved on, or the length became known. */
    onPlace: () => void = () => {};

    constructor(onAir: OnAir) {
        this.#onAir = onAir;
        this.#audio.preload = "none";
        this.#listen();
    }

    get state(): State {
        return this.#state;
    }

    get audio(): HTMLAudioElement {
        return this.#audio;
    }

    happened(event: Happening): void {
        const before = this.#state;
        const [after, act] = reduce(before, event);
        if (before.sound !== after.sound) this.#turnTo(after.sound);
        this.#state = after;
        if (before.phase !== after.phase) this.#watch();
        if (before !== after) this.onState(before, after);
        this.#carryOut(act);
    }

    setSpeed(speed: number): void {
        this.#speed = speed;
        this.#applySpeed();
    }

    /** The place in a piece, in seconds. */
    get placeS(): number {
        return this.#audio.hasAttribute("src") && this.#audio.readyState > 0 ? this.#audio.currentTime : this.#startS;
    }

    /** The length of a piece; what the page said until the file says it. */
    get durationS(): number | null {
        const { sound } = this.#state;
        if (sound?.kind !== "piece") return null;
        const told = this.#audio.duration;
        return Number.isFinite(told) && told > 0 ? told : sound.piece.durationS;
    }

    get rewind(): Rewind | null {
        return this.#rewind;
    }

    /** How far behind live a rewound service is. */
    get behindS(): number | null {
        const span = this.#rewind?.span();
        return span ? Math.max(0, span.endS - this.#audio.currentTime) : null;
    }

    seek(toS: number): void {
        const span = this.#rewind?.span() ?? { startS: 0, endS: this.durationS ?? Number.MAX_SAFE_INTEGER };
        const placeS = Math.min(span.endS, Math.max(span.startS, toS));
        this.#startS = placeS;
        if (this.#audio.readyState > 0) this.#audio.currentTime = placeS;
        this.onPlace();
    }

    #carryOut(act: Act): void {
        switch (act.do) {
            case "nothing":
                return;
            case "load":
                void this.#load();
                return;
            case "play":
                if (this.#audio.hasAttribute("src")) this.#play();
                else void this.#load();
                return;
            case "pause":
                this.#audio.pause();
                return;
            case "drop":
                this.#drop();
                return;
            case "retry-in":
                this.#letGo();
                this.#in(act.ms, () => this.happened({ type: "retry-due" }));
                return;
            case "next":
                this.onNext();
                return;
        }
    }

    async #load(): Promise<void> {
        const load = ++this.#loads;
        const { sound } = this.#state;
        if (sound === null) return;
        this.#letGo();
        this.#in(CONNECT_MS_MAX, () => this.#broke(false));
        // Some browsers play only within the press itself: nothing that is known already is waited for.
        if (sound.kind !== "piece" && this.#onAir.services.length === 0) await this.#onAir.known;
        const isReady = sound.kind === "rewind" ? await this.#openRewind(sound, load) : this.#point(sound);
        if (load !== this.#loads) return;
        if (isReady) this.#play();
        else this.#broke(false);
    }

    /** Points the element at a piece or at a live stream; false if there is no such stream. */
    #point(sound: Exclude<Sound, { kind: "rewind" }>): boolean {
        if (sound.kind === "piece") {
            this.#audio.src = sound.piece.src;
            return true;
        }
        const service = this.#onAir.find(sound.service);
        const mounts = service ? playableMounts(service, (type) => this.#audio.canPlayType(type) !== "") : [];
        // A stream that failed may be one encoder's fault: the next attempt asks for the next codec.
        const mount = mounts[this.#state.attempt % mounts.length];
        if (mount) this.#audio.src = mount.path;
        return mount !== undefined;
    }

    /** Opens a service's rewind window; false if it has none, or cannot be opened. */
    async #openRewind(sound: Extract<Sound, { kind: "rewind" }>, load: number): Promise<boolean> {
        const service = this.#onAir.find(sound.service);
        const path = service ? rewindPath(service) : null;
        if (path === null) return false;
        const target = (this.#state.attempt > 0 && this.#lost) || sound.target;
        try {
            const rewind = await open(this.#audio, path, target, () => this.#broke(false));
            if (load === this.#loads) this.#rewind = rewind;
            else rewind.destroy();
            return true;
        } catch {
            return false;
        }
    }

    #play(): void {
        const load = this.#loads;
        this.#applySpeed();
        this.#audio.play().catch((reason: unknown) => {
            const isForbidden = reason instanceof DOMException && reason.name === "NotAllowedError";
            // Anything else is told by the element's own `error` event.
            if (isForbidden && load === this.#loads) this.happened({ type: "not-allowed" });
        });
    }

    #applySpeed(): void {
        const isPiece = this.#state.sound?.kind === "piece";
        this.#audio.playbackRate = isPiece ? this.#speed : 1;
    }

    /** Forgets the place in what was heard before. */
    #turnTo(sound: Sound | null): void {
        this.#drop();
        this.#startS = sound?.kind === "piece" ? sound.startS : 0;
        this.#lost = null;
    }

    #drop(): void {
        this.#loads++;
        this.#letGo();
    }

    /** Ends what is being fetched; the place in a piece is kept. */
    #letGo(): void {
        if (this.#state.sound?.kind === "piece" && this.#audio.currentTime > 0) this.#startS = this.#audio.currentTime;
        const moment = this.#rewind?.momentAt(this.#audio.currentTime) ?? null;
        if (moment !== null) this.#lost = { at: new Date(moment).toISOString() };
        this.#rewind?.destroy();
        this.#rewind = null;
        this.#audio.removeAttribute("src");
        this.#audio.load();
    }

    #broke(isRefused: boolean): void {
        this.happened({ type: "broke", isRefused, isOnline: navigator.onLine });
    }

    #listen(): void {
        const on = (name: keyof HTMLMediaElementEventMap, heard: () => void) => this.#audio.addEventListener(name, heard);
        on("playing", () => this.happened({ type: "sounding" }));
        on("waiting", () => this.happened({ type: "ran-dry", isOnline: navigator.onLine }));
        on("ended", () => this.happened({ type: "reached-end", isOnline: navigator.onLine }));
        on("pause", () => {
            if (!this.#audio.ended && this.#audio.hasAttribute("src")) this.happened({ type: "hushed" });
        });
        on("error", () => {
            const { error } = this.#audio;
            // The library behind a rewind reports its own errors; a dropped source has none.
            if (error === null || this.#rewind !== null) return;
            // "Not supported" is what an element calls a server that does not answer, too: that may pass.
            this.#broke(error.code === MediaError.MEDIA_ERR_DECODE);
        });
        on("loadedmetadata", () => {
            if (this.#state.sound?.kind === "piece" && this.#startS > 0) this.#audio.currentTime = this.#startS;
            this.onPlace();
        });
        on("timeupdate", () => this.onPlace());
        on("durationchange", () => this.onPlace());
        window.addEventListener("offline", () => this.happened({ type: "went-offline" }));
        window.addEventListener("online", () => this.happened({ type: "came-online" }));
    }

    /** Sets the watch that turns a silence that lasts into a failure; a load sets its own. */
    #watch(): void {
        window.clearTimeout(this.#timer);
        if (this.#state.phase !== "buffering") return;
        this.#in(this.#state.sound?.kind === "piece" ? DRY_PIECE_MS_MAX : DRY_LIVE_MS_MAX, () => this.#broke(false));
    }

    #in(ms: number, then: () => void): void {
        window.clearTimeout(this.#timer);
        this.#timer = window.setTimeout(then, ms);
    }

    /** Whether news of what is on should be followed although nobody looks. */
    get isListening(): boolean {
        return isWanted(this.#state) && (isLive(this.#state) || this.#state.sound?.kind === "rewind");
    }
}
