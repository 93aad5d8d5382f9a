/**
 * What one can do to a story's blocks: turn one into another, add, move and delete it, leave a list or a quote, link
 * words.
 *
 * Every command follows ProseMirror's form: without `dispatch` it only says whether it could.
 */

import { splitBlockAs } from "prosemirror-commands";
import { closeHistory } from "prosemirror-history";
import { Fragment, type Mark, type Node, type NodeType } from "prosemirror-model";
import { type Command, type EditorState, NodeSelection, Selection, TextSelection, type Transaction } from "prosemirror-state";

import { AS_MEANT } from "./mend";
import { hasLines, schema, wordsBeside } from "./schema";

const { nodes, marks } = schema;

/** What a block of words can be turned into. */
export interface Kind {
    type: NodeType;
    attrs?: { level?: number; isOrdered?: boolean };
}

export const PARAGRAPH: Kind = { type: nodes.paragraph };

/** True if `node` is of that kind already. */
export function isOfKind(node: Node, { type, attrs }: Kind): boolean {
    return node.type === type && Object.entries(attrs ?? {}).every(([name, value]) => node.attrs[name] === value);
}

/** Where the selection stands among the blocks: from the first that it touches to before the last's end. */
export interface Span {
    first: number;
    /** One past the last. */
    end: number;
    from: number;
    to: number;
}

export function spanOf({ doc, selection: { $from, $to } }: EditorState): Span {
    const first = Math.min($from.index(0), doc.childCount - 1);
    const end = Math.min(doc.childCount, $to.depth === 0 ? Math.max($to.index(0), first + 1) : $to.index(0) + 1);
    return { first, end, from: startOf(doc, first), to: startOf(doc, end) };
}

/** The block that the selection starts in. */
export function blockAt(state: EditorState): Node | null {
    return state.doc.maybeChild(spanOf(state).first);
}

/** Where the block of that number starts. */
export function startOf(doc: Node, index: number): number {
    return doc.children.slice(0, index).reduce((at, node) => at + node.nodeSize, 0);
}

/** Turns the chosen blocks into `kind`. No word is lost: what stood beside the text becomes a paragraph where there is no place for it. */
export function turnInto(kind: Kind): Command {
    return (state, dispatch) => {
        const span = spanOf(state);
        const chosen = state.doc.children.slice(span.first, span.end);
        if (chosen.length === 0 || chosen.some((node) => node.isAtom) || chosen.every((node) => isOfKind(node, kind))) return false;
        if (dispatch === undefined) return true;
        const made = turned(chosen, kind);
        const tr = asMeant(state.tr.replaceWith(span.from, span.to, made));
        const [anchor, head] = [state.selection.$anchor, state.selection.$head].map((side) => placeOf(state.doc, span, side.pos));
        const find = (place: Place | null): number => place === null ? Selection.near(tr.doc.resolve(span.from)).head : posOf(tr.doc, span.from, place);
        tr.setSelection(TextSelection.between(tr.doc.resolve(find(anchor!)), tr.doc.resolve(find(head!))));
        dispatch(tr.scrollIntoView());
        return true;
    };
}

/** The blocks of that kind that hold the words of `chosen`; the first keeps the first one's name. */
function turned(chosen: readonly Node[], { type, attrs }: Kind): Node[] {
    const id = chosen[0]!.attrs["id"] as string | null;
    const beside = chosen.map(wordsBeside).filter((words) => words !== "");
    const attribution = type.spec.attrs?.["attribution"] !== undefined ? (beside.shift() ?? "") : undefined;
    const title = type === nodes.callout ? (beside.shift() ?? "") : undefined;
    const own = { id, ...attrs, ...(attribution === undefined ? {} : { attribution }), ...(title === undefined ? {} : { title }) };
    const texts = chosen.flatMap(textblocksOf).map((node) => node.content);
    const rest = beside.map((words) => nodes.paragraph.create(null, schema.text(words)));
    const line = type === nodes.list ? nodes.item : nodes.line;
    if (hasLines(type.create(own))) return [type.create(own, texts.map((text) => line.create(null, text))), ...rest];
    return [...texts.map((text, at) => type.create(at === 0 ? own : { ...attrs }, text)), ...rest];
}

/** The nodes below `node`, or itself, that hold words. */
function textblocksOf(node: Node): Node[] {
    return node.isTextblock ? [node] : node.children.flatMap(textblocksOf);
}

/** A place in words, whatever blocks they stand in: in which textblock of the chosen ones, and how far. */
interface Place {
    textblock: number;
    offset: number;
}

function placeOf(doc: Node, { from, to }: Pick<Span, "from" | "to">, pos: number): Place | null {
    const $pos = doc.resolve(pos);
    if (!$pos.parent.isTextblock || pos < from || pos > to) return null;
    let textblock = -1;
    doc.nodesBetween(from, pos, (node) => {
        if (node.isTextblock) textblock++;
    });
    return { textblock, offset: $pos.parentOffset };
}

