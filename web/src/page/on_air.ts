/** Keeps what a page says to be on the air true while it is looked at. */

import { clock } from "../player/clock";
import { setText } from "../player/parts";
import type { Player } from "../player/player";

/** Fills every `[data-on-air="slug"]` of the page: its `[data-part]` now, until, next and playing. */
export function keepOnAir(player: Player): void {
    const draw = () => {
        for (const place of document.querySelectorAll<HTMLElement>("[data-on-air]")) {
            const service = player.onAir.find(place.dataset["onAir"] ?? "");
            if (service === null) continue;
            const part = (name: string) => place.querySelector(`[data-part="${name}"]`);
            if (service.now) {
                setText(part("now"), service.now.title);
                setText(part("until"), `until ${clock(service.now.end)}`);
            }
            if (service.next) setText(part("next"), `${service.next.title}, ${clock(service.next.start)}`);
            // A title that only repeats the programme tells nothing.
            setText(part("playing"), service.playing === service.now?.title ? "" : service.playing);
        }
    };
    player.onAir.onChange(draw);
    document.addEventListener("turbo:load", draw);
}
