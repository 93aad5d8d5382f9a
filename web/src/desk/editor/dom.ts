/** Elements without strings of markup, which Trusted Types forbid. */

type Value = string | number | boolean | null | undefined | ((event: never) => void);

/** An element with attributes, listeners (`onclick`) and children. What is null, undefined or false is left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Record<string, Value> = {}, ...children: readonly (Node | string | null)[]): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) {
        if (typeof value === "function") made.addEventListener(attribute.slice(2), value as EventListener);
        else if (value !== null && value !== undefined && value !== false) made.setAttribute(attribute, value === true ? "" : String(value));
    }
    made.append(...children.filter((child) => child !== null));
    return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of lines in a square of 24. */
export function icon(path: string): SVGSVGElement {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
}

let count = 0;

/** An id that no other element of this page has. */
export function uniqueId(what: string): string {
    return `editor-${what}-${++count}`;
}

/** True on the machines whose command key is ⌘. */
export function isMac(): boolean {
    return /Mac|iPhone|iPad/u.test(navigator.platform);
}
