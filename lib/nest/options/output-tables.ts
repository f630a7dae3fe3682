import { isMailAddress } from '../../observe/index.js';
import type { OutputOptions, PingOptions } from '../../core/index.js';
import type { Kind, Problem, TableOf } from './kind.js';
import { conflict, mustBe } from './kind.js';
import { either, listOf, text } from './kinds.js';
import { group } from './tables.js';

const MOST = 50;

/** One value or a list of them. */
function oneOrMore(kind: Kind): Kind {
  return either(kind, listOf(kind, MOST), Array.isArray);
}

const path = oneOrMore(text(1_000));

/** A mail address, or a name and an address in angle brackets. */
export const address: Kind = {
  type: 'string',
  limits: 'mail address',
  check(value, option) {
    if (typeof value === 'string' && isMailAddress(value)) return text(320).check(value, option);
    return mustBe(
      option,
      value,
      'a mail address',
      "Write 'ops@example.com' or 'Ops <ops@example.com>'; several stand in a list.",
    );
  },
};

const addresses = oneOrMore(address);

/** A URL that is called by GET. */
const url: Kind = {
  type: 'string',
  limits: 'http or https URL',
  check(value, option) {
    const isUrl = typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
    if (isUrl) return text(2_000).check(value, option);
    return mustBe(option, value, 'an http or https URL', "Write 'https://example.com/ping'.");
  },
};

const urls = oneOrMore(url);

export const OUTPUT_TABLE: TableOf<OutputOptions> = {
  sendTo: { kind: path, neighbours: ['file', 'send_to', 'sendOutputTo', 'path'] },
  appendTo: { kind: path, neighbours: ['append', 'append_to', 'appendOutputTo'] },
  mailTo: { kind: addresses, neighbours: ['email', 'emailTo', 'emailOutputTo', 'to', 'mail'] },
  mailWrittenTo: { kind: addresses, neighbours: ['emailWrittenOutputTo', 'emailWrittenTo'] },
  mailOnFailureTo: { kind: addresses, neighbours: ['emailOutputOnFailure', 'emailOnFailure', 'onFailure'] },
};

/** Two ways to write one file undo each other. */
function sameFile(options: Record<string, unknown>): readonly Problem[] {
  const { sendTo, appendTo } = options as OutputOptions;
  const sent = sendTo === undefined ? [] : [sendTo].flat();
  const twice = appendTo === undefined ? undefined : [appendTo].flat().find((file) => sent.includes(file));
  if (twice === undefined) return [];
  return conflict('appendTo', twice, 'is the file that sendTo writes anew with each run. Keep one of them.');
}

export const output = group(OUTPUT_TABLE, { together: sameFile });

export const PINGS_TABLE: TableOf<PingOptions> = {
  before: { kind: urls, neighbours: ['pingBefore', 'start'] },
  after: { kind: urls, neighbours: ['thenPing', 'then', 'end'] },
  onSuccess: { kind: urls, neighbours: ['pingOnSuccess', 'success'] },
  onFailure: { kind: urls, neighbours: ['pingOnFailure', 'failure', 'onError'] },
};

export const pings = group(PINGS_TABLE);
