/** Copies the words of an element to the clipboard: `<button data-copy="link">` copies the element with that id. */

const SAID_MS = 2000;

export function offerCopying(root: ParentNode): void {
    if (navigator.clipboard === undefined) return;
    for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
        button.hidden = false;
        button.addEventListener("click", () => void copy(button));
    }
}

async function copy(button: HTMLButtonElement): Promise<void> {
    const words = document.getElementById(button.dataset["copy"] ?? "")?.innerText;
    if (words === undefined) return;
    const label = button.textContent;
    try {
        await navigator.clipboard.writeText(words.trim());
        button.textContent = "Copied";
    } catch {
        button.textContent = "Select and copy it by hand";
    }
    setTimeout(() => (button.textContent = label), SAID_MS);
}
