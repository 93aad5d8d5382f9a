/** The schedule in the listener's own time: offers the browser's zone in the form that asks for one. */

export function offerOwnZone(root: ParentNode): void {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const select of root.querySelectorAll<HTMLSelectElement>("select[data-zones]")) {
        if (!zone || select.dataset["zones"] === zone) continue;
        const known = [...select.options].find((option) => option.value === zone);
        const option = known ?? new Option("", zone);
        option.textContent = `Your time (${zone.replaceAll("_", " ")})`;
        if (!known) select.add(option);
    }
}
