/**
 * Blocks out of what other programs put on the clipboard: Word, Google Docs, Outlook, Apple Mail, Gmail, web pages.
 *
 * Only words, links, emphasis, headings, lists, quotes, tables and dividers come through; everything else is unwrapped
 * to its words or left out. What is hidden there is not words here. Nothing is ever taken as markup: this reads a parsed
 * document that is shown nowhere, and makes values of it.
 *
 * Start at {@link blocksOfHtml}.
 */

import { address, embedOf } from "./address";
import { type Block, normal, plain, type Run, type Text, wordsOf } from "./block";

type Look = Omit<Run, "t">;

/** What is never words. */
const LEFT_OUT = new Set(
    "SCRIPT STYLE TEMPLATE HEAD TITLE META LINK BASE NOSCRIPT OBJECT EMBED APPLET SVG MATH CANVAS AUDIO VIDEO IMG PICTURE MAP BUTTON INPUT SELECT OPTION TEXTAREA PROGRESS METER DIALOG RP RT XML".split(" "),
);

/** What stands on lines of its own. */
const BLOCKS = new Set(
    "ADDRESS ARTICLE ASIDE BODY CENTER DD DETAILS DIV DL DT FIELDSET FIGCAPTION FIGURE FOOTER FORM HEADER HGROUP LI MAIN NAV OL P PRE SECTION SUMMARY TABLE TBODY TD TFOOT TH THEAD TR UL BLOCKQUOTE H1 H2 H3 H4 H5 H6".split(" "),
);

const HEADING_LEVELS: Record<string, number> = { H1: 2, H2: 2, H3: 3, H4: 4, H5: 4, H6: 4 };

const TEXT_NODE = 3;
const ELEMENT_NODE = 1;

/** The blocks of a parsed document. */
export function blocksOfHtml(root: Node): Block[] {
    const reader = new Reader();
    reader.read(root, {});
    return withWordLists(reader.finish());
}

/** A paragraph of Word that is an item of a list and does not say so in HTML. */
interface WordItem {
    block: "word-item";
    text: Text;
    is_ordered: boolean;
}

type Found = Block | WordItem;

/** Collects words until a block ends. */
class Reader {
    #found: Found[] = [];
    #line: Run[] = [];
    #isPreformatted = false;

    finish(): Found[] {
        this.#endLine();
        return this.#found;
    }

    read(node: Node, look: Look): void {
        if (node.nodeType === TEXT_NODE) return this.#words(node.nodeValue ?? "", look);
        if (node.nodeType === ELEMENT_NODE) this.#element(node as Element, look);
        else for (const child of node.childNodes) this.read(child, look);
    }

