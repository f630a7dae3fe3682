const { SchedulerModule, CronTrigger } = require('nest-carillon');

test('a CommonJS test requires the library', () => {
  const after = Date.parse('2026-03-01T05:00:00Z');
  expect(new CronTrigger('0 6 * * *').next(after)).toBe(Date.parse('2026-03-01T06:00:00Z'));
  expect(typeof SchedulerModule.forRoot).toBe('function');
});
