/**
 * How blocks look that have more than words: pictures, sounds, embeds, pointers, quotes with who said them, tables.
 *
 * The words of a card are written in plain fields with labels. Each change of a field is a change of the document, and
 * all that is typed in one stay is one step to undo.
 */

import type { Node } from "prosemirror-model";
import { type Command, NodeSelection } from "prosemirror-state";
import type { EditorView, NodeView, NodeViewConstructor } from "prosemirror-view";

import { address, providerOf, typedAddress } from "./address";
import type { AnyBlock, Image, Sound } from "./block";
import { element, uniqueId } from "./dom";
import { addColumn, addRow, deleteColumn, deleteRow, toggleHead } from "./table";

/** What a card's fields read from a node and write to its attributes. */
interface Field {
    label: string;
    hint?: string;
    /** More lines than one. */
    isLong?: boolean;
    read(node: Node): string;
    write(node: Node, words: string): [attribute: string, value: unknown];
}

/** Changes of one stay in a field share a number below zero; ProseMirror's own compositions count up from one. */
let stays = 0;

/** A field in the document: an input that reads and writes an attribute. */
class BoundField {
    readonly dom: HTMLElement;
    readonly #input: HTMLInputElement | HTMLTextAreaElement;
    readonly #field: Field;
    #stay = 0;

