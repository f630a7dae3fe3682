import type { TriggerRule } from '../definitions/trigger-rule.js';
import type { JobDefinition, JobRecord } from '../../core/index.js';
import { isShared } from '../options/definition.js';
import { refuse } from '../options/validate.js';
import { show } from '../options/show.js';
import { callFaults, checkCall, placeOf } from './checked-call.js';
import { Job } from './job.js';
import type { AddOptions, ManyJobInput } from './registry-options.js';
import type { RegistryParts } from './registry-parts.js';
import { ADD_MANY_CALL, ADD_MANY_ENTRY } from './registry-tables.js';
import type { CallTable } from './registry-tables.js';
import { makeRuntimeJob } from './runtime-job.js';
import type { RuntimeJob } from './runtime-job.js';
import { LateTriggerViews } from './trigger-view.js';

/** What every way to add a job has in common. */
type RuntimeInput = Omit<ManyJobInput, 'trigger'> & AddOptions;

export function givenTrigger({ trigger }: ManyJobInput): TriggerRule {
  return { kind: 'trigger', trigger };
}

/** Checks jobs that are added at run time, and puts them. */
export class JobAdder {
  constructor(private readonly parts: RegistryParts) {}

  /** Adds one job; `ruleOf` reads the rule of its trigger once the input is known to be right. */
  async add<I extends RuntimeInput>(
    input: I,
    method: string,
    call: CallTable,
    ruleOf: (input: I) => TriggerRule,
  ): Promise<Job> {
    const place = placeOf(method, (input as { id?: unknown } | null | undefined)?.id);
    checkCall(input, call, place, this.parts.options);
    const [added] = await this.put([this.make(input, ruleOf(input), place)], input);
    return added;
  }

  async addMany(inputs: readonly ManyJobInput[], options: AddOptions): Promise<Job[]> {
    const place = placeOf('addMany');
    checkCall(options, ADD_MANY_CALL, place, this.parts.options);
    if (!Array.isArray(inputs)) {
      refuse([{ place, option: 'jobs', value: inputs, message: `is ${show(inputs)}; it must be a list of jobs.` }]);
    }
    refuse(inputs.flatMap((input, index) => this.faultsOf(input, index)));
    const made = inputs.map((input) => this.make(input, givenTrigger(input), placeOf('addMany', input.id)));
    return this.put(made, options);
  }

  private make(input: RuntimeInput, rule: TriggerRule, place: string): RuntimeJob {
    return makeRuntimeJob(input, rule, { place, parts: this.parts });
  }

  private faultsOf(input: unknown, index: number): ReturnType<typeof callFaults> {
    // The place is put into words only where something is wrong.
    if (callFaults(input, ADD_MANY_ENTRY, '', this.parts.options).length === 0) return [];
    const id = (input as { id?: unknown } | null | undefined)?.id;
    return callFaults(input, ADD_MANY_ENTRY, `${placeOf('addMany', id)}, entry ${index}`, this.parts.options);
  }

  /** A transaction holds rows of a database alone. */
  private refuseOutside({ store, definedAt }: JobDefinition, manager: unknown): void {
    if (isShared(this.parts.options.stores[store])) return;
    const message =
      `is given, but store '${store}' lives in this process, outside of any transaction. ` +
      `Leave it out, or keep the job in a store of the database.`;
    refuse([{ place: definedAt, option: 'manager', value: manager, message }]);
  }

  /** `records` are those of the enabled jobs, in their order. */
  private shown(jobs: readonly RuntimeJob[], records: readonly JobRecord[]): Job[] {
    const views = new LateTriggerViews();
    let next = 0;
    return jobs.map(({ definition }) => {
      if (!definition.enabled) return Job.ofDefinition(definition);
      const place = { store: definition.store, parts: this.parts };
      const record = records[next++];
      return jobs.length === 1 ? Job.ofRecord(record, place) : Job.ofNewRecord(record, place, views);
    });
  }

  private async put(jobs: readonly RuntimeJob[], { replaceExisting = false, manager }: AddOptions): Promise<Job[]> {
    const enabled = jobs.filter(({ definition }) => definition.enabled);
    if (manager !== undefined) for (const { definition } of enabled) this.refuseOutside(definition, manager);
    const undo = enabled.map(({ definition, functions }) => this.parts.functions.keep(definition.id, functions));
    try {
      const definitions = enabled.map(({ definition }) => definition);
      const within = manager === undefined ? {} : { within: manager };
      const records = await this.parts.scheduler.add(definitions, { replaceExisting, ...within });
      return this.shown(jobs, records);
    } catch (error) {
      for (const back of undo.reverse()) back();
      throw error;
    }
  }
}
