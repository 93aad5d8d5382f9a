/**
 * Times of day on the station's clock.
 *
 * A listener who is far away hears the same programme at the same moment, and reads the same time as the pages that
 * the server prints: the station's. Only the schedule says other zones' times, and only when it is asked.
 */

/** How a page says times: in whose words, on whose clock. */
export interface Wording {
    readonly language: string;
    /** The IANA name of the zone; undefined is the browser's own. */
    readonly zone: string | undefined;
}

/** The wording of the page that is shown. */
export function pageWording(): Wording {
    const { lang, dataset } = document.documentElement;
    return { language: lang || "en-US", zone: knownZone(dataset["zone"]) };
}

/** `4:33 PM`, in the page's words on the station's clock; empty for what is no moment. */
export function clock(moment: string): string {
    const at = new Date(moment);
    return Number.isNaN(at.getTime()) ? "" : timeOfDay(at, pageWording());
}

export function timeOfDay(at: Date, { language, zone }: Wording): string {
    return at.toLocaleTimeString(language, { hour: "numeric", minute: "2-digit", timeZone: zone });
}

/** `4:33:07 PM`. */
export function exactTimeOfDay(at: Date, { language, zone }: Wording): string {
    return at.toLocaleTimeString(language, { timeStyle: "medium", timeZone: zone });
}

/** The days since 1970 on the zone's calendar: two moments of one day there have the same number. */
export function dayNumber(at: Date, zone: string | undefined): number {
    // Numbers of the Gregorian calendar, whatever the page's language.
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric" });
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.get("year") ?? 0, (parts.get("month") ?? 1) - 1, parts.get("day") ?? 1) / 86_400_000;
}

/** The zone, if this browser knows it: an unknown name would throw wherever it is used. */
export function knownZone(zone: string | undefined): string | undefined {
    if (!zone) return undefined;
    try {
        new Intl.DateTimeFormat("en-US", { timeZone: zone });
        return zone;
    } catch {
        return undefined;
    }
}
