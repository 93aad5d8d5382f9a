/**
 * A service's rewind window: the last hours of it, as HLS.
 *
 * The library for it is large and is fetched only when a listener rewinds. It is preferred wherever the browser has
 * media source extensions: some browsers claim to play HLS by themselves and then cannot seek in it. Where they have
 * none (an iPhone), the browser's own HLS does it.
 */

import type Hls from "hls.js";
import type { Target } from "./sound";

/** A rewind window that an audio element plays from. */
export interface Rewind {
    /** The span that can be heard, in the element's time; null before it is known. */
    span(): { startS: number; endS: number } | null;
    /** The moment on the station's clock at a place of the element's time; null if the playlist does not say. */
    momentAt(timeS: number): number | null;
    /** The place of the target in the element's time, within the span. */
    placeOf(target: Target): number;
    destroy(): void;
}

/** Live is this far from the end of the window: nearer, a browser would wait for what is not made yet. */
export const EDGE_S = 18;

/** Plays `url` in `audio`, beginning at `target`. `broke` is called once if it cannot go on. */
export async function open(audio: HTMLAudioElement, url: string, target: Target, broke: () => void): Promise<Rewind> {
    const { default: Library } = await import("hls.js/light");
    return Library.isSupported() ? openWith(Library, audio, url, target, broke) : openNative(audio, url, target);
}

function openWith(Library: typeof Hls, audio: HTMLAudioElement, url: string, target: Target, broke: () => void): Rewind {
    const hls = new Library({
        autoStartLoad: false,
        maxBufferLength: 30,
        backBufferLength: 60,
        liveDurationInfinity: true,
        // Who goes back in time is in no hurry to be near live.
        lowLatencyMode: false,
        enableWorker: false,
    });
    const fragments = () => hls.levels[0]?.details?.fragments ?? [];
    const span = () => {
        const details = hls.levels[0]?.details;
        return details ? { startS: details.fragmentStart, endS: details.edge } : null;
    };
    const momentAt = (timeS: number) => {
        const around = fragments().findLast((fragment) => fragment.start <= timeS && fragment.programDateTime);
        return around?.programDateTime ? around.programDateTime + (timeS - around.start) * 1000 : null;
    };
    const timeOf = (moment: number) => {
        const around = fragments().findLast((f) => f.programDateTime !== null && f.programDateTime <= moment);
        return around?.programDateTime ? around.start + (moment - around.programDateTime) / 1000 : null;
    };
    const rewind: Rewind = {
        span,
        momentAt,
        placeOf: (wanted) => place(wanted, span(), timeOf),
        destroy: () => hls.destroy(),
    };
    // The window is a media playlist, so it is known before the first segment is asked for.
    hls.once(Library.Events.MANIFEST_PARSED, () => hls.startLoad(span() === null ? -1 : rewind.placeOf(target)));
    hls.on(Library.Events.ERROR, (_, error) => {
        if (error.fatal) broke();
    });
    hls.loadSource(url);
    hls.attachMedia(audio);
    return rewind;
}

function openNative(audio: HTMLAudioElement, url: string, target: Target): Rewind {
    const span = () => {
        const { seekable } = audio;
        return seekable.length > 0 ? { startS: seekable.start(0), endS: seekable.end(seekable.length - 1) } : null;
    };
    const beginning = () => (audio as { getStartDate?: () => Date }).getStartDate?.().getTime() ?? Number.NaN;
    const momentAt = (timeS: number) => {
        const moment = beginning() + timeS * 1000;
        return Number.isFinite(moment) ? moment : null;
    };
    const timeOf = (moment: number) => {
        const timeS = (moment - beginning()) / 1000;
        return Number.isFinite(timeS) ? timeS : null;
    };
    const placeOf = (wanted: Target) => place(wanted, span(), timeOf);
    audio.addEventListener("loadedmetadata", () => (audio.currentTime = placeOf(target)), { once: true });
    audio.src = url;
    return { span, momentAt, placeOf, destroy: () => {} };
}

/** Where a target lies: never before the window, never nearer to its end than live. */
export function place(
    target: Target,
    span: { startS: number; endS: number } | null,
    timeOf: (moment: number) => number | null,
): number {
    if (span === null) return 0;
    const latest = Math.max(span.startS, span.endS - EDGE_S);
    const wanted = "behindS" in target ? span.endS - target.behindS : (timeOf(Date.parse(target.at)) ?? span.startS);
    return Math.min(latest, Math.max(span.startS, wanted));
}
