/**
 * Passkeys: asks the browser to make one, or to sign with one, and hands what it says to the desk.
 *
 * Everything binary travels as Base64url. The public key is taken as the browser hands it out, so that nobody here or
 * there has to read CBOR.
 */

interface Told {
    to?: string;
    error?: string;
}

interface Asked {
    challenge: string;
    party: string;
}

interface AskedForNew extends Asked {
    station: string;
    user: string;
    email: string;
    name: string;
    algorithms: number[];
    known: string[];
}

export function offerPasskeys(root: ParentNode): void {
    if (!("PublicKeyCredential" in window)) return;
    for (const excuse of root.querySelectorAll<HTMLElement>("[data-without-passkeys]")) excuse.hidden = true;
    for (const place of root.querySelectorAll<HTMLElement>("[data-passkey]")) {
        const button = place.querySelector("button");
        if (button === null) continue;
        place.hidden = false;
        button.addEventListener("click", () => void press(place, button));
    }
}

async function press(place: HTMLElement, button: HTMLButtonElement): Promise<void> {
    const fault = place.querySelector<HTMLElement>(".fault");
    button.disabled = true;
    if (fault !== null) fault.hidden = true;
    try {
        const told = place.dataset["passkey"] === "add" ? await add(place) : await signIn(place.dataset["then"] ?? "/");
        if (told.to !== undefined) return location.assign(told.to);
        say(fault, told.error ?? "That did not work. Please try again.");
    } catch (error) {
        say(fault, inWords(error));
    }
    button.disabled = false;
}

async function signIn(then: string): Promise<Told> {
    const asked = (await ask("/sign-in/passkey/challenge")) as Asked & Told;
    if (asked.error !== undefined) return asked;
    const credential = await navigator.credentials.get({
        publicKey: { challenge: bytes(asked.challenge), rpId: asked.party, userVerification: "required" },
    });
    if (!(credential instanceof PublicKeyCredential)) return {};
    const response = credential.response as AuthenticatorAssertionResponse;
    return (await ask(`/sign-in/passkey?then=${encodeURIComponent(then)}`, {
        id: text(credential.rawId),
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.authenticatorData),
        signature: text(response.signature),
    })) as Told;
}

async function add(place: HTMLElement): Promise<Told> {
    const asked = (await ask("/account/passkeys/challenge")) as AskedForNew & Told;
    if (asked.error !== undefined) return asked;
    const credential = await navigator.credentials.create({
        publicKey: {
            challenge: bytes(asked.challenge),
            rp: { id: asked.party, name: asked.station },
            user: { id: bytes(asked.user), name: asked.email, displayName: asked.name },
            pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
            excludeCredentials: asked.known.map((id) => ({ type: "public-key", id: bytes(id) })),
            authenticatorSelection: { residentKey: "required", userVerification: "required" },
            attestation: "none",
        },
    });
    if (!(credential instanceof PublicKeyCredential)) return {};
    const response = credential.response as AuthenticatorAttestationResponse;
    const publicKey = response.getPublicKey();
    if (publicKey === null) return { error: "This device signs in a way that the desk does not know." };
    return (await ask("/account/passkeys", {
        name: place.querySelector("input")?.value ?? "",
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.getAuthenticatorData()),
        public_key: text(publicKey),
        algorithm: response.getPublicKeyAlgorithm(),
    })) as Told;
}

async function ask(path: string, body?: unknown): Promise<unknown> {
    const sent: RequestInit = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(path, { method: "POST", ...sent });
    if (answer.headers.get("content-type") !== "application/json") {
        return { error: answer.status === 401 || answer.status === 403 ? "Please sign in once more, and try again." : "The desk did not answer. Please try again." };
    }
    return answer.json();
}

/** What the browser says when somebody changes their mind is no news to them. */
function inWords(error: unknown): string {
    const name = error instanceof Error ? error.name : "";
    if (name === "NotAllowedError" || name === "AbortError") return "Nothing was done. Try again when you like.";
    if (name === "InvalidStateError") return "This device has a passkey for this desk already.";
    if (name === "TypeError") return "The desk cannot be reached. Check the connection, and try again.";
    return "This browser could not do that. Try another, or use your password.";
}

function say(place: HTMLElement | null, words: string): void {
    if (place === null) return;
    place.textContent = words;
    place.hidden = false;
}

/** Base64url without padding. */
export function text(buffer: ArrayBuffer): string {
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What Base64url stands for. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}
