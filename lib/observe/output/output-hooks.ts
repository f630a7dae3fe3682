import { FileSink } from './file-sink.js';
import { mailOf } from './mail-text.js';
import type { Hook, HookOutcome, JobContext, JobHooks, OutputOptions } from '../../core/index.js';
import type { OutputPlace } from './file-sink.js';
import type { Mailer } from './mailer.js';

export interface OutputParts {
  /** Null: none is configured. */
  readonly mailer: Mailer | null;
  /** Directory that paths are relative to. */
  readonly root: string;
  /** true: files outside of the root are refused. */
  readonly isConfined: boolean;
}

/** What surrounds the hooks of a job. */
export interface OutputHooks {
  /** Before the job's own, of each kind. */
  readonly first: JobHooks;
  /** After all of them, however the attempt ended. */
  readonly last: readonly Hook[];
}

/**
 * Hooks that send a run's output where its job says. Each attempt writes; mail is sent when the run is over. Files are
 * written before the job's own hooks see the outcome, and again when those have written the last lines.
 */
export function outputHooks(options: OutputOptions, parts: OutputParts): OutputHooks {
  const files = [...filesOf(options.sendTo, false), ...filesOf(options.appendTo, true)];
  const { before, written: filesWritten, last } = fileHooks(files, parts);
  const always = mails(options.mailTo, parts, () => true);
  const written = mails(options.mailWrittenTo, parts, ({ output }) => output !== null && output.trim() !== '');
  const failed = mails(options.mailOnFailureTo, parts, () => true);
  return {
    first: {
      before,
      after: filesWritten,
      onSuccess: [...filesWritten, ...always, ...written],
      onFailure: [...filesWritten, ...always, ...written, ...failed],
    },
    last,
  };
}

/** One entry or several, as a list. */
export function listed(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

interface OutputFile {
  readonly path: string;
  readonly isAppending: boolean;
}

function filesOf(paths: string | readonly string[] | undefined, isAppending: boolean): OutputFile[] {
  return listed(paths).map((path) => ({ path, isAppending }));
}

interface FileHooks {
  /** Opens the files for an attempt. */
  readonly before: readonly Hook[];
  /** Waits until they have what was written so far. */
  readonly written: readonly Hook[];
  /** The same at the end, telling what could not be written: once. */
  readonly last: readonly Hook[];
}

function fileHooks(files: readonly OutputFile[], { root, isConfined }: OutputParts): FileHooks {
  if (files.length === 0) return { before: [], written: [], last: [] };
  const name = `output to ${files.map(({ path }) => path).join(', ')}`;
  const open = new WeakMap<JobContext, readonly FileSink[]>();
  const before = (job: JobContext): void => {
    const places = files.map(({ path, isAppending }): [OutputPlace, boolean] => [
      { path, root, isConfined },
      isAppending,
    ]);
    const sinks = places.map(([place, isAppending]) => new FileSink(place, isAppending));
    for (const sink of sinks) job.pipeTo(sink);
    open.set(job, sinks);
  };
  const written = async (job: JobContext): Promise<void> => {
    await Promise.allSettled((open.get(job) ?? []).map((sink) => sink.flushed()));
  };
  const last = async (job: JobContext): Promise<void> => {
    await Promise.all((open.get(job) ?? []).map((sink) => sink.flushed()));
  };
  return { before: [{ name, call: before }], written: [{ name, call: written }], last: [{ name, call: last }] };
}

function mails(
  to: string | readonly string[] | undefined,
  { mailer }: OutputParts,
  isWanted: (outcome: HookOutcome) => boolean,
): readonly Hook[] {
  const recipients = listed(to);
  if (recipients.length === 0 || mailer === null) return [];
  const call = async (job: JobContext, outcome?: HookOutcome): Promise<void> => {
    if (outcome !== undefined && isWanted(outcome)) await mailer.send(mailOf(job, outcome, recipients));
  };
  return [{ name: `mail to ${recipients.join(', ')}`, call }];
}
