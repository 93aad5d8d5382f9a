/** The bar at the bottom of the window: what plays, in words, and the controls within a thumb's reach. */

import { exactTimeOfDay, pageWording } from "./clock";
import { digits, words } from "./duration";
import { type Parts, setAttribute } from "./parts";
import type { Player } from "./player";
import { isWanted, type State } from "./state";
import { announcement, stateWords } from "./words";

/** How far the buttons beside the big one move, in seconds. */
const BACK_S = 15;
const AHEAD_S = 30;
/** How far keys move on the slider of the place, in seconds. */
const SEEK_KEYS = new Map([
    ["ArrowLeft", -5],
    ["ArrowDown", -5],
    ["ArrowRight", 5],
    ["ArrowUp", 5],
    ["PageDown", -30],
    ["PageUp", 30],
]);

export class Bar {
    readonly #parts: Parts;
    readonly #player: Player;
    /** While the listener holds the slider, the sound does not move it. */
    #isHeld = false;

    constructor(parts: Parts, player: Player) {
        this.#parts = parts;
        this.#player = player;
        this.#press();
        player.onChange((before, after) => {
            this.#draw();
            this.say(announcement(before, after, titleOf(player)));
        });
        player.onMove(() => this.#drawPlace());
        this.#draw();
    }

    /** Tells a screen reader something, when it has a moment. */
    say(words: string): void {
        if (words !== "") this.#parts.setText("said", words);
    }

    #press(): void {
        const player = this.#player;
        const onPress = (name: string, pressed: () => void) => this.#parts.onPress(name, pressed);
        onPress("toggle", () => player.toggle());
        onPress("back", () => player.skip(-BACK_S));
        onPress("ahead", () => player.skip(AHEAD_S));
        onPress("next", () => player.next());
        onPress("mute", () => player.toggleMute());
        onPress("to-live", () => player.live());
        onPress("from-start", () => {
            const start = player.service?.now?.start;
            if (start) player.rewind({ at: start });
        });
        this.#holdPlace(this.#parts.control<HTMLInputElement>("seek"));
        const volume = this.#parts.control<HTMLInputElement>("volume");
        volume?.addEventListener("input", () => player.setVolume(Number(volume.value) / 100));
        const speed = this.#parts.control<HTMLSelectElement>("speed");
        speed?.addEventListener("change", () => player.setSpeed(Number(speed.value)));
    }

    /** While the slider is held only its words move; the sound follows when it is let go. */
    #holdPlace(slider: HTMLInputElement | null): void {
        slider?.addEventListener("input", () => {
            this.#isHeld = true;
            this.#drawTime(Number(slider.value));
        });
        slider?.addEventListener("change", () => {
            this.#isHeld = false;
            this.#player.seek(Number(slider.value));
        });
        slider?.addEventListener("keydown", (event) => this.#seekByKey(event));
    }

    #seekByKey(event: KeyboardEvent): void {
        const step = SEEK_KEYS.get(event.key);
        if (step === undefined) return;
        event.preventDefault();
        this.#player.seek(this.#player.placeS + step);
    }

    #draw(): void {
        const player = this.#player;
        const { state, service } = player;
        const { root } = this.#parts;
        setAttribute(root, "data-phase", state.phase);
        setAttribute(root, "data-kind", state.sound?.kind ?? "none");
        this.#parts.setText("title", titleOf(player));
        this.#parts.setText("from", fromOf(player));
        this.#parts.setText("state", stateWords(state, player.behindS));
        setAttribute(this.#parts.show("title"), "href", player.piece ? player.piece.href || "/" : programmePage(player));
        setAttribute(this.#parts.control("toggle"), "aria-label", pressWords(state, service?.name ?? ""));

        const kind = state.sound?.kind;
        const isRadio = kind === "live" || kind === "rewind";
        this.#parts.setWhen("piece", kind === "piece");
        this.#parts.setWhen("rewound", kind === "rewind");
        this.#parts.setWhen("can-go-back", kind === "piece" || (isRadio && player.canRewind));
        this.#parts.setWhen("can-go-ahead", kind === "piece" || kind === "rewind");
        this.#parts.setWhen("can-rewind", isRadio && player.canRewind && service?.now != null);
        this.#parts.setWhen("queued", player.queue.length > 0);
        this.#drawSettings();
        this.#drawPlace();
    }

    #drawSettings(): void {
        const { volume, isMuted, speed } = this.#player.settings;
        const mute = this.#parts.control("mute");
        setAttribute(mute, "aria-pressed", String(isMuted));
        const slider = this.#parts.control<HTMLInputElement>("volume");
        const percent = Math.round((isMuted ? 0 : volume) * 100);
        if (slider && slider.value !== String(percent)) slider.value = String(percent);
        this.#parts.root.style.setProperty("--volume", `${percent}%`);
        setAttribute(slider, "aria-valuetext", isMuted ? "Muted" : `${percent} percent`);
        const select = this.#parts.control<HTMLSelectElement>("speed");
        if (select) select.value = String(speed);
    }

    #drawPlace(): void {
        const player = this.#player;
        const { span, state } = player;
        // Zeros before anything plays tell nobody anything.
        const isKnown = span !== null && span.endS > span.startS && state.phase !== "idle" && state.phase !== "failed";
        this.#parts.setWhen("timed", isKnown);
        if (!isKnown) return;
        const slider = this.#parts.control<HTMLInputElement>("seek");
        if (slider && !this.#isHeld) {
            setAttribute(slider, "min", String(Math.floor(span.startS)));
            setAttribute(slider, "max", String(Math.ceil(span.endS)));
            slider.value = String(player.placeS);
            this.#drawTime(player.placeS);
        }
        if (player.state.sound?.kind === "rewind") this.#parts.setText("state", stateWords(state, player.behindS));
    }

    #drawTime(placeS: number): void {
        const player = this.#player;
        const slider = this.#parts.control<HTMLInputElement>("seek");
        const span = player.span;
        if (span === null) return;
        const share = (placeS - span.startS) / Math.max(1, span.endS - span.startS);
        this.#parts.root.style.setProperty("--played", `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`);
        if (player.piece) {
            this.#parts.setText("elapsed", digits(placeS));
            this.#parts.setText("duration", digits(span.endS));
            setAttribute(slider, "aria-valuetext", `${words(placeS)} of ${words(span.endS)}`);
            return;
        }
        const behind = Math.max(0, span.endS - placeS);
        this.#parts.setText("elapsed", player.moment ? exactTimeOfDay(player.moment, pageWording()) : `−${digits(behind)}`);
        this.#parts.setText("duration", "Live");
        setAttribute(slider, "aria-valuetext", `${words(behind)} behind live`);
    }
}

/** What plays, or would play, as one says it. */
export function titleOf(player: Player): string {
    const { piece, service } = player;
    if (piece) return piece.title;
    const isRewound = player.state.sound?.kind === "rewind";
    if (service === null) return "Play live radio";
    return (isRewound ? "" : (service.now?.title ?? service.playing)) || service.now?.title || service.name;
}

/** Whom it is from. */
export function fromOf(player: Player): string {
    const { piece, service } = player;
    return piece ? piece.from : (service?.name ?? "");
}

function programmePage(player: Player): string {
    const programme = player.service?.now?.programme;
    return programme ? `/programmes/${programme.slug}` : "/schedule";
}

function pressWords(state: State, service: string): string {
    if (isWanted(state)) return state.phase === "connecting" ? "Stop" : "Pause";
    if (state.sound?.kind === "piece" || state.sound?.kind === "rewind") return "Play";
    return service === "" ? "Play live radio" : `Play ${service} live`;
}
