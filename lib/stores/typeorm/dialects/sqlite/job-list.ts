import type { JobFilter } from '../../../../core/index.js';
import { STATUS } from '../../codes.js';
import { holdsMark, START_MARK } from '../../migrations/index.js';
import { TAGS_PATH } from './definition-text.js';
import { asOneText, jobAsJson } from './job-decoder.js';
import type { Scope } from './scope.js';
import { LIMIT, Statements } from './statements.js';

/** So many jobs are sorted by id; of more than these, all are gone through in the order of their ids. */
const FEW = 5_000;

/** Ways to the jobs of a list; their tables have the names `d` (definitions), `j` (jobs) and `s` (shapes). */
type Way = 'byId' | 'byShape' | 'byStatus' | 'byMark';

/** Jobs by id, as a filter wants them. A start asks for few among many, so what an index tells of is not looked for elsewhere. */
export class JobList {
  private readonly statements: Statements<'fewOfShapes' | 'fewAside'>;

  constructor(private readonly scope: Scope) {
    const p = scope.place.prefix;
    this.statements = new Statements(scope.handle, {
      fewOfShapes: `SELECT count(*) FROM (SELECT 1 FROM ${p}shapes s CROSS JOIN ${p}jobs j INDEXED BY ${p}jobs_shape
        ON j.shape_key = s.shape_key WHERE s.origin = coalesce(?, s.origin) AND s.task = coalesce(?, s.task) LIMIT ${FEW + 1})`,
      fewAside: `SELECT count(*) FROM (SELECT 1 FROM ${p}jobs INDEXED BY ${p}jobs_aside
        WHERE app_key = ? AND status > ${STATUS.finished} LIMIT ${FEW + 1})`,
    });
  }

  /** Rows as `JobDecoder` reads them. */
  read(filter: JobFilter): string {
    const conditions = conditionsOf(filter, this.scope.place.appKey);
    const way = this.wayTo(filter);
    if (way === 'byMark') conditions.push([holdsMark('d.body')]);
    if (way === 'byStatus') {
      conditions.push([`j.app_key = ? AND j.status > ${STATUS.finished}`, this.scope.place.appKey]);
    }
    const text = `SELECT ${asOneText('f.text')} FROM (SELECT ${jobAsJson('j')} AS text
      FROM ${tablesOf(this.scope.place.prefix)[way]}
      WHERE d.removed = 0 AND ${conditions.map(([condition]) => condition).join(' AND ')} ORDER BY d.id ${LIMIT}) f`;
    const values = conditions.flatMap(([, ...given]) => given);
    const statement = this.scope.handle.prepare<unknown[], [string]>(text).raw();
    return (statement.get(...values, filter.limit ?? -1) as unknown as [string])[0];
  }

  private wayTo({ ids, origin, task, status, triggerHolds }: JobFilter): Way {
    if (triggerHolds === START_MARK) return 'byMark';
    if (ids !== undefined) return 'byId';
    const isAside = status?.every((it) => STATUS[it] > STATUS.finished) === true;
    if (isAside && this.isFew('fewAside', this.scope.place.appKey)) return 'byStatus';
    const isOfShape = origin !== undefined || task !== undefined;
    return isOfShape && this.isFew('fewOfShapes', origin ?? null, task ?? null) ? 'byShape' : 'byId';
  }

  private isFew(name: 'fewOfShapes' | 'fewAside', ...values: unknown[]): boolean {
    return (this.statements.get(name).get(...values) as [number])[0] <= FEW;
  }
}

function tablesOf(p: string): Readonly<Record<Way, string>> {
  const definitions = `CROSS JOIN ${p}definitions d ON d.job_key = j.job_key`;
  const shapes = `CROSS JOIN ${p}shapes s ON s.shape_key = j.shape_key`;
  return {
    byId: `${p}definitions d CROSS JOIN ${p}jobs j ON j.job_key = d.job_key ${shapes}`,
    byMark: `${p}definitions d INDEXED BY ${p}definitions_at_start CROSS JOIN ${p}jobs j ON j.job_key = d.job_key ${shapes}`,
    byShape: `${p}shapes s CROSS JOIN ${p}jobs j INDEXED BY ${p}jobs_shape ON j.shape_key = s.shape_key ${definitions}`,
    byStatus: `${p}jobs j INDEXED BY ${p}jobs_aside ${definitions} ${shapes}`,
  };
}

type Condition = readonly [condition: string, ...values: unknown[]];

function conditionsOf(filter: JobFilter, appKey: number): Condition[] {
  const conditions: Condition[] = [['d.app_key = ?', appKey]];
  const { ids, after, origin, task, paused, status, triggerHolds, tag } = filter;
  if (ids !== undefined) conditions.push(['d.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids)]);
  if (after !== undefined) conditions.push(['d.id > ?', after]);
  if (origin !== undefined) conditions.push(['s.origin = ?', origin]);
  if (task !== undefined) conditions.push(['s.task = ?', task]);
  if (paused !== undefined) conditions.push(['(j.pause IS NOT NULL) = ?', paused ? 1 : 0]);
  if (status !== undefined) {
    const codes = JSON.stringify(status.map((it) => STATUS[it]));
    conditions.push(['j.status IN (SELECT value FROM json_each(?))', codes]);
  }
  if (triggerHolds !== undefined) {
    // A trigger is JSON within the JSON of the body.
    conditions.push(['instr(d.body, ?) > 0', JSON.stringify(triggerHolds).slice(1, -1)]);
  }
  if (tag !== undefined) {
    const tags = `json_each(iif(json_valid(d.body), d.body, '{}'), ${TAGS_PATH})`;
    conditions.push([`EXISTS (SELECT 1 FROM ${tags} t WHERE t.value = ?)`, tag]);
  }
  return conditions;
}
