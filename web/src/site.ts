/** What every page of the site loads: navigation that keeps the sound, and the player. */

import { openWaysIn } from "./page/listen";
import { keepOnAir } from "./page/on_air";
import { softenTimes } from "./page/times";
import { followLinks } from "./page/visits";
import { offerOwnZone } from "./page/zone";
import { Bar } from "./player/bar";
import { listenForKeys } from "./player/keys";
import { Parts } from "./player/parts";
import { Player } from "./player/player";
import { keepSession } from "./player/session";
import { Sheet } from "./player/sheet";

function start(root: HTMLElement): void {
    const player = new Player();
    const parts = new Parts(root);
    const bar = new Bar(parts, player);
    const sheet = new Sheet(parts, player, bar);
    keepSession(player);
    listenForKeys(player, root);
    openWaysIn(player, bar);
    keepOnAir(player);
    document.addEventListener("turbo:visit", () => sheet.close());
    root.hidden = false;
}

function soften(): void {
    softenTimes(document, new Date());
    offerOwnZone(document);
}

// A page of a newer version brings a newer script into a visit that has a player already: the first one stays.
const root = document.getElementById("player");
if (root !== null && !document.documentElement.hasAttribute("data-player")) {
    document.documentElement.setAttribute("data-player", "");
    followLinks();
    start(root);
    document.addEventListener("turbo:load", soften);
    soften();
}
