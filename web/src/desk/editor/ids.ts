/**
 * Every block keeps its name for as long as it lives, and no two blocks have the same: notes are pinned to it.
 *
 * After a split both halves would have the name; the longer one keeps it, so that a note stays with its words.
 */

import type { Node } from "prosemirror-model";
import { type EditorState, Plugin, type Transaction } from "prosemirror-state";

const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 8;

/** A new name. */
export function newId(): string {
    return Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** Gives names to blocks that have none, or another's. */
export function naming(name: () => string = newId): Plugin {
    return new Plugin({
        appendTransaction: (transactions, _, state) => (transactions.some((one) => one.docChanged) ? named(state, name) : null),
    });
}

/** The change that gives every block a name of its own; null if they have that. */
export function named(state: EditorState, name: () => string = newId): Transaction | null {
    const keepers = new Map<string, Node>();
    for (const node of state.doc.children) {
        const id = node.attrs["id"] as string | null;
        const rival = id === null ? undefined : keepers.get(id);
        if (id && (rival === undefined || node.content.size > rival.content.size)) keepers.set(id, node);
    }
    const { tr } = state;
    state.doc.forEach((node, at) => {
        const id = node.attrs["id"] as string | null;
        if (!id || keepers.get(id) !== node) tr.setNodeAttribute(at, "id", name());
    });
    return tr.docChanged ? tr : null;
}
