// What a person has set in JupyterLab's settings editor.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator } from "@jupyterlab/translation";
import { Token } from "@lumino/coreutils";
import { type ISignal, Signal } from "@lumino/signaling";
import type { Preferences } from "../state/session";
import { speak } from "../strings";

export interface IPreferences extends Preferences {
  /** Whether the end of a run is told of. */
  readonly notifications: boolean;
  readonly changed: ISignal<IPreferences, void>;
}

export const IPreferences = new Token<IPreferences>(
  "runwatch:IPreferences",
  "What a person has set for runwatch.",
);

const PLUGIN_ID = "runwatch:settings";

class SetPreferences implements IPreferences {
  refreshMs = 0;
  defaultTab: string | null = null;
  notifications = false;
  graceSeconds: number | null = null;
  readonly changed = new Signal<this, void>(this);

  take(settings: ISettingRegistry.ISettings): void {
    const { refresh, defaultTab, notifications, grace } = settings.composite;
    this.refreshMs = typeof refresh === "number" ? refresh : 0;
    this.defaultTab = typeof defaultTab === "string" && defaultTab !== "auto" ? defaultTab : null;
    this.notifications = notifications === true;
    this.graceSeconds = typeof grace === "number" ? grace : null;
    this.changed.emit();
  }
}

export const preferences: JupyterFrontEndPlugin<IPreferences> = {
  id: PLUGIN_ID,
  description: "What a person has set for runwatch.",
  autoStart: true,
  provides: IPreferences,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
  ) => {
    // This plugin comes before all others, so that their words are of that language.
    // In JupyterLab 4.0 a translator without a language pack says undefined, against its type.
    const language: string | undefined = translator?.languageCode;
    if (language) speak(language);
    const made = new SetPreferences();
    registry?.load(PLUGIN_ID).then(
      (settings) => {
        made.take(settings);
        settings.changed.connect(() => made.take(settings));
      },
      (error: unknown) => console.warn("runwatch: the settings could not be loaded", error),
    );
    return made;
  },
};
