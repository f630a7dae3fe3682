import type { AnchorContext, JsonValue } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { TriggerOptions, Settings } from './settings.js';
import { anchoredSettings, optionsOf, settingsOf } from './settings.js';

/**
 * Has no fire times: `@reboot`, which is `runOnStart` and nothing else (source: crontab(5)), or what a timer outside of
 * the scheduler drives.
 *
 * @example cron('@reboot')
 */
export class NeverTrigger extends BaseTrigger {
  /** @param driver what makes the runs instead, in words: `every 5000 ms` */
  constructor(
    options: TriggerOptions | Settings = { runOnStart: true },
    private readonly driver: string | null = null,
  ) {
    super(settingsOf(options, "cron('@reboot')"));
  }

  get kind(): 'never' {
    return 'never';
  }

  get isDriven(): boolean {
    return this.driver !== null;
  }

  protected nextOfRule(): null {
    return null;
  }

  anchor({ timezone }: AnchorContext): NeverTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    return settings === this.settings ? this : new NeverTrigger(settings, this.driver);
  }

  withOptions(options: TriggerOptions): NeverTrigger {
    return new NeverTrigger({ ...optionsOf(this.settings), ...options }, this.driver);
  }

  toString(): string {
    if (this.driver !== null) return `driven: ${this.driver}`;
    return this.runOnStart ? '@reboot' : 'never';
  }

  describe(): string {
    if (this.driver !== null) return `When its timer fires: ${this.driver}`;
    return this.runOnStart ? 'At each start' : 'Never';
  }

  protected ruleJson(): Record<string, JsonValue> {
    return this.driver === null ? {} : { driver: this.driver };
  }
}
