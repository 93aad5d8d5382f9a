// Ten thousand random things done to stories, and after each: no word is gone that was not deleted, undo leads back to
// the very document, every block has a name of its own, and what is sent is what comes back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toggleMark } from "prosemirror-commands";
import { closeHistory, redo, undo, undoDepth } from "prosemirror-history";
import { Fragment, type Node, Slice } from "prosemirror-model";
import { type Command, type EditorState, NodeSelection, TextSelection, type Transaction } from "prosemirror-state";

import { isSame } from "../src/desk/editor/block";
import { addBlock, breakLine, deleteBlocks, emptyTable, type Kind, leaveLines, link, linkAt, move, PARAGRAPH, spanOf, turnInto, unlink } from "../src/desk/editor/commands";
import { backspace, del, enter } from "../src/desk/editor/keys";
import { documentOf, nodeOf, piecesOf } from "../src/desk/editor/pieces";
import { hasLines, schema } from "../src/desk/editor/schema";
import { stateOf } from "../src/desk/editor/state";
import { addColumn, addRow, goToCell, toggleHead } from "../src/desk/editor/table";
import { Chance } from "./random";
import { block, body, words } from "./stories";

const STORIES = 250;
const ACTS = 40;
const { nodes, marks } = schema;

/** One thing to do: what, and the seed of everything that is chosen for it. */
interface Act {
    kind: string;
    seed: number;
}

/** What an act did: the next state, and what it means for the words. */
interface Done {
    state: EditorState;
    added?: string;
    /** A block in the middle of a quote parts it, and both parts say who said it. */
    mayDouble?: boolean;
    /** The letters that were to be deleted. */
    deleted?: Map<string, number>;
    /** Undo and redo lead to a document that was there before. */
    leadsTo?: Node;
}

const KINDS: readonly Kind[] = [
    PARAGRAPH,
    { type: nodes.heading, attrs: { level: 3 } },
    { type: nodes.list, attrs: { isOrdered: true } },
    { type: nodes.list, attrs: { isOrdered: false } },
    { type: nodes.quote },
    { type: nodes.pull_quote },
    { type: nodes.callout },
    { type: nodes.note },
];

/** What is done by a command that neither brings nor takes a word. */
const COMMANDS: Record<string, (chance: Chance) => Command> = {
    strong: () => toggleMark(marks.strong),
    em: () => toggleMark(marks.em),
    unlink: () => unlink,
    turn: (chance) => turnInto(chance.pick(KINDS)),
    up: () => move(-1),
    down: () => move(1),
    leave: () => leaveLines,
    tab: () => goToCell(1),
    row: () => addRow,
    column: () => addColumn,
    head: () => toggleHead,
    table: () => addBlock(emptyTable(2)),
    divider: () => addBlock(nodes.divider.create()),
};

const OTHERS = ["type", "type", "type", "enter", "enter", "break", "backspace", "backspace", "forward", "delete", "delete", "link", "link", "paste", "paste", "paste", "block", "undo", "undo", "redo"] as const;

/** Every letter of a document that a person wrote, in any order: the text, and the words in fields. */
function letters(node: Node): Map<string, number> {
    const bag = new Map<string, number>();
    const add = (text: string): void => {
        // By code units: a random place may be within a letter, where no cursor stands.
        for (const letter of text.split("")) if (!/\s/u.test(letter)) bag.set(letter, (bag.get(letter) ?? 0) + 1);
    };
    const addAll = (value: unknown): void => {
        if (typeof value === "string") add(value);
        else if (typeof value === "object" && value !== null) Object.values(value).forEach(addAll);
    };
    const visit = (one: Node): void => {
        if (one.isText) add(one.text!);
        const { id: _, at: __, level: ___, ...attrs } = one.attrs;
        addAll(attrs);
        one.forEach(visit);
    };
    visit(node);
    return bag;
}

/** What `more` has and `fewer` has not. */
function missing(more: Map<string, number>, fewer: Map<string, number>): string {
    return [...more].flatMap(([letter, count]) => Array.from({ length: Math.max(0, count - (fewer.get(letter) ?? 0)) }, () => letter)).join("");
}

function sum(one: Map<string, number>, other: Map<string, number>): Map<string, number> {
    const all = new Map(one);
    for (const [letter, count] of other) all.set(letter, (all.get(letter) ?? 0) + count);
    return all;
}

