/** The place where one writes: words, toolbar, menus, sheets. It knows pieces and nothing of saving. */

import { undoDepth } from "prosemirror-history";
import { type Command, Plugin, Selection } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

import { embedOf } from "./address";
import type { Piece } from "./block";
import { CARDS, intoCard } from "./cards";
import type { Choice } from "./choices";
import { clipboard } from "./clipboard";
import { addBlock, link, linkAt, unlink } from "./commands";
import { askForAddress, showHelp } from "./dialogs";
import { element } from "./dom";
import { AS_MEANT } from "./mend";
import { documentOf, piecesOf } from "./pieces";
import { schema } from "./schema";
import { promptSelection } from "./selection";
import { slashMenu } from "./slash";
import { stateOf } from "./state";
import { Toolbar } from "./toolbar";

export class Writing {
    readonly dom: HTMLElement;
    readonly #view: EditorView;
    readonly #toolbar: Toolbar;
    #isEditable = true;

    /** `changed` is told of every change of the words that somebody made here. */
    constructor(body: readonly Piece[], changed: () => void) {
        this.dom = element("div", { class: "editor" });
        const place = element("div", { class: "paper" });
        const ask = (choice: Choice): void => this.#ask(choice);
        this.#view = new EditorView({ mount: place.appendChild(element("div", { id: "words" })) }, {
            state: this.#stateOf(body, place, ask),
            nodeViews: CARDS,
            editable: () => this.#isEditable,
            attributes: { class: "words", role: "textbox", "aria-multiline": "true", "aria-label": "Story", "aria-describedby": "words-hint", spellcheck: "true" },
            dispatchTransaction: (tr) => {
                this.#view.updateState(this.#view.state.apply(tr));
                this.#toolbar?.update(this.#view.state);
                if (tr.docChanged && tr.getMeta(FROM_OUTSIDE) !== true) changed();
            },
        });
        this.#toolbar = new Toolbar(this.#view, { link: () => this.#askForLink(), help: () => this.#help(), address: ask });
        const hint = element("p", { id: "words-hint", class: "visually-hidden" }, "Slash at the start of a paragraph chooses a block. Alt F10 goes to the toolbar.");
        this.dom.append(this.#toolbar.dom, place, hint);
        place.addEventListener("click", (event) => event.target === place && this.#writeAtTheEnd());
        this.dom.addEventListener("keydown", (event) => {
            if (event.altKey && event.key === "F10") this.#toolbar.focus();
        });
    }

    get pieces(): Piece[] {
        return piecesOf(this.#view.state.doc);
    }

    get hasFocus(): boolean {
        return this.#view.hasFocus();
    }

    focus(): void {
        this.#view.focus();
    }

    /** Lets one write, or only read. */
    set isEditable(is: boolean) {
        if (this.#isEditable === is) return;
        this.#isEditable = is;
        // The cards look at it when they are drawn.
        this.#view.setProps({ editable: () => is });
        this.#view.updateState(this.#view.state);
        for (const field of this.dom.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(".field input, .field textarea")) field.readOnly = !is;
        this.#toolbar.update(this.#view.state);
    }

    /** Shows another text instead; one can go back to the one that was there. */
    show(body: readonly Piece[]): void {
        const { state } = this.#view;
        const doc = documentOf(body);
        if (doc.eq(state.doc)) return;
        const tr = state.tr.replaceWith(0, state.doc.content.size, doc.content).setMeta(FROM_OUTSIDE, true).setMeta(AS_MEANT, true);
        if (undoDepth(state) === 0) tr.setMeta("addToHistory", false);
        this.#view.dispatch(tr);
    }

    #stateOf(body: readonly Piece[], place: HTMLElement, ask: (choice: Choice) => void): EditorView["state"] {
        const run = (act: () => void): Command => (_, dispatch) => {
            if (dispatch !== undefined) act();
            return true;
        };
        const enterCard = new Plugin({
            props: { handleKeyDown: (view, event) => event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.shiftKey && intoCard(view.state, view.dispatch, view) },
        });
        return stateOf({
            doc: documentOf(body),
            asks: { link: run(() => this.#askForLink()), help: run(() => this.#help()) },
            plugins: [promptSelection(), slashMenu(place, ask), clipboard(), enterCard],
        });
    }

    #askForLink(): void {
        const { state } = this.#view;
        if (!this.#isEditable || !state.selection.$from.parent.inlineContent) return;
        const here = linkAt(state);
        const remove = here === null ? {} : { remove: { label: "Remove the link", act: () => this.#do(unlink) } };
        askForAddress({ title: here === null ? "Link to" : "Change the link", href: here?.href ?? "", ...remove, take: (href) => this.#do(link(href)), closed: () => this.#view.focus() });
    }

    #ask(_: Choice): void {
        const fault = (href: string): string | null => (embedOf(href) === null ? "That is no page that can be embedded. YouTube, Vimeo, SoundCloud, Instagram and some others can; anything else is better as a link." : null);
        const take = (href: string): void => this.#do(addBlock(schema.nodes.embed.create(embedOf(href))));
        askForAddress({ title: "Embed", href: "", fault, take, closed: () => this.#view.focus() });
    }

    #help(): void {
        showHelp(() => this.#view.focus());
    }

    #do(command: Command): void {
        command(this.#view.state, this.#view.dispatch, this.#view);
    }

    /** A press below the last block goes on writing there. */
    #writeAtTheEnd(): void {
        if (!this.#isEditable) return;
        const { state } = this.#view;
        const tr = state.tr;
        if (state.doc.lastChild?.isTextblock !== true) tr.insert(state.doc.content.size, schema.nodes.paragraph.create());
        this.#view.dispatch(tr.setSelection(Selection.atEnd(tr.doc)).scrollIntoView());
        this.#view.focus();
    }
}

/** The mark of a change that came from the desk. */
const FROM_OUTSIDE = "from-outside";
