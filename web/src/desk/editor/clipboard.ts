/**
 * Copying, cutting, pasting and dropping: the editor's own, so that only blocks ever come in.
 *
 * Out go three forms: our blocks for ourselves, clean HTML, plain words. In come our blocks, then HTML through
 * `from_html`, then plain words. This is the one place where a stranger's string is parsed as HTML, under a Trusted Types
 * policy of our own: into a document that is shown nowhere and runs nothing.
 */

import { Fragment, type Node as DocNode, Slice } from "prosemirror-model";
import { closeHistory } from "prosemirror-history";
import { Plugin, Selection, type Transaction } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

import { address, embedOf, isBareAddress } from "./address";
import { type AnyBlock, type Block, isObject, normal, type Text } from "./block";
import { blockAt, link, spanOf, startOf } from "./commands";
import { blocksOfHtml, blocksOfPlain, joined, textsOf } from "./from_html";
import { blockOf, inlineOf, nodeOf, textOf } from "./pieces";
import { hasLines, schema } from "./schema";
import { isInTable } from "./table";
import { htmlOf, inlineHtml, plainOf } from "./to_html";

const { nodes } = schema;

const OUR_TYPE = "application/x-groundwave-blocks";

/** The longest HTML that is read from a clipboard; what is longer comes in as plain words. */
const HTML_LENGTH_MAX = 4_000_000;

/** The name of the Trusted Types policy, which the desk allows on the page of the editor. */
const POLICY_NAME = "groundwave-paste";

interface Policy {
    createHTML(html: string): string;
}

let policy: Policy | null = null;

