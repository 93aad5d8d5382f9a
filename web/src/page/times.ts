/**
 * Softens times: "November 24, 2026 at 4:33 PM EST" becomes "today at 4:33 PM". The exact words stay on hover.
 *
 * Pages are kept and served again, so the server can only say the absolute; the browser knows what day it is.
 */

export function softenTimes(root: ParentNode, now: Date): void {
    for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-soft]")) {
        const { dataset } = time;
        // A page that comes back out of the history may have been softened on another day.
        const exact = (dataset["exact"] ??= time.textContent.trim());
        const soft = softWords(new Date(time.dateTime), now, document.documentElement.lang || "en-US");
        if (!time.title) time.title = exact;
        time.textContent = soft ?? exact;
    }
}

/** As one would say it on the day `now`; null where the date says it better. */
export function softWords(at: Date, now: Date, language: string): string | null {
    if (Number.isNaN(at.getTime())) return null;
    const daysAgo = Math.round((dayStart(now) - dayStart(at)) / 86_400_000);
    const time = at.toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
    if (daysAgo === 0) return `today at ${time}`;
    if (daysAgo === 1) return `yesterday at ${time}`;
    if (daysAgo > 1 && daysAgo < 7) return `${at.toLocaleDateString(language, { weekday: "long" })} at ${time}`;
    return null;
}

function dayStart(moment: Date): number {
    return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
