/** Finding and changing the parts of the player's markup, which the page brings (`templates/player.html`). */

export class Parts {
    readonly root: HTMLElement;

    constructor(root: HTMLElement) {
        this.root = root;
    }

    /** The part that shows `name`. A theme may leave a part out: then nothing is shown there. */
    show(name: string): HTMLElement | null {
        return this.root.querySelector<HTMLElement>(`[data-show="${name}"]`);
    }

    setText(name: string, text: string): void {
        setText(this.show(name), text);
    }

    /** The part that does `name` when pressed or moved. */
    control<E extends HTMLElement = HTMLButtonElement>(name: string): E | null {
        return this.root.querySelector<E>(`[data-do="${name}"]`);
    }

    /** Shows or hides every part that stands there only `when`. Focus does not vanish with a part: it goes to the big button. */
    setWhen(when: string, isSo: boolean): void {
        for (const part of this.root.querySelectorAll<HTMLElement>(`[data-when="${when}"]`)) {
            if (part.hidden === !isSo) continue;
            const hadFocus = part.contains(document.activeElement);
            part.hidden = !isSo;
            if (hadFocus && part.hidden) this.control("toggle")?.focus();
        }
    }

    /** Calls `pressed` when a part that does `name` is pressed; with the row it stands in, if it stands in one. */
    onPress(name: string, pressed: (row: HTMLElement | null) => void): void {
        this.root.addEventListener("click", (event) => {
            const part = event.target instanceof Element ? event.target.closest(`[data-do="${name}"]`) : null;
            if (part) pressed(part.closest<HTMLElement>("[data-at]"));
        });
    }

    /** A new row out of the template of that name. */
    row(name: string): HTMLElement | null {
        const template = this.root.querySelector<HTMLTemplateElement>(`template[data-row="${name}"]`);
        const row = template?.content.firstElementChild?.cloneNode(true);
        return row instanceof HTMLElement ? row : null;
    }
}

/** Changes a text only if it is another: a screen reader's place in it is not lost for nothing. */
export function setText(part: Element | null, text: string): void {
    if (part && part.textContent !== text) part.textContent = text;
}

export function setAttribute(part: Element | null, name: string, value: string): void {
    if (part && part.getAttribute(name) !== value) part.setAttribute(name, value);
}
