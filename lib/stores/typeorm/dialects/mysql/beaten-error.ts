/** What was hoped to be free was not: the step is done again, more carefully. */
export class BeatenError extends Error {}
