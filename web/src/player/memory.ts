/** What the player remembers from one visit to the next. A browser that keeps nothing is no reason to fail. */

import { parse as parseQueue, type Queue } from "./queue";
import { parsePiece, type Piece } from "./sound";

export interface Memory {
    /** The service that was heard last. */
    service: string | null;
    /** The piece that was being heard, and where in it. */
    piece: Piece | null;
    positionS: number;
    queue: Queue;
    /** 0 to 1. */
    volume: number;
    isMuted: boolean;
    speed: number;
    /** Whether single keys work the player. */
    hasKeys: boolean;
}

export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

const KEY = "groundwave.player";

export function recall(storage: Pick<Storage, "getItem"> | null): Memory {
    try {
        return parse(JSON.parse(storage?.getItem(KEY) ?? "null"));
    } catch {
        return parse(null);
    }
}

export function remember(storage: Pick<Storage, "setItem"> | null, memory: Memory): void {
    try {
        storage?.setItem(KEY, JSON.stringify(memory));
    } catch {
        // Full, or forbidden: the visit goes on without.
    }
}

/** The browser's storage, or null where merely asking for it is forbidden. */
export function browserStorage(): Storage | null {
    try {
        return window.localStorage;
    } catch {
        return null;
    }
}

export function parse(value: unknown): Memory {
    const kept = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    return {
        service: typeof kept["service"] === "string" ? kept["service"] : null,
        piece: parsePiece(kept["piece"]),
        positionS: number(kept["positionS"], 0, 0, Number.MAX_SAFE_INTEGER),
        queue: parseQueue(kept["queue"]),
        volume: number(kept["volume"], 1, 0, 1),
        isMuted: kept["isMuted"] === true,
        speed: SPEEDS.find((speed) => speed === kept["speed"]) ?? 1,
        hasKeys: kept["hasKeys"] !== false,
    };
}

function number(value: unknown, otherwise: number, least: number, most: number): number {
    return typeof value === "number" && value >= least && value <= most ? value : otherwise;
}
