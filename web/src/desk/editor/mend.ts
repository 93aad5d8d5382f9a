/**
 * What must hold in a document whatever was done to it.
 *
 * A table has as many cells in each row as in its longest. And when somebody deletes from the middle of one block into
 * the middle of another, the words beside the second (who said it, its title) were not deleted: they become a paragraph.
 */

import type { Node } from "prosemirror-model";
import { isHistoryTransaction } from "prosemirror-history";
import { Plugin, TextSelection, type EditorState, type Transaction } from "prosemirror-state";

import { schema, wordsBeside } from "./schema";

export function mending(): Plugin {
    return new Plugin({
        appendTransaction(transactions, before, state) {
            // What other plugins append is asked about again, with the state from before everything: it took no words.
            const own = transactions.filter((one) => one.docChanged && one.getMeta("appendedTransaction") === undefined);
            const isMeant = own.some((one) => isHistoryTransaction(one) || one.getMeta(AS_MEANT) === true);
            if (isMeant || own.length === 0) return null;
            const { tr } = state;
            keepWordsBeside(tr, before);
            evenTables(tr);
            return tr.docChanged ? tr : null;
        },
    });
}

/** The mark of a transaction that says itself what becomes of every word. */
export const AS_MEANT = "as-meant";

/** Puts the words that stood beside a block which is gone, without having been chosen for it, into a paragraph. */
function keepWordsBeside(tr: Transaction, before: EditorState): void {
    const left = new Set(tr.doc.children.map((node) => node.attrs["id"] as string));
    const { from, to } = before.selection;
    const lost: Node[] = [];
    before.doc.forEach((node, at) => {
        const wasChosen = from <= at && to >= at + node.nodeSize;
        const wasReached = to >= at && from <= at + node.nodeSize;
        if (wordsBeside(node) !== "" && !left.has(node.attrs["id"] as string) && wasReached && !wasChosen) {
            lost.push(schema.nodes.paragraph.create(null, schema.text(wordsBeside(node))));
        }
    });
    if (lost.length === 0) return;
    const { $head } = tr.selection;
    const end = $head.depth === 0 ? $head.pos : $head.after(1);
    const head = tr.selection.head;
    tr.insert(end, lost);
    if (tr.selection instanceof TextSelection) tr.setSelection(TextSelection.create(tr.doc, head));
}

function evenTables(tr: Transaction): void {
    const done = tr.steps.length;
    tr.doc.forEach((table, at) => {
        if (table.type !== schema.nodes.table) return;
        const wide = Math.max(...table.children.map((row) => row.childCount));
        table.forEach((row, offset) => {
            const missing = Array.from({ length: wide - row.childCount }, () => schema.nodes.cell.create());
            const end = at + 1 + offset + row.nodeSize - 1;
            if (missing.length > 0) tr.insert(tr.mapping.slice(done).map(end), missing);
        });
    });
}
