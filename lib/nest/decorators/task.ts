import { MethodMetadata } from '../method-metadata.js';
import { methodNote } from './method-note.js';

export const taskNotes = new MethodMetadata<true>('tasks');

/**
 * Lets configuration and the HTTP API name this method as a task, `Class.method`, without scheduling it. Code may name
 * any method of a provider anyway.
 *
 * @example @Task() async send(userId: string, job: JobContext) {}
 */
export function Task(): MethodDecorator {
  return methodNote('Task', taskNotes, true);
}
