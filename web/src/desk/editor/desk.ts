/** What the desk is asked, and what it answers: drafts, locks, and why not. */

import { isObject, type Piece } from "./block";

/** A story's working text. What is not named here is kept as it came. */
export interface Draft {
    body: Piece[];
    [more: string]: unknown;
}

/** A text to be saved. The same key is the same save, however often it is sent. */
export interface Save {
    version: number;
    document: Draft;
    key: string;
}

/** What became of a save. */
export type Saved =
    | { is: "taken"; version: number; at: string }
    /** Another text was saved in the meantime; this one is kept as a revision. */
    | { is: "moved"; version: number; by: string; at: string; kept: number | null }
    /** Another holds the story. */
    | { is: "held"; holder: string; since: string }
    /** The desk does not take it as it is, and says why. */
    | { is: "refused"; error: string }
    | { is: "signed-out" }
    /** No answer: no network, or no desk. */
    | { is: "lost" };

/** What became of asking for the lock. */
export type Locked = { is: "mine" } | { is: "held"; holder: string; since: string } | { is: "signed-out" } | { is: "refused"; error: string } | { is: "lost" };

/** The draft as it stands at the desk. */
export interface Standing {
    version: number;
    document: Draft;
    saved_at: string | null;
    saved_by: string | null;
    /** Who writes in it now. */
    holder: string | null;
}

/** How long an answer may take. A desk that is slower than that is not there. */
const PATIENCE_MS = 20_000;

/** The desk, asked about one story. */
export class Desk {
    readonly #base: string;

    constructor(story: string) {
        this.#base = `/stories/${encodeURIComponent(story)}`;
    }

    async save(save: Save): Promise<Saved> {
        const answer = await this.#ask("/draft", save);
        if (answer === null) return { is: "lost" };
        const { status, json } = answer;
        if (status === 200) return { is: "taken", version: number(json["version"]), at: words(json["saved_at"]) };
        if (status === 409) return { is: "moved", version: number(json["version"]), by: words(json["by"]), at: words(json["at"]), kept: typeof json["kept"] === "number" ? json["kept"] : null };
        return this.#otherwise(status, json);
    }

    async lock(take: boolean): Promise<Locked> {
        const answer = await this.#ask("/lock", { take });
        if (answer === null) return { is: "lost" };
        return answer.status === 200 ? { is: "mine" } : this.#otherwise(answer.status, answer.json);
    }

    /** Lets go of the story, also while the page goes away. */
    release(): void {
        void fetch(`${this.#base}/lock/release`, { method: "POST", keepalive: true }).catch(() => undefined);
    }

    /** The draft as it stands; null if there is no answer. */
    async standing(): Promise<Standing | null> {
        const answer = await this.#ask("/draft.json");
        return answer?.status === 200 && isObject(answer.json["document"]) ? (answer.json as unknown as Standing) : null;
    }

    #otherwise(status: number, json: Record<string, unknown>): Exclude<Saved, { is: "taken" | "moved" }> {
        if (status === 423) return { is: "held", holder: words(json["holder"]), since: words(json["since"]) };
        if (status === 401) return { is: "signed-out" };
        if (status === 403) return { is: "refused", error: words(json["error"]) || "You may not write in this story." };
        if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { is: "refused", error: words(json["error"]) || "The desk does not take it." };
        return { is: "lost" };
    }

    async #ask(path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> } | null> {
        const sent: RequestInit = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
        try {
            const answer = await fetch(this.#base + path, { ...sent, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
            // Whoever is not signed in is sent to the way in.
            if (answer.type === "opaqueredirect") return { status: 401, json: {} };
            const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
            const json: unknown = isJson ? await answer.json() : {};
            return { status: answer.status, json: isObject(json) ? json : {} };
        } catch {
            return null;
        }
    }
}

function words(value: unknown): string {
    return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
    return typeof value === "number" ? value : 0;
}
