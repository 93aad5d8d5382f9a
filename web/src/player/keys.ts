/**
 * Single keys that work the player from anywhere on a page. They can be switched off in the sheet.
 *
 * K plays and pauses, J goes back, L goes ahead, M mutes, N plays the next in the queue. The space bar belongs to the
 * page, which it scrolls; it plays and pauses while focus is in the player.
 */

import type { Player } from "./player";

export function listenForKeys(player: Player, root: HTMLElement): void {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
        if (event.key === " " && isIdleIn(root, event.target)) {
            event.preventDefault();
            player.toggle();
        } else if (player.settings.hasKeys && !event.shiftKey && press(player, event.key.toLowerCase())) {
            event.preventDefault();
        }
    });
}

function press(player: Player, key: string): boolean {
    switch (key) {
        case "k":
            player.toggle();
            return true;
        case "j":
            player.skip(-15);
            return true;
        case "l":
            player.skip(30);
            return true;
        case "m":
            player.toggleMute();
            return true;
        case "n":
            player.next();
            return true;
        default:
            return false;
    }
}

function isTyping(target: EventTarget | null): boolean {
    if (!(target instanceof HTMLElement)) return false;
    if (target.isContentEditable || target.matches("textarea, select")) return true;
    return target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button", "submit"].includes(target.type);
}

/** In the player, and not on something that the space bar presses anyway. */
function isIdleIn(root: HTMLElement, target: EventTarget | null): boolean {
    return target instanceof HTMLElement && root.contains(target) && !target.matches("button, a, input[type=checkbox], summary");
}
