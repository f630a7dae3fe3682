import type { JobContext } from './job-context.js';

/** Names of the methods of `T`. */
export type MethodName<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] &
  string;

/** Arguments that a job must give the method: all its parameters but a trailing `JobContext`, each of them required. */
export type ArgumentsOf<F> = F extends (...args: infer P) => unknown ? WithoutContext<Required<P>> : never;

type WithoutContext<P extends readonly unknown[]> = P extends readonly [...infer Rest, infer Last]
  ? IsContext<Last> extends true
    ? Rest
    : P
  : P;

type IsContext<T> = 0 extends 1 & T ? false : [T] extends [JobContext | undefined | null] ? true : false;

/** What of `T` is JSON; `never` where something is not, so that the compiler refuses it. */
export type Json<T> = 0 extends 1 & T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends ((...args: never[]) => unknown) | bigint | symbol | undefined | Date
      ? never
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

/** A list of arguments as JSON. */
export type JsonList<P extends readonly unknown[]> = { readonly [I in keyof P]: Json<P[I]> };

/** `args` of `schedule`: left out when the method takes none. */
export type ScheduleArguments<F> =
  ArgumentsOf<F> extends infer A extends readonly unknown[]
    ? [] extends A
      ? { readonly args?: JsonList<A> }
      : { readonly args: JsonList<A> }
    : never;
