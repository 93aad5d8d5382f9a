/**
 * Blocks and runs, as the desk sends and takes them: the JSON of `station::block` and `station::text`.
 *
 * A block that is not known here is a block all the same: it has a name and whatever else it brings.
 */

/** Words that look alike. A line feed in them is a line break. */
export interface Run {
    t: string;
    href?: string;
    em?: boolean;
    strong?: boolean;
}

export type Text = Run[];

/** A picture as it is used in one place; what is not named here is kept. */
export interface Image {
    alt: string;
    caption: string;
    credit: string;
    [more: string]: unknown;
}

/** A sound; what is not named here is kept. */
export interface Sound {
    title: string;
    [more: string]: unknown;
}

export type Block =
    | { block: "paragraph"; text: Text }
    | { block: "heading"; level: number; text: Text }
    | { block: "list"; is_ordered: boolean; items: Text[] }
    | { block: "quote"; text: Text[]; attribution: string }
    | { block: "pull-quote"; text: Text; attribution: string }
    | { block: "callout"; title: string; text: Text[] }
    | { block: "note"; text: Text; at: string | null }
    | { block: "table"; head: boolean; rows: Text[][] }
    | { block: "image"; image: Image }
    | { block: "gallery"; title: string; images: Image[] }
    | { block: "sound"; sound: Sound }
    | { block: "embed"; title: string; href: string; provider: string }
    | { block: "related"; title: string; teaser: string; href: string }
    | { block: "divider" };

/** A block of whatever kind. */
export interface AnyBlock {
    block: string;
    [more: string]: unknown;
}

/** A block with the name that notes are pinned to. */
export type Piece = AnyBlock & { id: string };

/** Words without emphasis. */
export function plain(words: string): Text {
    return words === "" ? [] : [{ t: words }];
}

/** The words of `text` alone. */
export function wordsOf(text: Text): string {
    return text.map((run) => run.t).join("");
}

/** `text` in its one normal form: no run without words, no two neighbours that look alike. */
export function normal(text: Text): Text {
    const runs: Run[] = [];
    for (const run of text) {
        if (run.t === "") continue;
        const last = runs.at(-1);
        if (last !== undefined && looksLike(last, run)) last.t += run.t;
        else runs.push(cleared(run));
    }
    return runs;
}

/** `run` without what is only said to be absent. */
function cleared({ t, href, em, strong, ...more }: Run): Run {
    return {
        t,
        ...(href === undefined || href === null ? {} : { href }),
        ...(em === true ? { em } : {}),
        ...(strong === true ? { strong } : {}),
        ...more,
    };
}

function looksLike(one: Run, other: Run): boolean {
    return isSame({ ...cleared(one), t: "" }, { ...cleared(other), t: "" });
}

/** True if two values would be the same as JSON, the texts in them being in their normal form. */
export function isSame(one: unknown, other: unknown): boolean {
    if (Array.isArray(one) && Array.isArray(other)) {
        const [ones, others] = isText(one) && isText(other) ? [normal(one), normal(other)] : [one, other];
        return ones.length === others.length && ones.every((item, at) => isSame(item, others[at]));
    }
    if (isObject(one) && isObject(other)) {
        const names = Object.keys(one).filter((name) => one[name] !== undefined);
        const count = Object.keys(other).filter((name) => other[name] !== undefined).length;
        return names.length === count && names.every((name) => isSame(one[name], other[name]));
    }
    return one === other;
}

function isText(value: unknown[]): value is Text {
    return value.every((run) => isObject(run) && typeof run["t"] === "string");
}

export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
