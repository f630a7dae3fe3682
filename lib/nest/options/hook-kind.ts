import type { Kind, Problem } from './kind.js';
import { mustBe } from './kind.js';
import type { AfterHookFunction, HookOption, HookReference, MethodReference } from './job-options.js';

const SHAPE = "a function, [Class, 'method'] or a list of these";

/** A condition or hook. */
export function hook(): Kind {
  return { type: "function | [Class, 'method'] | list of these", check: checkHooks };
}

function checkHooks(value: unknown, option: string): Problem[] {
  if (isMethodReference(value)) return checkMethod(value, option);
  if (!Array.isArray(value)) return checkHook(value, option);
  if (value.length === 0) return mustBe(option, value, SHAPE, 'Leave the option out when there is none.');
  if (typeof value[0] === 'function' && isClass(value[0] as object)) return checkHook(value, option);
  return value.flatMap((one: unknown, index) => checkHook(one, `${option}[${index}]`));
}

function checkHook(value: unknown, option: string): Problem[] {
  if (isMethodReference(value)) return checkMethod(value, option);
  if (typeof value === 'function' && !isClass(value)) return [];
  if (typeof value === 'function') return mustBe(option, value, SHAPE, `Name the method: [${value.name}, 'method'].`);
  if (Array.isArray(value)) return mustBe(option, value, SHAPE, "The method's name is text.");
  if (typeof value === 'boolean') return mustBe(option, value, SHAPE, `To switch a job off write enabled: false.`);
  return mustBe(option, value, SHAPE, typeof value === 'string' ? 'Give the class itself, not its name.' : '');
}

/** Methods that were found, by prototype: thousands of jobs may have the same hooks. */
const found = new WeakMap<object, Set<string>>();

function checkMethod([host, method]: MethodReference, option: string): Problem[] {
  const prototype: unknown = host.prototype;
  if (isObject(prototype) && (found.get(prototype)?.has(method) ?? false)) return [];
  if (isObject(prototype) && isMethod(prototype, method)) {
    const methods = found.get(prototype);
    if (methods === undefined) found.set(prototype, new Set([method]));
    else methods.add(method);
    return [];
  }
  return mustBe(option, [host.name, method], `a method of ${host.name}`, methodsOf(prototype));
}

/** "Methods are a, b.": for advice. */
export function methodsOf(prototype: unknown): string {
  if (typeof prototype !== 'object' || prototype === null) return '';
  const names = Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && isMethod(prototype, name),
  );
  return names.length === 0 ? 'It has no methods.' : `Its methods are ${names.slice(0, 10).join(', ')}.`;
}

/** Whether an object or what it inherits from has that method; accessors are not called. */
export function isMethod(prototype: object, name: string): boolean {
  for (
    let at: object | null = prototype;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property !== undefined) return typeof property.value === 'function';
  }
  return false;
}

export function isMethodReference(value: unknown): value is MethodReference {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[1] !== 'string') return false;
  // An arrow function has no prototype, and so no methods.
  return typeof value[0] === 'function' && isObject((value[0] as { prototype?: unknown }).prototype);
}

/** A class rather than a function to call: written as one, or with methods of its own. */
export function isClass(value: object): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  const prototype: unknown = (value as { prototype?: unknown }).prototype;
  return typeof prototype === 'object' && prototype !== null && Object.getOwnPropertyNames(prototype).length > 1;
}

/** A hook option as a list; hooks after an attempt are always given an outcome. */
export function hookList(option: HookOption | HookOption<AfterHookFunction> | undefined): readonly HookReference[] {
  if (option === undefined) return [];
  if (typeof option === 'function' || isMethodReference(option)) return [option as HookReference];
  return option as readonly HookReference[];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
