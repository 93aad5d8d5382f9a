/** What the listener has lined up, in order. Pure: every act answers a new list. */

import { isSamePiece, parsePiece, type Piece } from "./sound";

export type Queue = readonly Piece[];

/** The longest queue: more than a day of listening. */
export const QUEUE_PIECES_MAX = 100;

/** Puts a piece at the end; a piece that is waiting already keeps its place. */
export function add(queue: Queue, piece: Piece): Queue {
    return has(queue, piece) || queue.length >= QUEUE_PIECES_MAX ? queue : [...queue, piece];
}

/** Puts a piece at the head, wherever it was before. */
export function playNext(queue: Queue, piece: Piece): Queue {
    return [piece, ...queue.filter((waiting) => !isSamePiece(waiting, piece))].slice(0, QUEUE_PIECES_MAX);
}

export function remove(queue: Queue, at: number): Queue {
    return queue.filter((_, index) => index !== at);
}

/** Moves the piece at `from` by so many places; beyond an end it stops there. */
export function move(queue: Queue, from: number, by: number): Queue {
    const piece = queue[from];
    if (piece === undefined) return queue;
    const rest = remove(queue, from);
    const to = Math.max(0, Math.min(rest.length, from + by));
    return [...rest.slice(0, to), piece, ...rest.slice(to)];
}

/** The first piece and the rest. */
export function take(queue: Queue): [Piece | null, Queue] {
    return [queue[0] ?? null, queue.slice(1)];
}

export function has(queue: Queue, piece: Piece): boolean {
    return queue.some((waiting) => isSamePiece(waiting, piece));
}

/** A queue out of what storage held; whatever is not a piece is left out. */
export function parse(value: unknown): Queue {
    if (!Array.isArray(value)) return [];
    return value.map(parsePiece).filter((piece) => piece !== null).slice(0, QUEUE_PIECES_MAX);
}
