import assert from "node:assert/strict";
import { test } from "node:test";

import { type Command, EditorState, NodeSelection, TextSelection } from "prosemirror-state";

import { address, embedOf, typedAddress } from "../src/desk/editor/address";
import { type AnyBlock, isSame, type Piece, wordsOf } from "../src/desk/editor/block";
import { deleteBlocks, leaveEmptyLine, link, linkAt, loosen, move, spanOf, splitToParagraph, turnInto, unlink } from "../src/desk/editor/commands";
import { documentOf, nodeOf, piecesOf } from "../src/desk/editor/pieces";
import { schema } from "../src/desk/editor/schema";
import { stateOf } from "../src/desk/editor/state";
import { goToCell } from "../src/desk/editor/table";
import { Chance } from "./random";
import { body } from "./stories";

const { nodes } = schema;
const paragraph = (id: string, words: string): Piece => ({ id, block: "paragraph", text: words === "" ? [] : [{ t: words }] });

/** An editor with these pieces; the cursor stands before `at` of the first text that has it, or the words `at` are chosen. */
function editing(pieces: Piece[], at?: string, chosen = false): EditorState {
    let count = 0;
    const state = stateOf({ doc: documentOf(pieces), name: () => `new${count++}` });
    if (at === undefined) return state;
    let found = -1;
    state.doc.descendants((node, pos) => {
        const offset = node.isText ? node.text!.indexOf(at) : -1;
        if (found < 0 && offset >= 0) found = pos + offset;
    });
    assert.notEqual(found, -1, `there is no “${at}”`);
    return state.apply(state.tr.setSelection(TextSelection.create(state.doc, found, chosen ? found + at.length : found)));
}

function after(state: EditorState, command: Command): EditorState {
    let next: EditorState | undefined;
    assert.ok(command(state, (tr) => (next = state.apply(tr))), "the command did nothing");
    return next!;
}

const pieces = (state: EditorState): Piece[] => piecesOf(state.doc);
const blocks = (state: EditorState): AnyBlock[] => pieces(state).map(({ id: _, ...block }) => block as AnyBlock);

test("whatever a body is made of comes back as it was", () => {
    for (let seed = 0; seed < 2000; seed++) {
        const sent = body(new Chance(seed));
        const back = piecesOf(stateOf({ doc: documentOf(sent) }).doc);
        const isBlank = sent.length === 1 && sent[0]!.block === "paragraph" && Array.isArray(sent[0]!["text"]) && sent[0]!["text"].length === 0;
        assert.ok(isBlank || isSame(back, sent), `seed ${seed}: ${JSON.stringify(sent)} came back as ${JSON.stringify(back)}`);
    }
});

test("what the editor does not know is kept in a card, and nothing that it knows is", () => {
    const strange = { block: "map", centre: [1, 2] };
    assert.equal(nodeOf(strange).type, nodes.opaque);
    assert.equal(nodeOf({ block: "paragraph", text: [{ t: "x", code: true }] }).type, nodes.opaque);
    let opaque = 0;
    let all = 0;
    for (let seed = 0; seed < 300; seed++) {
        documentOf(body(new Chance(seed))).forEach((node) => {
            all++;
            if (node.type === nodes.opaque) opaque++;
        });
    }
    assert.ok(opaque / all < 0.12, `${opaque} of ${all} blocks are opaque`);
});

test("a link at a paragraph’s start keeps the paragraph", () => {
    const story: Piece[] = [{ id: "a", block: "paragraph", text: [{ t: "The map", href: "https://example.org/map" }, { t: " shows the river." }] }];
    assert.deepEqual(pieces(editing(story)), story);
    const typed = editing(story, "The map");
    const longer = typed.apply(typed.tr.insertText("Look. ", 1));
    assert.equal(longer.doc.textContent, "Look. The map shows the river.");
    const unlinked = after(editing([paragraph("a", "The map shows the river.")], "The map", true), link("https://example.org/map"));
    assert.deepEqual(pieces(unlinked), story);
});

test("two links in a row stay two", () => {
    const story: Piece[] = [{ id: "a", block: "paragraph", text: [{ t: "one", href: "https://example.org/1" }, { t: "two", href: "https://example.org/2" }] }];
    assert.deepEqual(pieces(editing(story)), story);
    const changed = after(editing(story, "two"), unlink);
    assert.equal(changed.doc.textContent, "onetwo");
    const same: Piece[] = [{ id: "a", block: "paragraph", text: [{ t: "onetwo", href: "https://example.org/1" }] }];
    assert.deepEqual(pieces(after(editing(same, "two", true), link("https://example.org/2"))), story);
});

