import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { count as number, strings } from "../strings";

export type TabName = keyof typeof strings.tabs;

export interface TabInfo {
  name: TabName;
  /** A number beside the title. */
  count?: number;
}

interface Props {
  tabs: readonly TabInfo[];
  chosen: TabName;
  onChoose: (name: TabName) => void;
  children: ComponentChildren;
}

/** Tabs as the ARIA pattern has them: arrows move and choose, one tab stop. */
export function Tabs({ tabs, chosen, onChoose, children }: Props) {
  // Not useId: each widget is a bundle of its own, and all would begin with the same one.
  const [base] = useState(() => `rw-${Math.random().toString(36).slice(2)}`);
  const list = useRef<HTMLDivElement>(null);

  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.name === chosen);
    const goes: Record<string, number> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const next = tabs[goes[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    onChoose(next.name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.name}"]`)?.focus();
  };

  return (
    <div class="rw-views">
      <div
        class="rw-tabs"
        role="tablist"
        aria-label={strings.views}
        ref={list}
        onKeyDown={onKeyDown}
      >
        {tabs.map(({ name, count }) => (
          <button
            key={name}
            id={`${base}-${name}`}
            type="button"
            role="tab"
            data-tab={name}
            aria-label={strings.tabs[name]}
            aria-selected={name === chosen}
            aria-controls={`${base}-panel`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {strings.tabs[name]}
            {count !== undefined && <span class="rw-count">{number(count)}</span>}
          </button>
        ))}
      </div>
      <div
        id={`${base}-panel`}
        class="rw-panel"
        role="tabpanel"
        aria-labelledby={`${base}-${chosen}`}
      >
        {children}
      </div>
    </div>
  );
}
