/** What every page of the desk loads. The pages work without it; it adds what only a browser can do. */

import { offerCopying } from "./desk/copy";
import { offerCountdowns } from "./desk/countdown";
import { offerIdentity } from "./desk/identity";
import { offerPasskeys } from "./desk/passkeys";
import { offerRevealing } from "./desk/reveal";

offerPasskeys(document);
offerRevealing(document);
offerCopying(document);
offerCountdowns(document);
offerIdentity(document);
