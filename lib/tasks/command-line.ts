import { createHash } from 'node:crypto';
import { redacted } from './redacted.js';
import type { CommandTask, ExecTask } from '../core/index.js';

/**
 * A shell task or a console command as a person would type it, its secrets hidden: its label, and the id of a job that has
 * no other.
 */
export function commandLine(task: ExecTask | CommandTask): string {
  return redacted(wholeLine(task));
}

/**
 * What rows keep. Only a process whose code has that very line resolves it: a row alone can start nothing. Of secrets in
 * the line it keeps a digest.
 */
export function taskName(task: ExecTask | CommandTask): string {
  const line = wholeLine(task);
  const shown = redacted(line);
  const kept = shown === line ? line : `${shown} (${digestOf(line)})`;
  return 'command' in task ? `command: ${kept}` : `exec: ${kept}${surroundings(task)}`;
}

function wholeLine(task: ExecTask | CommandTask): string {
  if ('command' in task) return [task.command, ...task.args].map(quoted).join(' ');
  return typeof task.exec === 'string' ? task.exec.trim() : task.exec.map(quoted).join(' ');
}

/** Tells apart what one line does in two places. Values of the environment may be secrets: only a digest is kept. */
function surroundings({ cwd, user, env }: ExecTask): string {
  const parts = [
    ...(cwd === undefined ? [] : [`in ${cwd}`]),
    ...(user === undefined ? [] : [`as ${user}`]),
    ...(env === undefined ? [] : [`with ${digestOf(JSON.stringify(Object.entries(env).sort()))}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
