/** What other programs get when somebody copies out of the editor: clean HTML, and plain words. */

import type { AnyBlock, Block, Run, Text } from "./block";
import { address } from "./address";
import { wordsOf } from "./block";

/** Blocks as HTML that any program reads. */
export function htmlOf(blocks: readonly AnyBlock[]): string {
    return blocks.map((block) => blockHtml(block as Block)).join("");
}

/** A text as HTML, for words copied out of the middle of a block. */
export function inlineHtml(text: Text): string {
    return text.map(runHtml).join("");
}

/** Blocks as plain words, with an empty line between two. */
export function plainOf(blocks: readonly AnyBlock[]): string {
    return blocks.map((block) => blockWords(block as Block)).filter((words) => words !== "").join("\n\n");
}

function blockHtml(block: Block): string {
    switch (block.block) {
        case "paragraph":
            return `<p>${inlineHtml(block.text)}</p>`;
        case "heading":
            return `<h${block.level}>${inlineHtml(block.text)}</h${block.level}>`;
        case "list": {
            const name = block.is_ordered ? "ol" : "ul";
            return `<${name}>${block.items.map((item) => `<li>${inlineHtml(item)}</li>`).join("")}</${name}>`;
        }
        case "quote":
            return `<blockquote>${paragraphs(block.text)}${cite(block.attribution)}</blockquote>`;
        case "pull-quote":
            return `<blockquote><p>${inlineHtml(block.text)}</p>${cite(block.attribution)}</blockquote>`;
        case "callout":
            return `<aside>${block.title === "" ? "" : `<p><strong>${escaped(block.title)}</strong></p>`}${paragraphs(block.text)}</aside>`;
        case "note":
            return `<p>${inlineHtml(block.text)}</p>`;
        case "table": {
            const row = (cells: Text[], at: number): string => {
                const name = at === 0 && block.head ? "th" : "td";
                return `<tr>${cells.map((cell) => `<${name}>${inlineHtml(cell)}</${name}>`).join("")}</tr>`;
            };
            return `<table>${block.rows.map(row).join("")}</table>`;
        }
        case "divider":
            return "<hr>";
        case "embed":
        case "related":
            return `<p>${runHtml({ t: block.title || block.href, href: block.href })}</p>`;
        default:
            return paragraphs(cardLines(block).map((words) => [{ t: words }]));
    }
}

function blockWords(block: Block): string {
    switch (block.block) {
        case "paragraph":
        case "heading":
        case "note":
            return wordsOf(block.text);
        case "list":
            return block.items.map((item, at) => `${block.is_ordered ? `${at + 1}.` : "-"} ${wordsOf(item)}`).join("\n");
        case "quote":
            return [...block.text.map(wordsOf), ...(block.attribution === "" ? [] : [`— ${block.attribution}`])].join("\n");
        case "pull-quote":
            return [wordsOf(block.text), ...(block.attribution === "" ? [] : [`— ${block.attribution}`])].join("\n");
        case "callout":
            return [...(block.title === "" ? [] : [block.title]), ...block.text.map(wordsOf)].join("\n");
        case "table":
            return block.rows.map((row) => row.map(wordsOf).join("\t")).join("\n");
        case "divider":
            return "* * *";
        case "embed":
        case "related":
            return [block.title, block.href].filter(Boolean).join("\n");
        default:
            return cardLines(block).join("\n");
    }
}

/** The words of a card: what a picture shows, its caption, its credit; a sound's title. */
function cardLines(block: Block): string[] {
    switch (block.block) {
        case "image":
            return [block.image.alt, block.image.caption, block.image.credit].filter(Boolean);
        case "gallery":
            return [block.title, ...block.images.flatMap(({ alt, caption, credit }) => [alt, caption, credit])].filter(Boolean);
        case "sound":
            return [block.sound.title].filter(Boolean);
        default:
            return [];
    }
}

function paragraphs(texts: Text[]): string {
    return texts.map((text) => `<p>${inlineHtml(text)}</p>`).join("");
}

function cite(attribution: string): string {
    return attribution === "" ? "" : `<footer>— ${escaped(attribution)}</footer>`;
}

function runHtml({ t, href, em, strong }: Run): string {
    let html = escaped(t).replaceAll("\n", "<br>");
    if (em) html = `<em>${html}</em>`;
    if (strong) html = `<strong>${html}</strong>`;
    const safe = href === undefined ? null : address(href);
    return safe === null ? html : `<a href="${escaped(safe)}">${html}</a>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(words: string): string {
    return words.replace(/[&<>"]/gu, (sign) => ENTITIES[sign]!);
}
