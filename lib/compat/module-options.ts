import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SCHEDULE_MODULE_OPTIONS, withDefaults } from './options.js';
import type { ScheduleModuleOptions } from './options.js';

/**
 * The options of all imports of the module: a feature may import it again, as many applications do, and jobs run once
 * all the same. A kind of job is on when one import has it on.
 */
@Injectable()
export class MergedOptions {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  has(kind: 'cronJobs' | 'intervals' | 'timeouts'): boolean {
    return this.all().some((options) => options[kind] !== false);
  }

  /** Only when every import that says something says so. */
  get warnsOfScoped(): boolean {
    const said = this.all().flatMap(({ requestScoped }) => (requestScoped === undefined ? [] : [requestScoped]));
    return said.length > 0 && said.every((it) => it === 'warn');
  }

  /** One scheduler has one set of options. @throws {Error} */
  refuseSecondScheduler(): void {
    const given = new Set(this.all().flatMap(({ scheduler }) => (scheduler === undefined ? [] : [scheduler])));
    if (given.size === 0 || (given.size === 1 && this.all()[0]?.scheduler !== undefined)) return;
    throw new Error(
      'ScheduleModule is imported more than once, and the first import does not have the only `scheduler` options. ' +
        'Give them to one import, in the root module.',
    );
  }

  private all(): ScheduleModuleOptions[] {
    const wrappers = [...this.modules.values()].flatMap((module) => {
      const wrapper = module.providers.get(SCHEDULE_MODULE_OPTIONS);
      return wrapper === undefined ? [] : [wrapper];
    });
    return wrappers.map(({ instance }) => withDefaults(instance as ScheduleModuleOptions | undefined));
  }
}
