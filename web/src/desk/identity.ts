/** Shows the station's identity while it is typed: its name, its tagline, its colour and how well that can be read. */

const CONTRAST_MIN = 4.5;
const PAPER = { light: "#fbfaf7", dark: "#151413" };
const WORDS = {
    light: ["Links in it can be read on a light page.", "Too pale for words on a light page: the site takes a darker shade of it there."],
    dark: ["Links in it can be read on a dark page.", "Too dark for words on a dark page: the site takes a lighter shade of it there."],
} as const;

export function offerIdentity(root: ParentNode): void {
    const form = root.querySelector<HTMLFormElement>("form[data-identity]");
    const accent = form?.querySelector<HTMLInputElement>("#accent");
    const picker = form?.querySelector<HTMLInputElement>("#picker");
    if (!form || !accent || !picker) return;
    const look = (name: string): Element | null => root.querySelector(`[data-look="${name}"]`);
    const field = (name: string): string => form.querySelector<HTMLInputElement>(`#${name}`)?.value ?? "";
    const show = (): void => {
        look("name")?.replaceChildren(field("name"));
        look("tagline")?.replaceChildren(field("tagline"));
        if (!isColour(accent.value)) return;
        for (const name of ["band", "button"]) look(name)?.setAttribute("fill", accent.value);
        look("ink")?.setAttribute("fill", inkOn(accent.value));
        say(root, "ink", contrast(accent.value, inkOn(accent.value)));
        for (const place of ["light", "dark"] as const) {
            const ratio = contrast(accent.value, PAPER[place]);
            say(root, place, ratio, WORDS[place][ratio >= CONTRAST_MIN ? 0 : 1]);
        }
    };
    picker.parentElement?.removeAttribute("hidden");
    picker.addEventListener("input", () => {
        accent.value = picker.value;
        show();
    });
    form.addEventListener("input", (event) => {
        if (event.target === accent && isColour(accent.value)) picker.value = accent.value.toLowerCase();
        show();
    });
}

function say(root: ParentNode, place: string, ratio: number, words?: string): void {
    const line = root.querySelector(`[data-check="${place}"]`);
    line?.querySelector(".ratio")?.replaceChildren(`${ratio.toFixed(1)} : 1`);
    if (words !== undefined) line?.querySelector(".words")?.replaceChildren(words);
}

function isColour(text: string): boolean {
    return /^#[0-9a-f]{6}$/i.test(text);
}

/** Black or white, whichever is read better on a colour. */
export function inkOn(colour: string): string {
    return contrast(colour, "#ffffff") >= contrast(colour, "#000000") ? "#ffffff" : "#000000";
}

/** The WCAG contrast ratio of two colours written `#rrggbb`, from 1 to 21. */
export function contrast(one: string, other: string): number {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(colour: string): number {
    const channel = (at: number): number => {
        const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
