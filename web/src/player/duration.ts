/** Lengths of time, as digits for the eye and as words for the ear. */

/** `3:07`, `1:02:09`. */
export function digits(seconds: number): string {
    const { hours, minutes, rest } = split(seconds);
    const pad = (n: number) => String(n).padStart(2, "0");
    return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** `3 minutes 7 seconds`, `1 hour 2 minutes`: with an hour to tell, seconds are left out. */
export function words(seconds: number): string {
    const { hours, minutes, rest } = split(seconds);
    const parts = [part(hours, "hour"), part(minutes, "minute"), hours > 0 ? "" : part(rest, "second")];
    return parts.filter((words) => words !== "").join(" ") || "0 seconds";
}

/** `40 seconds`, `12 minutes`, `1 hour 5 minutes`: how far behind live, as one would say it. */
export function roughWords(seconds: number): string {
    if (seconds < 55) return words(Math.max(5, Math.round(seconds / 5) * 5));
    return words(Math.round(seconds / 60) * 60);
}

function split(seconds: number): { hours: number; minutes: number; rest: number } {
    const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
    return { hours: Math.floor(whole / 3600), minutes: Math.floor(whole / 60) % 60, rest: whole % 60 };
}

function part(count: number, unit: string): string {
    if (count === 0) return "";
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
