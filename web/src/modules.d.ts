/** What two libraries offer without saying its types. */

declare module "@hotwired/turbo" {
    export const config: { drive: { progressBarDelay: number } };
}

declare module "hls.js/light" {
    export { default } from "hls.js";
}
