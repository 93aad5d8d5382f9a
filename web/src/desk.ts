/** What every page of the desk loads. The pages work without it; it adds what only a browser can do. */

import { followControl } from "./desk/control";
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
followControl(document);
