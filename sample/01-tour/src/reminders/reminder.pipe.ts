import { BadRequestException, Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';

const YEAR_SECONDS = 366 * 86_400;

/** A reminder that was asked for, checked. */
export class NewReminder {
  constructor(
    readonly userId: string,
    readonly text: string,
    readonly at: Date,
  ) {}
}

/** `{ userId, text, at }` or `{ userId, text, inSeconds }`; all faults are told at once. */
@Injectable()
export class ReminderPipe implements PipeTransform<unknown, NewReminder> {
  transform(body: unknown): NewReminder {
    const { userId, text, at, inSeconds } = (body ?? {}) as Record<string, unknown>;
    const faults = [
      ...textFaults('userId', userId, 100),
      ...textFaults('text', text, 500),
      ...timeFaults(at, inSeconds),
    ];
    if (faults.length > 0) throw new BadRequestException(faults);
    const when = at === undefined ? Date.now() + Number(inSeconds) * 1000 : Date.parse(at as string);
    return new NewReminder(userId as string, text as string, new Date(when));
  }
}

function textFaults(name: string, value: unknown, longest: number): string[] {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= longest) return [];
  return [`${name} must be a text of 1 to ${longest} characters`];
}

function timeFaults(at: unknown, inSeconds: unknown): string[] {
  if ((at === undefined) === (inSeconds === undefined)) return ['give either at or inSeconds'];
  if (at === undefined) {
    const isInRange = typeof inSeconds === 'number' && inSeconds >= 0 && inSeconds <= YEAR_SECONDS;
    return isInRange ? [] : [`inSeconds must be a number from 0 to ${YEAR_SECONDS}`];
  }
  const hasOffset = typeof at === 'string' && /T.*(Z|[+-]\d\d:\d\d)$/.test(at);
  return hasOffset && !Number.isNaN(Date.parse(at)) ? [] : ['at must be an instant such as 2026-12-24T18:00:00+01:00'];
}
