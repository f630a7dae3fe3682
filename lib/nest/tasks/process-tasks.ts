import { mustBe } from '../options/kind.js';
import { text } from '../options/kinds.js';
import { refuse } from '../options/index.js';
import { AmbiguousTaskError, DuplicateTaskError, UnknownProviderError } from './task-errors.js';
import type { TaskHandler, TaskResolver } from '../../core/index.js';
import type { DecoratedMethod, NamedHost, Providers } from '../discovery/index.js';
import type { MethodCalls } from '../handlers/index.js';
import type { MethodReference, OptionFault } from '../options/index.js';
import type { JobFunctions } from '../registry/job-functions.js';
import type { TaskFunction } from '../registry/registry-options.js';

/**
 * Tasks of this process by name: methods of providers (`Class.method`), functions of `forFeature({ tasks })`, and functions
 * that memory jobs were added with. Handlers are made on first use.
 */
export class ProcessTasks implements TaskResolver {
  private readonly handlers = new Map<string, TaskHandler>();
  private readonly nameable = new Set<string>();
  private readonly features = new Map<string, TaskFunction>();
  /** Names of methods that were checked already. */
  private readonly named = new Map<MethodReference[0], Map<string, string>>();
  private providers: Providers | null = null;
  private calls: MethodCalls | null = null;

  constructor(private readonly functions: JobFunctions) {}

  /** Functions of `forFeature({ tasks })`; the same one again is no other. @throws {DuplicateTaskError} */
  register(tasks: Readonly<Record<string, TaskFunction>>): void {
    refuse(Object.entries(tasks).flatMap(([name, task]) => taskFaults(name, task)));
    for (const [name, task] of Object.entries(tasks)) {
      const known = this.features.get(name);
      if (known === task) continue;
      if (known !== undefined) throw new DuplicateTaskError(name);
      this.features.set(name, task);
      this.handlers.set(name, handlerOf(task));
      this.nameable.add(name);
    }
  }

  /** The work behind a name that code alone describes: a command, a process. */
  provide(name: string, handler: TaskHandler): void {
    this.handlers.set(name, handler);
  }

  /** From here on methods are found. Those with a decorator may be named from outside of code. */
  discover(providers: Providers, calls: MethodCalls, decorated: readonly DecoratedMethod<unknown>[]): void {
    this.providers = providers;
    this.calls = calls;
    const owners = new Map<string, DecoratedMethod<unknown>>();
    for (const found of decorated) {
      const name = `${found.type.name}.${found.method}`;
      const owner = owners.get(name);
      if (owner !== undefined && owner.type !== found.type) throw ambiguous(name, owner, found);
      if (this.handlers.has(name) && owner === undefined) throw new DuplicateTaskError(name);
      owners.set(name, found);
      this.handlers.set(name, calls.handlerOf(found.host, name, found.method));
      this.nameable.add(name);
    }
  }

  /** null: unknown here, or ambiguous, which `has` tells with an error. */
  resolve(task: string): TaskHandler | null {
    const known = this.handlers.get(task);
    if (known !== undefined) return known;
    const given = this.functions.task(task);
    if (given !== null) return handlerOf(given);
    const [first, second] = this.candidates(task);
    return first === undefined || second !== undefined ? null : this.make(task, first);
  }

  /** Decorated methods, functions by name, and what was resolved so far; ordered. */
  names(): readonly string[] {
    return [...this.handlers.keys()].sort();
  }

  /** @throws {AmbiguousTaskError} */
  has(task: string): boolean {
    if (this.handlers.has(task)) return true;
    const [first, second] = this.candidates(task);
    if (first !== undefined && second !== undefined) throw ambiguous(task, first, second);
    return this.resolve(task) !== null;
  }

  /** `Class.method`. @throws {UnknownProviderError} @throws {AmbiguousTaskError} */
  nameOf([type, method]: MethodReference, place: string): string {
    let known = this.named.get(type);
    if (known === undefined) this.named.set(type, (known = new Map<string, string>()));
    let name = known.get(method);
    if (name === undefined) known.set(method, (name = this.checkedName([type, method], place)));
    return name;
  }

  private checkedName([type, method]: MethodReference, place: string): string {
    const name = `${type.name}.${method}`;
    const found = this.providers?.of(type) ?? null;
    if (found === null) throw new UnknownProviderError(place, name, `no module provides ${type.name}`);
    const candidates = this.candidates(name);
    if (!candidates.some((it) => it.type === type)) {
      throw new UnknownProviderError(place, name, `${type.name} has no method ${method}`);
    }
    if (this.has(name)) return name;
    throw new UnknownProviderError(place, name, `${type.name} has no method ${method}`);
  }

  /** Whether configuration and the HTTP API may name it. */
  get forConfiguration(): { has(task: string): boolean; names(): readonly string[] } {
    return { has: (task) => this.nameable.has(task), names: () => [...this.nameable].sort() };
  }

  private candidates(task: string): readonly NamedHost[] {
    const dot = task.indexOf('.');
    return dot <= 0 || this.providers === null
      ? []
      : distinct(this.providers.withMethod(task.slice(0, dot), task.slice(dot + 1)));
  }

  private make(task: string, { host }: NamedHost): TaskHandler | null {
    const handler = this.calls?.handlerOf(host, task, task.slice(task.indexOf('.') + 1)) ?? null;
    if (handler !== null) this.handlers.set(task, handler);
    return handler;
  }
}

/** A host that an override stands for has two classes, which may have one name. */
function distinct(found: readonly NamedHost[]): readonly NamedHost[] {
  return found.filter(({ host }, index) => found.findIndex((it) => it.host === host) === index);
}

function taskFaults(name: string, task: unknown): OptionFault[] {
  const place = 'SchedulerModule.forFeature';
  const option = `tasks.${name}`;
  const unnamed = text(300).check(name, option);
  const noFunction = typeof task === 'function' ? [] : mustBe(option, task, 'a function');
  return [...unnamed, ...noFunction].map((it) => ({ place, ...it }));
}

function handlerOf(task: TaskFunction): TaskHandler {
  return (args, context) => task(...args, context);
}

type Placed = Pick<NamedHost, 'host'>;

function ambiguous(task: string, one: Placed, other: Placed): AmbiguousTaskError {
  return new AmbiguousTaskError(task, [one.host.moduleName, other.host.moduleName]);
}