function posOf(doc: Node, from: number, place: Place): number {
    let seen = -1;
    let found = from;
    doc.nodesBetween(from, doc.content.size, (node, at) => {
        if (node.isTextblock && ++seen === place.textblock) found = at + 1 + Math.min(place.offset, node.content.size);
    });
    return found;
}

/** A change of whole blocks is a step of its own to undo, and says itself what becomes of every word. */
function asMeant(tr: Transaction): Transaction {
    return closeHistory(tr).setMeta(AS_MEANT, true);
}

/** Takes the line that the cursor is in out of its list, quote or callout, as a paragraph. */
export const leaveLines: Command = (state, dispatch) => {
    const { $from, $to } = state.selection;
    if ($from.depth !== 2 || !hasLines($from.node(1)) || !$from.sameParent($to)) return false;
    if (dispatch === undefined) return true;
    const [container, at] = [$from.node(1), $from.before(1)];
    const { parts, line } = withoutLine(container, $from.index(1));
    const tr = asMeant(state.tr.replaceWith(at, at + container.nodeSize, parts));
    const start = parts.slice(0, line).reduce((size, part) => size + part.nodeSize, at);
    dispatch(tr.setSelection(TextSelection.create(tr.doc, start + 1 + $from.parentOffset)).scrollIntoView());
    return true;
};

/** `container` with its line of that number as a paragraph of its own; `line` says which of the parts that is. */
function withoutLine(container: Node, index: number): { parts: Node[]; line: number } {
    const paragraph = nodes.paragraph.create(null, container.child(index).content);
    const halves = [container.children.slice(0, index), container.children.slice(index + 1)] as const;
    const filled = [0, 1].filter((half) => halves[half]!.length > 0);
    // A title stands before the first line, and who said it below the last.
    const heir = container.type === nodes.callout ? filled[0] : filled.at(-1);
    const [before, after] = halves.map((lines, half) => {
        const attrs = half === heir ? container.attrs : { ...container.attrs, attribution: "", title: "" };
        return lines.length > 0 ? [container.type.create(attrs, lines)] : [];
    }) as [Node[], Node[]];
    const orphan = heir === undefined && wordsBeside(container) !== "" ? [nodes.paragraph.create(null, schema.text(wordsBeside(container)))] : [];
    return { parts: [...before, paragraph, ...after, ...orphan], line: before.length };
}

/** Enter on a line of nothing leaves the list, quote or callout. */
export const leaveEmptyLine: Command = (state, dispatch) => state.selection.empty && state.selection.$from.parent.content.size === 0 && leaveLines(state, dispatch);

/** Enter after or within words that stand alone, a pull quote or a note, goes on with a paragraph. */
export const splitToParagraph: Command = (state, dispatch, view) => {
    const { parent } = state.selection.$from;
    const standsAlone = parent.type === nodes.pull_quote || parent.type === nodes.note;
    return standsAlone && splitBlockAs(() => PARAGRAPH)(state, dispatch, view);
};

/** Backspace at the start of anything but a paragraph makes it one first. */
export const loosen: Command = (state, dispatch, view) => {
    const { $from, empty } = state.selection;
    if (!empty || $from.parentOffset > 0 || !$from.parent.isTextblock) return false;
    if ($from.depth === 2 && hasLines($from.node(1))) return $from.index(1) === 0 && leaveLines(state, dispatch, view);
    return $from.depth === 1 && $from.parent.type !== nodes.paragraph && turnInto(PARAGRAPH)(state, dispatch, view);
};

/** Backspace behind a card, and Delete before one, choose it: it is gone only with the next press. */
export function chooseCard(by: -1 | 1): Command {
    return (state, dispatch) => {
        const { $head, empty } = state.selection;
        const isAtEdge = $head.depth === 1 && $head.parentOffset === (by < 0 ? 0 : $head.parent.content.size);
        if (!empty || !isAtEdge || $head.parent.content.size === 0) return false;
        const index = $head.index(0) + by;
        if (state.doc.maybeChild(index)?.isAtom !== true) return false;
        dispatch?.(state.tr.setSelection(NodeSelection.create(state.doc, startOf(state.doc, index))).scrollIntoView());
        return true;
    };
}

/** A line break where the cursor is. */
export const breakLine: Command = (state, dispatch) => {
    if (!state.selection.$from.parent.inlineContent) return false;
    dispatch?.(state.tr.replaceSelectionWith(nodes.break.create(), true).scrollIntoView());
    return true;
};

/** Moves the chosen blocks over their neighbour: -1 is up, 1 is down. */
export function move(by: -1 | 1): Command {
    return (state, dispatch) => {
        const { doc, selection } = state;
        const span = spanOf(state);
        const neighbour = doc.maybeChild(by < 0 ? span.first - 1 : span.end);
        if (neighbour === null) return false;
        if (dispatch === undefined) return true;
        const chosen = doc.children.slice(span.first, span.end);
        const from = by < 0 ? span.from - neighbour.nodeSize : span.from;
        const to = by < 0 ? span.to : span.to + neighbour.nodeSize;
        const tr = asMeant(state.tr.replaceWith(from, to, by < 0 ? [...chosen, neighbour] : [neighbour, ...chosen]));
        dispatch(tr.setSelection(moved(tr, selection, by * neighbour.nodeSize)).scrollIntoView());
        return true;
    };
}

