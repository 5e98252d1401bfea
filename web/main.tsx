/** Entry of the page: opens the engine and draws the page. */
import { render } from "preact";
import { App } from "./app/app";
import { declareLanguage } from "./app/language";
import { guardLeaving } from "./app/leaving";
import { catchLostFocus } from "./app/lost-focus";
import { listenForShortcuts } from "./app/shortcuts";
import { refuseStrayDrops } from "./app/stray-drops";
import { openEngine } from "./app/studio";
import { keepForOffline } from "./app/updates";
import { tellOtherTabs } from "./app/working";
import { helpWhoIsAway } from "./features/personalize/while-away";
import "./styles/index.css";

declareLanguage();
// Before the first paint, which then shows at once whatever is known without a worker.
const opened = openEngine();
const root = document.getElementById("app");
if (root) render(<App />, root);

guardLeaving();
catchLostFocus();
tellOtherTabs();
listenForShortcuts();
refuseStrayDrops();
helpWhoIsAway();
// The page is kept for offline use only once the model has arrived: the two would share the bandwidth.
void opened.then(keepForOffline);
