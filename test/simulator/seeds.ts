import { writeFileSync } from 'node:fs';
import type { Verdict } from './simulation.js';

const SHOWN = 80;

/** One seed that is asked for, or as many as are asked for (else `count`), from 1 on. */
export function seedsOf(count: number): number[] {
  const { CARILLON_SIM_SEED: one, CARILLON_SIM_SEEDS: many } = process.env;
  if (one !== undefined) return [Number(one)];
  const share = many === undefined ? count : Math.ceil((Number(many) * count) / 1_000);
  return Array.from({ length: share }, (_, index) => index + 1);
}

/** What to do with a seed that fails, and what happened in it; all of it goes to the file CARILLON_SIM_TRACE. */
export function reportOf({ seed, setup, trace, violations }: Verdict, spec: string): string {
  const { CARILLON_SIM_TRACE: file } = process.env;
  if (file !== undefined) writeFileSync(file, trace.join('\n'));
  const broken = violations.map(({ rule, detail }) => `BROKEN: ${rule}: ${detail}`);
  return [
    `Seed ${seed} breaks a promise. It does so again with: CARILLON_SIM_SEED=${seed} npm test -- ${spec}`,
    `Setup: ${JSON.stringify(setup)}`,
    `The last ${SHOWN} of ${trace.length} lines (CARILLON_SIM_TRACE=<file> writes all):`,
    ...trace.slice(-SHOWN),
    ...broken,
  ].join('\n');
}

/** Runs one simulation after another; the first that breaks a promise is reported. */
export async function expectKept(seeds: readonly number[], spec: string, run: (seed: number) => Promise<Verdict>) {
  let steps = 0;
  for (const seed of seeds) {
    const verdict = await run(seed);
    if (verdict.violations.length > 0) throw new Error(reportOf(verdict, spec));
    steps += verdict.steps;
  }
  return steps;
}
