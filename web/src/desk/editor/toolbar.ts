/**
 * The toolbar: one stop for Tab, arrows within. Whatever it does, keys do too.
 *
 * On a phone it stands above the virtual keyboard, wherever that ends.
 */

import { toggleMark } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import type { Command, EditorState } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

import { adding, type Choice, CHOICES } from "./choices";
import { blockAt, deleteBlocks, isOfKind, linkAt, move, turnInto } from "./commands";
import { element, icon } from "./dom";
import { Listbox } from "./listbox";
import { schema } from "./schema";

const { marks } = schema;

const KINDS = CHOICES.filter((choice) => choice.kind !== undefined);

interface Button {
    dom: HTMLButtonElement;
    /** Whether it can be pressed. */
    can?: (state: EditorState) => boolean;
    /** Whether it is pressed, for those that stay so. */
    is?: (state: EditorState) => boolean;
}

/** What the toolbar asks the page for. */
export interface Asks {
    link: () => void;
    help: () => void;
    address: (choice: Choice) => void;
}

const DRAWN = {
    link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
    add: "M12 5v14M5 12h14",
    up: "M12 19V5M6 11l6-6 6 6",
    down: "M12 5v14M6 13l6 6 6-6",
    remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
    undo: "M9 8H5V4M5 8a8 8 0 1 1-1 6",
    redo: "M15 8h4V4M19 8a8 8 0 1 0 1 6",
    more: "M6 9l6 6 6-6",
};

export class Toolbar {
    readonly dom: HTMLElement;
    readonly #view: EditorView;
    readonly #buttons: Button[];
    readonly #kind: HTMLElement;
    #open: { list: Listbox<Choice>; button: HTMLButtonElement } | null = null;

