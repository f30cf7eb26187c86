// What runwatch adds to JupyterLab and Notebook 7.
import "../view/styles/index.css";
import { connection } from "./connection";
import { notifications } from "./notifications";
import { output } from "./output";
import { panel } from "./panel";
import { preferences } from "./preferences";
import { running } from "./running";
import { status } from "./status";

export default [preferences, connection, panel, running, status, output, notifications];
