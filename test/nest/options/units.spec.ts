import { describe, expect, it } from '@jest/globals';
import { duration, instant } from '../../../lib/nest/options/units.js';

const DURATIONS = `Write '90s', '5m', '1h30m', 'PT5M', { minutes: 5 } or milliseconds.`;
const INSTANTS = `Write a Date, '2026-12-25T09:00', '2026-12-25 09:00', a luxon DateTime or epoch milliseconds.`;

describe('what is wrong with a value and what to write is said once', () => {
  it.each([
    ['soon', `is 'soon'; it must be a length of time. ${DURATIONS}`],
    [
      { minute: 'x' },
      `is {"minute":"x"}; it must be a length of time. minute is a number, such as { minute: 5 }. ${DURATIONS}`,
    ],
    [-1, `is -1; it must be a length of time. It is 0 or more. ${DURATIONS}`],
  ])('a length of time %j', (value, message) => {
    expect(duration().check(value, 'timeout')).toMatchObject([{ message }]);
  });

  it.each([
    ['25.12.2026', `is '25.12.2026'; it must be a point in time. ${INSTANTS}`],
    ['2026-02-30', `is '2026-02-30'; it must be a point in time. That date does not exist. ${INSTANTS}`],
  ])('an instant %j', (value, message) => {
    expect(instant().check(value, 'at')).toMatchObject([{ message }]);
  });
});
