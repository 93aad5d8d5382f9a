/**
 * Reads where the cursor is before every key, not only when the browser tells of it.
 *
 * A browser tells of a moved cursor a little later than of the next key: on a busy machine End and Enter may both come
 * before it, and Enter would then delete what was selected before End. So each key looks for itself.
 */

import { Plugin } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

/** ProseMirror's own observer, which is not in its types. */
interface Observing {
    domObserver?: { flush?: () => void };
}

export function promptSelection(): Plugin {
    const read = (view: EditorView): boolean => {
        if (!view.composing) (view as unknown as Observing).domObserver?.flush?.();
        return false;
    };
    return new Plugin({ props: { handleDOMEvents: { keydown: read, copy: read, cut: read, paste: read } } });
}
