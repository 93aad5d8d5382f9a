/**
 * One writes at a time: the lock, held while this page is open, and reading along while another has it.
 *
 * Held for five minutes and renewed every minute, so that a closed lid lets go by itself.
 */

import type { Desk, Locked, Standing } from "./desk";

const RENEW_MS = 60_000;
const FOLLOW_MS = 3_000;

/** What the page is told. */
export interface Told {
    /** The story is held here. */
    mine: () => void;
    /** Another holds it. */
    theirs: (holder: string, since: string) => void;
    /** The text as the other has saved it. */
    standing: (standing: Standing) => void;
    /** It cannot be asked for, and why. */
    not: (locked: Locked) => void;
}

export class Lock {
    readonly #desk: Desk;
    readonly #told: Told;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #isMine = false;

    constructor(desk: Desk, told: Told) {
        this.#desk = desk;
        this.#told = told;
    }

    get isMine(): boolean {
        return this.#isMine;
    }

    /** Asks for the story; `take` takes it from whoever holds it. */
    async ask(take = false): Promise<void> {
        clearTimeout(this.#timer);
        const locked = await this.#desk.lock(take);
        if (locked.is === "mine") {
            if (!this.#isMine) this.#told.mine();
            this.#isMine = true;
        } else if (locked.is === "held") {
            this.lost(locked.holder, locked.since);
            return;
        } else if (!this.#isMine) {
            this.#told.not(locked);
        }
        this.#timer = setTimeout(() => void this.ask(), RENEW_MS);
    }

    /** Somebody took it over. */
    lost(holder: string, since: string): void {
        this.#isMine = false;
        this.#told.theirs(holder, since);
        this.#follow();
    }

    /** Lets go, because the page goes away. */
    release(): void {
        clearTimeout(this.#timer);
        if (this.#isMine) this.#desk.release();
        this.#isMine = false;
    }

    #follow(): void {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(async () => {
            const standing = document.hidden ? null : await this.#desk.standing();
            if (this.#isMine) return;
            if (standing !== null) this.#told.standing(standing);
            this.#follow();
        }, FOLLOW_MS);
    }
}
