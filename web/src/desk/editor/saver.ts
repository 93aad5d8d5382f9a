/**
 * Saves while somebody writes: two seconds after the last key, and every five while the keys go on.
 *
 * One save is under way at a time. One whose answer was lost is sent again as it was, under the same key, before anything
 * newer: so it is done once. Whatever the desk answers, the words stay where they are; this only says what became of them.
 *
 * Start at {@link Saver.changed}.
 */

import type { Draft, Save, Saved } from "./desk";

export const AFTER_LAST_KEY_MS = 2_000;
export const WHILE_TYPING_MS = 5_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;

/** How it stands with the words. */
export type Standing =
    /** The desk has them all; since when, if it said so here. */
    | { is: "saved"; at: string | null }
    | { is: "waiting" }
    | { is: "saving" }
    /** The desk cannot be reached; it is tried again. */
    | { is: "offline" }
    | { is: "signed-out" }
    /** The desk says why it does not take them. */
    | { is: "refused"; error: string }
    /** Another text was saved in the meantime: somebody must decide. */
    | { is: "moved"; version: number; by: string; at: string; kept: number | null }
    /** Another holds the story now. */
    | { is: "held"; holder: string; since: string };

/** What a saver needs. Times are in milliseconds. */
export interface Around {
    send: (save: Save) => Promise<Saved>;
    /** The words as they are now. */
    document: () => Draft;
    /** Told whenever it stands otherwise. */
    say: (standing: Standing) => void;
    now: () => number;
    /** Calls back once after that time; what it returns takes that back. */
    after: (ms: number, act: () => void) => () => void;
    key: () => string;
}

export class Saver {
    readonly #around: Around;
    #version: number;
    #standing: Standing = { is: "saved", at: null };
    /** When the oldest change was made that no save has; null if there is none. */
    #changedAt: number | null = null;
    #isSending = false;
    /** What was sent and not answered. */
    #unanswered: Save | null = null;
    #retryMs = RETRY_MS_MIN;
    #cancel: () => void = () => {};
    #waiting: (() => void)[] = [];

    constructor(version: number, around: Around) {
        this.#version = version;
        this.#around = around;
    }

    get version(): number {
        return this.#version;
    }

    get standing(): Standing {
        return this.#standing;
    }

    /** True while there are words that the desk may not have. */
    get isUnsaved(): boolean {
        return this.#changedAt !== null || this.#unanswered !== null || this.#isSending;
    }

    /** The words were changed. */
    changed(): void {
        const now = this.#around.now();
        this.#changedAt ??= now;
        if (this.#mustDecide()) return;
        if (this.#standing.is === "saved" || this.#standing.is === "refused") this.#say({ is: "waiting" });
        if (this.#isSending || this.#unanswered !== null) return;
        this.#in(Math.max(0, Math.min(AFTER_LAST_KEY_MS, this.#changedAt + WHILE_TYPING_MS - now)));
    }

    /** Saves now, and is done when the desk has answered. */
    async now(): Promise<Standing> {
        if (!this.isUnsaved || this.#mustDecide()) return this.#standing;
        const answered = new Promise<void>((resolve) => this.#waiting.push(resolve));
        this.#send();
        await answered;
        return this.#standing;
    }

    /** The network is back, or somebody signed in: what waits is tried at once. */
    again(): void {
        this.#retryMs = RETRY_MS_MIN;
        if (this.isUnsaved && !this.#mustDecide()) this.#send();
    }

    /** The words are those of `version` now: a text was taken from the desk. */
    adopt(version: number, at: string | null): void {
        this.#forget();
        this.#version = version;
        this.#say({ is: "saved", at });
    }

    /** The words here shall stand over `version`, which somebody else saved. */
    override(version: number): void {
        this.#forget();
        this.#version = version;
        this.#changedAt = this.#around.now();
        this.#say({ is: "waiting" });
        this.#send();
    }

    /** Another holds the story: nothing is sent until {@link adopt} or {@link override}. */
    held(holder: string, since: string): void {
        this.#cancel();
        this.#say({ is: "held", holder, since });
    }

    #mustDecide(): boolean {
        return this.#standing.is === "moved" || this.#standing.is === "held";
    }

    #forget(): void {
        this.#cancel();
        this.#changedAt = null;
        this.#unanswered = null;
        this.#retryMs = RETRY_MS_MIN;
    }

    #in(ms: number): void {
        this.#cancel();
        this.#cancel = this.#around.after(ms, () => this.#send());
    }

    #send(): void {
        if (this.#isSending) return;
        this.#cancel();
        if (this.#unanswered === null) {
            this.#unanswered = { version: this.#version, document: this.#around.document(), key: this.#around.key() };
            this.#changedAt = null;
        }
        const sent = this.#unanswered;
        this.#isSending = true;
        if (this.#standing.is !== "offline") this.#say({ is: "saving" });
        void this.#around.send(sent).then((saved) => {
            this.#isSending = false;
            // Somebody decided otherwise while it was on its way.
            if (this.#unanswered === sent) this.#answered(saved);
            for (const done of this.#waiting.splice(0)) done();
        });
    }

    #answered(saved: Saved): void {
        switch (saved.is) {
            case "taken":
                this.#unanswered = null;
                this.#version = saved.version;
                this.#retryMs = RETRY_MS_MIN;
                this.#say(this.#changedAt === null ? { is: "saved", at: saved.at } : { is: "waiting" });
                if (this.#changedAt !== null) this.changed();
                return;
            case "lost":
            case "signed-out":
                this.#say({ is: saved.is === "lost" ? "offline" : "signed-out" });
                this.#in(this.#retryMs);
                this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
                return;
            case "refused":
                // The next change may be what was missing.
                this.#unanswered = null;
                this.#changedAt ??= this.#around.now();
                this.#say(saved);
                return;
            default:
                this.#unanswered = null;
                this.#changedAt ??= this.#around.now();
                this.#say(saved);
        }
    }

    #say(standing: Standing): void {
        this.#standing = standing;
        this.#around.say(standing);
    }
}
