import { DuplicateJobError } from '../../engine/index.js';
import { givenId } from './job-draft.js';
import type { OptionFault } from '../options/index.js';
import type { JobDraft } from './job-draft.js';

/** A draft and the id its job will have. */
export interface NamedDraft {
  readonly id: string;
  readonly draft: JobDraft;
}

/**
 * Ids of the code's jobs: `id`, else `name`, else the task; further ones without either are `Class.method#2` and so on,
 * from the top decorator down. In a shared store such a number would hang on the order of decorators, so it is refused.
 *
 * @throws {DuplicateJobError} naming both places
 */
export function nameDrafts(
  drafts: readonly JobDraft[],
  isShared: (draft: JobDraft) => boolean,
): { named: NamedDraft[]; faults: OptionFault[] } {
  const faults: OptionFault[] = [];
  const counts = new Map<string, number>();
  const named = drafts.map((draft) => {
    const given = givenId(draft);
    if (given !== null) return { id: given, draft };
    const count = (counts.get(draft.task) ?? 0) + 1;
    counts.set(draft.task, count);
    if (count > 1 && isShared(draft)) faults.push(withoutId(draft));
    return { id: count === 1 ? draft.task : `${draft.task}#${count}`, draft };
  });
  refuseDoubles(named);
  return { named, faults };
}

function refuseDoubles(named: readonly NamedDraft[]): void {
  const places = new Map<string, string>();
  for (const { id, draft } of named) {
    const first = places.get(id);
    if (first !== undefined) throw new DuplicateJobError(id, first, draft.place);
    places.set(id, draft.place);
  }
}

function withoutId({ place, task }: JobDraft): OptionFault {
  const message =
    `is missing, and ${task} has another job without one. In a shared store the history and the next fire time hang ` +
    `on the id: write { id: '${task}-2' } or the like.`;
  return { place, option: 'id', value: undefined, message };
}
