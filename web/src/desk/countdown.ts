/** Says how long it is until a moment: `<span data-countdown="2026-11-24T16:30:00-05:00" hidden>`, a word each second. */

const SECOND_MS = 1000;

export function offerCountdowns(root: ParentNode): void {
    for (const place of root.querySelectorAll<HTMLElement>("[data-countdown]")) {
        const due = Date.parse(place.dataset["countdown"] ?? "");
        if (Number.isNaN(due)) continue;
        const say = (): void => {
            place.textContent = ` (${countdown(due - Date.now())})`;
        };
        say();
        place.hidden = false;
        setInterval(say, SECOND_MS);
    }
}

/** "in 2 days", "in 3 h 5 min", "in 4:09"; "any moment now" when the moment has come. */
export function countdown(leftMs: number): string {
    const seconds = Math.ceil(leftMs / SECOND_MS);
    if (seconds <= 0) return "any moment now";
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 48) return `in ${Math.floor(hours / 24)} days`;
    if (hours >= 1) return `in ${hours} h ${minutes % 60} min`;
    return `in ${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}
