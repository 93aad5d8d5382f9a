/** What each key does, and the list that the help sheet shows. */

import { baseKeymap, chainCommands, exitCode, selectParentNode, toggleMark } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { undoInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import type { Command, Plugin } from "prosemirror-state";

import { addBlock, breakLine, chooseCard, deleteBlocks, type Kind, leaveEmptyLine, loosen, move, PARAGRAPH, splitToParagraph, turnInto } from "./commands";
import { schema } from "./schema";
import { goToCell, isInTable } from "./table";

const { nodes, marks } = schema;

/** What a key asks for that needs the page around the words: a dialog. */
export interface Asks {
    link: Command;
    help: Command;
}

const heading = (level: number): Kind => ({ type: nodes.heading, attrs: { level } });

/** Enter within a cell is a line break: a cell has one text. */
const breakInCell: Command = (state, dispatch, view) => isInTable(state) && breakLine(state, dispatch, view);

export const enter = chainCommands(breakInCell, leaveEmptyLine, splitToParagraph, baseKeymap["Enter"]!);
export const backspace = chainCommands(loosen, chooseCard(-1), baseKeymap["Backspace"]!);
export const del = chainCommands(chooseCard(1), baseKeymap["Delete"]!);

export function keys(asks: Asks): Plugin[] {
    const own: Record<string, Command> = {
        "Mod-b": toggleMark(marks.strong),
        "Mod-i": toggleMark(marks.em),
        "Mod-k": asks.link,
        "Mod-z": undo,
        "Mod-y": redo,
        "Shift-Mod-z": redo,
        "Mod-Alt-0": turnInto(PARAGRAPH),
        "Mod-Alt-2": turnInto(heading(2)),
        "Mod-Alt-3": turnInto(heading(3)),
        "Mod-Alt-4": turnInto(heading(4)),
        "Mod-Shift-7": turnInto({ type: nodes.list, attrs: { isOrdered: true } }),
        "Mod-Shift-8": turnInto({ type: nodes.list, attrs: { isOrdered: false } }),
        "Mod-Shift-9": turnInto({ type: nodes.quote }),
        "Alt-Shift-ArrowUp": move(-1),
        "Alt-Shift-ArrowDown": move(1),
        "Mod-Shift-Backspace": deleteBlocks,
        "Mod-Enter": chainCommands(exitCode, (state, dispatch) => addBlock(nodes.paragraph.create())(state, dispatch)),
        "Mod-/": asks.help,
        Enter: enter,
        "Shift-Enter": breakLine,
        Backspace: chainCommands(undoInputRule, backspace),
        Delete: del,
        Tab: goToCell(1),
        "Shift-Tab": goToCell(-1),
        Escape: selectParentNode,
    };
    return [keymap(own), keymap(baseKeymap)];
}

/** The keys in a person's words, for the help sheet. `Mod` is Ctrl, or ⌘ on a Mac. */
export const HELP: readonly (readonly [keys: string, what: string])[] = [
    ["/", "Choose a block, at the start of a paragraph"],
    ["Mod B", "Bold"],
    ["Mod I", "Italic"],
    ["Mod K", "Link"],
    ["Mod Z", "Undo"],
    ["Mod Shift Z", "Redo"],
    ["Shift Enter", "New line within the block"],
    ["Mod Enter", "New paragraph after the block"],
    ["Alt Shift ↑ ↓", "Move the block up or down"],
    ["Mod Shift Backspace", "Delete the block"],
    ["Mod Alt 0", "Turn into a paragraph"],
    ["Mod Alt 2 3 4", "Turn into a heading"],
    ["Mod Shift 7 8 9", "Turn into a numbered list, a list, a quote"],
    ["Tab", "Next cell of a table"],
    ["Escape, then Tab", "Out of the words"],
    ["Alt F10", "To the toolbar"],
    ["Mod S", "Save now"],
    ["Mod /", "This list"],
];

/** What becomes a block or a look when it is typed, for the help sheet. */
export const TYPED: readonly (readonly [typed: string, what: string])[] = [
    ["## and a space", "Heading (### and #### for smaller ones)"],
    ["- and a space", "List"],
    ["1. and a space", "Numbered list"],
    ["> and a space", "Quote"],
    ["---", "Divider"],
    ["**words**", "Bold"],
    ["*words*", "Italic"],
    ["[words](address)", "Link"],
];
