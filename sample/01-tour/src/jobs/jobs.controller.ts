import { Controller, Get, HttpCode, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { SchedulerRegistry } from 'nest-carillon';

/** `Job` and `Run` turn into plain JSON, so they are returned as they are. */
@Controller('jobs')
export class JobsController {
  constructor(private readonly scheduler: SchedulerRegistry) {}

  @Get()
  list() {
    return this.scheduler.list();
  }

  @Get(':id/history')
  history(
    @Param('id') id: string,
    @Query('limit', new ParseIntPipe({ optional: true })) limit = 20,
    @Query('cursor') cursor?: string,
  ) {
    return this.scheduler.history(id, { limit, cursor });
  }

  /** Beside its schedule, which stays as it is. */
  @Post(':id/run')
  @HttpCode(202)
  run(@Param('id') id: string) {
    return this.scheduler.runNow(id);
  }
}
