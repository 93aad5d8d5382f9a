/** The kinds of blocks that one can choose: to add one, or to turn one into another. */

import type { Command } from "prosemirror-state";

import { addBlock, emptyTable, type Kind, PARAGRAPH, turnInto } from "./commands";
import { schema } from "./schema";

const { nodes } = schema;

/** One line of the menu. */
export interface Choice {
    name: string;
    /** What it is for, in a few words. */
    hint: string;
    /** Other words that find it. */
    also: string;
    /** What it can be turned into; missing for what is only added. */
    kind?: Kind;
    /** What is put there; where it is missing, the block at hand is turned into `kind`. */
    add?: Command;
    /** Asks for an address first. */
    asks?: "embed";
}

export const CHOICES: readonly Choice[] = [
    { name: "Paragraph", hint: "Plain words", also: "text", kind: PARAGRAPH },
    { name: "Heading", hint: "A part of the story", also: "h2 title", kind: { type: nodes.heading, attrs: { level: 2 } } },
    { name: "Smaller heading", hint: "Below a heading", also: "h3 subheading", kind: { type: nodes.heading, attrs: { level: 3 } } },
    { name: "Smallest heading", hint: "Below that", also: "h4 subheading", kind: { type: nodes.heading, attrs: { level: 4 } } },
    { name: "List", hint: "With dots", also: "bullets unordered ul", kind: { type: nodes.list, attrs: { isOrdered: false } } },
    { name: "Numbered list", hint: "1, 2, 3", also: "ordered ol", kind: { type: nodes.list, attrs: { isOrdered: true } } },
    { name: "Quote", hint: "Somebody else’s words", also: "blockquote", kind: { type: nodes.quote } },
    { name: "Pull quote", hint: "Words of the story, drawn out large", also: "pullquote", kind: { type: nodes.pull_quote } },
    { name: "Callout", hint: "What one should know, set apart", also: "box aside", kind: { type: nodes.callout } },
    { name: "Editor’s note", hint: "From the desk to the reader", also: "note", kind: { type: nodes.note } },
    { name: "Table", hint: "Rows and columns", also: "grid", add: (state, dispatch) => addBlock(emptyTable())(state, dispatch) },
    { name: "Embed", hint: "A video or a post, by its address", also: "youtube vimeo video link", asks: "embed" },
    { name: "Related", hint: "Something else to read", also: "link promo", add: (state, dispatch) => addBlock(nodes.related.create())(state, dispatch) },
    { name: "Divider", hint: "A change of subject", also: "line hr rule", add: (state, dispatch) => addBlock(nodes.divider.create())(state, dispatch) },
];

/** The choices that `words` may mean. */
export function found(choices: readonly Choice[], words: string): readonly Choice[] {
    const wanted = words.trim().toLowerCase();
    const starts = (text: string): boolean => text.toLowerCase().split(" ").some((word) => word.startsWith(wanted));
    return choices.filter(({ name, also }) => wanted === "" || name.toLowerCase().startsWith(wanted) || starts(name) || starts(also));
}

/** Adds a block of that kind: where one stands on an empty line, that line becomes it. */
export function adding({ kind, add }: Choice): Command {
    return (state, dispatch, view) => {
        if (add !== undefined) return add(state, dispatch, view);
        const { parent } = state.selection.$from;
        const isBlank = parent.type === nodes.paragraph && parent.content.size === 0;
        if (isBlank) return turnInto(kind!)(state, dispatch, view) || kind === PARAGRAPH;
        return addBlock(kind!.type.createAndFill({ ...kind!.attrs })!)(state, dispatch, view);
    };
}