/** A stranger's HTML as a document that nobody sees: no script runs in it, nothing is loaded. */
function inert(html: string): Document {
    const types = (window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
    policy ??= types?.createPolicy(POLICY_NAME, { createHTML: (text) => text }) ?? { createHTML: (text) => text };
    return new DOMParser().parseFromString(policy.createHTML(html), "text/html");
}

/** What this page last put on the clipboard. Only that may bring blocks which the editor does not know. */
let lastCopied = "";

export function clipboard(): Plugin {
    return new Plugin({
        props: {
            handleDOMEvents: {
                copy: (view, event) => copy(view, event),
                cut: (view, event) => copy(view, event) && cut(view),
                paste: (view, event) => paste(view, event),
                drop: (view, event) => drop(view, event),
            },
        },
    });
}

function copy(view: EditorView, event: ClipboardEvent): boolean {
    const { selection } = view.state;
    if (isInField(event) || event.clipboardData === null) return false;
    event.preventDefault();
    if (selection.empty) return true;
    const { content, openStart, openEnd } = selection.content();
    const blocks = content.content.map(blockOf);
    const isInline = selection.$from.sameParent(selection.$to) && selection.$from.parent.isTextblock;
    const text = isInline ? textOf(selection.$from.parent.cut(selection.$from.parentOffset, selection.$to.parentOffset)) : [];
    lastCopied = JSON.stringify({ blocks, openStart, openEnd, text: isInline ? text : null });
    event.clipboardData.clearData();
    event.clipboardData.setData(OUR_TYPE, lastCopied);
    event.clipboardData.setData("text/html", isInline ? inlineHtml(text) : htmlOf(blocks));
    event.clipboardData.setData("text/plain", isInline ? text.map((run) => run.t).join("") : plainOf(blocks));
    return true;
}

function cut(view: EditorView): boolean {
    if (view.editable) view.dispatch(view.state.tr.deleteSelection().scrollIntoView());
    return true;
}

function paste(view: EditorView, event: ClipboardEvent): boolean {
    if (isInField(event) || event.clipboardData === null) return false;
    event.preventDefault();
    if (view.editable) bring(view, event.clipboardData);
    return true;
}

/** What is dragged within the editor is moved by ProseMirror; what comes from elsewhere comes in as if pasted. */
function drop(view: EditorView, event: DragEvent): boolean {
    if (isInField(event) || view.dragging !== null || event.dataTransfer === null) return false;
    event.preventDefault();
    const place = view.posAtCoords({ left: event.clientX, top: event.clientY });
    if (!view.editable || place === null) return true;
    const slice = sliceOf(event.dataTransfer, false);
    if (slice !== null) view.dispatch(view.state.tr.replaceRange(place.pos, place.pos, slice).scrollIntoView());
    view.focus();
    return true;
}

/** A field within a card is the browser's own. */
function isInField(event: Event): boolean {
    return event.target instanceof Element && event.target.closest("input, textarea") !== null;
}

function bring(view: EditorView, data: DataTransfer): void {
    const { state } = view;
    const words = data.getData("text/plain").trim();
    if (isBareAddress(words) && bringAddress(view, words)) return;
    const slice = sliceOf(data, isInTable(state));
    if (slice === null) return;
    const here = blockAt(state);
    const isBlank = state.selection.empty && here?.type === nodes.paragraph && here.content.size === 0;
    const { from, to } = spanOf(state);
    // An empty line makes way for whole blocks, so that a heading stays a heading.
    const tr = isBlank ? placed(state.tr.replaceWith(from, to, slice.content), from, slice.content) : state.tr.replaceSelection(slice);
    view.dispatch(tr.scrollIntoView());
}

function placed(tr: Transaction, from: number, content: Fragment): Transaction {
    const end = from + content.size;
    if (content.lastChild?.isAtom && end === tr.doc.content.size) tr.insert(end, nodes.paragraph.create());
    return tr.setSelection(Selection.near(tr.doc.resolve(end), content.lastChild?.isAtom ? 1 : -1));
}

/** An address over chosen words links them; on an empty line it may be an embed; elsewhere it is its own link. */
function bringAddress(view: EditorView, words: string): boolean {
    const { state } = view;
    const href = address(words)!;
    const { $from, $to, empty } = state.selection;
    if (!$from.parent.inlineContent || !$to.parent.inlineContent) return false;
    const isBlank = empty && $from.parent.type === nodes.paragraph && $from.parent.content.size === 0;
    if (!link(href, words)(state, (tr) => view.dispatch(tr.setMeta("paste", true)))) return false;
    const embed = isBlank ? embedOf(words) : null;
    if (embed === null) return true;
    // Two steps, so that one step back leaves the link.
    const { first, from, to } = spanOf(view.state);
    const { tr } = view.state;
    tr.replaceWith(from, to, [nodes.embed.create({ ...embed, id: view.state.doc.child(first).attrs["id"] as string }), nodes.paragraph.create()]);
    view.dispatch(closeHistory(tr.setSelection(Selection.near(tr.doc.resolve(startOf(tr.doc, first + 1))))).scrollIntoView());
    return true;
}

/** What a clipboard brings, as the editor's nodes; null if that is nothing. */
function sliceOf(data: DataTransfer, asOneText: boolean): Slice | null {
    const own = asOneText ? null : ownSlice(data.getData(OUR_TYPE));
    if (own !== null) return own;
    const html = data.getData("text/html");
    const fromHtml = html === "" || html.length > HTML_LENGTH_MAX ? [] : blocksOfHtml(inert(html).body);
    const blocks = fromHtml.length > 0 ? fromHtml : blocksOfPlain(data.getData("text/plain"));
    return asOneText ? sliceOfText(joined(blocks.flatMap(textsOf), "\n")) : sliceOfBlocks(blocks);
}

function sliceOfText(text: Text): Slice | null {
    return text.length === 0 ? null : new Slice(inlineOf(text), 0, 0);
}

/** Words at either end join the words that they come to stand beside; other blocks stay whole. */
export function sliceOfBlocks(blocks: readonly Block[]): Slice | null {
    if (blocks.length === 0) return null;
    const made = blocks.map((block) => nodeOf(block as AnyBlock));
    const isOpen = (node: DocNode): number => (node.type === nodes.paragraph ? 1 : 0);
    return new Slice(Fragment.from(made), isOpen(made[0]!), isOpen(made.at(-1)!));
}

function ownSlice(json: string): Slice | null {
    const sent = json === "" ? null : parsed(json);
    if (!isObject(sent)) return null;
    if (Array.isArray(sent["text"])) return sliceOfText(normal(sent["text"].filter(isRun)));
    if (!Array.isArray(sent["blocks"])) return null;
    const made = sent["blocks"].filter((block): block is AnyBlock => isObject(block) && typeof block["block"] === "string").map((block) => nodeOf(block));
    if (made.length === 0 || (json !== lastCopied && made.some((node) => node.type === nodes.opaque))) return null;
    const depth = (node: DocNode, wanted: unknown): number => Math.min(Number(wanted) || 0, node.isTextblock ? 1 : hasLines(node) ? 2 : 0);
    return new Slice(Fragment.from(made), depth(made[0]!, sent["openStart"]), depth(made.at(-1)!, sent["openEnd"]));
}

function isRun(run: unknown): run is Text[number] {
    return isObject(run) && typeof run["t"] === "string";
}

function parsed(json: string): unknown {
    try {
        return JSON.parse(json);
    } catch {
        return null;
    }
}

