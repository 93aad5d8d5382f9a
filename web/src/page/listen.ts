/**
 * The page's own ways into the player.
 *
 * Each is a link that leads somewhere by itself: to the page with the plain players, or to the file. The script only
 * makes it play here instead; so a page whose script never arrived has no dead button.
 *
 *     <a href="/listen" data-live="news">…</a>
 *     <a href="/media/ab.mp3" data-piece="play" data-title="…" data-from="…" data-page="/…" data-duration="252">…</a>
 *     <a href="/media/ab.mp3" data-piece="queue" …>, <a … data-piece="next" …>
 */

import type { Bar } from "../player/bar";
import type { Player } from "../player/player";
import { isSamePiece, parsePiece, type Piece } from "../player/sound";
import { isWanted } from "../player/state";

const WAYS_IN = "a[data-live], a[data-piece]";

export function openWaysIn(player: Player, bar: Bar): void {
    document.addEventListener("click", (event) => {
        const way = wayOf(event);
        if (way === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        // Turbo must not follow it either.
        event.stopPropagation();
        enter(player, bar, way);
    }, { capture: true });
    // What acts as a button is pressed by the space bar too.
    document.addEventListener("keydown", (event) => {
        const way = event.key === " " ? wayOf(event) : null;
        if (way === null) return;
        event.preventDefault();
        enter(player, bar, way);
    });
    document.addEventListener("turbo:load", () => draw(player));
    player.onChange(() => draw(player));
    draw(player);
}

function enter(player: Player, bar: Bar, way: HTMLAnchorElement): void {
    const slug = way.dataset["live"];
    if (slug !== undefined) {
        if (isOn(player, way)) player.pause();
        else player.live(slug || undefined);
        return;
    }
    const piece = pieceOf(way);
    if (piece === null) return;
    if (way.dataset["piece"] === "queue") {
        player.lineUp(piece);
        bar.say(`${piece.title} is in the queue`);
    } else if (way.dataset["piece"] === "next") {
        player.lineUpNext(piece);
        bar.say(`${piece.title} plays next`);
    } else if (player.piece && isSamePiece(player.piece, piece)) {
        player.toggle();
    } else {
        player.play(piece);
    }
}

/** Shows on the page what plays, and that these links act as buttons. */
function draw(player: Player): void {
    for (const way of document.querySelectorAll<HTMLAnchorElement>(WAYS_IN)) {
        way.setAttribute("role", "button");
        const piece = pieceOf(way);
        if (way.dataset["piece"] === "queue" || way.dataset["piece"] === "next") {
            const isWaiting = piece !== null && player.queue.some((waiting) => isSamePiece(waiting, piece));
            way.classList.toggle("is-done", isWaiting);
            continue;
        }
        way.setAttribute("aria-pressed", String(isOn(player, way)));
    }
}

/** Whether what the link leads to is being played. */
function isOn(player: Player, way: HTMLAnchorElement): boolean {
    if (!isWanted(player.state)) return false;
    const slug = way.dataset["live"];
    if (slug !== undefined) return player.piece === null && (slug === "" || player.service?.slug === slug);
    const piece = pieceOf(way);
    return piece !== null && player.piece !== null && isSamePiece(player.piece, piece);
}

function wayOf(event: Event): HTMLAnchorElement | null {
    return event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(WAYS_IN) : null;
}

function pieceOf(way: HTMLAnchorElement): Piece | null {
    const { title, from, page, duration, artwork } = way.dataset;
    return parsePiece({ src: way.getAttribute("href"), title, from, href: page, durationS: Number(duration ?? ""), artwork });
}
