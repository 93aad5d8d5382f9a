/** The page where a story is written: takes the place of its plain field. Loaded there alone. */

import { begin } from "./session";

const form = document.querySelector<HTMLFormElement>("form#story");
if (form !== null) begin(form);