function bagOf(text: string): Map<string, number> {
    return letters(nodes.paragraph.create(null, text === "" ? [] : schema.text(text)));
}

/** The letters that a deletion of the selection may take: chosen text, and the words beside blocks that are chosen whole. */
function chosen({ doc, selection: { from, to } }: EditorState): Map<string, number> {
    let bag = new Map<string, number>();
    doc.nodesBetween(from, to, (node, at) => {
        const isWhole = from <= at && to >= at + node.nodeSize;
        if (node.isText) bag = sum(bag, bagOf(node.text!.slice(Math.max(0, from - at), to - at)));
        else if (isWhole) bag = sum(bag, letters(node.copy()));
    });
    return bag;
}

/** Blocks as they come from a clipboard, whole or with open ends, and the letters that they bring. */
function clipboard(chance: Chance): { slice: Slice; added: string } {
    const blocks = chance.some(3, () => nodeOf(block(chance)), 1);
    const depth = (node: Node): number => (node.isTextblock ? 1 : hasLines(node) ? 2 : 0);
    const isOpen = chance.is(0.5);
    const [start, end] = isOpen ? [depth(blocks[0]!), depth(blocks.at(-1)!)] : [0, 0];
    // Whoever copies a part of a quote does not copy who said it.
    const bags = blocks.map((node, at) => ((at === 0 && start > 0) || (at === blocks.length - 1 && end > 0) ? bagOf(node.textContent) : letters(node)));
    const added = [...bags.reduce(sum)].map(([letter, count]) => letter.repeat(count)).join("");
    return { slice: new Slice(Fragment.from(blocks), start, end), added };
}

function withDeleted(done: Done | null, deleted: Map<string, number>): Done | null {
    return done && { ...done, deleted };
}

/** Something to choose in the document: a place, a stretch, a card. */
function choose(state: EditorState, chance: Chance): EditorState {
    const { doc } = state;
    const pos = (): number => chance.below(doc.content.size + 1);
    const cards = doc.children.flatMap((node, index) => (node.isAtom ? [doc.children.slice(0, index).reduce((at, one) => at + one.nodeSize, 0)] : []));
    if (cards.length > 0 && chance.is(0.15)) return state.apply(state.tr.setSelection(NodeSelection.create(doc, chance.pick(cards))));
    const anchor = pos();
    // Across the border of two blocks it is where words are most easily lost.
    if (chance.is(0.25)) {
        const border = chance.pick(doc.children.map((_, index) => doc.children.slice(0, index).reduce((at, one) => at + one.nodeSize, 0)));
        return state.apply(state.tr.setSelection(TextSelection.between(doc.resolve(Math.max(0, border - chance.below(6))), doc.resolve(Math.min(doc.content.size, border + chance.below(12))))));
    }
    const head = chance.is(0.4) ? anchor : chance.is(0.6) ? Math.min(doc.content.size, anchor + chance.below(12)) : pos();
    return state.apply(state.tr.setSelection(TextSelection.between(doc.resolve(anchor), doc.resolve(head))));
}

/** The whole story of one seed, as it goes. */
class Trial {
    #state: EditorState;
    #past: Node[] = [];
    #future: Node[] = [];

    constructor(seed: number) {
        let count = 0;
        this.#state = stateOf({ doc: documentOf(body(new Chance(seed), 8)), name: () => `n${count++}` });
    }

    do({ kind, seed }: Act): void {
        const chance = new Chance(seed);
        const before = kind === "undo" || kind === "redo" ? this.#state : choose(this.#state, chance);
        const done = this.#act(kind, before, chance);
        if (done === null) return;
        this.#check(before, done);
        this.#state = done.state;
    }