test("a caption, a credit and an alt text may be of nothing", () => {
    const image = { file: { vault: "ab" }, width_px: 10, height_px: 10, alt: "", caption: "", credit: "", metadata: { credit: "Camera Co." } };
    const story: Piece[] = [{ id: "a", block: "image", image }];
    assert.deepEqual(pieces(editing(story)), story);
    const state = editing([{ id: "a", block: "image", image: { ...image, caption: "A river" } }]);
    const cleared = state.apply(state.tr.setNodeAttribute(0, "image", { ...(state.doc.firstChild!.attrs["image"] as object), caption: "" }));
    assert.deepEqual(pieces(cleared), story);
});

test("the cursor finds the link that it is in, from its first letter to behind its last", () => {
    const story: Piece[] = [{ id: "a", block: "paragraph", text: [{ t: "see " }, { t: "the " , href: "https://e.org/" }, { t: "map", href: "https://e.org/", em: true }, { t: " now" }] }];
    const whole = { href: "https://e.org/", from: 5, to: 12 };
    for (const at of [5, 7, 9, 11, 12]) {
        const state = editing(story);
        assert.deepEqual(linkAt(state.apply(state.tr.setSelection(TextSelection.create(state.doc, at)))), whole, `at ${at}`);
    }
    assert.equal(linkAt(editing(story, "see")), null);
});

test("only what a story may link to is an address", () => {
    const good = ["https://example.org/a?b=1&utm_source=x", "http://example.org/", "mailto:a@example.org", "tel:+1555", "/news/2026", "https://example.org/wiki/A_(b)"];
    for (const text of good) assert.equal(address(text), text);
    assert.equal(address(" https://example.org/a?b=1&c=2 "), "https://example.org/a?b=1&c=2");
    assert.equal(address("https://example.org/a b"), "https://example.org/a%20b");
    const bad = ["", "javascript:alert(1)", "java\tscript:alert(1)", "//evil.example/", "/\\evil.example", "data:text/html,x", "https://bank.example@evil.example", "blob:x", "vbscript:x", "example.org", "https://", "mailto:", `https://e.org/${"x".repeat(2048)}`, "https://e.org/\u202egnp.exe"];
    for (const text of bad) assert.equal(address(text), null, text);
    assert.equal(typedAddress("example.org/a"), "https://example.org/a");
    assert.equal(typedAddress("june@harrow.example"), "mailto:june@harrow.example");
    assert.equal(typedAddress("javascript:alert(1)"), null);
    assert.equal(typedAddress("two words"), null);
});

test("an address of something to see or hear stands for an embed, another does not", () => {
    assert.equal(embedOf("https://www.youtube.com/watch?v=x")?.provider, "YouTube");
    assert.equal(embedOf(" https://vimeo.com/1 ")?.provider, "Vimeo");
    assert.equal(embedOf("https://youtu.be/x")?.title, "On YouTube");
    for (const text of ["https://example.org/x", "https://notyoutube.com/x", "http://youtube.com/watch", "watch https://youtu.be/x", "https://vimeo.com/", "https://docs.google.com/document/d/1"]) {
        assert.equal(embedOf(text), null, text);
    }
});

test("turning one block into another keeps every word, every look and the first name", () => {
    const quote: Piece[] = [{ id: "q", block: "quote", text: [[{ t: "One" }], [{ t: "Two", em: true }]], attribution: "June" }];
    assert.deepEqual(blocks(after(editing(quote, "Two"), turnInto({ type: nodes.list, attrs: { isOrdered: true } }))), [
        { block: "list", is_ordered: true, items: [[{ t: "One" }], [{ t: "Two", em: true }]] },
        { block: "paragraph", text: [{ t: "June" }] },
    ]);
    const pulled = after(editing(quote, "Two"), turnInto({ type: nodes.pull_quote }));
    assert.deepEqual(pieces(pulled)[0], { id: "q", block: "pull-quote", text: [{ t: "One" }], attribution: "June" });
    assert.equal(pulled.selection.$head.parent.textContent, "Two");
});

test("several paragraphs become one list", () => {
    const state = editing([paragraph("a", "one"), paragraph("b", "two"), paragraph("c", "three")]);
    const chosen = state.apply(state.tr.setSelection(TextSelection.create(state.doc, 2, 8)));
    assert.deepEqual(pieces(after(chosen, turnInto({ type: nodes.list, attrs: { isOrdered: false } }))), [
        { id: "a", block: "list", is_ordered: false, items: [[{ t: "one" }], [{ t: "two" }]] },
        paragraph("c", "three"),
    ]);
});

test("a block moves over its neighbour and the cursor with it, and not over the end", () => {
    const state = editing([paragraph("a", "one"), { id: "h", block: "divider" }, paragraph("c", "three")], "hree");
    const up = after(state, move(-1));
    assert.deepEqual(pieces(up).map(({ id }) => id), ["a", "c", "h"]);
    assert.equal(up.selection.$head.parent.textContent, "three");
    assert.equal(up.selection.$head.parentOffset, 1);
    assert.equal(move(1)(state), false);
    const chosen = state.apply(state.tr.setSelection(NodeSelection.create(state.doc, 5)));
    assert.deepEqual(pieces(after(chosen, move(-1))).map(({ id }) => id), ["h", "a", "c"]);
});

