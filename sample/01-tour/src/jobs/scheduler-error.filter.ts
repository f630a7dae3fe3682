import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { SchedulerError } from 'nest-carillon';

/** Scheduler errors have a stable code and a message that says what to do: a client may see both. */
@Catch(SchedulerError)
export class SchedulerErrorFilter extends BaseExceptionFilter {
  override catch(error: SchedulerError, host: ArgumentsHost): void {
    const status = statusOf(error.code);
    super.catch(new HttpException({ statusCode: status, code: error.code, message: error.message }, status), host);
  }
}

function statusOf(code: string): number {
  if (code.startsWith('UNKNOWN_')) return 404;
  return code === 'DUPLICATE_JOB' ? 409 : 400;
}
