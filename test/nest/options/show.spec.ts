import { describe, expect, it } from '@jest/globals';
import { show, showOption } from '../../../lib/nest/options/show.js';

describe('values in messages', () => {
  it.each([
    ['postgres://ada:hunter2@db.local/app', "'postgres://…@db.local/app'"],
    [`postgres://ada:${'hunter2'.repeat(20)}@db.local/app`, "'postgres://…@db.local/app'"],
    [{ host: 'db', password: 'hunter2' }, '{"host":"db","password":"(hidden)"}'],
    [{ auth: { user: 'ada', pass: 'hunter2' } }, '{"auth":{"user":"ada","pass":"(hidden)"}}'],
    [['redis://:hunter2@cache:6379'], '["redis://…@cache:6379"]'],
    ['ada@example.com', "'ada@example.com'"],
    ['a text\nof two lines', "'a text of two lines'"],
    [{ apiKey: 'hunter2', keys: 3 }, '{"apiKey":"(hidden)","keys":3}'],
  ])('carry no secret: %j', (value, text) => {
    expect(show(value)).toBe(text);
  });

  it('are hidden when the option has such a name', () => {
    expect(showOption('password', 'hunter2')).toBe('(hidden)');
    expect(showOption('maxInstances', 'hunter2')).toBe("'hunter2'");
  });
});
