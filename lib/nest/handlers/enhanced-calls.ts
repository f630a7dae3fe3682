import { ForbiddenException, UnauthorizedException } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAMTYPES_METADATA,
  PIPES_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ExternalContextCreator } from '@nestjs/core';
import type { ContextId, NestContainer } from '@nestjs/core';
import type { PipeTransform } from '@nestjs/common';
import { isError } from '../../core/index.js';
import type { JobContext, JsonValue, TaskHandler } from '../../core/index.js';

const CONTEXT_TYPE = 'schedule';
const ENHANCERS = [GUARDS_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA, PIPES_METADATA];

type Method = (...args: unknown[]) => unknown;

/** Thrown by a guard that said no; `guards` are the names of those that were asked. */
export interface Denial {
  readonly error: Error;
  readonly guards: readonly string[];
}

/** One call of a method, surrounded by its guards, interceptors, pipes and filters. */
export interface EnhancedCall {
  readonly instance: object;
  readonly name: string;
  /** For an instance that belongs to one attempt. */
  readonly scope: { readonly contextId: ContextId; readonly inquirerId: string } | null;
}

/**
 * Surrounds methods with their Nest enhancers, as a controller's are. Local ones only, unless global ones are asked for:
 * most of those expect a request. In an execution context `getType()` is `schedule` and the only argument the
 * `JobContext`. Parameters without a decorator are given the job's arguments, in order, and then the context.
 */
export class EnhancedCalls {
  private readonly creator: ExternalContextCreator;
  private readonly denials = new WeakMap<object, readonly string[]>();
  /** Arguments of an attempt: an execution context shows the `JobContext` alone. */
  private readonly args = new WeakMap<JobContext, readonly JsonValue[]>();
  private parameterTypes: readonly unknown[] = [];

  constructor(
    private readonly container: NestContainer,
    private readonly withGlobal: boolean,
  ) {
    this.creator = ExternalContextCreator.fromContainer(withGlobal ? container : withoutGlobalEnhancers(container));
    this.noticeDenials();
    this.fillParameters();
    this.findControllers();
  }

  /** false: nothing surrounds this method, so it may be called as it is, at once. */
  isNeeded(instance: object, name: string): boolean {
    const method = (instance as Record<string, unknown>)[name] as object;
    const type = instance.constructor ?? Object;
    const isEnhanced = ENHANCERS.some((key) => Reflect.hasMetadata(key, type) || Reflect.hasMetadata(key, method));
    return this.withGlobal || isEnhanced || Reflect.hasMetadata(ROUTE_ARGS_METADATA, type, name);
  }

  build({ instance, name, scope }: EnhancedCall): TaskHandler {
    const method = (instance as Record<string, Method>)[name];
    const prototype = Object.getPrototypeOf(instance) as object;
    this.parameterTypes = (Reflect.getMetadata(PARAMTYPES_METADATA, prototype, name) as unknown[] | undefined) ?? [];
    const filters = this.withGlobal || isSurrounded(EXCEPTION_FILTERS_METADATA, instance, method);
    // Parameters that only a request can fill (`@Body()` on a route that is scheduled too) stay undefined.
    const call = this.creator.create(
      instance,
      method,
      name,
      ROUTE_ARGS_METADATA,
      { exchangeKeyForValue: () => undefined },
      scope?.contextId,
      scope?.inquirerId,
      // Without a filter of its own Nest would log each error, and the run's failure is logged already.
      { guards: true, interceptors: true, filters },
      CONTEXT_TYPE,
    );
    return (args, job) => {
      this.args.set(job, args);
      return call(job);
    };
  }

  /** The denial that this error is, or null. */
  denialOf(error: unknown): Denial | null {
    if (!isError(error)) return null;
    const guards = this.denials.get(error);
    return guards === undefined ? null : { error, guards };
  }

  private noticeDenials(): void {
    const { creator } = this;
    const create = creator.createGuardsFn.bind(creator);
    creator.createGuardsFn = (guards: object[], instance, callback, contextType) => {
      const ask = create(guards, instance, callback, contextType as string) as
        ((args: unknown[]) => Promise<void>) | null;
      return ask === null ? null : (args: unknown[]) => ask(args).catch((error: unknown) => this.note(error, guards));
    };
  }

  private note(error: unknown, guards: readonly object[]): never {
    if (error instanceof ForbiddenException || error instanceof UnauthorizedException) {
      this.denials.set(
        error,
        guards.map((guard) => guard.constructor.name),
      );
    }
    throw error;
  }

  private fillParameters(): void {
    const { creator } = this;
    const create = creator.createPipesFn.bind(creator);
    creator.createPipesFn = (pipes, decorated) => {
      const fillDecorated = create(pipes, decorated);
      const taken = new Set(decorated.map(({ index }) => index));
      const types = this.parameterTypes;
      return async (slots: unknown[], ...[job]: unknown[]) => {
        await fillDecorated?.(slots, job);
        const free = freePlaces(taken);
        for (const value of this.args.get(job as JobContext) ?? []) {
          const index = free();
          slots[index] = await this.transform(value, types[index], pipes);
        }
        slots[free()] = job;
      };
    };
  }

  private transform(value: unknown, type: unknown, pipes: PipeTransform[]): Promise<unknown> {
    // Pipes know arguments of a message as its body: that is what a ValidationPipe validates.
    const metadata = { metatype: type as never, type: RouteParamtypes.BODY as never, data: undefined };
    return this.creator.getParamValue(value, metadata, pipes);
  }

  /** Nest looks for a host among providers only; a controller's class enhancers live in its own module too. */
  private findControllers(): void {
    const { creator } = this;
    const find = creator.getContextModuleKey.bind(creator);
    creator.getContextModuleKey = (type) => find(type) || this.moduleOfController(type);
  }

  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as Nest declares it
  private moduleOfController(type: Function | undefined): string {
    for (const [key, module] of this.container.getModules()) {
      if (type !== undefined && module.controllers.has(type)) return key;
    }
    return '';
  }
}

function isSurrounded(key: string, instance: object, method: Method): boolean {
  return Reflect.hasMetadata(key, instance.constructor) || Reflect.hasMetadata(key, method);
}

function withoutGlobalEnhancers(container: NestContainer): NestContainer {
  return Object.create(container, { applicationConfig: { value: undefined } }) as NestContainer;
}

/** Answers the next index that is not taken, from 0. */
function freePlaces(taken: ReadonlySet<number>): () => number {
  let index = -1;
  return () => {
    do index++;
    while (taken.has(index));
    return index;
  };
}
