/**
 * What the editor can hold: the blocks of a story, and words with emphasis and links in them.
 *
 * Every top-level node is one block and carries its `id`. Words that belong to a block without being part of its text
 * (who said a quote, a picture's caption) are attributes, and are written in fields of their own. A block that the
 * editor does not know is an `opaque` node, kept as it came.
 *
 * Start at {@link schema}.
 */

import { Schema, type DOMOutputSpec, type MarkSpec, type Node, type NodeSpec } from "prosemirror-model";

import { address } from "./address";

const id = { id: { default: null } };

/** Nodes whose text stands in them directly. */
const text = { group: "block", content: "inline*" } satisfies NodeSpec;

/** Nodes that are handled as a whole. */
const card = { group: "block", atom: true, selectable: true, draggable: true } satisfies NodeSpec;

function drawCard(node: Node): DOMOutputSpec {
    return ["div", { class: `card is-${node.type.name}` }];
}

const nodes = {
    doc: { content: "block+" },
    text: { group: "inline" },
    break: { group: "inline", inline: true, selectable: false, leafText: () => "\n", toDOM: () => ["br"] },

    paragraph: { ...text, attrs: id, toDOM: () => ["p", 0] },
    heading: { ...text, attrs: { ...id, level: { default: 2 } }, defining: true, toDOM: (node) => [`h${node.attrs["level"]}`, 0] },
    pull_quote: { ...text, attrs: { ...id, attribution: { default: "" } }, defining: true, toDOM: () => ["blockquote", { class: "pull-quote" }, 0] },
    note: { ...text, attrs: { ...id, at: { default: null } }, defining: true, toDOM: () => ["div", { class: "editors-note" }, 0] },

    list: { group: "block", content: "item+", attrs: { ...id, isOrdered: { default: false } }, toDOM: (node) => [node.attrs["isOrdered"] ? "ol" : "ul", 0] },
    item: { content: "inline*", defining: true, toDOM: () => ["li", 0] },
    quote: { group: "block", content: "line+", attrs: { ...id, attribution: { default: "" } }, defining: true, toDOM: () => ["blockquote", 0] },
    callout: { group: "block", content: "line+", attrs: { ...id, title: { default: "" } }, defining: true, toDOM: () => ["aside", { class: "callout" }, 0] },
    line: { content: "inline*", toDOM: () => ["p", 0] },

    table: { group: "block", content: "row+", attrs: { ...id, head: { default: true } }, isolating: true, allowGapCursor: false, toDOM: () => ["table", ["tbody", 0]] },
    row: { content: "cell+", allowGapCursor: false, toDOM: () => ["tr", 0] },
    cell: { content: "inline*", isolating: true, toDOM: () => ["td", 0] },

    divider: { ...card, attrs: id, toDOM: () => ["hr"] },
    image: { ...card, attrs: { ...id, image: {} }, toDOM: drawCard },
    gallery: { ...card, attrs: { ...id, title: { default: "" }, images: {} }, toDOM: drawCard },
    sound: { ...card, attrs: { ...id, sound: {} }, toDOM: drawCard },
    embed: { ...card, attrs: { ...id, title: { default: "" }, href: {}, provider: {} }, toDOM: drawCard },
    related: { ...card, attrs: { ...id, title: { default: "" }, teaser: { default: "" }, href: { default: "" } }, toDOM: drawCard },
    opaque: { ...card, attrs: { ...id, block: {} }, toDOM: drawCard },
} satisfies Record<string, NodeSpec>;

const marks = {
    // What leads nowhere good is shown as a link, and is none.
    link: { attrs: { href: {} }, inclusive: false, toDOM: (mark) => ["a", { href: address(mark.attrs["href"] as string), rel: "noreferrer" }, 0] },
    strong: { toDOM: () => ["strong", 0] },
    em: { toDOM: () => ["em", 0] },
} satisfies Record<string, MarkSpec>;

export const schema = new Schema({ nodes: nodes as { [name in keyof typeof nodes]: NodeSpec }, marks: marks as { [name in keyof typeof marks]: MarkSpec } });

/** Blocks whose lines are nodes of their own: a list's items, a quote's and a callout's paragraphs. */
export function hasLines(node: Node): boolean {
    return node.type === schema.nodes.list || node.type === schema.nodes.quote || node.type === schema.nodes.callout;
}

/** The words that stand beside the text of a block, in a field of their own: who said it, its title. */
export function wordsBeside(node: Node): string {
    return ((node.attrs["attribution"] ?? (node.isAtom ? "" : node.attrs["title"]) ?? "") as string).trim();
}
