/** Shows a password while it is typed: `<button data-reveal="password">` is for the field with that id. */

export function offerRevealing(root: ParentNode): void {
    for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-reveal]")) {
        const field = document.getElementById(button.dataset["reveal"] ?? "");
        if (!(field instanceof HTMLInputElement)) continue;
        const show = (isShown: boolean): void => {
            field.type = isShown ? "text" : "password";
            button.textContent = isShown ? "Hide" : "Show";
            button.setAttribute("aria-pressed", String(isShown));
        };
        button.hidden = false;
        button.addEventListener("click", () => show(field.type === "password"));
        // A shown password would be kept by the browser among what was typed before.
        field.form?.addEventListener("submit", () => show(false));
    }
}
