import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { type ComponentChild, render } from "preact";

/** A Lumino widget that shows a component while it is on the page. */
export class PreactWidget extends Widget {
  constructor(private readonly draw: () => ComponentChild) {
    super();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    render(this.draw(), this.node);
  }

  protected override onBeforeDetach(message: Message): void {
    render(null, this.node);
    super.onBeforeDetach(message);
  }
}