    #words(text: string, look: Look): void {
        const words = this.#isPreformatted ? text.replace(/\r\n?/gu, "\n") : text.replace(/[ \t\r\n\f]+/gu, " ");
        if (words !== "") this.#line.push({ t: words, ...look });
    }

    #element(element: Element, look: Look): void {
        const name = element.nodeName.toUpperCase();
        const style = styleOf(element);
        if (LEFT_OUT.has(name) || isHidden(element, style)) return;
        if (name === "BR") return this.#break(look);
        if (name === "HR") return this.#put({ block: "divider" });
        if (name === "IFRAME") return this.#embed(element);
        const inner = lookOf(element, name, style, look);
        if (name === "TABLE") return this.#table(element, inner);
        if (name === "UL" || name === "OL") return this.#list(element, name === "OL");
        if (isQuote(element, name, style)) return this.#quote(element);
        if (!BLOCKS.has(name) && style.get("display") !== "block") return this.#children(element, inner);
        this.#endLine();
        if (HEADING_LEVELS[name] !== undefined) return this.#heading(element, HEADING_LEVELS[name]!);
        if (style.has("mso-list") && style.get("mso-list") !== "none") return this.#wordItem(element, inner);
        const before = this.#isPreformatted;
        this.#isPreformatted = before || name === "PRE";
        this.#children(element, inner);
        this.#endLine();
        this.#isPreformatted = before;
    }

    #children(element: Node, look: Look): void {
        for (const child of element.childNodes) this.read(child, look);
    }

    /** One break is a line's end within a paragraph, two are a paragraph's. */
    #break(look: Look): void {
        const text = wordsOf(this.#line).replace(/[ \u00a0]+$/u, "");
        if (text.endsWith("\n")) this.#endLine();
        else this.#line.push({ t: "\n", ...look });
    }

    #endLine(): void {
        const text = tidied(this.#line);
        this.#line = [];
        if (text.length > 0) this.#found.push({ block: "paragraph", text });
    }

    #put(block: Found): void {
        this.#endLine();
        this.#found.push(block);
    }

    #embed(element: Element): void {
        const embed = embedOf(element.getAttribute("src") ?? "");
        if (embed !== null) this.#put({ block: "embed", ...embed });
    }

    /** A heading is one line, and as heavy as headings are: what makes it heavier says nothing. */
    #heading(element: Element, level: number): void {
        const text = joined(lines(element)).map(({ strong: _, ...run }) => run);
        if (text.length > 0) this.#put({ block: "heading", level, text: normal(text) });
    }

    #list(element: Element, isOrdered: boolean): void {
        const items = itemsOf(element);
        if (items.length > 0) this.#put({ block: "list", is_ordered: isOrdered, items });
    }

    #quote(element: Element): void {
        const cite = element.querySelector("cite, footer") ?? (element.nodeName === "BLOCKQUOTE" ? captionOf(element) : null);
        const attribution = wordsOf(joined(cite === null ? [] : lines(cite))).replace(/^[—–-]\s*/u, "");
        const text = lines(element, cite);
        if (text.length > 0) this.#put({ block: "quote", text, attribution });
        else if (attribution !== "") this.#put({ block: "paragraph", text: plain(attribution) });
    }

    /** Tables that only arrange a page are unwrapped. */
    #table(table: Element, look: Look): void {
        const rows = [...table.querySelectorAll("tr")];
        const cells = rows.map((row) => [...row.children].filter((cell) => /^T[DH]$/iu.test(cell.nodeName)));
        const wide = Math.max(0, ...cells.map((row) => row.reduce((sum, cell) => sum + spanOf(cell), 0)));
        const arranges = table.querySelector("table") !== null || table.getAttribute("role") === "presentation" || wide < 2 || rows.length < 2;
        this.#endLine();
        if (arranges) {
            this.#children(table, look);
            return this.#endLine();
        }
        const head = cells[0]!.length > 0 && (cells[0]!.every((cell) => cell.nodeName.toUpperCase() === "TH") || table.querySelector("thead") !== null);
        const texts = cells.map((row) => {
            const filled = row.flatMap((cell) => [joined(lines(cell), "\n"), ...Array.from({ length: spanOf(cell) - 1 }, (): Text => [])]);
            return [...filled, ...Array.from({ length: wide - filled.length }, (): Text => [])];
        });
        this.#put({ block: "table", head, rows: texts });
    }

    #wordItem(element: Element, look: Look): void {
        const marker = [...element.querySelectorAll("span")].find((span) => styleOf(span).get("mso-list") === "ignore");
        const sign = marker?.textContent?.trim() ?? "";
        marker?.remove();
        this.#children(element, look);
        const text = tidied(this.#line);
        this.#line = [];
        if (text.length > 0) this.#put({ block: "word-item", text, is_ordered: /^\(?[\da-z]{1,4}[.)]/iu.test(sign) });
    }
}

/** Consecutive items of Word's are one list. */
function withWordLists(found: Found[]): Block[] {
    const blocks: Block[] = [];
    let last: Found | null = null;
    for (const one of found) {
        const list = blocks.at(-1);
        if (one.block !== "word-item") blocks.push(one);
        else if (last?.block === "word-item" && last.is_ordered === one.is_ordered && list?.block === "list") list.items.push(one.text);
        else blocks.push({ block: "list", is_ordered: one.is_ordered, items: [one.text] });
        last = one;
    }
    return blocks;
}

/** The texts of everything in `element` that stands on a line of its own, without what is in `but`. */
function lines(element: Element, but: Element | null = null): Text[] {
    const reader = new Reader();
    for (const child of element.childNodes) if (child !== but) reader.read(but !== null && child.contains(but) ? without(child, but) : child, {});
    return withWordLists(reader.finish()).flatMap(textsOf);
}

function without(node: Node, but: Element): Node {
    const copy = node.cloneNode(true) as Element;
    copy.querySelector(but.nodeName)?.remove();
    return copy;
}

/** Every text of a block. */
export function textsOf(block: Block): Text[] {
    switch (block.block) {
        case "paragraph":
        case "heading":
            return [block.text];
        case "list":
            return block.items;
        case "quote":
            return [...block.text, ...(block.attribution === "" ? [] : [plain(block.attribution)])];
        case "table":
            return block.rows.map((row) => joined(row, "\t"));
        default:
            return [];
    }
}

