/** The sheets of the editor: an address is asked for, the keys are listed. */

import { typedAddress } from "./address";
import { element, isMac, uniqueId } from "./dom";
import { HELP, TYPED } from "./keys";

/** What is asked for an address. */
export interface AddressWanted {
    title: string;
    /** What is there already. */
    href: string;
    /** Says what is wrong with an address that is one; null where nothing is. */
    fault?: (href: string) => string | null;
    /** What the second button does, where there is something to take away. */
    remove?: { label: string; act: () => void };
    take: (href: string) => void;
    /** When the sheet is gone, whatever was done. */
    closed: () => void;
}

/** Asks for an address. */
export function askForAddress({ title, href, fault = () => null, remove, take, closed }: AddressWanted): void {
    const id = uniqueId("address");
    const input = element("input", { id, name: "address", value: href, autocomplete: "off", autocapitalize: "none", inputmode: "url", spellcheck: "false", "aria-describedby": `${id}-fault` });
    const said = element("p", { id: `${id}-fault`, class: "fault", role: "alert", hidden: true });
    const removing = remove === undefined ? null : element("button", { type: "button", class: "button", onclick: () => (dialog.close(), remove.act()) }, remove.label);
    const form = element(
        "form",
        { method: "dialog" },
        element("h2", { id: `${id}-title` }, title),
        element("div", { class: "field" }, element("label", { for: id }, "Address"), input),
        said,
        element("div", { class: "acts" }, element("button", { class: "button is-main" }, "Take it"), removing, element("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Leave it")),
    );
    const dialog = element("dialog", { class: "sheet", "aria-labelledby": `${id}-title` }, form);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const found = typedAddress(input.value);
        const wrong = found === null ? "This is no address that a story can lead to. It starts with https://, or with / for a page of this site." : fault(found);
        said.hidden = wrong === null;
        said.textContent = wrong ?? "";
        if (found === null || wrong !== null) return input.focus();
        dialog.close();
        take(found);
    });
    open(dialog, closed);
    input.select();
}

/** Lists the keys. */
export function showHelp(closed: () => void): void {
    const id = uniqueId("help");
    const list = (rows: readonly (readonly [string, string])[], asKeys: boolean): HTMLElement =>
        element("dl", { class: "keys" }, ...rows.flatMap(([keys, what]) => [element("dt", {}, ...(asKeys ? keycaps(keys) : [element("code", {}, keys)])), element("dd", {}, what)]));
    const dialog = element(
        "dialog",
        { class: "sheet is-wide", "aria-labelledby": id },
        element("h2", { id }, "Writing by keyboard"),
        list(HELP, true),
        element("h3", {}, "As you type"),
        list(TYPED, false),
        element("form", { method: "dialog", class: "acts" }, element("button", { class: "button is-main" }, "Close")),
    );
    open(dialog, closed);
}

function keycaps(keys: string): Node[] {
    const names = keys.replaceAll("Mod", isMac() ? "⌘" : "Ctrl").split(" ");
    return names.flatMap((name, at) => [...(at === 0 ? [] : [document.createTextNode(" ")]), /^(then|and)$/u.test(name) ? document.createTextNode(name) : element("kbd", {}, name)]);
}

function open(dialog: HTMLDialogElement, closed: () => void): void {
    dialog.addEventListener("close", () => {
        dialog.remove();
        closed();
    });
    document.body.append(dialog);
    dialog.showModal();
}
