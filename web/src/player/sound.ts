/** What can be heard: a service live, a service some way back, or a piece on demand. */

/** A piece on demand, as a page offers it. */
export interface Piece {
    /** Where its bytes are. */
    readonly src: string;
    readonly title: string;
    /** Who it is from: a section, a programme, the station. May be empty. */
    readonly from: string;
    /** The page that it stands on. May be empty. */
    readonly href: string;
    /** How long it lasts, if the page knew. */
    readonly durationS: number | null;
    /** A picture for the lock screen. May be empty. */
    readonly artwork: string;
}

/** A place in a service's rewind window: so long before its end, or at a moment on the station's clock. */
export type Target = { readonly behindS: number } | { readonly at: string };

export type Sound =
    | { readonly kind: "live"; readonly service: string }
    | { readonly kind: "rewind"; readonly service: string; readonly target: Target }
    | { readonly kind: "piece"; readonly piece: Piece; readonly startS: number };

/** Whether two pieces are the same one. */
export function isSamePiece(a: Piece, b: Piece): boolean {
    return a.src === b.src;
}

/** A piece out of what storage or a page held; null if it is not one. */
export function parsePiece(value: unknown): Piece | null {
    if (typeof value !== "object" || value === null) return null;
    const { src, title, from, href, durationS, artwork } = value as Record<string, unknown>;
    if (typeof src !== "string" || typeof title !== "string" || !isAddress(src)) return null;
    return {
        src,
        title,
        from: typeof from === "string" ? from : "",
        href: typeof href === "string" && isAddress(href) ? href : "",
        durationS: typeof durationS === "number" && Number.isFinite(durationS) && durationS > 0 ? durationS : null,
        artwork: typeof artwork === "string" && isAddress(artwork) ? artwork : "",
    };
}

/** Only a path of this site or an https address is fetched: never `javascript:` or the like. */
function isAddress(text: string): boolean {
    return /^(\/(?!\/)|https:\/\/|http:\/\/)/.test(text);
}
