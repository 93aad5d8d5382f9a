/** Random bodies of stories, of every block there is, for tests. */

import type { AnyBlock, Block, Image, Piece, Text } from "../src/desk/editor/block";
import { Chance } from "./random";

const WORDS = ["river", "gauge", "Harrow", "“it rose”", "twice", "at 4:33 PM", "—", "naïve", "水位", "👩🏽‍🚒", "a\u00a0b", "<b>", "&amp;", "[x](y)", "**", "#"];
const ADDRESSES = ["https://example.org/a?utm_source=x&b=1", "/news/2026-11-24/river", "mailto:june@harrow.example", "tel:+15550100"];

export function words(chance: Chance, most = 5): string {
    return chance.some(most, () => chance.pick(WORDS), 1).join(" ");
}

export function text(chance: Chance): Text {
    return chance.some(4, () => ({
        t: chance.is(0.15) ? `${words(chance)}\n${words(chance)}\n` : words(chance),
        ...(chance.is(0.3) ? { href: chance.pick(ADDRESSES) } : {}),
        ...(chance.is(0.3) ? { em: true } : {}),
        ...(chance.is(0.3) ? { strong: true } : {}),
    }));
}

function picture(chance: Chance): Image {
    return {
        file: chance.is(0.5) ? { vault: "ab/cd" } : { remote: { href: "https://example.org/p.jpg", template: null } },
        width_px: chance.is(0.5) ? 1600 : null,
        height_px: null,
        alt: chance.is(0.3) ? "" : words(chance),
        caption: chance.is(0.3) ? "" : words(chance),
        credit: chance.is(0.3) ? "" : words(chance),
        ...(chance.is(0.3) ? { focal: { x: 0.25, y: 0.5 } } : {}),
    };
}

const KINDS: readonly ((chance: Chance) => Block)[] = [
    (chance) => ({ block: "paragraph", text: text(chance) }),
    (chance) => ({ block: "paragraph", text: text(chance) }),
    (chance) => ({ block: "heading", level: 2 + chance.below(3), text: text(chance) }),
    (chance) => ({ block: "list", is_ordered: chance.is(0.5), items: chance.some(4, () => text(chance), 1) }),
    (chance) => ({ block: "quote", text: chance.some(3, () => text(chance), 1), attribution: chance.is(0.5) ? "" : words(chance) }),
    (chance) => ({ block: "pull-quote", text: text(chance), attribution: chance.is(0.5) ? "" : words(chance) }),
    (chance) => ({ block: "callout", title: chance.is(0.5) ? "" : words(chance), text: chance.some(3, () => text(chance), 1) }),
    (chance) => ({ block: "note", text: text(chance), at: chance.is(0.5) ? null : "2026-11-24T16:33:00Z" }),
    (chance) => {
        const columns = 1 + chance.below(3);
        return { block: "table", head: chance.is(0.5), rows: chance.some(3, () => chance.some(columns, () => text(chance), columns), 1) };
    },
    (chance) => ({ block: "image", image: picture(chance) }),
    (chance) => ({ block: "gallery", title: words(chance), images: chance.some(3, () => picture(chance)) }),
    (chance) => ({ block: "sound", sound: { title: words(chance), file: { vault: "ef/01" }, media_type: "audio/mpeg", duration_ms: 1000, transcript: null } }),
    (chance) => ({ block: "embed", title: words(chance), href: "https://www.youtube.com/watch?v=x", provider: "YouTube" }),
    (chance) => ({ block: "related", title: words(chance), teaser: words(chance), href: chance.pick(ADDRESSES) }),
    () => ({ block: "divider" }),
];

/** What no editor of today knows, and what is misshapen. */
const STRANGE: readonly AnyBlock[] = [
    { block: "map", centre: [47.1, -93.2], layers: [{ t: "rivers" }] },
    { block: "paragraph", text: [{ t: "x", code: true }] },
    { block: "paragraph", text: "not runs" },
    { block: "paragraph", text: [{ t: "later" }], shade: "blue" },
    { block: "heading", level: 7, text: [{ t: "too deep" }] },
    { block: "list", is_ordered: true, items: [] },
    { block: "image", image: null },
];

export function block(chance: Chance): AnyBlock {
    return chance.is(0.08) ? chance.pick(STRANGE) : (chance.pick(KINDS)(chance) as AnyBlock);
}

/** A body of up to `most` blocks, each with a name of its own. */
export function body(chance: Chance, most = 12): Piece[] {
    let count = 0;
    return chance.some(most, () => ({ ...block(chance), id: `b${count++}` }));
}
