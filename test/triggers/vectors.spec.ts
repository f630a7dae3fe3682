import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Vector } from './vector.js';
import { answerTo, expected, readVectors, triggerOf } from './vector.js';

const ownSample = join(import.meta.dirname, 'vectors-sample.jsonl');
const shared = join(import.meta.dirname, '../../../shared/vectors');

/** What does not agree, one line each. */
function disagreements(vectors: readonly Vector[]): string[] {
  return vectors.flatMap((vector) => {
    const rule = vector.expr ?? JSON.stringify(vector.fields ?? vector.triggers);
    const place = `${vector.source} ${vector.id}: ${rule} in ${vector.tz} from ${vector.start}`;
    try {
      if (vector.kind === 'invalid') return triggerOf(vector) ? [`${place} was accepted`] : [];
      const [answer, wanted] = [answerTo(vector).join(' '), expected(vector).join(' ')];
      return answer === wanted ? [] : [`${place}\n  wanted ${wanted}\n  got    ${answer}`];
    } catch (error) {
      return vector.kind === 'invalid' ? [] : [`${place} threw ${String(error)}`];
    }
  });
}

describe('P1: conformance vectors', () => {
  it('agrees with every vector of the sample', () => {
    const vectors = readVectors(ownSample);
    expect(vectors.length).toBeGreaterThanOrEqual(250);
    expect(disagreements(vectors)).toEqual([]);
  });

  it.each(['fuzz.jsonl', 'peers.jsonl'])('agrees with every vector of %s where the full set is at hand', (name) => {
    const path = join(shared, name);
    expect(existsSync(path) ? disagreements(readVectors(path)) : []).toEqual([]);
  });
});
