/**
 * A list to choose a line of: by arrows, Enter, Escape, the mouse, or a screen reader's own keys.
 *
 * Focus stays where it is, on the words or on the list itself; `aria-activedescendant` says which line is meant.
 */

import { element, uniqueId } from "./dom";

export interface Line {
    name: string;
    hint: string;
}

export class Listbox<Item extends Line> {
    readonly dom: HTMLElement;
    readonly #choose: (item: Item) => void;
    #items: readonly Item[] = [];
    #active = 0;

    constructor(label: string, choose: (item: Item) => void) {
        this.#choose = choose;
        this.dom = element("ul", { id: uniqueId("list"), role: "listbox", "aria-label": label, class: "choices", tabindex: 0 });
        // Focus stays where one writes.
        this.dom.addEventListener("mousedown", (event) => event.preventDefault());
    }

    /** The id of the line that is meant; null if there is none. */
    get activeId(): string | null {
        return this.#items.length === 0 ? null : `${this.dom.id}-${this.#active}`;
    }

    get isEmpty(): boolean {
        return this.#items.length === 0;
    }

    show(items: readonly Item[], active = 0): void {
        this.#items = items;
        this.#active = active;
        this.dom.replaceChildren(
            ...items.map((item, at) => {
                const onclick = (): void => this.#choose(item);
                return element("li", { role: "option", id: `${this.dom.id}-${at}`, onclick }, element("span", { class: "choice-name" }, item.name), element("span", { class: "choice-hint" }, item.hint));
            }),
        );
        this.#mark();
    }

    /** True if the key was for the list. */
    press(key: string): boolean {
        if (this.#items.length === 0) return false;
        const last = this.#items.length - 1;
        switch (key) {
            case "ArrowDown":
                this.#active = this.#active === last ? 0 : this.#active + 1;
                break;
            case "ArrowUp":
                this.#active = this.#active === 0 ? last : this.#active - 1;
                break;
            case "Home":
                this.#active = 0;
                break;
            case "End":
                this.#active = last;
                break;
            case "Enter":
            case "Tab":
                this.#choose(this.#items[this.#active]!);
                return true;
            default:
                return false;
        }
        this.#mark();
        return true;
    }

    #mark(): void {
        [...this.dom.children].forEach((line, at) => {
            line.setAttribute("aria-selected", String(at === this.#active));
            if (at === this.#active && this.dom.isConnected) line.scrollIntoView({ block: "nearest" });
        });
        if (this.activeId === null) this.dom.removeAttribute("aria-activedescendant");
        else this.dom.setAttribute("aria-activedescendant", this.activeId);
    }
}
