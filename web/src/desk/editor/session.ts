/**
 * One sitting at a story: the form, the words, and what becomes of them.
 *
 * Every change is kept in this browser within a second and sent to the desk within five. Another who holds the story is
 * read along with; another text that was saved meanwhile is shown as a choice. Nothing that was written here is ever
 * replaced without a copy of it on the shelf or among the revisions.
 *
 * Start at {@link begin}.
 */

import { Desk, type Draft, type Standing as Stored } from "./desk";
import { element } from "./dom";
import { lockFields, showFields, withFields } from "./fields";
import { Lock } from "./lock";
import { Saver, type Standing } from "./saver";
import { isAhead, type Kept, KEEP_MS, Shelf } from "./shelf";
import { said, standingWords } from "./words";
import { Writing } from "./writing";

/** How long after a lost answer the text of another is asked for again, in milliseconds. */
const TAKE_AGAIN_MS = 3_000;

/** A sentence above the words, and what one can do about it. */
interface Notice {
    words: string;
    acts: readonly (readonly [label: string, act: () => void])[];
    isGrave?: boolean;
}

export function begin(form: HTMLFormElement): void {
    const json = document.getElementById("draft")?.textContent;
    const story = form.dataset["story"];
    if (!json || story === undefined) return;
    new Session(form, story, JSON.parse(json) as Draft);
}

class Session {
    readonly #form: HTMLFormElement;
    readonly #saver: Saver;
    readonly #shelf: Shelf;
    readonly #desk: Desk;
    readonly #lock: Lock;
    readonly #writing: Writing;
    readonly #notice = element("div", { class: "notice", role: "status", hidden: true });
    readonly #saved: HTMLOutputElement;
    /** What the fields do not show is kept from here. */
    #draft: Draft;
    /** The text of another, as it was last read. */
    #read: { version: number; saved_at: string | null } | null = null;
    #wasOffline = false;
    #keeping: ReturnType<typeof setTimeout> | undefined;

