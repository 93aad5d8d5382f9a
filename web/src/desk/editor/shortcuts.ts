/** Markdown, as one types it: it becomes what it stands for at once. Backspace takes that back. */

import { InputRule, inputRules, textblockTypeInputRule } from "prosemirror-inputrules";
import type { Mark, MarkType } from "prosemirror-model";
import { type EditorState, type Plugin, TextSelection, type Transaction } from "prosemirror-state";

import { typedAddress } from "./address";
import { type Kind, spanOf, turnInto } from "./commands";
import { AS_MEANT } from "./mend";
import { schema } from "./schema";

const { nodes, marks } = schema;

export function shortcuts(): Plugin {
    return inputRules({
        rules: [
            textblockTypeInputRule(/^(#{1,4})\s$/u, nodes.heading, ([, hashes]) => ({ level: Math.max(2, hashes!.length) })),
            becomes(/^[-*+]\s$/u, { type: nodes.list, attrs: { isOrdered: false } }),
            becomes(/^\d{1,2}[.)]\s$/u, { type: nodes.list, attrs: { isOrdered: true } }),
            becomes(/^>\s$/u, { type: nodes.quote }),
            divider,
            looks(/(?<![\p{L}\p{N}*])\*\*([^\s*](?:[^*]*[^\s*])?)\*\*$/u, marks.strong),
            looks(/(?<![\p{L}\p{N}_])__([^\s_](?:[^_]*[^\s_])?)__$/u, marks.strong),
            looks(/(?<![\p{L}\p{N}*])\*([^\s*](?:[^*]*[^\s*])?)\*$/u, marks.em),
            looks(/(?<![\p{L}\p{N}_])_([^\s_](?:[^_]*[^\s_])?)_$/u, marks.em),
            link,
        ],
    });
}

/** At the start of a paragraph, what was typed makes it a block of that kind. */
function becomes(typed: RegExp, kind: Kind): InputRule {
    return new InputRule(typed, (state, _, from, to) => {
        if (state.selection.$from.parent.type !== nodes.paragraph) return null;
        return after(state, state.tr.delete(from, to), turnInto(kind));
    });
}

/** What `command` does on top of what `tr` did, as one change. */
function after(state: EditorState, tr: Transaction, command: ReturnType<typeof turnInto>): Transaction | null {
    const between = state.apply(tr);
    let whole: Transaction | null = null;
    command(between, (second) => {
        for (const step of second.steps) tr.step(step);
        whole = tr.setSelection(TextSelection.create(tr.doc, second.selection.anchor, second.selection.head)).setMeta(AS_MEANT, true);
    });
    return whole;
}

const divider = new InputRule(/^---$/u, (state) => {
    const { from, to } = spanOf(state);
    const { parent } = state.selection.$from;
    // The third sign is not in the document yet.
    if (parent.type !== nodes.paragraph || parent.content.size !== 2) return null;
    const tr = state.tr.replaceWith(from, to, [nodes.divider.create(), nodes.paragraph.create()]);
    return tr.setSelection(TextSelection.create(tr.doc, from + 2));
});

/** The words between the signs look so, and the signs are gone. */
function looks(typed: RegExp, type: MarkType): InputRule {
    return new InputRule(typed, (state, match, from, to) => marked(state, match[0], match[1]!, from, to, type.create()));
}

const link = new InputRule(/\[([^[\]]+)\]\(([^()\s]+)\)$/u, (state, match, from, to) => {
    const href = typedAddress(match[2]!);
    return href === null ? null : marked(state, match[0], match[1]!, from, to, marks.link.create({ href }));
});

/**
 * Only the signs around the words are deleted, so that whatever looks they have stay. The last sign is not in the
 * document yet: it was just typed.
 */
function marked(state: EditorState, whole: string, words: string, from: number, to: number, mark: Mark): Transaction {
    const start = from + whole.indexOf(words);
    const end = start + words.length;
    const tr = state.tr;
    if (end < to) tr.delete(end, to);
    tr.addMark(start, end, mark).delete(from, start);
    return tr.removeStoredMark(mark.type);
}
