import assert from "node:assert/strict";
import { test } from "node:test";

import { countdown } from "../src/desk/countdown";
import { contrast, inkOn } from "../src/desk/identity";
import { bytes, text } from "../src/desk/passkeys";

test("whatever is binary survives the way as text", () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    for (const length of [0, 1, 2, 3, 255, 256]) {
        const sent = all.slice(256 - length);
        const written = text(sent.buffer);
        assert.match(written, /^[A-Za-z0-9_-]*$/);
        assert.deepEqual(bytes(written), sent);
    }
});

test("a countdown is said as one would say it", () => {
    const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000] as const;
    for (const [left, words] of [
        [-1, "any moment now"],
        [0, "any moment now"],
        [1, "in 0:01"],
        [9 * second, "in 0:09"],
        [4 * minute + 9 * second, "in 4:09"],
        [hour, "in 1 h 0 min"],
        [47 * hour + 5 * minute, "in 47 h 5 min"],
        [2 * day, "in 2 days"],
    ] as const) {
        assert.equal(countdown(left), words);
    }
});

test("contrast is what WCAG says it is", () => {
    assert.equal(contrast("#000000", "#ffffff").toFixed(2), "21.00");
    assert.equal(contrast("#767676", "#FFFFFF").toFixed(2), "4.54");
    assert.equal(inkOn("#ffe066"), "#000000");
    assert.equal(inkOn("#14595f"), "#ffffff");
});
