import assert from "node:assert/strict";
import { test } from "node:test";

import type { Draft, Save, Saved } from "../src/desk/editor/desk";
import { Saver, type Standing } from "../src/desk/editor/saver";

/** A saver with a clock that is moved by hand and a desk that answers when told. */
class Table {
    now = 0;
    words = "";
    readonly sent: Save[] = [];
    readonly said: Standing["is"][] = [];
    #timers: { at: number; act: () => void }[] = [];
    #answer: ((saved: Saved) => void) | null = null;
    #keys = 0;
    readonly saver = new Saver(7, {
        send: (save) => {
            this.sent.push(save);
            return new Promise((resolve) => (this.#answer = resolve));
        },
        document: () => ({ body: [], headline: this.words }) satisfies Draft,
        say: (standing) => this.said.push(standing.is),
        now: () => this.now,
        after: (ms, act) => {
            const timer = { at: this.now + ms, act };
            this.#timers.push(timer);
            return () => (this.#timers = this.#timers.filter((one) => one !== timer));
        },
        key: () => `k${++this.#keys}`,
    });

    type(words: string): void {
        this.words += words;
        this.saver.changed();
    }

    pass(ms: number): void {
        const end = this.now + ms;
        for (;;) {
            const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
            if (next === undefined) break;
            this.#timers = this.#timers.filter((one) => one !== next);
            this.now = next.at;
            next.act();
        }
        this.now = end;
    }

    async answer(saved: Saved): Promise<void> {
        this.#answer!(saved);
        await new Promise((resolve) => setImmediate(resolve));
    }

    get headlines(): unknown[] {
        return this.sent.map(({ document }) => document["headline"]);
    }
}

const taken = (version: number): Saved => ({ is: "taken", version, at: "2026-11-24T16:33:00Z" });

test("words are saved two seconds after the last key", () => {
    const table = new Table();
    table.type("a");
    table.pass(1500);
    table.type("b");
    table.pass(1999);
    assert.equal(table.sent.length, 0);
    table.pass(1);
    assert.deepEqual(table.sent, [{ version: 7, document: { body: [], headline: "ab" }, key: "k1" }]);
});

test("while the keys go on, they are saved every five seconds", async () => {
    const table = new Table();
    for (let key = 0; key < 100; key++) {
        table.type("x");
        table.pass(100);
        if (table.sent.length === 1 && table.said.at(-1) === "saving") await table.answer(taken(8));
    }
    assert.ok(table.sent.length === 2, `${table.sent.length} saves in ten seconds`);
    assert.equal(String(table.headlines[0]).length, 50);
});

test("a save whose answer was lost is sent again as it was, before anything newer", async () => {
    const table = new Table();
    table.type("a");
    table.pass(2000);
    table.type("b");
    await table.answer({ is: "lost" });
    assert.equal(table.said.at(-1), "offline");
    table.pass(1000);
    assert.deepEqual(table.sent[1], table.sent[0]);
    await table.answer(taken(8));
    table.pass(2000);
    assert.deepEqual(table.sent[2], { version: 8, document: { body: [], headline: "ab" }, key: "k2" });
    await table.answer(taken(9));
    assert.equal(table.said.at(-1), "saved");
    assert.equal(table.saver.isUnsaved, false);
});

test("attempts grow rarer up to a bound, and the network’s return is tried at once", async () => {
    const table = new Table();
    table.type("a");
    table.pass(2000);
    for (const wait of [1000, 2000, 4000, 8000, 15_000, 15_000]) {
        const before = table.sent.length;
        await table.answer({ is: "lost" });
        table.pass(wait - 1);
        assert.equal(table.sent.length, before);
        table.pass(1);
        assert.equal(table.sent.length, before + 1);
    }
    await table.answer({ is: "lost" });
    const before = table.sent.length;
    table.saver.again();
    assert.equal(table.sent.length, before + 1);
});

test("after another’s save nothing is sent until somebody decides", async () => {
    const table = new Table();
    table.type("a");
    table.pass(2000);
    await table.answer({ is: "moved", version: 9, by: "Del", at: "2026-11-24T16:33:00Z", kept: 3 });
    table.type("b");
    table.pass(60_000);
    assert.equal(table.sent.length, 1);
    assert.equal(table.saver.isUnsaved, true);
    table.saver.override(9);
    assert.deepEqual(table.sent[1], { version: 9, document: { body: [], headline: "ab" }, key: "k2" });
});

test("while another holds the story nothing is sent, and taking it goes on from their version", async () => {
    const table = new Table();
    table.type("a");
    table.pass(2000);
    await table.answer({ is: "held", holder: "Del", since: "2026-11-24T16:33:00Z" });
    table.type("b");
    table.saver.again();
    table.pass(60_000);
    assert.equal(table.sent.length, 1);
    table.saver.adopt(12, null);
    table.type("c");
    table.pass(2000);
    assert.equal(table.sent[1]!.version, 12);
});

test("a refusal is said, and the next change tried", async () => {
    const table = new Table();
    table.type("a");
    table.pass(2000);
    await table.answer({ is: "refused", error: "The headline has more than 300 characters." });
    assert.equal(table.said.at(-1), "refused");
    table.pass(60_000);
    assert.equal(table.sent.length, 1);
    table.type("b");
    table.pass(2000);
    assert.deepEqual(table.headlines, ["a", "ab"]);
});

test("saving now waits for the answer, and says how it stands", async () => {
    const table = new Table();
    assert.equal((await table.saver.now()).is, "saved");
    table.type("a");
    const standing = table.saver.now();
    assert.equal(table.sent.length, 1);
    await table.answer(taken(8));
    assert.equal((await standing).is, "saved");
});
