/**
 * The player: what can be asked of it, and what it knows.
 *
 * It owns the engine, the queue and the memory; it survives every change of page, because it stands in none. Views
 * read it and press its buttons; they are told when something has changed.
 *
 * Start at `live` and `play`.
 */

import { Engine } from "./engine";
import { browserStorage, type Memory, recall, remember, SPEEDS } from "./memory";
import { OnAir, type OnAirService } from "./on_air";
import * as queue from "./queue";
import { EDGE_S } from "./rewind";
import { isSamePiece, type Piece, type Target } from "./sound";
import { isWanted, type State } from "./state";

/** How often the place in a piece is remembered while it plays. */
const REMEMBER_EVERY_MS = 5_000;
/** About how far a live listener is behind what the rewind window ends with. */
const LIVE_LAG_S = 5;

export class Player {
    readonly onAir: OnAir;
    readonly #engine: Engine;
    readonly #memory: Memory;
    readonly #storage = browserStorage();
    readonly #changed: ((before: State, after: State) => void)[] = [];
    readonly #moved: (() => void)[] = [];

    constructor() {
        this.onAir = new OnAir(() => this.#engine.isListening);
        this.#engine = new Engine(this.onAir);
        this.#memory = recall(this.#storage);
        this.#applySound();
        this.#engine.onState = (before, after) => this.#tell(before, after);
        this.#engine.onNext = () => this.next();
        this.#engine.onPlace = () => this.#moved.forEach((moved) => moved());
        this.onAir.onChange(() => this.#tell(this.state, this.state));
        this.onAir.follow();
        this.#restore();
        window.addEventListener("pagehide", () => this.#keep());
        window.setInterval(() => {
            if (this.state.phase === "playing" && this.piece) this.#keep();
        }, REMEMBER_EVERY_MS);
    }

    /** Something has changed: what plays, how it goes, what is on, what is lined up. */
    onChange(changed: (before: State, after: State) => void): void {
        this.#changed.push(changed);
    }

    /** The place in what plays has moved. */
    onMove(moved: () => void): void {
        this.#moved.push(moved);
    }

    get state(): State {
        return this.#engine.state;
    }

    get piece(): Piece | null {
        return this.state.sound?.kind === "piece" ? this.state.sound.piece : null;
    }

    /** The service that is tuned to, or would be: the one heard last, or the station's first. */
    get service(): OnAirService | null {
        const { sound } = this.state;
        const slug = sound && sound.kind !== "piece" ? sound.service : this.#memory.service;
        return (slug !== null ? this.onAir.find(slug) : null) ?? this.onAir.services[0] ?? null;
    }

    get queue(): queue.Queue {
        return this.#memory.queue;
    }

    get placeS(): number {
        return this.#engine.placeS;
    }

    get durationS(): number | null {
        return this.#engine.durationS;
    }

    get behindS(): number | null {
        return this.#engine.behindS;
    }

    /** The moment on the station's clock that is heard from the rewind window. */
    get moment(): Date | null {
        const moment = this.#engine.rewind?.momentAt(this.placeS) ?? null;
        return moment === null ? null : new Date(moment);
    }

    /** The span that can be sought in: a piece's length, or a service's rewind window. */
    get span(): { startS: number; endS: number } | null {
        if (this.durationS !== null) return { startS: 0, endS: this.durationS };
        return this.#engine.rewind?.span() ?? null;
    }

    get settings(): Readonly<Pick<Memory, "volume" | "isMuted" | "speed" | "hasKeys">> {
        return this.#memory;
    }

    /** Plays a service live; the one heard last if none is named. */
    live(slug?: string): void {
        const service = slug ?? this.service?.slug ?? this.#memory.service;
        if (!service) {
            // Pressed before the services are known: it begins when they are.
            void this.onAir.known.then(() => this.service && this.live(this.service.slug));
            return;
        }
        this.#leavePiece();
        this.#memory.service = service;
        this.#engine.happened({ type: "chosen", sound: { kind: "live", service } });
        this.#keep();
    }

    /** Goes back in the service that is tuned to. */
    rewind(target: Target): void {
        const service = this.service?.slug;
        if (!service) return;
        this.#leavePiece();
        this.#engine.happened({ type: "chosen", sound: { kind: "rewind", service, target } });
    }

    play(piece: Piece, startS = 0): void {
        this.#memory.queue = this.queue.filter((waiting) => !isSamePiece(waiting, piece));
        this.#engine.happened({ type: "chosen", sound: { kind: "piece", piece, startS } });
        this.#keep();
    }

    /** The big button: pause, go on, or begin. */
    toggle(): void {
        if (isWanted(this.state)) this.pause();
        else if (this.state.sound === null) this.live();
        else this.resume();
    }

    /** Plays or pauses, whichever is asked: a headset may say the same twice. */
    toggleTo(isPlaying: boolean): void {
        if (isWanted(this.state) !== isPlaying) this.toggle();
    }

    pause(): void {
        this.#engine.happened({ type: "pause-asked" });
        this.#keep();
    }

    resume(): void {
        if (this.state.phase === "ended" && this.piece) this.play(this.piece);
        else this.#engine.happened({ type: "play-asked" });
    }

    /** Moves by so many seconds; back from live leads into the rewind window. */
    skip(byS: number): void {
        if (this.state.sound?.kind === "live") {
            if (byS < 0 && this.canRewind) this.rewind({ behindS: LIVE_LAG_S - byS });
        } else if (this.state.sound?.kind === "rewind" && byS > 0 && (this.behindS ?? 0) < byS + EDGE_S) {
            this.live();
        } else {
            this.seek(this.placeS + byS);
        }
    }

    seek(toS: number): void {
        this.#engine.seek(toS);
    }

    get canRewind(): boolean {
        return this.service?.hls != null;
    }

    /** Plays what is lined up first; with nothing lined up it does nothing. */
    next(): void {
        const [piece, rest] = queue.take(this.queue);
        if (piece === null) return;
        this.#memory.queue = rest;
        this.play(piece);
    }

    lineUp(piece: Piece): void {
        this.#setQueue(queue.add(this.queue, piece));
    }

    lineUpNext(piece: Piece): void {
        this.#setQueue(queue.playNext(this.queue, piece));
    }

    moveInQueue(from: number, by: number): void {
        this.#setQueue(queue.move(this.queue, from, by));
    }

    removeFromQueue(at: number): void {
        this.#setQueue(queue.remove(this.queue, at));
    }

    playFromQueue(at: number): void {
        const piece = this.queue[at];
        if (piece) this.play(piece);
    }

    setVolume(volume: number): void {
        this.#memory.volume = volume;
        this.#memory.isMuted = volume === 0;
        this.#applySound();
        this.#settled();
    }

    toggleMute(): void {
        this.#memory.isMuted = !this.#memory.isMuted;
        if (!this.#memory.isMuted && this.#memory.volume === 0) this.#memory.volume = 1;
        this.#applySound();
        this.#settled();
    }

    setSpeed(speed: number): void {
        this.#memory.speed = SPEEDS.find((known) => known === speed) ?? 1;
        this.#applySound();
        this.#settled();
    }

    setKeys(hasKeys: boolean): void {
        this.#memory.hasKeys = hasKeys;
        this.#settled();
    }

    #setQueue(changed: queue.Queue): void {
        this.#memory.queue = changed;
        this.#settled();
    }

    /** A piece that is left for the radio is not taken up again on the next visit. */
    #leavePiece(): void {
        this.#memory.piece = null;
        this.#memory.positionS = 0;
    }

    #restore(): void {
        const { piece, positionS } = this.#memory;
        if (piece) this.#engine.happened({ type: "restored", sound: { kind: "piece", piece, startS: positionS } });
    }

    #applySound(): void {
        const { audio } = this.#engine;
        audio.volume = this.#memory.volume;
        audio.muted = this.#memory.isMuted;
        this.#engine.setSpeed(this.#memory.speed);
    }

    #settled(): void {
        this.#keep();
        this.#tell(this.state, this.state);
    }

    #keep(): void {
        const isOver = this.state.phase === "ended" || this.state.phase === "failed";
        this.#memory.piece = isOver ? null : this.piece;
        this.#memory.positionS = this.piece ? this.placeS : 0;
        remember(this.#storage, this.#memory);
    }

    #tell(before: State, after: State): void {
        for (const changed of this.#changed) changed(before, after);
        this.onAir.follow();
    }
}
