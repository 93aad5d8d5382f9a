/**
 * The plain fields of a story's form, as parts of its draft.
 *
 * A control with the name of a part that is words belongs to it. Names of people stand in one field, a name on each line;
 * who was credited before by the same name stays linked to the person. The words of the picture above the text are
 * `lead_alt`, `lead_caption` and `lead_credit`.
 */

import { isObject } from "./block";
import type { Draft } from "./desk";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const LEAD = "lead_";

/** The draft with what stands in the fields. */
export function withFields(form: HTMLFormElement, draft: Draft): Draft {
    const read: Draft = { ...draft };
    for (const { name, value } of controlsOf(form)) {
        const lead = read["lead"];
        if (name === "bylines") read["bylines"] = bylines(value, draft["bylines"]);
        else if (name === "slug") read["slug"] = value.trim() === "" ? null : value.trim();
        else if (name === "programme") read["programme"] = value === "" ? null : Number(value);
        else if (name.startsWith(LEAD) && isObject(lead)) read["lead"] = { ...lead, [name.slice(LEAD.length)]: value };
        else if (typeof draft[name] === "string") read[name] = value;
    }
    return read;
}

/** Shows what a draft says in the fields. */
export function showFields(form: HTMLFormElement, draft: Draft): void {
    for (const control of controlsOf(form)) {
        const words = wordsFor(control.name, draft);
        if (words !== null && control.value !== words) control.value = words;
    }
}

/** Lets one write in the fields, or only read. */
export function lockFields(form: HTMLFormElement, isLocked: boolean): void {
    for (const control of controlsOf(form)) {
        if (control instanceof HTMLSelectElement) control.disabled = isLocked;
        else control.readOnly = isLocked;
    }
}

function controlsOf(form: HTMLFormElement): Control[] {
    const isControl = (one: Element): one is Control => one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement || one instanceof HTMLSelectElement;
    return [...form.elements].filter(isControl).filter(({ name, type }) => name !== "" && name !== "body" && type !== "hidden");
}

/** What stands in the field of that name; null if the draft has no such part. */
function wordsFor(name: string, draft: Draft): string | null {
    if (name === "bylines") return namesOf(draft["bylines"]);
    const lead = draft["lead"];
    const part = name.startsWith(LEAD) && isObject(lead) ? lead[name.slice(LEAD.length)] : draft[name];
    if (part === undefined) return null;
    return part === null ? "" : String(part);
}

function namesOf(credited: unknown): string {
    return Array.isArray(credited) ? credited.map((one) => (isObject(one) ? String(one["name"] ?? "") : "")).filter(Boolean).join("\n") : "";
}

function bylines(names: string, before: unknown): unknown[] {
    const known = new Map(Array.isArray(before) ? before.filter(isObject).map((one) => [String(one["name"]), one]) : []);
    const wanted = names.split("\n").map((name) => name.trim()).filter((name) => name !== "");
    return wanted.map((name) => known.get(name) ?? { name, person: null });
}
