import type { AnchorContext, JsonValue } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { TriggerOptions, Settings } from './settings.js';
import { anchoredSettings, optionsOf, settingsOf } from './settings.js';

/**
 * Has no fire times: `@reboot`, which is `runOnStart` and nothing else (source: crontab(5)).
 *
 * @example cron('@reboot')
 */
export class NeverTrigger extends BaseTrigger {
  constructor(options: TriggerOptions | Settings = { runOnStart: true }) {
    super(settingsOf(options, "cron('@reboot')"));
  }

  get kind(): 'never' {
    return 'never';
  }

  protected nextOfRule(): null {
    return null;
  }

  anchor({ timezone }: AnchorContext): NeverTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    return settings === this.settings ? this : new NeverTrigger(settings);
  }

  withOptions(options: TriggerOptions): NeverTrigger {
    return new NeverTrigger({ ...optionsOf(this.settings), ...options });
  }

  toString(): string {
    return this.runOnStart ? '@reboot' : 'never';
  }

  describe(): string {
    return this.runOnStart ? 'At each start' : 'Never';
  }

  protected ruleJson(): Record<string, JsonValue> {
    return {};
  }
}
