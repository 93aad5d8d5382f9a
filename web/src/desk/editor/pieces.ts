/**
 * From a draft's pieces to the editor's document, and back, with nothing lost on the way.
 *
 * That is held by looking: a block whose node does not give the very same block back is kept as it came, in an `opaque`
 * node. So a block of a newer desk, or one that is misshapen, survives being edited around.
 *
 * Start at {@link documentOf} and {@link piecesOf}.
 */

import { Fragment, type Mark, type Node } from "prosemirror-model";

import { type AnyBlock, type Block, type Image, isObject, isSame, normal, type Piece, type Run, type Text } from "./block";
import { schema } from "./schema";

const { nodes, marks } = schema;

/** The document of a body. A body of nothing is an empty paragraph, to write in. */
export function documentOf(body: readonly Piece[]): Node {
    const blocks = body.map(({ id, ...block }) => nodeOf(block as AnyBlock, id));
    return nodes.doc.create(null, blocks.length === 0 ? [nodes.paragraph.create()] : blocks);
}

/** The body of a document. */
export function piecesOf(doc: Node): Piece[] {
    const isBlank = doc.childCount === 1 && doc.firstChild?.type === nodes.paragraph && doc.firstChild.content.size === 0;
    return isBlank ? [] : doc.children.map((node) => ({ id: (node.attrs["id"] as string | null) ?? "", ...blockOf(node) }));
}

/** The node of one block; an opaque one if the editor cannot hold it whole. */
export function nodeOf(block: AnyBlock, id: string | null = null): Node {
    const node = read(block as Block, id);
    return node !== null && isSame(blockOf(node), block) ? node : nodes.opaque.create({ id, block });
}

function read(block: Block, id: string | null): Node | null {
    try {
        const node = make(block, id);
        node?.check();
        return node;
    } catch {
        // Misshapen: it is kept as it came.
        return null;
    }
}

function make(block: Block, id: string | null): Node | null {
    switch (block.block) {
        case "paragraph":
            return nodes.paragraph.create({ id }, inlineOf(block.text));
        case "heading":
            return [2, 3, 4].includes(block.level) ? nodes.heading.create({ id, level: block.level }, inlineOf(block.text)) : null;
        case "list":
            return nodes.list.create({ id, isOrdered: block.is_ordered }, block.items.map((item) => nodes.item.create(null, inlineOf(item))));
        case "quote":
            return nodes.quote.create({ id, attribution: block.attribution }, linesOf(block.text));
        case "pull-quote":
            return nodes.pull_quote.create({ id, attribution: block.attribution }, inlineOf(block.text));
        case "callout":
            return nodes.callout.create({ id, title: block.title }, linesOf(block.text));
        case "note":
            return nodes.note.create({ id, at: block.at }, inlineOf(block.text));
        case "table":
            return nodes.table.create({ id, head: block.head }, block.rows.map(rowOf));
        case "divider":
            return nodes.divider.create({ id });
        case "image":
            return isPicture(block.image) ? nodes.image.create({ id, image: block.image }) : null;
        case "gallery":
            return block.images.every(isPicture) ? nodes.gallery.create({ id, title: words(block.title), images: block.images }) : null;
        case "sound":
            return nodes.sound.create({ id, sound: { ...block.sound, title: words(block.sound.title) } });
        case "embed":
            return nodes.embed.create({ id, title: words(block.title), href: words(block.href), provider: words(block.provider) });
        case "related":
            return nodes.related.create({ id, title: words(block.title), teaser: words(block.teaser), href: words(block.href) });
        default:
            return null;
    }
}

/** The block of one top-level node. */
export function blockOf(node: Node): AnyBlock {
    const { id: _, ...attrs } = node.attrs;
    switch (node.type) {
        case nodes.paragraph:
            return { block: "paragraph", text: textOf(node) };
        case nodes.heading:
            return { block: "heading", level: attrs["level"], text: textOf(node) };
        case nodes.list:
            return { block: "list", is_ordered: attrs["isOrdered"], items: node.children.map(textOf) };
        case nodes.quote:
            return { block: "quote", text: node.children.map(textOf), attribution: attrs["attribution"] };
        case nodes.pull_quote:
            return { block: "pull-quote", text: textOf(node), attribution: attrs["attribution"] };
        case nodes.callout:
            return { block: "callout", title: attrs["title"], text: node.children.map(textOf) };
        case nodes.note:
            return { block: "note", text: textOf(node), at: attrs["at"] };
        case nodes.table:
            return { block: "table", head: attrs["head"], rows: node.children.map((row) => row.children.map(textOf)) };
        case nodes.opaque:
            return attrs["block"] as AnyBlock;
        default:
            return { block: node.type.name, ...attrs };
    }
}

/** A text as the editor's inline nodes. */
export function inlineOf(text: Text): Fragment {
    return Fragment.from(normal(text).flatMap((run) => run.t.split(/(\n)/u).filter((words) => words !== "").map((words) => inline(words, marksOf(run)))));
}

/** The runs of a textblock. */
export function textOf(node: Node): Text {
    return normal(node.children.map((child) => ({ t: child.isText ? child.text! : "\n", ...lookOf(child.marks) })));
}

function inline(words: string, look: Mark[]): Node {
    return words === "\n" ? nodes.break.create(null, null, look) : schema.text(words, look);
}

function marksOf({ href, em, strong }: Run): Mark[] {
    const look = [];
    if (href !== undefined) look.push(marks.link.create({ href }));
    if (strong === true) look.push(marks.strong.create());
    if (em === true) look.push(marks.em.create());
    return look;
}

function lookOf(look: readonly Mark[]): Omit<Run, "t"> {
    const run: Omit<Run, "t"> = {};
    for (const mark of look) {
        if (mark.type === marks.link) run.href = mark.attrs["href"] as string;
        if (mark.type === marks.strong) run.strong = true;
        if (mark.type === marks.em) run.em = true;
    }
    return run;
}

function linesOf(text: Text[]): Node[] {
    return text.map((line) => nodes.line.create(null, inlineOf(line)));
}

function rowOf(cells: Text[]): Node {
    return nodes.row.create(null, cells.map((cell) => nodes.cell.create(null, inlineOf(cell))));
}

function isPicture(image: unknown): image is Image {
    return isObject(image) && ["alt", "caption", "credit"].every((name) => typeof image[name] === "string");
}

/** `value`, which is to be words; what is not is misshapen. */
function words(value: unknown): string {
    if (typeof value !== "string") throw new TypeError("these are not words");
    return value;
}

