// Small drawings, all on a 16 by 16 grid, in the colour of the text around them.

import type { ComponentChildren } from "preact";
import type { Tone } from "../state/status";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="rw-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

/** A shape for each kind of status, so that colour is not all that tells them apart. */
export function StatusIcon({ tone }: { tone: Tone }) {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 2 } as const;
  switch (tone) {
    case "live":
      return (
        <Icon>
          <circle class="rw-pulse" cx="8" cy="8" r="6" fill="currentColor" opacity="0.3" />
          <circle cx="8" cy="8" r="3.5" fill="currentColor" />
        </Icon>
      );
    case "good":
      return (
        <Icon>
          <path d="M3 8.5 6.5 12 13 4.5" {...line} />
        </Icon>
      );
    case "bad":
      return (
        <Icon>
          <path d="M4 4 12 12M12 4 4 12" {...line} />
        </Icon>
      );
    case "stopped":
      return (
        <Icon>
          <rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" />
        </Icon>
      );
    case "waiting":
      return (
        <Icon>
          <circle cx="8" cy="8" r="5.5" {...line} />
          <path d="M8 5v3.2l2 1.3" {...line} stroke-width="1.5" />
        </Icon>
      );
    default:
      return (
        <Icon>
          <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.6" {...line} stroke-width="1.7" />
          <circle cx="8" cy="12.4" r="1.1" fill="currentColor" />
        </Icon>
      );
  }
}

export function Twisty({ open }: { open: boolean }) {
  return (
    <Icon>
      <path
        d={open ? "M4 6l4 4.5L12 6" : "M6 4l4.5 4L6 12"}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
      />
    </Icon>
  );
}

export function Cross() {
  return (
    <Icon>
      <path d="M4.5 4.5l7 7M11.5 4.5l-7 7" fill="none" stroke="currentColor" stroke-width="1.5" />
    </Icon>
  );
}

/** For the rows of a tree, of which there are many. */
export const Stop = () => <i class="rw-shape rw-stop" />;
export const Open = () => <i class="rw-shape rw-open" />;

/** A drawing of lines alone. */
function Drawn({ d }: { d: string }) {
  return (
    <Icon>
      <path d={d} fill="none" stroke="currentColor" stroke-width="1.5" />
    </Icon>
  );
}

export const Download = () => <Drawn d="M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10" />;
export const Pencil = () => <Drawn d="M3 13l.6-2.9 7-7 2.3 2.3-7 7L3 13z" />;
export const Bell = ({ on }: { on: boolean }) => (
  <Icon>
    <path
      d="M3.5 11.5h9c-1-1-1.2-2-1.2-4.2a3.3 3.3 0 0 0-6.6 0c0 2.2-.2 3.2-1.2 4.2zM6.8 13.5h2.4"
      fill={on ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.4"
    />
  </Icon>
);
export const Up = () => <Drawn d="M3.5 10 8 5.5 12.5 10" />;
export const Down = () => <Drawn d="M3.5 6 8 10.5 12.5 6" />;
export const Back = () => <Drawn d="M10 3.5 5.5 8 10 12.5" />;
