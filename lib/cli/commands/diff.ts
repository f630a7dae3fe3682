import { observing } from '../command.js';
import type { Command } from '../command.js';

export const diff: Command = {
  name: 'schedule:diff',
  summary: 'Shows what a deploy of this code would change in shared stores; changes nothing',
  words: [],
  options: { 'exit-code': { type: 'boolean', text: 'end with 1 when there is a difference' } },
  examples: ['carillon schedule:diff', 'carillon schedule:diff --exit-code --json'],
  start: observing,
  async run(parts) {
    const { registry, terminal, given } = parts;
    const { colours } = terminal;
    const changes = await registry.diff();
    const lines = [
      ...changes.added.map(({ id, trigger, nextFireTime }) =>
        colours.green(`+ ${id}  ${trigger.description}, next ${iso(nextFireTime)}`),
      ),
      ...changes.changed.map(({ id, idBefore, what, nextFireTimeBefore: before, nextFireTimeAfter: after }) => {
        const moved = iso(before) === iso(after) ? `next ${iso(after)}` : `next ${iso(before)} → ${iso(after)}`;
        const name = id === idBefore ? id : `${idBefore} → ${id}`;
        return colours.yellow(`~ ${name}  ${what.join(', ')}; ${moved}`);
      }),
      ...changes.orphaned.map(({ id, nextFireTime }) =>
        colours.red(`- ${id}  no longer in the code: set aside once no node has it, next was ${iso(nextFireTime)}`),
      ),
      ...changes.refused.map((id) => colours.red(`! ${id}  a job that was added at run time has this id`)),
      ...changes.newer.map((id) => colours.dim(`= ${id}  a newer version wrote it: it stays`)),
    ];
    parts.print(changes, () => (lines.length === 0 ? ['No difference.'] : lines));
    return given.is('exit-code') && lines.length > 0 ? 1 : 0;
  },
};

function iso(at: Date | null): string {
  return at === null ? 'never' : at.toISOString();
}
