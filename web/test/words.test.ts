import assert from "node:assert/strict";
import { test } from "node:test";
import { softWords } from "../src/page/times";
import { dayNumber, knownZone } from "../src/player/clock";
import { digits, roughWords, words } from "../src/player/duration";
import { parse, recall, remember } from "../src/player/memory";
import { place } from "../src/player/rewind";
import { AT_REST, type Phase, type State } from "../src/player/state";
import { announcement, stateWords } from "../src/player/words";

test("a length is shown as digits and said as words", () => {
    assert.deepEqual([digits(0), digits(67.9), digits(3729)], ["0:00", "1:07", "1:02:09"]);
    assert.deepEqual([words(0), words(61), words(3729)], ["0 seconds", "1 minute 1 second", "1 hour 2 minutes"]);
    assert.deepEqual([digits(Number.NaN), digits(Number.POSITIVE_INFINITY), digits(-3)], ["0:00", "0:00", "0:00"]);
});

test("how far behind live is said roughly", () => {
    assert.deepEqual([roughWords(1), roughWords(33), roughWords(58), roughWords(712)], ["5 seconds", "35 seconds", "1 minute", "12 minutes"]);
});

test("every state of a player that was asked for something is said in words", () => {
    const phases: Phase[] = ["connecting", "playing", "buffering", "paused", "offline", "down", "ended", "failed"];
    const said = phases.map((phase) => stateWords({ sound: { kind: "live", service: "news" }, phase, attempt: 0 }, null));
    assert.equal(new Set(said).size, phases.length);
    assert.ok(said.every((words) => words.length > 0));
    assert.equal(stateWords(AT_REST, null), "");
});

test("a moment of buffering is not announced, and nothing is announced twice", () => {
    const sound = { kind: "live", service: "news" } as const;
    const state = (phase: Phase, attempt = 0): State => ({ sound, phase, attempt });
    assert.equal(announcement(state("playing"), state("buffering"), "x"), "");
    assert.equal(announcement(state("buffering"), state("playing"), "x"), "");
    assert.equal(announcement(state("connecting"), state("playing"), "The Morning Ledger"), "Playing: The Morning Ledger");
    assert.equal(announcement(state("down", 2), state("down", 3), "x"), "");
    assert.equal(announcement(state("playing"), state("connecting", 1), "x"), "Reconnecting");
});

test("a browser that keeps nothing, or nonsense, is met with defaults", () => {
    assert.equal(parse(null).volume, 1);
    const odd = parse({ volume: 40, speed: 9, queue: "x", piece: 1, hasKeys: 0, service: 5, positionS: -1 });
    assert.deepEqual(odd, parse(null));
    const forbidden = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("full"); } };
    assert.deepEqual(recall(forbidden), parse(null));
    assert.doesNotThrow(() => remember(forbidden, parse(null)));
    assert.deepEqual(recall(null), parse(null));
});

test("what was remembered is recalled", () => {
    let kept = "";
    const memory = { ...parse(null), volume: 0.4, isMuted: true, speed: 1.5, service: "music" };
    remember({ setItem: (_, value) => { kept = value; } }, memory);
    assert.deepEqual(recall({ getItem: () => kept }), memory);
});

test("a place in the rewind window stays within it, and clear of its end", () => {
    const span = { startS: 100, endS: 7300 };
    const none = () => null;
    assert.equal(place({ behindS: 600 }, span, none), 6700);
    assert.equal(place({ behindS: 1 }, span, none), 7282);
    assert.equal(place({ behindS: 99_999 }, span, none), 100);
    assert.equal(place({ at: "2026-11-24T08:00:00Z" }, span, () => 4000), 4000);
    assert.equal(place({ at: "2026-11-24T08:00:00Z" }, span, none), 100);
    assert.equal(place({ behindS: 1 }, { startS: 0, endS: 4 }, none), 0);
});

test("a time is softened while the day still helps", () => {
    const now = new Date("2026-11-24T23:00:00Z");
    const said = (at: string) => softWords(new Date(at), now, { language: "en-US", zone: "America/New_York" })?.replace(/\s/g, " ");
    assert.equal(said("2026-11-24T21:33:00Z"), "today at 4:33 PM");
    assert.equal(said("2026-11-24T04:59:00Z"), "yesterday at 11:59 PM");
    assert.equal(said("2026-11-21T14:00:00Z"), "Saturday at 9:00 AM");
    assert.equal(said("2026-11-17T14:00:00Z"), undefined);
    assert.equal(said("2026-11-25T14:00:00Z"), undefined);
    assert.equal(said("no moment"), undefined);
});

test("day and time are the station's, wherever the listener is", () => {
    const now = new Date("2026-11-24T23:30:00Z");
    const said = (zone: string) => softWords(new Date("2026-11-24T14:05:00Z"), now, { language: "en-US", zone })?.replace(/\s/g, " ");
    assert.equal(said("America/Los_Angeles"), "today at 6:05 AM");
    assert.equal(said("Asia/Tokyo"), "yesterday at 11:05 PM");
});

test("days are counted on the zone's calendar, through a change of the clocks", () => {
    const days = (at: string) => dayNumber(new Date(at), "America/New_York");
    assert.equal(days("2026-11-02T04:30:00Z") - days("2026-11-01T04:30:00Z"), 0);
    assert.equal(days("2026-11-02T05:30:00Z") - days("2026-10-31T12:00:00Z"), 2);
    assert.equal(days("2026-03-09T03:59:00Z") - days("2026-03-08T05:01:00Z"), 0);
});

test("a zone that the browser does not know is left to the browser's own", () => {
    assert.deepEqual([knownZone("Europe/Berlin"), knownZone("Mars/Olympus"), knownZone(""), knownZone(undefined)], ["Europe/Berlin", undefined, undefined, undefined]);
});
