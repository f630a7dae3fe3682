import { createHash } from 'node:crypto';
import type { CommandTask, ExecTask } from '../core/index.js';

/** A shell task or a console command as a person would type it: its label, and the id of a job that has no other. */
export function commandLine(task: ExecTask | CommandTask): string {
  if ('command' in task) return [task.command, ...task.args].map(quoted).join(' ');
  return typeof task.exec === 'string' ? task.exec.trim() : task.exec.map(quoted).join(' ');
}

/** What rows keep. Only a process whose code has that very line resolves it: a row alone can start nothing. */
export function taskName(task: ExecTask | CommandTask): string {
  if ('command' in task) return `command: ${commandLine(task)}`;
  return `exec: ${commandLine(task)}${surroundings(task)}`;
}

/** Tells apart what one line does in two places. Values of the environment may be secrets: only a digest is kept. */
function surroundings({ cwd, user, env }: ExecTask): string {
  const parts = [
    ...(cwd === undefined ? [] : [`in ${cwd}`]),
    ...(user === undefined ? [] : [`as ${user}`]),
    ...(env === undefined ? [] : [`with ${digestOf(env)}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function digestOf(env: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(Object.entries(env).sort());
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
