/** Moving about in a table by keyboard, and changing its shape. */

import type { Node } from "prosemirror-model";
import { type Command, type EditorState, TextSelection, type Transaction } from "prosemirror-state";

import { startOf } from "./commands";
import { schema } from "./schema";

const { nodes } = schema;

/** Where in a table the cursor is. */
interface Cell {
    table: Node;
    at: number;
    row: number;
    column: number;
}

function cellAt({ selection: { $from } }: EditorState): Cell | null {
    if ($from.depth !== 3 || $from.node(1).type !== nodes.table) return null;
    return { table: $from.node(1), at: $from.before(1), row: $from.index(1), column: $from.index(2) };
}

export function isInTable(state: EditorState): boolean {
    return cellAt(state) !== null;
}

/** Goes to the next cell, or the one before; after the last cell a row is added. */
export function goToCell(by: -1 | 1): Command {
    return (state, dispatch) => {
        const here = cellAt(state);
        if (here === null) return false;
        const wide = here.table.child(here.row).childCount;
        const next = here.row * wide + here.column + by;
        if (next < 0) return false;
        if (next < wide * here.table.childCount) dispatch?.(into(state.tr, here, Math.floor(next / wide), next % wide));
        else addRow(state, dispatch);
        return true;
    };
}

export const addRow: Command = (state, dispatch) => {
    const here = cellAt(state);
    if (here === null) return false;
    const rows = [...here.table.children];
    rows.splice(here.row + 1, 0, nodes.row.create(null, emptyCells(rows[here.row]!.childCount)));
    dispatch?.(shaped(state, here, rows, here.row + 1, 0));
    return true;
};

export const addColumn: Command = (state, dispatch) => {
    const here = cellAt(state);
    if (here === null) return false;
    const rows = here.table.children.map((row) => {
        const cells = [...row.children];
        cells.splice(here.column + 1, 0, ...emptyCells(1));
        return nodes.row.create(null, cells);
    });
    dispatch?.(shaped(state, here, rows, here.row, here.column + 1));
    return true;
};

export const deleteRow: Command = (state, dispatch) => {
    const here = cellAt(state);
    if (here === null || here.table.childCount === 1) return false;
    const rows = here.table.children.filter((_, index) => index !== here.row);
    dispatch?.(shaped(state, here, rows, Math.min(here.row, rows.length - 1), here.column));
    return true;
};

export const deleteColumn: Command = (state, dispatch) => {
    const here = cellAt(state);
    if (here === null || here.table.child(here.row).childCount === 1) return false;
    const rows = here.table.children.map((row) => nodes.row.create(null, row.children.filter((_, index) => index !== here.column)));
    dispatch?.(shaped(state, here, rows, here.row, Math.min(here.column, rows[0]!.childCount - 1)));
    return true;
};

/** Makes the first row a head, or a row like the others. */
export const toggleHead: Command = (state, dispatch) => {
    const here = cellAt(state);
    if (here === null) return false;
    dispatch?.(state.tr.setNodeAttribute(here.at, "head", here.table.attrs["head"] !== true));
    return true;
};

function emptyCells(count: number): Node[] {
    return Array.from({ length: count }, () => nodes.cell.create());
}

function shaped(state: EditorState, { table, at }: Cell, rows: Node[], row: number, column: number): Transaction {
    const changed = nodes.table.create(table.attrs, rows);
    return into(state.tr.replaceWith(at, at + table.nodeSize, changed), { table: changed, at }, row, column);
}

function into(tr: Transaction, { table, at }: Pick<Cell, "table" | "at">, row: number, column: number): Transaction {
    const start = at + 1 + startOf(table, row) + 1 + startOf(table.child(row), column) + 1;
    return tr.setSelection(TextSelection.create(tr.doc, start)).scrollIntoView();
}
