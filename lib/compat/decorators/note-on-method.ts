import { MisplacedDecoratorError } from '../../nest/index.js';
import { addNote } from '../peer-note.js';
import type { PeerNote } from '../peer-note.js';

export function noteOnMethod(decorator: string, note: PeerNote): MethodDecorator {
  return (target: object, property: string | symbol, descriptor?: PropertyDescriptor) => {
    if (typeof descriptor?.value !== 'function') {
      throw new MisplacedDecoratorError(
        decorator,
        `${target.constructor.name}.${String(property)}`,
        'this is not a method',
      );
    }
    addNote(descriptor.value as object, note);
  };
}
