import { LabIcon } from "@jupyterlab/ui-components";

/** A curve that comes down to where it is good. */
// Without a fill of its own: JupyterLab colours what has one.
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none">
  <g class="jp-icon3 jp-icon-selectable" stroke="#616161" stroke-width="1.5">
    <path d="M2 2v12h12" />
    <path d="M4 4c1.5 5 3.5 7 9.5 7.5" />
  </g>
</svg>`;

export const runsIcon = new LabIcon({ name: "runwatch:runs", svgstr: SVG });
