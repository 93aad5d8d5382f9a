/** The block menu: "/" at the start of a paragraph, and a few letters of what one wants. */

import { type EditorState, Plugin, PluginKey } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

import { adding, type Choice, CHOICES, found } from "./choices";
import { Listbox } from "./listbox";
import { schema } from "./schema";

/** What is typed after the slash, and where the slash is. */
interface Asked {
    words: string;
    from: number;
    to: number;
}

interface State {
    asked: Asked | null;
    /** Where a menu was closed without a choice: it stays closed there. */
    closedAt: number | null;
    activeId: string | null;
}

const key = new PluginKey<State>("slash");

/** The menu of blocks. `ask` asks for what a choice needs first. */
export function slashMenu(place: HTMLElement, ask: (choice: Choice, view: EditorView) => void): Plugin<State> {
    let menu: Menu | null = null;
    return new Plugin<State>({
        key,
        state: {
            init: () => ({ asked: null, closedAt: null, activeId: null }),
            apply(tr, before, _, state) {
                const meta = tr.getMeta(key) as Partial<State> | undefined;
                const closedAt = meta?.closedAt !== undefined ? meta.closedAt : before.closedAt === null ? null : tr.mapping.map(before.closedAt);
                const asked = askedFor(state);
                const isClosed = asked !== null && asked.from === closedAt;
                return { asked: isClosed ? null : asked, closedAt: asked === null ? null : closedAt, activeId: meta?.activeId ?? before.activeId };
            },
        },
        props: {
            handleKeyDown: (view, event) => menu?.press(view, event) ?? false,
            attributes: (state): Record<string, string> => {
                const { asked, activeId } = key.getState(state)!;
                return asked === null || menu === null || activeId === null ? {} : { "aria-controls": menu.id, "aria-activedescendant": activeId };
            },
        },
        view: (view) => {
            menu = new Menu(view, place, ask);
            return menu;
        },
    });
}

/** What is asked for where the cursor is; null if that is nothing. */
function askedFor({ selection }: EditorState): Asked | null {
    const { $from, empty } = selection;
    if (!empty || $from.depth !== 1 || $from.parent.type !== schema.nodes.paragraph) return null;
    const typed = /^\/([\p{L}\p{N} ]{0,20})$/u.exec($from.parent.textBetween(0, $from.parentOffset, undefined, "\n"));
    return typed === null ? null : { words: typed[1]!, from: $from.start(), to: $from.pos };
}

class Menu {
    readonly #list: Listbox<Choice>;
    readonly #view: EditorView;
    readonly #ask: (choice: Choice, view: EditorView) => void;
    #shown: string | null = null;

    constructor(view: EditorView, place: HTMLElement, ask: (choice: Choice, view: EditorView) => void) {
        this.#view = view;
        this.#ask = ask;
        this.#list = new Listbox("Add a block", (choice) => this.#choose(choice));
        this.#list.dom.hidden = true;
        place.append(this.#list.dom);
        view.dom.addEventListener("blur", () => this.#close());
    }

    get id(): string {
        return this.#list.dom.id;
    }

    update(view: EditorView): void {
        const { asked } = key.getState(view.state)!;
        const choices = asked === null ? [] : found(CHOICES, asked.words);
        this.#list.dom.hidden = asked === null || choices.length === 0 || !view.editable;
        if (asked === null) {
            this.#shown = null;
            return;
        }
        if (this.#shown !== asked.words) {
            this.#shown = asked.words;
            this.#list.show(choices);
            this.#tell();
        }
        this.#stand(asked.from);
    }

    destroy(): void {
        this.#list.dom.remove();
    }

    press(view: EditorView, event: KeyboardEvent): boolean {
        const { asked } = key.getState(view.state)!;
        if (asked === null || this.#list.dom.hidden || event.isComposing) return false;
        if (event.key === "Escape") return this.#close();
        if (!this.#list.press(event.key)) return false;
        this.#tell();
        return true;
    }

    /** Says to the words which line is meant. */
    #tell(): void {
        queueMicrotask(() => {
            if (this.#view.isDestroyed || key.getState(this.#view.state)!.activeId === this.#list.activeId) return;
            this.#view.dispatch(this.#view.state.tr.setMeta(key, { activeId: this.#list.activeId }));
        });
    }

    #close(): boolean {
        const { asked } = key.getState(this.#view.state)!;
        if (asked === null) return false;
        this.#view.dispatch(this.#view.state.tr.setMeta(key, { closedAt: asked.from }));
        return true;
    }

    #choose(choice: Choice): void {
        const { asked } = key.getState(this.#view.state)!;
        if (asked === null) return;
        this.#view.dispatch(this.#view.state.tr.delete(asked.from, asked.to));
        this.#view.focus();
        if (choice.asks !== undefined) this.#ask(choice, this.#view);
        else adding(choice)(this.#view.state, this.#view.dispatch, this.#view);
    }

    /** Below the line, or above it where there is no room. */
    #stand(at: number): void {
        if (this.#list.dom.hidden) return;
        const line = this.#view.coordsAtPos(at);
        const box = this.#list.dom.offsetParent?.getBoundingClientRect() ?? new DOMRect();
        const below = window.innerHeight - line.bottom;
        const height = this.#list.dom.offsetHeight;
        const top = below > height + 60 || line.top < height ? line.bottom + 6 : line.top - height - 6;
        this.#list.dom.style.top = `${top - box.top}px`;
        this.#list.dom.style.left = `${Math.max(0, Math.min(line.left - box.left, box.width - this.#list.dom.offsetWidth))}px`;
    }
}