    constructor(view: EditorView, asks: Asks) {
        this.#view = view;
        this.#kind = element("span", {}, "Paragraph");
        const kind = this.#button("Turn into", [this.#kind, icon(DRAWN.more)], () => this.#menu(kind.dom, "Turn into", KINDS, (choice) => this.#run(turnInto(choice.kind!))));
        const add = this.#button("Add a block", [icon(DRAWN.add)], () => this.#menu(add.dom, "Add a block", CHOICES, (choice) => (choice.asks === undefined ? this.#run(adding(choice)) : asks.address(choice))));
        for (const { dom } of [kind, add]) dom.setAttribute("aria-haspopup", "listbox");
        kind.dom.classList.add("is-wide");
        const markButton = (name: string, letter: HTMLElement, type: (typeof marks)["em"]): Button => ({
            ...this.#button(name, [letter], () => this.#run(toggleMark(type))),
            is: (state) => (state.selection.empty ? type.isInSet(state.storedMarks ?? state.selection.$from.marks()) !== undefined : state.doc.rangeHasMark(state.selection.from, state.selection.to, type)),
        });
        const commandButton = (name: string, drawn: string, command: Command): Button => ({ ...this.#button(name, [icon(drawn)], () => this.#run(command)), can: (state) => command(state) });
        this.#buttons = [
            kind,
            markButton("Bold", element("b", {}, "B"), marks.strong),
            markButton("Italic", element("i", {}, "I"), marks.em),
            { ...this.#button("Link", [icon(DRAWN.link)], asks.link), is: (state) => linkAt(state) !== null },
            add,
            commandButton("Move up", DRAWN.up, move(-1)),
            commandButton("Move down", DRAWN.down, move(1)),
            commandButton("Delete block", DRAWN.remove, deleteBlocks),
            commandButton("Undo", DRAWN.undo, undo),
            commandButton("Redo", DRAWN.redo, redo),
            this.#button("Keys", ["?"], asks.help),
        ];
        this.dom = element("div", { class: "toolbar", role: "toolbar", "aria-label": "Blocks and looks", "aria-controls": view.dom.id }, ...this.#buttons.map(({ dom }) => dom));
        this.dom.addEventListener("keydown", (event) => this.#press(event));
        this.dom.addEventListener("focusin", (event) => this.#rove(event.target as HTMLElement));
        this.#rove(kind.dom);
        followKeyboard(this.dom);
        this.update(view.state);
    }

    focus(): void {
        this.dom.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    }

    update(state: EditorState): void {
        this.dom.hidden = !this.#view.editable;
        const block = blockAt(state);
        const kind = block === null ? undefined : KINDS.find((choice) => isOfKind(block, choice.kind!));
        const name = kind?.name ?? (block?.type === schema.nodes.table ? "Table" : "Block");
        this.#kind.textContent = name;
        this.#kind.closest("button")?.setAttribute("aria-label", `${name}: turn into`);
        for (const { dom, can, is } of this.#buttons) {
            // Not `disabled`: that would drop the focus of who just pressed it.
            if (can !== undefined) dom.setAttribute("aria-disabled", String(!can(state)));
            if (is !== undefined) dom.setAttribute("aria-pressed", String(is(state)));
        }
    }

    #button(name: string, drawn: (Node | string)[], act: () => void): Button {
        const dom = element("button", { type: "button", "aria-label": name, title: name, tabindex: -1 }, ...drawn);
        // The selection stays where it is.
        dom.addEventListener("mousedown", (event) => event.preventDefault());
        dom.addEventListener("click", () => {
            if (dom.getAttribute("aria-disabled") !== "true") act();
        });
        return { dom };
    }

    #run(command: Command): void {
        command(this.#view.state, this.#view.dispatch, this.#view);
        // By keyboard one stays in the toolbar; by touch or mouse one never left the words.
        if (!this.dom.contains(document.activeElement)) this.#view.focus();
    }

    #press(event: KeyboardEvent): void {
        if (this.#open !== null) return;
        const buttons = this.#buttons.map(({ dom }) => dom);
        const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
        if (event.key === "Escape") this.#view.focus();
        else if (to === undefined) return;
        else buttons.at(to % buttons.length)!.focus();
        event.preventDefault();
    }

    #rove(to: HTMLElement): void {
        for (const { dom } of this.#buttons) dom.tabIndex = dom === to ? 0 : -1;
    }

    #menu(button: HTMLButtonElement, label: string, choices: readonly Choice[], act: (choice: Choice) => void): void {
        const wasOpen = this.#open?.button === button;
        this.#close();
        if (wasOpen) return;
        const list = new Listbox<Choice>(label, (choice) => {
            this.#close();
            this.#view.focus();
            act(choice);
        });
        const block = blockAt(this.#view.state);
        const active = choices.findIndex(({ kind }) => kind !== undefined && block !== null && isOfKind(block, kind));
        list.dom.classList.add("is-from-toolbar");
        list.dom.addEventListener("keydown", (event) => {
            if (event.key === "Escape") this.#close(true);
            else if (!list.press(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
        });
        list.dom.addEventListener("blur", () => this.#close());
        button.setAttribute("aria-expanded", "true");
        this.#open = { list, button };
        this.dom.append(list.dom);
        list.show(choices, choices === KINDS ? Math.max(0, active) : 0);
        list.dom.focus();
    }

    #close(andReturn = false): void {
        const open = this.#open;
        if (open === null) return;
        this.#open = null;
        open.button.removeAttribute("aria-expanded");
        open.list.dom.remove();
        if (andReturn) open.button.focus();
    }
}

/** Says to the styles how much of the page the virtual keyboard covers. */
function followKeyboard(toolbar: HTMLElement): void {
    const viewport = window.visualViewport;
    if (viewport === null) return;
    const measure = (): void => {
        const covered = Math.max(0, window.innerHeight - viewport.height - viewport.offsetTop);
        toolbar.style.setProperty("--covered", `${Math.round(covered)}px`);
    };
    viewport.addEventListener("resize", measure);
    viewport.addEventListener("scroll", measure);
    measure();
}
