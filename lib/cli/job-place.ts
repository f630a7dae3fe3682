import { isShared } from '../nest/index.js';
import { CommandLineError } from './errors.js';
import type { Job } from '../nest/index.js';
import type { CommandParts } from './command.js';

/**
 * The job of that id, which must be in a store that other processes share: of any other one this process has only a copy.
 *
 * @throws {CommandLineError}
 */
export async function sharedJob({ registry, assembly }: CommandParts, id: string, does: string): Promise<Job> {
  const job = await knownJob({ registry }, id);
  if (isShared(assembly.options.stores[job.store])) return job;
  throw new CommandLineError(
    `Job "${id}" is kept in memory (store '${job.store}'), so it lives in another process, which ${does} cannot reach. ` +
      `Keep it in a shared store: { store: 'db' } with stores: { db: { type: 'typeorm' } }.`,
  );
}

/** @throws {CommandLineError} naming the ids that come near */
export async function knownJob({ registry }: Pick<CommandParts, 'registry'>, id: string): Promise<Job> {
  const job = await registry.get(id);
  if (job !== null) return job;
  const ids = (await registry.list()).map((it) => it.id);
  const near = ids.filter((it) => it.toLowerCase().includes(id.toLowerCase())).slice(0, 5);
  const known = near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'schedule:list shows all jobs.';
  throw new CommandLineError(`There is no job "${id}". ${known}`);
}