/** Items of items are items: our lists are flat. */
function itemsOf(list: Element): Text[] {
    return [...list.childNodes].flatMap((child) => {
        if (child.nodeType !== ELEMENT_NODE) return [];
        const element = child as Element;
        if (/^[UO]L$/iu.test(element.nodeName)) return itemsOf(element);
        const nested = [...element.querySelectorAll("ul, ol")].filter((one) => one.parentElement?.closest("ul, ol") === list);
        const own = element.cloneNode(true) as Element;
        for (const one of own.querySelectorAll("ul, ol")) one.remove();
        const text = joined(lines(own), "\n");
        return [...(text.length > 0 ? [text] : []), ...nested.flatMap(itemsOf)];
    });
}

/** Several texts as one, with `between` between them. */
export function joined(texts: Text[], between = " "): Text {
    return normal(texts.flatMap((text, at) => (at === 0 ? text : [{ t: between }, ...text])));
}

/** A line without space at its ends, nor two in a row. Spaces that do not break stay where they stand between words. */
function tidied(runs: Run[]): Text {
    let text = runs.map((run) => ({ ...run, t: run.t.replace(/\u00a0(?=[ \u00a0])|(?<=[ \u00a0])\u00a0/gu, " ") }));
    let before = "\n";
    text = text.map((run) => {
        const t = [...run.t].filter((letter) => {
            const isDoubled = letter === " " && (before === " " || before === "\n");
            if (!isDoubled) before = letter;
            return !isDoubled;
        });
        return { ...run, t: t.join("").replace(/ +\n/gu, "\n") };
    });
    text = normal(text);
    while (text.length > 0 && /^[\s\u00a0]/u.test(text[0]!.t)) text = normal([{ ...text[0]!, t: text[0]!.t.trimStart() }, ...text.slice(1)]);
    while (text.length > 0 && /[\s\u00a0]$/u.test(text.at(-1)!.t)) text = normal([...text.slice(0, -1), { ...text.at(-1)!, t: text.at(-1)!.t.trimEnd() }]);
    return text;
}

/** The declarations of a `style` attribute, in small letters. Word writes what no browser knows, so it is read here. */
function styleOf(element: Element): Map<string, string> {
    const declarations = (element.getAttribute("style") ?? "").toLowerCase().split(";");
    return new Map(declarations.map((one) => [one.slice(0, one.indexOf(":")).trim(), one.slice(one.indexOf(":") + 1).trim()]));
}

function isHidden(element: Element, style: Map<string, string>): boolean {
    return style.get("display") === "none" || style.get("visibility") === "hidden" || style.get("mso-hide") === "all" || element.hasAttribute("hidden") || element.getAttribute("aria-hidden") === "true";
}

function lookOf(element: Element, name: string, style: Map<string, string>, look: Look): Look {
    const inner = { ...look };
    const weight = style.get("font-weight");
    if (name === "B" || name === "STRONG") inner.strong = true;
    if (weight !== undefined) setFlag(inner, "strong", weight === "bold" || weight === "bolder" || Number(weight) >= 600);
    if (name === "I" || name === "EM") inner.em = true;
    const slant = style.get("font-style");
    if (slant !== undefined) setFlag(inner, "em", slant === "italic" || slant.startsWith("oblique"));
    const href = name === "A" ? address(element.getAttribute("href") ?? "") : null;
    if (href !== null) inner.href = href;
    return inner;
}

function setFlag(look: Look, flag: "em" | "strong", is: boolean): void {
    if (is) look[flag] = true;
    else delete look[flag];
}

/** Outlook draws a line beside what it quotes; others say `blockquote`. */
function isQuote(_: Element, name: string, style: Map<string, string>): boolean {
    return name === "BLOCKQUOTE" || (name === "DIV" && /^solid (blue|#?[0-9a-f]{6}|windowtext) /u.test(style.get("border-left") ?? "") && (style.get("border") ?? "").startsWith("none"));
}

function captionOf(element: Element): Element | null {
    return element.parentElement?.nodeName === "FIGURE" ? element.parentElement.querySelector("figcaption") : null;
}

function spanOf(cell: Element): number {
    return Math.min(20, Math.max(1, Number(cell.getAttribute("colspan")) || 1));
}

/** Plain words: an empty line ends a paragraph. Where there is none, every line's end does. */
export function blocksOfPlain(text: string): Block[] {
    const clean = text.replace(/\r\n?/gu, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/gu, "");
    const parts = /\n[ \t]*\n/u.test(clean.trim()) ? clean.split(/\n(?:[ \t]*\n)+/u) : clean.split("\n");
    const paragraphs = parts.map((part) => part.trim()).filter((part) => part !== "");
    return paragraphs.map((part) => ({ block: "paragraph", text: plain(part) }));
}
