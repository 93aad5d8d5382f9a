/** What the editor says about saving, in sentences. */

import { pageWording, timeOfDay } from "../../player/clock";
import { softWords } from "../../page/times";
import type { Standing } from "./saver";

/** A time as people say it: "4:33 PM" today, "yesterday at 4:33 PM". */
export function said(at: string | number | null, now = new Date()): string {
    const time = new Date(at ?? Number.NaN);
    if (Number.isNaN(time.getTime())) return "a moment ago";
    const soft = softWords(time, now, pageWording());
    return soft?.replace(/^today at /u, "") ?? time.toLocaleString(pageWording().language);
}

/** How it stands with the words, for the line that always says it. */
export function standingWords(standing: Standing): string {
    switch (standing.is) {
        case "saved":
            return standing.at === null ? "Everything is saved" : `Saved at ${timeOfDay(new Date(standing.at), pageWording())}`;
        case "waiting":
            return "Not saved yet";
        case "saving":
            return "Saving…";
        case "offline":
            return "No connection. Your words are kept in this browser, and sent when it is back.";
        case "signed-out":
            return "You are signed out. Your words are kept in this browser; sign in in another tab, and they are sent.";
        case "refused":
            return `Not saved: ${standing.error}`;
        case "moved":
            return `${standing.by} saved this story too. Choose which text goes on.`;
        case "held":
            return `${standing.holder} is writing. You read along.`;
    }
}
