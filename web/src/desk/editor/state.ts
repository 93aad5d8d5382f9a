/** The editor's state: a document with everything that acts on it, without a page around it. */

import { dropCursor } from "prosemirror-dropcursor";
import { gapCursor } from "prosemirror-gapcursor";
import { history } from "prosemirror-history";
import type { Node } from "prosemirror-model";
import { EditorState, type Plugin } from "prosemirror-state";

import { named, naming, newId } from "./ids";
import { type Asks, keys } from "./keys";
import { mending } from "./mend";
import { shortcuts } from "./shortcuts";

/** How many steps back one can go. */
const HISTORY_DEPTH = 1000;

/** What the state of an editor is made with. */
export interface Wanted {
    doc: Node;
    /** What keys ask for that needs a page. */
    asks?: Asks;
    /** What stands before the keys: the block menu takes Enter while it is open. */
    plugins?: readonly Plugin[];
    /** Makes names for blocks. */
    name?: () => string;
}

const NOTHING: Asks = { link: () => false, help: () => false };

/** The state of an editor in which every block has its name. */
export function stateOf({ doc, asks = NOTHING, plugins = [], name = newId }: Wanted): EditorState {
    const state = EditorState.create({
        doc,
        plugins: [
            ...plugins,
            shortcuts(),
            ...keys(asks),
            mending(),
            naming(name),
            history({ depth: HISTORY_DEPTH }),
            gapCursor(),
            dropCursor({ class: "drop-cursor", color: false }),
        ],
    });
    const tr = named(state, name);
    return tr === null ? state : state.apply(tr.setMeta("addToHistory", false));
}
