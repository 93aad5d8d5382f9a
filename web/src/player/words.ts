/** What the player says: every state in plain words, for the eye in the bar and for the ear in the live region. */

import { roughWords } from "./duration";
import type { State } from "./state";

/** A few words for the bar. `behindS` is how far behind live a rewound service is, if that is known. */
export function stateWords(state: State, behindS: number | null): string {
    switch (state.phase) {
        case "idle":
            return "";
        case "connecting":
            return "Connecting…";
        case "playing":
            return playingWords(state, behindS);
        case "buffering":
            return "Buffering…";
        case "paused":
            return "Paused";
        case "offline":
            return "You are offline. Waiting…";
        case "down":
            return state.sound?.kind === "piece" ? "It does not load. Trying again…" : "The stream is down. Trying again…";
        case "ended":
            return "Finished";
        case "failed":
            return "This cannot be played now.";
    }
}

/** What a screen reader is told when the state changes. Empty where silence says it better. */
export function announcement(before: State, after: State, title: string): string {
    if (before.phase === after.phase && before.sound === after.sound) return "";
    switch (after.phase) {
        case "idle":
        // A moment of buffering is heard as it is; the engine reports it as down if it lasts.
        case "buffering":
            return "";
        case "connecting":
            return before.sound === after.sound && after.attempt > 0 ? "Reconnecting" : "";
        case "playing":
            return before.phase === "buffering" ? "" : `Playing: ${title}`;
        default:
            return stateWords(after, null);
    }
}

function playingWords(state: State, behindS: number | null): string {
    if (state.sound?.kind === "live") return "Live";
    if (state.sound?.kind === "rewind") return behindS === null ? "Behind live" : `${roughWords(behindS)} behind live`;
    return "Playing";
}
