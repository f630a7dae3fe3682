import { describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import prettier from 'prettier';
import { EVENT_TYPES } from '../../lib/core/index.js';
import { errorCodes, errorPage, eventPage } from './fact-pages.js';
import { optionPage } from './option-pages.js';

const FOLDER = resolve(import.meta.dirname, '../../docs/reference');
/** Set by scripts/reference.mjs: the pages are written instead of compared. */
const isWriting = process.env['CARILLON_WRITE_REFERENCE'] === '1';

describe('the reference', () => {
  it.each([
    ['options.md', optionPage],
    ['errors.md', errorPage],
    ['events.md', eventPage],
  ])('%s says what the source says (else run: node scripts/reference.mjs)', async (name, make) => {
    const path = join(FOLDER, name);
    const config = (await prettier.resolveConfig(path)) ?? {};
    const text = await prettier.format(make(), { ...config, parser: 'markdown' });
    if (isWriting) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(path, text);
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('describes every option', () => {
    const rows = optionPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((line) => /\|\s*\|$/.test(line))).toEqual([]);
  });

  it('describes every error, whose code no other has', () => {
    expect([...errorCodes()].filter(([, count]) => count > 1)).toEqual([]);
    const pages = errorPage().split('## ').slice(1);
    expect(pages.filter((page) => !/`\w+`\. \S/.test(page))).toEqual([]);
  });

  it('describes every event', () => {
    const page = eventPage();
    for (const type of EVENT_TYPES) expect(page).toMatch(new RegExp(`\\| \`${type}\` \\| \\S`));
  });
});
