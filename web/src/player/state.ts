/**
 * What the player is doing, and what may happen next. Pure: no clock, no audio element.
 *
 * `reduce` takes the state and what happened, and answers the new state and the one act that the engine owes it.
 * A live stream is never left for lost: it is tried again, later and later, until it answers or the listener stops it.
 */

import type { Sound } from "./sound";

export type Phase =
    /** Nothing has been asked for. */
    | "idle"
    | "connecting"
    | "playing"
    /** It was playing and has run dry. */
    | "buffering"
    | "paused"
    /** The listener's own connection is gone. */
    | "offline"
    /** The stream does not answer; it is being tried again. */
    | "down"
    /** A piece has played to its end. */
    | "ended"
    /** A piece cannot be played. */
    | "failed";

export interface State {
    readonly sound: Sound | null;
    readonly phase: Phase;
    /** How often it has failed since it was last heard. */
    readonly attempt: number;
}

export type Happening =
    | { readonly type: "chosen"; readonly sound: Sound }
    /** What was being heard on the last visit waits where it was. */
    | { readonly type: "restored"; readonly sound: Sound }
    | { readonly type: "pause-asked" }
    | { readonly type: "play-asked" }
    /** Sound comes out. */
    | { readonly type: "sounding" }
    | { readonly type: "ran-dry"; readonly isOnline: boolean }
    /** It broke off, or never began. `isRefused` if what came cannot be played at all. */
    | { readonly type: "broke"; readonly isRefused: boolean; readonly isOnline: boolean }
    | { readonly type: "reached-end"; readonly isOnline: boolean }
    /** Somebody else paused it: the system, a headset, another tab. */
    | { readonly type: "hushed" }
    /** The browser wants a press first. */
    | { readonly type: "not-allowed" }
    | { readonly type: "retry-due" }
    | { readonly type: "went-offline" }
    | { readonly type: "came-online" };

export type Act =
    | { readonly do: "nothing" }
    | { readonly do: "load" }
    | { readonly do: "play" }
    | { readonly do: "pause" }
    /** Let go of the stream: nothing more is fetched. */
    | { readonly do: "drop" }
    | { readonly do: "retry-in"; readonly ms: number }
    | { readonly do: "next" };

export const AT_REST: State = { sound: null, phase: "idle", attempt: 0 };

/** How long to wait before each new attempt; the last one goes on for ever. */
const RETRY_MS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/** A piece that failed this often is given up, after half a minute; a live stream never is. */
const PIECE_ATTEMPTS_MAX = 7;

const NOTHING: Act = { do: "nothing" };

/** True while the listener wants to hear something, heard or not. */
export function isWanted(state: State): boolean {
    return ["connecting", "playing", "buffering", "offline", "down"].includes(state.phase);
}

export function isLive(state: State): boolean {
    return state.sound?.kind === "live";
}

export function reduce(state: State, event: Happening): [State, Act] {
    switch (event.type) {
        case "chosen":
            return [{ sound: event.sound, phase: "connecting", attempt: 0 }, { do: "load" }];
        case "restored":
            return [{ sound: event.sound, phase: "paused", attempt: 0 }, NOTHING];
        case "play-asked":
            return playAsked(state);
        case "pause-asked":
            if (!isWanted(state)) return [state, NOTHING];
            // Live moves on without us, and what never sounded has nothing to go on from: both begin anew.
            return [{ ...state, phase: "paused" }, { do: isLive(state) || !isAudible(state) ? "drop" : "pause" }];
        case "hushed":
            if (!isAudible(state)) return [state, NOTHING];
            return [{ ...state, phase: "paused" }, isLive(state) ? { do: "drop" } : NOTHING];
        case "not-allowed":
            return isWanted(state) ? [{ ...state, phase: "paused" }, { do: "drop" }] : [state, NOTHING];
        case "sounding":
            return isWanted(state) ? [{ ...state, phase: "playing", attempt: 0 }, NOTHING] : [state, NOTHING];
        case "ran-dry":
            if (state.phase !== "playing") return [state, NOTHING];
            return [{ ...state, phase: event.isOnline ? "buffering" : "offline" }, NOTHING];
        case "broke":
            return broke(state, event.isRefused, event.isOnline);
        case "reached-end":
            if (!isWanted(state)) return [state, NOTHING];
            if (state.sound?.kind !== "piece") return broke(state, false, event.isOnline);
            return [{ ...state, phase: "ended" }, { do: "next" }];
        case "went-offline":
            // While sound is still coming out of the buffer, nothing is wrong yet.
            if (state.phase !== "playing" && isWanted(state)) return [{ ...state, phase: "offline" }, NOTHING];
            return [state, NOTHING];
        case "came-online":
            if (state.phase === "offline" || state.phase === "down" || state.phase === "buffering") return again(state);
            return [state, NOTHING];
        case "retry-due":
            return ["connecting", "down", "offline"].includes(state.phase) ? [state, { do: "load" }] : [state, NOTHING];
    }
}

function playAsked(state: State): [State, Act] {
    if (state.sound === null || isWanted(state)) return [state, NOTHING];
    const next: State = { ...state, phase: "connecting", attempt: 0 };
    return [next, { do: state.phase === "paused" && !isLive(state) ? "play" : "load" }];
}

function broke(state: State, isRefused: boolean, isOnline: boolean): [State, Act] {
    if (!isWanted(state)) return [state, NOTHING];
    const attempt = state.attempt + 1;
    const failed: State = { ...state, attempt };
    // Browsers err about being offline, and the station may be on this very machine: it is tried all the same.
    if (!isOnline) return [{ ...failed, phase: "offline" }, { do: "retry-in", ms: retryMs(attempt) }];
    if (state.sound?.kind === "piece" && (isRefused || attempt >= PIECE_ATTEMPTS_MAX)) {
        return [{ ...failed, phase: "failed" }, { do: "drop" }];
    }
    // The first failure is most often a hiccup that nobody need hear of.
    return [{ ...failed, phase: attempt === 1 ? "connecting" : "down" }, { do: "retry-in", ms: retryMs(attempt) }];
}

function again(state: State): [State, Act] {
    return [{ ...state, phase: "connecting" }, { do: "load" }];
}

function isAudible(state: State): boolean {
    return state.phase === "playing" || state.phase === "buffering";
}

/** How long to wait before attempt number `attempt`, counted from 1. */
export function retryMs(attempt: number): number {
    return RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1] ?? RETRY_MS[0];
}
