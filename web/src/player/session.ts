/** Media keys, the lock screen and the system's own player, through the Media Session. */

import { fromOf, titleOf } from "./bar";
import type { Player } from "./player";
import { isWanted } from "./state";

const SKIP_S = 15;

export function keepSession(player: Player): void {
    const { mediaSession } = navigator;
    if (!mediaSession) return;
    const on = (action: MediaSessionAction, does: MediaSessionActionHandler | null) => {
        try {
            mediaSession.setActionHandler(action, does);
        } catch {
            // A browser that does not know the action does without.
        }
    };
    on("play", () => player.toggleTo(true));
    on("pause", () => player.toggleTo(false));
    on("stop", () => player.pause());
    player.onChange(() => {
        mediaSession.playbackState = playbackState(player);
        describe(player);
        const canSkip = player.piece !== null || player.canRewind;
        on("seekbackward", canSkip ? (told) => player.skip(-(told.seekOffset ?? SKIP_S)) : null);
        on("seekforward", canSkip ? (told) => player.skip(told.seekOffset ?? SKIP_S) : null);
        on("seekto", player.piece ? (told) => told.seekTime !== undefined && player.seek(told.seekTime) : null);
        on("nexttrack", player.queue.length > 0 ? () => player.next() : null);
        place(player);
    });
    player.onMove(() => place(player));
}

function playbackState(player: Player): MediaSessionPlaybackState {
    if (player.state.sound === null) return "none";
    return isWanted(player.state) ? "playing" : "paused";
}

let described = "";

/** Tells the system what plays, but only when it is something else: some screens blink. */
function describe(player: Player): void {
    if (player.state.sound === null) return;
    const words = { title: titleOf(player), artist: fromOf(player), album: document.documentElement.dataset["station"] ?? "" };
    const artwork = player.piece?.artwork ? [{ src: player.piece.artwork }] : [];
    const description = JSON.stringify([words, artwork]);
    if (description === described) return;
    described = description;
    navigator.mediaSession.metadata = new MediaMetadata({ ...words, artwork });
}

function place(player: Player): void {
    const duration = player.durationS;
    try {
        if (duration === null) navigator.mediaSession.setPositionState();
        else {
            const position = Math.min(duration, player.placeS);
            navigator.mediaSession.setPositionState({ duration, position, playbackRate: player.settings.speed });
        }
    } catch {
        // A position that the browser finds odd is not worth a word.
    }
}
