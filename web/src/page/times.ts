/**
 * Softens times: "November 24, 2026 at 4:33 PM EST" becomes "today at 4:33 PM". The exact words stay on hover.
 *
 * Pages are kept and served again, so the server can only say the absolute; the browser knows what day it is. Day and
 * time are the station's, as in the exact words.
 */

import { dayNumber, pageWording, timeOfDay, type Wording } from "../player/clock";

export function softenTimes(root: ParentNode, now: Date): void {
    for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-soft]")) {
        const { dataset } = time;
        // A page that comes back out of the history may have been softened on another day.
        const exact = (dataset["exact"] ??= time.textContent.trim());
        const soft = softWords(new Date(time.dateTime), now, pageWording());
        if (!time.title) time.title = exact;
        time.textContent = soft ?? exact;
    }
}

/** As one would say it at the station on the day `now`; null where the date says it better. */
export function softWords(at: Date, now: Date, wording: Wording): string | null {
    if (Number.isNaN(at.getTime())) return null;
    const daysAgo = dayNumber(now, wording.zone) - dayNumber(at, wording.zone);
    const time = timeOfDay(at, wording);
    if (daysAgo === 0) return `today at ${time}`;
    if (daysAgo === 1) return `yesterday at ${time}`;
    if (daysAgo > 1 && daysAgo < 7) return `${at.toLocaleDateString(wording.language, { weekday: "long", timeZone: wording.zone })} at ${time}`;
    return null;
}
