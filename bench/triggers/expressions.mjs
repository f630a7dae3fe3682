/** What is asked of every subject. `steps` fire times are walked from the start of 2026, then the walk begins anew. */
export const EXPRESSIONS = [
  { title: 'every minute UTC', expression: '* * * * *', timezone: 'UTC', steps: 10_000 },
  { title: '9h weekdays New York', expression: '0 9 * * 1-5', timezone: 'America/New_York', steps: 1_000 },
  { title: 'Feb 29', expression: '0 0 29 2 *', timezone: 'UTC', steps: 15 },
  { title: '2h Berlin', expression: '0 2 * * *', timezone: 'Europe/Berlin', steps: 1_000 },
  { title: 'last day', expression: '0 0 L * *', timezone: 'UTC', steps: 400 },
];

export const WALK_FROM = Date.UTC(2026, 0, 1);

/** The n-th of 10,080 different expressions, for the heap that one takes. */
export function distinctExpression(n) {
  const minute = n % 60;
  const hour = Math.floor(n / 60) % 24;
  const day = 1 + (Math.floor(n / 1_440) % 7);
  return `${minute} ${hour} ${day} * *`;
}
