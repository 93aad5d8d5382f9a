/**
 * What was written, kept in this browser until the desk has it: through a lost network, a crash, a closed lid.
 *
 * For each story and account there is the text that is being written, and there are those that were found unsaved and
 * wait for somebody to decide. A browser that keeps nothing (a private window) works without.
 */

import { isSame } from "./block";
import type { Draft } from "./desk";

const DATABASE = "groundwave-desk";
const STORE = "unsaved";

/** How long after a change it is kept at the latest, in milliseconds. */
export const KEEP_MS = 700;

/** A text that the desk may not have. */
export interface Kept {
    /** The version that it was made from. */
    version: number;
    document: Draft;
    /** When it was written, in milliseconds since 1970. */
    at: number;
}

export class Shelf {
    readonly #key: string;
    readonly #opened: Promise<IDBDatabase | null>;
    /** One thing after the other, so that the last one stays. */
    #last: Promise<unknown> = Promise.resolve();

    constructor(story: string, account: string) {
        this.#key = `${account}/${story}`;
        this.#opened = open();
    }

    /** What is being written waits for somebody to decide from now on. */
    setAside(): void {
        this.#last = this.#last.then(async () => {
            const now = (await this.#do("readonly", (store) => store.get(this.#key))) as Kept | undefined;
            if (now === undefined) return;
            await this.#do("readwrite", (store) => store.put(now, this.#asideKey(now)));
            await this.#do("readwrite", (store) => store.delete(this.#key));
        });
    }

    /** The texts that wait for somebody to decide, the newest first. */
    async waiting(): Promise<Kept[]> {
        await this.#last;
        const range = IDBKeyRange.bound(`${this.#key}/`, `${this.#key}/\uffff`);
        const found = ((await this.#do("readonly", (store) => store.getAll(range))) ?? []) as Kept[];
        return found.sort((one, other) => other.at - one.at);
    }

    /** What was found unsaved is decided on. */
    forget(kept: Kept): void {
        this.#next((store) => store.delete(this.#asideKey(kept)));
    }

    keep(kept: Kept): void {
        this.#next((store) => store.put(kept, this.#key));
    }

    /** The desk has all that is being written. */
    clear(): void {
        this.#next((store) => store.delete(this.#key));
    }

    #asideKey({ at }: Kept): string {
        return `${this.#key}/${at}`;
    }

    #next(act: (store: IDBObjectStore) => IDBRequest): void {
        this.#last = this.#last.then(() => this.#do("readwrite", act));
    }

    async #do(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
        const database = await this.#opened;
        if (database === null) return undefined;
        return new Promise((resolve) => {
            try {
                const request = act(database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE));
                request.onsuccess = () => resolve(request.result);
                request.onerror = () => resolve(undefined);
            } catch {
                // Full, or closed by the browser: the desk still gets the words.
                resolve(undefined);
            }
        });
    }
}

/** True if `kept` has words that the text at the desk has not. */
export function isAhead(kept: Kept, standing: Draft): boolean {
    return !isSame(kept.document, standing);
}

function open(): Promise<IDBDatabase | null> {
    return new Promise((resolve) => {
        try {
            const request = indexedDB.open(DATABASE, 1);
            request.onupgradeneeded = () => request.result.createObjectStore(STORE);
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => resolve(null);
            request.onblocked = () => resolve(null);
        } catch {
            resolve(null);
        }
    });
}