    #act(kind: string, state: EditorState, chance: Chance): Done | null {
        const run = (command: Command): Done | null => {
            let next: EditorState | undefined;
            command(state, (tr) => (next = state.apply(closeHistory(tr))));
            return next === undefined ? null : { state: next };
        };
        const edit = (tr: Transaction): Done => ({ state: state.apply(closeHistory(tr)) });
        const { $from, $to, empty } = state.selection;
        const hasText = $from.parent.inlineContent && $to.parent.inlineContent;
        const deleted = chosen(state);
        switch (kind) {
            case "type": {
                const added = words(chance);
                return hasText ? { ...edit(state.tr.insertText(added)), added, deleted } : null;
            }
            case "enter":
                return withDeleted(run(enter), deleted);
            case "break":
                return withDeleted(run(breakLine), deleted);
            case "delete":
                return empty ? null : { ...edit(state.tr.deleteSelection()), deleted };
            case "block": {
                const { from, to } = spanOf(state);
                return withDeleted(run(deleteBlocks), letters(nodes.doc.create(null, state.doc.slice(from, to).content)));
            }
            case "backspace":
                // Within words it takes a letter, which is the browser's own affair; at the start of a block it may take none.
                return empty && $from.parentOffset > 0 ? null : withDeleted(run(backspace), deleted);
            case "forward":
                return empty && $from.parentOffset < $from.parent.content.size ? null : withDeleted(run(del), deleted);
            case "link": {
                const added = empty && linkAt(state) === null ? "zz" : "";
                const done = run(link("https://example.org/z", "zz"));
                return done && { ...done, added };
            }
            case "paste": {
                const { slice, ...brings } = clipboard(chance);
                return hasText ? { ...edit(state.tr.replaceSelection(slice)), ...brings, deleted, mayDouble: true } : null;
            }
            case "undo":
                return this.#travel(undo, this.#past, this.#future);
            case "redo":
                return this.#travel(redo, this.#future, this.#past);
            default:
                return run(COMMANDS[kind]!(chance));
        }
    }

    #travel(command: Command, from: Node[], to: Node[]): Done | null {
        let next: EditorState | undefined;
        if (!command(this.#state, (tr) => (next = this.#state.apply(tr)))) {
            assert.equal(from.length, 0, "there was something to go back to");
            return null;
        }
        const leadsTo = from.pop();
        assert.ok(leadsTo, "it went back further than anything was done");
        to.push(this.#state.doc);
        return { state: next!, leadsTo };
    }

    #check(before: EditorState, done: Done): void {
        const { state, added = "", deleted = new Map<string, number>(), leadsTo } = done;
        state.doc.check();
        const ids = state.doc.children.map((node) => node.attrs["id"] as string | null);
        assert.ok(ids.every(Boolean) && new Set(ids).size === ids.length, `names: ${ids.join(" ")}`);
        assert.ok(isSame(piecesOf(documentOf(piecesOf(state.doc))), piecesOf(state.doc)), "what is sent does not come back");
        if (leadsTo !== undefined) return assert.ok(state.doc.eq(leadsTo), `undo or redo led to ${state.doc} instead of ${leadsTo}`);
        const had = sum(letters(before.doc), bagOf(added));
        const lost = missing(had, sum(letters(state.doc), deleted));
        assert.equal(lost, "", `lost “${lost}” of ${before.doc}, selection ${before.selection.from}–${before.selection.to}, now ${state.doc}`);
        const made = missing(letters(state.doc), had);
        assert.ok(made === "" || done.mayDouble === true, `made “${made}” out of nothing, in ${before.doc}, now ${state.doc}`);
        // To delete nothing but borders may leave the same document, and is a step to undo all the same.
        if (undoDepth(before) === undoDepth(state)) return assert.ok(before.doc.eq(state.doc), "this cannot be undone");
        this.#past.push(before.doc);
        this.#future = [];
    }
}



function fails(seed: number, acts: readonly Act[]): unknown {
    try {
        const trial = new Trial(seed);
        for (const act of acts) trial.do(act);
        return null;
    } catch (error) {
        return error;
    }
}

/** The fewest acts that still fail, found by leaving out more and more. */
function shrunk(seed: number, acts: readonly Act[]): readonly Act[] {
    for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
        for (let at = 0; at + size <= acts.length; ) {
            const fewer = [...acts.slice(0, at), ...acts.slice(at + size)];
            if (fails(seed, fewer) !== null) acts = fewer;
            else at += size;
        }
    }
    return acts;
}

test(`${STORIES * ACTS} random acts lose no word`, () => {
    let changed = 0;
    for (let seed = 0; seed < STORIES; seed++) {
        const chance = new Chance(seed + 1_000_000);
        const acts = Array.from({ length: ACTS }, () => ({ kind: chance.pick([...Object.keys(COMMANDS), ...OTHERS]), seed: chance.below(2 ** 31) }));
        if (fails(seed, acts) !== null) {
            const few = shrunk(seed, acts);
            assert.fail(`seed ${seed}, ${JSON.stringify(few)}: ${String(fails(seed, few))}`);
        }
        changed += acts.length;
    }
    assert.equal(changed, STORIES * ACTS);
});
