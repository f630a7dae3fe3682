const EVERY_SECOND = '* * * * * *';

/** The n-th job's expression: with a period of 10 a tenth of the jobs is due in each second. */
export function expressionOf(n, period) {
  return period === 1 ? EVERY_SECOND : `${n % period}/${period} * * * * *`;
}
