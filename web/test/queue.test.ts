import assert from "node:assert/strict";
import { test } from "node:test";
import * as queue from "../src/player/queue";
import type { Piece } from "../src/player/sound";

const piece = (name: string): Piece => ({ src: `/media/${name}.mp3`, title: name, from: "", href: "", durationS: null, artwork: "" });
const [a, b, c] = [piece("a"), piece("b"), piece("c")];
const names = (list: queue.Queue) => list.map((waiting) => waiting.title).join("");

test("a piece stands in the queue once", () => {
    assert.equal(names(queue.add(queue.add([], a), a)), "a");
    assert.equal(names(queue.playNext([a, b, c], c)), "cab");
});

test("a piece moves up and down, and stops at the ends", () => {
    assert.equal(names(queue.move([a, b, c], 2, -1)), "acb");
    assert.equal(names(queue.move([a, b, c], 0, 1)), "bac");
    assert.equal(names(queue.move([a, b, c], 0, -1)), "abc");
    assert.equal(names(queue.move([a, b, c], 0, 99)), "bca");
    assert.equal(names(queue.move([a, b, c], 7, 1)), "abc");
});

test("taking leaves the rest", () => {
    const [first, rest] = queue.take([a, b]);
    assert.deepEqual([first?.title, names(rest)], ["a", "b"]);
    assert.deepEqual(queue.take([]), [null, []]);
});

test("a queue has a bound", () => {
    const full = Array.from({ length: queue.QUEUE_PIECES_MAX }, (_, at) => piece(`p${at}`));
    assert.equal(queue.add(full, a).length, queue.QUEUE_PIECES_MAX);
    assert.equal(queue.playNext(full, a).length, queue.QUEUE_PIECES_MAX);
    assert.equal(queue.playNext(full, a)[0], a);
});

test("only pieces come back out of storage", () => {
    const kept = [a, null, 7, { src: "javascript:alert(1)", title: "x" }, { src: "//evil.example/x", title: "x" }, { src: "/media/d.mp3" }];
    assert.equal(names(queue.parse(kept)), "a");
    assert.deepEqual(queue.parse("nothing"), []);
});
