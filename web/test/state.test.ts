import assert from "node:assert/strict";
import { test } from "node:test";
import type { Piece, Sound } from "../src/player/sound";
import { type Act, AT_REST, type Happening, reduce, retryMs, type State } from "../src/player/state";

const NEWS: Sound = { kind: "live", service: "news" };
const REPORT: Piece = { src: "/media/a.mp3", title: "The river", from: "News", href: "/news/a", durationS: 60, artwork: "" };
const PIECE: Sound = { kind: "piece", piece: REPORT, startS: 0 };
const BROKE: Happening = { type: "broke", isRefused: false, isOnline: true };

/** Lets things happen one after the other; answers where they lead and every act on the way. */
function after(...events: Happening[]): { state: State; acts: Act[] } {
    let state = AT_REST;
    const acts: Act[] = [];
    for (const event of events) {
        const [next, act] = reduce(state, event);
        state = next;
        acts.push(act);
    }
    return { state, acts };
}

const chosen = (sound: Sound): Happening => ({ type: "chosen", sound });

test("one press leads to live sound", () => {
    const { state, acts } = after(chosen(NEWS), { type: "sounding" });
    assert.equal(state.phase, "playing");
    assert.deepEqual(acts, [{ do: "load" }, { do: "nothing" }]);
});

test("a paused live stream is let go of, and begins at live again", () => {
    const { state, acts } = after(chosen(NEWS), { type: "sounding" }, { type: "pause-asked" }, { type: "play-asked" });
    assert.equal(state.phase, "connecting");
    assert.deepEqual(acts.slice(2), [{ do: "drop" }, { do: "load" }]);
});

test("a paused piece goes on where it was", () => {
    const { acts } = after(chosen(PIECE), { type: "sounding" }, { type: "pause-asked" }, { type: "play-asked" });
    assert.deepEqual(acts.slice(2), [{ do: "pause" }, { do: "play" }]);
});

test("a stream that breaks off is tried again at once, and only then said to be down", () => {
    const hiccup = after(chosen(NEWS), { type: "sounding" }, BROKE);
    assert.equal(hiccup.state.phase, "connecting");
    assert.deepEqual(hiccup.acts.at(-1), { do: "retry-in", ms: 0 });
    const down = after(chosen(NEWS), { type: "sounding" }, BROKE, { type: "retry-due" }, BROKE);
    assert.equal(down.state.phase, "down");
    assert.deepEqual(down.acts.at(-1), { do: "retry-in", ms: 1000 });
});

test("a live stream is never given up, and attempts grow rarer up to a bound", () => {
    const { state, acts } = after(chosen(NEWS), ...Array<Happening>(50).fill(BROKE));
    assert.equal(state.phase, "down");
    assert.deepEqual(acts.at(-1), { do: "retry-in", ms: 30_000 });
    const waits = Array.from({ length: 12 }, (_, at) => retryMs(at + 1));
    assert.deepEqual(waits, [...waits].sort((a, b) => a - b));
});

test("a stream that is heard again is forgiven", () => {
    const { state } = after(chosen(NEWS), BROKE, BROKE, BROKE, { type: "retry-due" }, { type: "sounding" });
    assert.deepEqual([state.phase, state.attempt], ["playing", 0]);
});

test("a server that ends a live stream has broken it", () => {
    const { state, acts } = after(chosen(NEWS), { type: "sounding" }, { type: "reached-end", isOnline: true });
    assert.equal(state.phase, "connecting");
    assert.equal(acts.at(-1)?.do, "retry-in");
});

test("a piece that ends makes way for the next", () => {
    const { state, acts } = after(chosen(PIECE), { type: "sounding" }, { type: "reached-end", isOnline: true });
    assert.equal(state.phase, "ended");
    assert.deepEqual(acts.at(-1), { do: "next" });
});

test("a piece that cannot be played is given up; one that does not come is tried for half a minute", () => {
    const refused = after(chosen(PIECE), { type: "broke", isRefused: true, isOnline: true });
    assert.equal(refused.state.phase, "failed");
    const broken = (times: number) => after(chosen(PIECE), ...Array<Happening>(times).fill(BROKE));
    const waited = broken(6).acts.reduce((ms, act) => ms + (act.do === "retry-in" ? act.ms : 0), 0);
    assert.deepEqual([broken(6).state.phase, waited], ["down", 30_000]);
    assert.equal(broken(7).state.phase, "failed");
});

test("without a connection it waits, and goes on by itself when the connection is back", () => {
    const offline = after(chosen(NEWS), { type: "sounding" }, { type: "broke", isRefused: false, isOnline: false });
    assert.equal(offline.state.phase, "offline");
    assert.equal(offline.acts.at(-1)?.do, "retry-in", "a browser may be wrong about it");
    assert.deepEqual(reduce(offline.state, { type: "retry-due" }), [offline.state, { do: "load" }]);
    const [back, act] = reduce(offline.state, { type: "came-online" });
    assert.equal(back.phase, "connecting");
    assert.deepEqual(act, { do: "load" });
});

test("what still sounds out of the buffer is not called offline", () => {
    assert.equal(after(chosen(NEWS), { type: "sounding" }, { type: "went-offline" }).state.phase, "playing");
    assert.equal(after(chosen(NEWS), { type: "sounding" }, { type: "ran-dry", isOnline: true }, { type: "went-offline" }).state.phase, "offline");
    assert.equal(after(chosen(NEWS), { type: "sounding" }, { type: "went-offline" }, { type: "ran-dry", isOnline: false }).state.phase, "offline");
});

test("a listener who has paused is not disturbed by anything", () => {
    const late: Happening[] = [
        { type: "sounding" },
        { type: "ran-dry", isOnline: true },
        BROKE,
        { type: "retry-due" },
        { type: "came-online" },
        { type: "went-offline" },
        { type: "hushed" },
        { type: "reached-end", isOnline: true },
    ];
    for (const event of late) {
        const paused: State = after(chosen(NEWS), { type: "sounding" }, { type: "pause-asked" }).state;
        const [state, act]: [State, Act] = reduce(paused, event);
        assert.deepEqual([state, act], [paused, { do: "nothing" }], event.type);
    }
});

test("a press that the browser did not believe leaves it paused, ready for the next", () => {
    const { state } = after(chosen(NEWS), { type: "not-allowed" });
    assert.equal(state.phase, "paused");
    assert.deepEqual(reduce(state, { type: "play-asked" })[1], { do: "load" });
});

test("a headset that is pulled out pauses", () => {
    assert.equal(after(chosen(PIECE), { type: "sounding" }, { type: "hushed" }).state.phase, "paused");
});

test("what was heard on the last visit waits without a sound", () => {
    const { state, acts } = after({ type: "restored", sound: PIECE });
    assert.equal(state.phase, "paused");
    assert.deepEqual(acts, [{ do: "nothing" }]);
});
