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
  if ((await registry.get(id)) === null) {
    throw new CommandLineError(
      `Job "${id}" is in this code and not yet in store "${job.store}": the first start of this code puts it there, and ` +
        `then ${does} reaches it.`,
    );
  }
  if (isShared(assembly.options.stores[job.store])) return job;
  throw new CommandLineError(
    `Job "${id}" is kept in memory (store '${job.store}'), so it lives in another process, which ${does} cannot reach. ` +
      `Keep it in a shared store: { store: 'db' } with stores: { db: { type: 'typeorm' } }.`,
  );
}

/**
 * A job that is kept, or that a first start of this code would keep.
 *
 * @throws {CommandLineError} naming the ids that come near
 */
export async function knownJob({ registry }: Pick<CommandParts, 'registry'>, id: string): Promise<Job> {
  const job = await registry.get(id);
  if (job !== null) return job;
  const { added } = await registry.diff();
  const toAdd = added.find((it) => it.id === id);
  if (toAdd !== undefined) return toAdd;
  const ids = [...(await registry.list()), ...added].map((it) => it.id);
  const near = ids.filter((it) => it.toLowerCase().includes(id.toLowerCase())).slice(0, 5);
  const known = near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'schedule:list shows all jobs.';
  throw new CommandLineError(`There is no job "${id}". ${known}`);
}