function moved(tr: Transaction, selection: Selection, by: number): Selection {
    if (selection instanceof NodeSelection) return NodeSelection.create(tr.doc, selection.from + by);
    return TextSelection.between(tr.doc.resolve(selection.anchor + by), tr.doc.resolve(selection.head + by));
}

/** Deletes the chosen blocks. */
export const deleteBlocks: Command = (state, dispatch) => {
    if (dispatch === undefined) return true;
    const { first, end, from, to } = spanOf(state);
    const isAll = first === 0 && end === state.doc.childCount;
    const tr = asMeant(state.tr.replaceWith(from, to, isAll ? nodes.paragraph.create() : Fragment.empty));
    dispatch(tr.setSelection(Selection.near(tr.doc.resolve(Math.min(from, tr.doc.content.size)))).scrollIntoView());
    return true;
};

/** Puts `node` after the block that the cursor is in, or in its place if that is a paragraph of nothing. */
export function addBlock(node: Node): Command {
    return (state, dispatch) => {
        if (dispatch === undefined) return true;
        const { first, end, from, to } = spanOf(state);
        const here = state.doc.child(first);
        const isBlank = first + 1 === end && here.type === nodes.paragraph && here.content.size === 0;
        const at = isBlank ? from : to;
        const tr = state.tr.replaceWith(at, to, node);
        if (tr.doc.lastChild?.isTextblock === false) tr.insert(tr.doc.content.size, nodes.paragraph.create());
        // One goes on in what was added, or behind it where there is nothing to write in.
        const inside = node.isAtom ? at + node.nodeSize : at;
        dispatch(tr.setSelection(Selection.near(tr.doc.resolve(inside), 1)).scrollIntoView());
        return true;
    };
}

/** An empty table: a head and two rows of so many cells. */
export function emptyTable(columns = 3): Node {
    const row = (): Node => nodes.row.create(null, Array.from({ length: columns }, () => nodes.cell.create()));
    return nodes.table.create({ head: true }, [row(), row(), row()]);
}

/** What a link at the selection leads to, and from where to where it goes; null where there is none. */
export function linkAt({ doc, selection }: EditorState): { href: string; from: number; to: number } | null {
    const { $from, from, to, empty } = selection;
    const found = empty ? linkOf([...($from.nodeBefore?.marks ?? []), ...($from.nodeAfter?.marks ?? [])]) : firstLink(doc, from, to);
    if (found === undefined || !$from.parent.inlineContent) return null;
    let [start, end] = [$from.index(), $from.index()];
    const isLinked = (index: number): boolean => found.isInSet($from.parent.maybeChild(index)?.marks ?? []);
    if (!isLinked(start) && start > 0 && isLinked(start - 1)) end = --start;
    while (start > 0 && isLinked(start - 1)) start--;
    while (isLinked(end)) end++;
    const offset = (index: number): number => $from.start() + $from.parent.children.slice(0, index).reduce((size, node) => size + node.nodeSize, 0);
    return { href: found.attrs["href"] as string, from: offset(start), to: offset(end) };
}

function linkOf(look: readonly Mark[]): Mark | undefined {
    return look.find((mark) => mark.type === marks.link);
}

function firstLink(doc: Node, from: number, to: number): Mark | undefined {
    let found: Mark | undefined;
    doc.nodesBetween(from, to, (node) => {
        found ??= linkOf(node.marks);
    });
    return found;
}

/** Lets the chosen words, or the link that the cursor is in, lead to `href`. Where no words are chosen, `words` are put there. */
export function link(href: string, words = href): Command {
    return (state, dispatch) => {
        const { from, to, empty, $from } = state.selection;
        if (!$from.parent.inlineContent) return false;
        const around = empty ? linkAt(state) : { from, to };
        const mark = marks.link.create({ href });
        const { tr } = state;
        if (around !== null) tr.removeMark(around.from, around.to, marks.link).addMark(around.from, around.to, mark);
        else tr.insert(from, schema.text(words, mark.addToSet($from.marks()))).removeStoredMark(marks.link);
        dispatch?.(tr.scrollIntoView());
        return true;
    };
}

/** Takes the links of the chosen words, or the one that the cursor is in, away; the words stay. */
export const unlink: Command = (state, dispatch) => {
    const { from, to, empty } = state.selection;
    const around = empty ? linkAt(state) : { from, to };
    if (around === null || !state.doc.rangeHasMark(around.from, around.to, marks.link)) return false;
    dispatch?.(state.tr.removeMark(around.from, around.to, marks.link));
    return true;
};
