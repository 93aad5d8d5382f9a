/** What two libraries offer without saying its types. */

declare module "@hotwired/turbo";

declare module "hls.js/light" {
    export { default } from "hls.js";
}
