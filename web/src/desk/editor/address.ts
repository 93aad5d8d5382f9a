/**
 * Which addresses a story may lead to: the same that `station::text::address` lets through.
 *
 * The desk decides again when it takes the story; this says it while one writes.
 */

/** The longest address, in bytes. */
const ADDRESS_BYTES_MAX = 2048;

/** Controls, and what turns the direction of what follows. */
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

const SURROUNDINGS = /^[\s\u0000-\u001f\u007f-\u009f]+|[\s\u0000-\u001f\u007f-\u009f]+$/gu;

const HERE = "https://here.invalid";

/** Names that readers know the hosts of embeds by: `station::block` has the same. */
const PROVIDERS: readonly (readonly [domain: string, name: string])[] = [
    ["datawrapper.dwcdn.net", "Datawrapper"],
    ["documentcloud.org", "DocumentCloud"],
    ["facebook.com", "Facebook"],
    ["flourish.studio", "Flourish"],
    ["google.com", "Google"],
    ["instagram.com", "Instagram"],
    ["npr.org", "NPR"],
    ["soundcloud.com", "SoundCloud"],
    ["spotify.com", "Spotify"],
    ["tiktok.com", "TikTok"],
    ["twitter.com", "X"],
    ["vimeo.com", "Vimeo"],
    ["x.com", "X"],
    ["youtube.com", "YouTube"],
    ["youtube-nocookie.com", "YouTube"],
    ["youtu.be", "YouTube"],
];

/** Hosts that have much besides what one would embed: an address there becomes a link. */
const MORE_THAN_EMBEDS = new Set(["Google", "NPR", "Facebook"]);

/** `text` as an address that a story may lead to; null where it may not. */
export function address(text: string): string | null {
    const trimmed = text.replace(SURROUNDINGS, "");
    if (trimmed === "" || isTooLong(trimmed) || UNFIT.test(trimmed)) return null;
    const found = trimmed.startsWith("/") ? pathOfThisSite(trimmed) : absolute(trimmed);
    return found === null || isTooLong(found) ? null : found;
}

/** What somebody typed where an address is asked for: `example.org/a` means `https://example.org/a`. */
export function typedAddress(text: string): string | null {
    const trimmed = text.trim();
    if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/u.test(trimmed)) return address(`mailto:${trimmed}`);
    if (/^[\p{L}\d-]+(\.[\p{L}\d-]+)+(:\d+)?([/?#]|$)/u.test(trimmed)) return address(`https://${trimmed}`);
    return address(trimmed);
}

/** True if `text` is one whole web address and nothing else. */
export function isBareAddress(text: string): boolean {
    return /^https?:\/\/\S+$/iu.test(text.trim()) && address(text) !== null;
}

/** The embed that a bare address stands for; null if its host is none that a story embeds from. */
export function embedOf(text: string): { title: string; href: string; provider: string } | null {
    const href = isBareAddress(text) ? address(text) : null;
    if (href === null || !href.startsWith("https://")) return null;
    const url = new URL(href);
    const known = PROVIDERS.find(([domain]) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
    if (known === undefined || url.pathname === "/" || MORE_THAN_EMBEDS.has(known[1])) return null;
    return { title: `On ${known[1]}`, href, provider: known[1] };
}

/** Whose page `href` is, as a reader knows them. */
export function providerOf(href: string): string {
    const host = new URL(href).hostname;
    const known = PROVIDERS.find(([domain]) => host === domain || host.endsWith(`.${domain}`));
    return known?.[1] ?? host.replace(/^www\./u, "");
}

function absolute(text: string): string | null {
    const url = URL.canParse(text) ? new URL(text) : null;
    switch (url?.protocol) {
        case "https:":
        case "http:":
            return url.hostname !== "" && url.username === "" && url.password === "" ? asWrittenOrNormal(text, url) : null;
        case "mailto:":
        case "tel:":
            return url.pathname === "" ? null : url.href;
        default:
            return null;
    }
}

/** As its owner wrote it where every browser reads it just so; the normal form otherwise. */
function asWrittenOrNormal(text: string, url: URL): string {
    const isPlain = /^[!-~]+$/u.test(text) && !/["'<>\\^`{|}]/u.test(text);
    const hasSlashes = text.slice(0, url.protocol.length + 2).endsWith("://");
    return isPlain && hasSlashes && !text.includes("/.") ? text : url.href;
}

function pathOfThisSite(text: string): string | null {
    if (text.startsWith("//") || text.includes("\\") || !URL.canParse(text, HERE)) return null;
    const url = new URL(text, HERE);
    const staysHere = url.origin === HERE && !url.pathname.startsWith("//");
    return staysHere ? url.href.slice(HERE.length) : null;
}

function isTooLong(text: string): boolean {
    return new TextEncoder().encode(text).length > ADDRESS_BYTES_MAX;
}
