/** Chance from a seed, so that whatever it finds can be found again. */

export class Chance {
    #state: number;

    constructor(seed: number) {
        this.#state = seed >>> 0;
    }

    /** The next number, from 0 up to but not including 1. */
    next(): number {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    }

    /** A whole number below `end`. */
    below(end: number): number {
        return Math.floor(this.next() * end);
    }

    pick<Item>(items: readonly Item[]): Item {
        return items[this.below(items.length)]!;
    }

    /** Up to `most` of what `make` makes, at least `least`. */
    some<Item>(most: number, make: () => Item, least = 0): Item[] {
        return Array.from({ length: least + this.below(most - least + 1) }, make);
    }

    is(probability: number): boolean {
        return this.next() < probability;
    }
}
