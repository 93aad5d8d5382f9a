/**
 * Going from page to page without losing the sound: Turbo exchanges the page and leaves the player.
 *
 * What a browser does by itself after a load, we do here: focus goes to the new page's heading, so that the keyboard
 * and a screen reader begin where a reader does.
 */

import "@hotwired/turbo";

export function followLinks(): void {
    let isFirst = true;
    document.addEventListener("turbo:load", () => {
        if (!isFirst) focusHeading();
        isFirst = false;
    });
}

function focusHeading(): void {
    if (location.hash !== "") return;
    const heading = document.querySelector<HTMLElement>("main h1");
    if (heading === null) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
}
