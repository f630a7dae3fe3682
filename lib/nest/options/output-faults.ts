import { isWithin, listed } from '../../observe/index.js';
import type { OutputOptions } from '../../core/index.js';
import type { JobOptions } from './job-options.js';
import type { ConfiguredJob, SchedulerModuleOptions } from './module-options.js';
import type { OptionFault } from './options-error.js';

const FILES = ['sendTo', 'appendTo'] as const;
const MAILS = ['mailTo', 'mailWrittenTo', 'mailOnFailureTo'] as const;

/** What a job asks of its output that the module does not give: mail without a transport, a file outside of the root. */
export function outputFaults(
  { output }: Pick<JobOptions, 'output'>,
  module: { readonly mail: unknown; readonly outputRoot: string | null },
  place: string,
): OptionFault[] {
  if (output === undefined) return [];
  const mail = MAILS.find((name) => listed(output[name]).length > 0);
  const unsent = mail === undefined || module.mail !== null ? [] : [noTransport(place, mail, output[mail])];
  return [...unsent, ...(module.outputRoot === null ? [] : strayFiles(output, module.outputRoot, place, 'output'))];
}

/** Files that `forRoot({ jobs })` names outside of the root: whoever may change a setting may not write everywhere. */
export function configuredOutputFaults({ jobs, outputRoot }: SchedulerModuleOptions): OptionFault[] {
  const entries: [string, ConfiguredJob | string][] = Object.entries(jobs ?? {});
  return entries.flatMap(([id, job]) => {
    const output = typeof job === 'string' ? undefined : job.output;
    if (output === undefined) return [];
    return strayFiles(output, outputRoot ?? process.cwd(), 'SchedulerModule.forRoot', `jobs.${id}.output`);
  });
}

function strayFiles(output: OutputOptions, root: string, place: string, option: string): OptionFault[] {
  return FILES.flatMap((name) =>
    listed(output[name])
      .filter((path) => !isWithin(root, path))
      .map((path) => ({
        place,
        option: `${option}.${name}`,
        value: path,
        message: `leads out of ${root}. Choose a path inside, or set forRoot({ outputRoot }).`,
      })),
  );
}

function noTransport(place: string, name: string, value: unknown): OptionFault {
  const message = `needs a way to send mail: set forRoot({ mail: { transport: 'smtp://localhost:25', from: 'cron@example.com' } }).`;
  return { place, option: `output.${name}`, value, message };
}
