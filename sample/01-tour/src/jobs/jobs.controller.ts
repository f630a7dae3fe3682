import { Controller, Get, HttpCode, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { SchedulerRegistry, UnknownJobError } from 'nest-carillon';

/** `Job` and `Run` turn into plain JSON, so they are returned as they are. */
@Controller('jobs')
export class JobsController {
  constructor(private readonly scheduler: SchedulerRegistry) {}

  @Get()
  list() {
    return this.scheduler.list();
  }

  @Get(':id/history')
  async history(
    @Param('id') id: string,
    @Query('limit', new ParseIntPipe({ optional: true })) limit = 20,
    @Query('cursor') cursor?: string,
  ) {
    const page = await this.scheduler.history(id, { limit, cursor });
    // What ran of a removed job can still be read.
    if (page.runs.length === 0 && (await this.scheduler.get(id)) === null) throw new UnknownJobError(id);
    return page;
  }

  /** Beside its schedule, which stays as it is. */
  @Post(':id/run')
  @HttpCode(202)
  run(@Param('id') id: string) {
    return this.scheduler.runNow(id);
  }
}