    constructor(form: HTMLFormElement, story: string, draft: Draft) {
        this.#form = form;
        this.#draft = draft;
        this.#desk = new Desk(story);
        this.#shelf = new Shelf(story, form.dataset["account"] ?? "");
        this.#saved = document.querySelector<HTMLOutputElement>("output#saved") ?? form.appendChild(element("output", { id: "saved" }));
        this.#saver = new Saver(Number(form.dataset["version"] ?? 0), {
            send: (save) => this.#desk.save(save),
            document: () => this.#document(),
            say: (standing) => this.#say(standing),
            now: () => Date.now(),
            after: (ms, act) => {
                const timer = setTimeout(act, ms);
                return () => clearTimeout(timer);
            },
            key: () => crypto.randomUUID(),
        });
        this.#writing = new Writing(draft.body, () => this.#changed());
        this.#lock = new Lock(this.#desk, {
            mine: () => this.#mine(),
            theirs: (holder, since) => this.#theirs(holder, since),
            standing: (standing) => this.#readAlong(standing),
            not: (locked) => locked.is === "refused" && this.#readOnly(locked.error),
        });
        this.#place();
        this.#listen();
        void this.#start();
    }

    /** The words take the place of the plain field, which works without script. */
    #place(): void {
        const plain = this.#form.querySelector<HTMLTextAreaElement>('textarea[name="body"]');
        if (plain === null) throw new Error("the form of the story has no field for its words");
        const field = plain.closest<HTMLElement>(".field") ?? plain;
        // The page says it for who has no script.
        for (const note of document.querySelectorAll<HTMLElement>(".is-held")) note.hidden = true;
        field.hidden = true;
        plain.disabled = true;
        field.after(this.#notice, this.#writing.dom);
    }

    #listen(): void {
        this.#form.addEventListener("input", (event) => {
            const isInWords = event.target instanceof Node && this.#writing.dom.contains(event.target);
            if (!isInWords) this.#changed();
        });
        document.addEventListener("submit", (event) => this.#submit(event), { capture: true });
        document.addEventListener("keydown", (event) => {
            if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
                event.preventDefault();
                void this.#saver.now();
            }
        });
        window.addEventListener("online", () => this.#saver.again());
        window.addEventListener("focus", () => this.#saver.standing.is === "signed-out" && this.#saver.again());
        window.addEventListener("beforeunload", (event) => {
            if (this.#saver.isUnsaved) event.preventDefault();
        });
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden) return;
            this.#keep();
            void this.#saver.now();
        });
        window.addEventListener("pagehide", () => {
            this.#keep();
            this.#lock.release();
        });
        window.addEventListener("pageshow", (event) => event.persisted && void this.#lock.ask());
    }

    async #start(): Promise<void> {
        // Before anything is said to be saved: what was left unsaved would be taken for it.
        this.#shelf.setAside();
        // What the page says of the last save is better than what one could say here.
        if (this.#saved.value === "") this.#say(this.#saver.standing);
        await this.#offerUnsaved(this.#draft);
        await this.#lock.ask();
    }

    #document(): Draft {
        this.#draft = { ...withFields(this.#form, this.#draft), body: this.#writing.pieces };
        return this.#draft;
    }

    #changed(): void {
        this.#saver.changed();
        this.#keeping ??= setTimeout(() => this.#keep(), KEEP_MS);
    }

    #keep(): void {
        clearTimeout(this.#keeping);
        this.#keeping = undefined;
        if (this.#saver.isUnsaved) this.#shelf.keep({ version: this.#saver.version, document: this.#document(), at: Date.now() });
    }

    #say(standing: Standing): void {
        const words = standingWords(standing);
        if (this.#saved.value !== words) this.#saved.value = words;
        this.#saved.dataset["state"] = standing.is;
        switch (standing.is) {
            case "saved":
                if (!this.#saver.isUnsaved) this.#shelf.clear();
                this.#tell("saved");
                this.#wasOffline = this.#wasOffline && this.#tell("online");
                return;
            case "offline":
                if (!this.#wasOffline) this.#tell("offline");
                this.#wasOffline = true;
                return;
            case "moved":
                return this.#askWhich(standing);
            case "held":
                if (this.#lock.isMine) this.#lock.lost(standing.holder, standing.since);
                return;
            default:
        }
    }

    #tell(what: "saved" | "lost-lock" | "offline" | "online"): false {
        this.#form.dispatchEvent(new CustomEvent(`groundwave:${what}`, { bubbles: true, detail: { version: this.#saver.version } }));
        return false;
    }

    /** Before anything is sent from this page, the words are saved. */
    #submit(event: SubmitEvent): void {
        const form = event.target as HTMLFormElement;
        if (form.method === "dialog" || form.closest("dialog") !== null) return;
        if (form !== this.#form && !this.#saver.isUnsaved) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        void this.#saver.now().then((standing) => {
            if (form === this.#form) return;
            if (standing.is === "saved") form.requestSubmit(event.submitter);
            else this.#show({ words: "Not done: your words are not saved yet. Try again when they are.", acts: [] });
        });
    }

    // What was kept in this browser.

    /** Offers the newest text that the desk does not have, and forgets those that it has. */
    async #offerUnsaved(standing: Draft): Promise<void> {
        const found = await this.#shelf.waiting();
        for (const kept of found) if (!isAhead(kept, standing)) this.#shelf.forget(kept);
        const newest = found.find((kept) => isAhead(kept, standing));
        // Who reads along is offered it when they take the story over.
        if (newest !== undefined && this.#read === null) this.#offer(newest);
    }

    #offer(kept: Kept): void {
        const decided = (): void => {
            this.#shelf.forget(kept);
            this.#hush();
            void this.#offerUnsaved(this.#document());
        };
        const putBack = (): void => {
            this.#take(kept.document);
            this.#changed();
            this.#keep();
            decided();
        };
        const look = (): void => this.#look(kept, putBack, decided);
        this.#show({ words: `Your words of ${said(kept.at)} were not saved.`, acts: [["Put them back", putBack], ["Look at them", look], ["Discard them", decided]] });
    }

    /** Shows the kept words without changing anything. */
    #look(kept: Kept, putBack: () => void, discard: () => void): void {
        const words = new Writing(kept.document.body, () => undefined);
        words.isEditable = false;
        const act = (label: string, run: () => void, name: string): HTMLElement => element("button", { type: "button", class: name, onclick: () => (dialog.close(), run()) }, label);
        const dialog = element(
            "dialog",
            { class: "sheet is-wide", "aria-label": `Your words of ${said(kept.at)}` },
            element("h2", {}, String(kept.document["headline"] ?? "") || `Your words of ${said(kept.at)}`),
            words.dom,
            element("div", { class: "acts" }, act("Put them back", putBack, "button is-main"), act("Discard them", discard, "button"), act("Decide later", () => undefined, "quiet")),
        );
        dialog.addEventListener("close", () => dialog.remove());
        document.body.append(dialog);
        dialog.showModal();
    }

    // Another text, another writer.

    #askWhich({ by, at, kept, version }: Extract<Standing, { is: "moved" }>): void {
        const revision = kept === null ? "" : ` Yours is kept in the history as number ${kept}.`;
        this.#show({
            words: `${by} saved this story at ${said(at)}, while you were writing.${revision}`,
            isGrave: true,
            acts: [
                ["Go on with my text", () => (this.#hush(), this.#saver.override(version))],
                ["Take theirs", () => void this.#takeTheirs()],
            ],
        });
    }

    async #takeTheirs(): Promise<void> {
        const standing = await this.#desk.standing();
        if (standing === null) return;
        this.#take(standing.document);
        this.#saver.adopt(standing.version, standing.saved_at);
        this.#hush();
    }

    #mine(): void {
        const wasAnothers = this.#read !== null || this.#saver.standing.is === "held";
        if (wasAnothers) void this.#takeOver();
        else this.#editable(true);
    }

    /** The text goes on from where the other left it; what was not saved here is offered. */
    async #takeOver(): Promise<void> {
        const standing = await this.#desk.standing();
        if (standing === null) {
            setTimeout(() => this.#lock.isMine && void this.#takeOver(), TAKE_AGAIN_MS);
            return;
        }
        this.#read = null;
        this.#take(standing.document);
        this.#saver.adopt(standing.version, standing.saved_at);
        this.#hush();
        this.#editable(true);
        await this.#offerUnsaved(this.#document());
    }

    #theirs(holder: string, since: string): void {
        this.#keep();
        this.#shelf.setAside();
        this.#editable(false);
        const wasUnsaved = this.#saver.isUnsaved;
        if (this.#saver.standing.is !== "held") this.#saver.held(holder, since);
        this.#read ??= { version: this.#saver.version, saved_at: null };
        this.#tell("lost-lock");
        const kept = wasUnsaved ? " What you wrote last is kept in this browser." : "";
        this.#show({ words: `${holder} has been writing since ${said(since)}. You read along.${kept}`, acts: [["Take over", () => void this.#lock.ask(true)]] });
    }

    #readAlong(standing: Stored): void {
        if (this.#read === null) return;
        if (standing.version !== this.#read.version) {
            this.#read = { version: standing.version, saved_at: standing.saved_at };
            this.#take(standing.document);
        }
        if (standing.holder === null) {
            this.#show({ words: "Nobody is writing now.", acts: [["Write", () => void this.#lock.ask()]] });
        }
    }

    #readOnly(error: string): void {
        this.#editable(false);
        this.#show({ words: error, acts: [] });
    }

    #take(draft: Draft): void {
        this.#draft = draft;
        showFields(this.#form, draft);
        this.#writing.show(draft.body);
    }

    #editable(is: boolean): void {
        this.#writing.isEditable = is;
        lockFields(this.#form, !is);
        this.#form.classList.toggle("is-read-only", !is);
    }

    #show({ words, acts, isGrave = false }: Notice): void {
        this.#notice.classList.toggle("is-grave", isGrave);
        this.#notice.replaceChildren(element("p", {}, words), element("div", { class: "acts" }, ...acts.map(([label, act]) => element("button", { type: "button", class: "button", onclick: act }, label))));
        this.#notice.hidden = false;
    }

    #hush(): void {
        this.#notice.hidden = true;
        this.#notice.replaceChildren();
    }
}
