/** Causes that are told of one error; a chain may be a ring. */
const CAUSES = 5;

const NO_TEXT = 'something that has no text was thrown';

/** Whether something is an error, also one of another realm: those of Node itself are, in a test runner's sandbox. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}

/** The message of an error and those of its causes, of several errors at once the first; of anything else its text. */
export function messageWithCauses(thrown: unknown): string {
  try {
    return isError(thrown) ? chainOf(thrown) : textOf(thrown);
  } catch {
    // A getter of what was thrown throws itself.
    return NO_TEXT;
  }
}

function chainOf(thrown: Error): string {
  let text = String(thrown.message);
  let cause = causeOf(thrown);
  for (let depth = 0; cause !== undefined && depth < CAUSES; depth++) {
    const told = isError(cause) ? `${cause.name}: ${cause.message}` : textOf(cause);
    text += `${text === '' ? '' : ' '}(caused by ${told})`;
    cause = isError(cause) ? causeOf(cause) : undefined;
  }
  return text;
}

/** Anything as text; an object as JSON. */
export function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return NO_TEXT;
  }
}

function causeOf(error: Error): unknown {
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  if (cause !== undefined && cause !== null) return cause;
  return Array.isArray(errors) ? (errors[0] as unknown) : undefined;
}
