import { expect, it } from '@jest/globals';
import { textsOf as claimRows } from '../../../lib/stores/typeorm/dialects/sqlite/claim-rows.js';
import { textsOf as heldRows } from '../../../lib/stores/typeorm/dialects/sqlite/held-rows.js';
import { textsOf as historyRows } from '../../../lib/stores/typeorm/dialects/sqlite/history-rows.js';
import { textsOf as jobRows } from '../../../lib/stores/typeorm/dialects/sqlite/job-rows.js';
import { textsOf as nodeRows } from '../../../lib/stores/typeorm/dialects/sqlite/node-rows.js';
import { textsOf as pruning } from '../../../lib/stores/typeorm/dialects/sqlite/pruning.js';
import { textsOf as runRanges } from '../../../lib/stores/typeorm/dialects/sqlite/run-ranges.js';
import { textsOf as runRows } from '../../../lib/stores/typeorm/dialects/sqlite/run-rows.js';
import { eachWithItsStore, place } from './sqlite-case.js';

const SOURCES = { claimRows, heldRows, historyRows, jobRows, nodeRows, pruning, runRanges, runRows };

/** What takes longer the longer a history is, or the more jobs there are. */
const THROUGH_ALL = [
  /AUTOMATIC/,
  /SCAN (r|k|j|d|carillon_run_rows|carillon_jobs|carillon_definitions)$/,
  /INDEX carillon_runs_time \(app_key=\?\)$/,
];

/** It stops at the first row. */
const MAY = new Set(['nodeRows.oldestRun']);

eachWithItsStore();

const statements = Object.entries(SOURCES).flatMap(([source, textsOf]) =>
  Object.entries(textsOf('carillon_') as Record<string, unknown>).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' && !MAY.has(`${source}.${name}`) ? [[`${source}.${name}`, text]] : [],
  ),
);

it.each(statements)('%s goes down an index on SQLite, however long the history is', (_name, text) => {
  const values = [...text.matchAll(/\?/g)].map(() => '[1]');
  const plan = place
    .handle()
    .prepare(`EXPLAIN QUERY PLAN ${text}`)
    .all(...values) as { detail: string }[];
  expect(plan.map(({ detail }) => detail).filter((it) => THROUGH_ALL.some((slow) => slow.test(it)))).toEqual([]);
});

it.each(statements)('%s is not prepared anew for each value of its limit', (_name, text) => {
  expect(text).not.toMatch(/LIMIT \?(?! \+ 0)/);
});
