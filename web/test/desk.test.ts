import assert from "node:assert/strict";
import { test } from "node:test";

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
