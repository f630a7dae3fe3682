import { SchedulerError } from '../../core/index.js';

/** A decorator of this package stands where Nest can call nothing: on a property, a static method or a symbol. */
export class MisplacedDecoratorError extends SchedulerError {
  readonly code = 'MISPLACED_DECORATOR';

  constructor(
    readonly decorator: string,
    readonly place: string,
    problem: string,
  ) {
    super(
      `@${decorator} on ${place}: ${problem}. Put it on an ordinary method of a provider or controller: ` +
        `a method with a name, not static, not an arrow function kept in a property.`,
    );
  }
}