test("Enter on an empty item leaves the list, and Backspace at its start too", () => {
    const list: Piece[] = [{ id: "l", block: "list", is_ordered: false, items: [[{ t: "one" }], [], [{ t: "three" }]] }];
    const state = editing(list);
    const inside = state.apply(state.tr.setSelection(TextSelection.create(state.doc, 7)));
    assert.deepEqual(blocks(after(inside, leaveEmptyLine)), [
        { block: "list", is_ordered: false, items: [[{ t: "one" }]] },
        { block: "paragraph", text: [] },
        { block: "list", is_ordered: false, items: [[{ t: "three" }]] },
    ]);
    assert.deepEqual(blocks(after(editing(list, "one"), loosen))[0], { block: "paragraph", text: [{ t: "one" }] });
    assert.equal(loosen(editing(list, "three")), false);
});

test("who said a quote and a callout’s title are never lost with its lines", () => {
    const quote: Piece[] = [{ id: "q", block: "quote", text: [[{ t: "One" }]], attribution: "June" }];
    assert.deepEqual(blocks(after(editing(quote, "One"), loosen)), [
        { block: "paragraph", text: [{ t: "One" }] },
        { block: "paragraph", text: [{ t: "June" }] },
    ]);
    const callout: Piece[] = [paragraph("a", "before"), { id: "c", block: "callout", title: "Shelter", text: [[{ t: "Open" }], [{ t: "now" }]] }];
    const state = editing(callout);
    const joined = state.apply(state.apply(state.tr.setSelection(TextSelection.create(state.doc, 4, 12))).tr.deleteSelection());
    assert.match(joined.doc.textBetween(0, joined.doc.content.size, " ") + JSON.stringify(pieces(joined)), /Shelter/u);
    const pulled: Piece[] = [paragraph("a", "before"), { id: "p", block: "pull-quote", text: [{ t: "Rose" }], attribution: "June" }];
    const cut = editing(pulled);
    const chosen = cut.apply(cut.tr.setSelection(TextSelection.create(cut.doc, 4, 11)));
    assert.deepEqual(blocks(chosen.apply(chosen.tr.deleteSelection())), [
        { block: "paragraph", text: [{ t: "befse" }] },
        { block: "paragraph", text: [{ t: "June" }] },
    ]);
});

test("words behind a pull quote are a paragraph", () => {
    const pulled: Piece[] = [{ id: "p", block: "pull-quote", text: [{ t: "It rose. Twice." }], attribution: "June" }];
    assert.deepEqual(blocks(after(editing(pulled, " Twice"), splitToParagraph)), [
        { block: "pull-quote", text: [{ t: "It rose." }], attribution: "June" },
        { block: "paragraph", text: [{ t: " Twice." }] },
    ]);
});

test("every block has a name, no two the same, and a split leaves it with the longer part", () => {
    const state = editing([paragraph("a", "It rose twice.")], "rose");
    const split = state.apply(state.tr.split(state.selection.from));
    assert.deepEqual(pieces(split).map(({ id }) => id), ["new0", "a"]);
    const unnamed = stateOf({ doc: documentOf([{ ...paragraph("", "x") }, { ...paragraph("", "y") }]) });
    const ids = pieces(unnamed).map(({ id }) => id);
    assert.ok(ids.every((id) => /^[a-z0-9]{8}$/u.test(id)) && ids[0] !== ids[1], String(ids));
});

test("a table goes on by Tab, and stays even whatever is deleted", () => {
    const table: Piece[] = [{ id: "t", block: "table", head: true, rows: [[[{ t: "a" }], [{ t: "b" }]], [[{ t: "c" }], [{ t: "d" }]]] }];
    assert.equal(after(editing(table, "b"), goToCell(1)).selection.$head.parent.textContent, "c");
    const longer = after(editing(table, "d"), goToCell(1));
    assert.equal(longer.doc.firstChild!.childCount, 3);
    assert.equal(goToCell(-1)(editing(table, "a")), false);
    const state = editing(table);
    const cut = state.apply(state.tr.delete(3, 11));
    const rows = cut.doc.children.filter((node) => node.type === nodes.table).flatMap((node) => node.children.map((row) => row.childCount));
    assert.equal(new Set(rows).size <= 1, true, `rows of ${rows} cells`);
});

test("deleting everything leaves a paragraph to write in", () => {
    const state = editing([paragraph("a", "one")], "one");
    const empty = after(state, deleteBlocks);
    assert.deepEqual(pieces(empty), []);
    assert.equal(spanOf(empty).first, 0);
    assert.equal(wordsOf([{ t: "a" }, { t: "b" }]), "ab");
});