    constructor(field: Field, view: EditorView, getPos: () => number | undefined) {
        this.#field = field;
        const id = uniqueId("field");
        const hint = field.hint === undefined ? null : element("p", { id: `${id}-hint`, class: "hint" }, field.hint);
        this.#input = element(field.isLong ? "textarea" : "input", { id, autocomplete: "off", "aria-describedby": hint?.id, rows: field.isLong ? 2 : null });
        this.#input.addEventListener("focus", () => (this.#stay = --stays));
        this.#input.addEventListener("input", () => {
            const at = getPos();
            const node = at === undefined ? null : view.state.doc.nodeAt(at);
            if (node === null || at === undefined) return;
            const [attribute, value] = field.write(node, this.#input.value);
            view.dispatch(view.state.tr.setNodeAttribute(at, attribute, value).setMeta("composition", this.#stay));
        });
        this.dom = element("div", { class: "field" }, element("label", { for: id }, field.label), this.#input, hint);
    }

    show(node: Node, isEditable: boolean): void {
        const words = this.#field.read(node);
        if (this.#input.value !== words) this.#input.value = words;
        this.#input.readOnly = !isEditable;
    }
}

/** A block that is drawn by us: fields around, or instead of, words. */
class Card implements NodeView {
    readonly dom: HTMLElement;
    readonly contentDOM: HTMLElement | null;
    readonly #fields: readonly BoundField[];
    readonly #view: EditorView;
    readonly #show: (node: Node) => void;
    #type: Node["type"];

    constructor(node: Node, view: EditorView, getPos: () => number | undefined, { dom, contentDOM = null, fields = [], place = dom, show = () => {} }: Parts) {
        this.dom = dom;
        this.contentDOM = contentDOM;
        this.#view = view;
        this.#type = node.type;
        this.#fields = fields.map((field) => new BoundField(field, view, getPos));
        this.#show = show;
        place.append(...this.#fields.map((field) => field.dom));
        this.update(node);
    }

    update(node: Node): boolean {
        if (node.type !== this.#type) return false;
        this.#show(node);
        for (const field of this.#fields) field.show(node, this.#view.editable);
        return true;
    }

    /** What happens in a field or on a button is not the editor's. */
    stopEvent(event: Event): boolean {
        return event.target instanceof Element && event.target.closest("input, textarea, button, label") !== null;
    }

    ignoreMutation(record: Parameters<NonNullable<NodeView["ignoreMutation"]>>[0]): boolean {
        return record.type !== "selection" && !(this.contentDOM?.contains(record.target) ?? false);
    }
}

interface Parts {
    dom: HTMLElement;
    contentDOM?: HTMLElement | null;
    /** Where the fields go; `dom` where nothing is said. */
    place?: HTMLElement;
    fields?: readonly Field[];
    show?: (node: Node) => void;
}

type Draw = (node: Node, view: EditorView, getPos: () => number | undefined) => Parts;

function card(draw: Draw): NodeViewConstructor {
    return (node, view, getPos) => new Card(node, view, getPos, draw(node, view, getPos));
}

/** A field for one attribute that is words. */
function attribute(label: string, name: string, hint?: string): Field {
    return { label, ...(hint === undefined ? {} : { hint }), read: (node) => node.attrs[name] as string, write: (_, words) => [name, words] };
}

const WORDS_OF_A_PICTURE = [
    ["alt", "What it shows", "For who cannot see it. Leave it empty only where the picture adds nothing to the text."],
    ["caption", "Caption", undefined],
    ["credit", "Credit", undefined],
] as const;

function fieldsOfPicture(read: (node: Node) => Image, write: (node: Node, image: Image) => [string, unknown]): Field[] {
    return WORDS_OF_A_PICTURE.map(([name, label, hint]) => ({
        label,
        ...(hint === undefined ? {} : { hint }),
        isLong: name !== "credit",
        read: (node) => read(node)[name],
        write: (node, words) => write(node, { ...read(node), [name]: words }),
    }));
}

function framed(kind: string, name: string, ...children: (HTMLElement | null)[]): HTMLElement {
    return element("div", { class: `card is-${kind}`, contenteditable: "false", role: "group", "aria-label": name }, element("p", { class: "card-name" }, name), ...children);
}

/** Words in the document, and a field below or above them. */
function wordsWithField(name: string, className: string, field: Field, isAbove = false): NodeViewConstructor {
    return card(() => {
        const contentDOM = element(name === "aside" ? "div" : "blockquote", {});
        const place = element("div", { class: "words-field", contenteditable: "false" });
        const dom = element("div", { class: className }, ...(isAbove ? [place, contentDOM] : [contentDOM, place]));
        return { dom, contentDOM, place, fields: [field] };
    });
}

const image = card(() => {
    const dom = framed("image", "Picture", element("p", { class: "card-what" }));
    const show = (node: Node): void => {
        dom.querySelector(".card-what")!.textContent = pictureName(node.attrs["image"] as Image);
    };
    return { dom, show, fields: fieldsOfPicture((node) => node.attrs["image"] as Image, (_, changed) => ["image", changed]) };
});

const gallery = card((node) => {
    const pictures = node.attrs["images"] as Image[];
    const fields = pictures.flatMap((_, at) =>
        fieldsOfPicture(
            (now) => (now.attrs["images"] as Image[])[at] ?? { alt: "", caption: "", credit: "" },
            (now, changed) => ["images", (now.attrs["images"] as Image[]).map((one, index) => (index === at ? changed : one))],
        ).map((field) => ({ ...field, label: `${field.label}, picture ${at + 1} of ${pictures.length}` })),
    );
    return { dom: framed("gallery", pictures.length === 1 ? "Gallery of one picture" : `Gallery of ${pictures.length} pictures`), fields: [attribute("Title", "title"), ...fields] };
});

const sound = card(() => {
    const dom = framed("sound", "Sound", element("p", { class: "card-what" }));
    const show = (node: Node): void => {
        const duration = (node.attrs["sound"] as Sound)["duration_ms"];
        dom.querySelector(".card-what")!.textContent = typeof duration === "number" ? minutes(duration) : "";
    };
    const title: Field = {
        label: "Title",
        read: (node) => (node.attrs["sound"] as Sound).title,
        write: (node, words) => ["sound", { ...(node.attrs["sound"] as Sound), title: words }],
    };
    return { dom, show, fields: [title] };
});

const embed = card(() => {
    const dom = framed("embed", "Embed", element("p", { class: "card-what" }));
    const show = (node: Node): void => {
        dom.querySelector(".card-name")!.textContent = `Embed: ${node.attrs["provider"] as string}`;
        dom.querySelector(".card-what")!.textContent = node.attrs["href"] as string;
    };
    return { dom, show, fields: [attribute("Title", "title", "What a reader sees until they ask for it. Nothing is loaded before.")] };
});

const related = card(() => ({
    dom: framed("related", "Related"),
    fields: [
        attribute("Title", "title"),
        attribute("A few words about it", "teaser"),
        { ...attribute("Address", "href", "A page of this site, or any other."), write: (_, words) => ["href", typedAddress(words) ?? words] },
    ],
}));

const divider = card(() => ({ dom: element("div", { class: "divider" }, element("hr")) }));

const opaque = card((node) => {
    const block = node.attrs["block"] as AnyBlock;
    return { dom: framed("opaque", `A block that this editor does not know: ${block.block}`, element("p", { class: "card-what" }, "It is kept as it is, and can be moved or deleted.")) };
});

const note = card(() => {
    const contentDOM = element("p");
    return { dom: element("div", { class: "editors-note" }, element("p", { class: "card-name", contenteditable: "false" }, "Editor’s note"), contentDOM), contentDOM };
});

const table = card((_, view) => {
    const act = (label: string, command: Command): HTMLElement => {
        // Before focus leaves the cell that it is about.
        const onmousedown = (event: MouseEvent): void => event.preventDefault();
        return element("button", { type: "button", class: "quiet", onmousedown, onclick: () => view.editable && command(view.state, view.dispatch) && view.focus() }, label);
    };
    const contentDOM = element("tbody");
    const tools = element("div", { class: "words-field table-tools", contenteditable: "false" }, act("Add row", addRow), act("Add column", addColumn), act("Delete row", deleteRow), act("Delete column", deleteColumn), act("Head", toggleHead));
    const whole = element("div", { class: "table-scroll" }, element("table", {}, contentDOM));
    const dom = element("div", { class: "table" }, whole, tools);
    return { dom, contentDOM, show: (node) => dom.classList.toggle("has-head", node.attrs["head"] === true) };
});

/** The views of every node that needs one. */
export const CARDS: Record<string, NodeViewConstructor> = {
    image,
    gallery,
    sound,
    embed,
    related,
    divider,
    opaque,
    note,
    table,
    quote: wordsWithField("blockquote", "quote", attribute("Who said it", "attribution")),
    pull_quote: wordsWithField("blockquote", "pull-quote", attribute("Who said it", "attribution")),
    callout: wordsWithField("aside", "callout", attribute("Title", "title"), true),
};

/** Goes from the words into the first field of the card that is chosen. */
export const intoCard: Command = (state, _, view) => {
    if (!(state.selection instanceof NodeSelection) || view === undefined) return false;
    const dom = view.nodeDOM(state.selection.from);
    const field = dom instanceof HTMLElement ? dom.querySelector<HTMLElement>("input, textarea") : null;
    field?.focus();
    return field !== null;
};

function pictureName({ file, width_px: width, height_px: height }: Image): string {
    const remote = (file as { remote?: { href?: string } } | undefined)?.remote?.href;
    const from = remote !== undefined && address(remote) !== null ? `from ${providerOf(remote)}` : "";
    const size = typeof width === "number" && typeof height === "number" ? `${width} × ${height} pixels` : "";
    return [size, from].filter(Boolean).join(", ");
}

function minutes(ms: number): string {
    const seconds = Math.round(ms / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
