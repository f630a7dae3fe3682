import { Injectable, Module } from '@nestjs/common';
import { Cron, Interval, SchedulerModule } from '../../../lib/index.js';

/** What a deploy brings, beside deployed.module.ts. */
@Injectable()
class DeployedJobs {
  @Cron('0 9 * * *', { id: 'stays' }) stays() {}
  @Cron('0 10 * * *', { id: 'moved' }) moved() {}
  @Cron('0 9 * * *', { id: 'zone', timezone: 'Asia/Tokyo' }) zone() {}
  @Cron('0 9 * * *', { id: 'options', maxInstances: 3 }) options() {}
  @Cron('0 11 * * *', { id: 'both', tags: ['x'] }) both() {}
  @Cron('0 9 * * *', { id: 'after', aliases: ['before'] }) renamed() {}
  @Cron('0 12 * * *', { id: 'new' }) fresh() {}
  @Cron('0 12 * * *', { id: 'taken' }) taken() {}
  @Interval('2h', { id: 'memory', store: 'local' }) memory() {}
}

@Module({
  imports: [
    SchedulerModule.forRootAsync({
      useFactory: () => ({
        application: 'deploys',
        version: process.env['CLI_VERSION'] ?? '2.0.0',
        stores: {
          default: { type: 'typeorm', options: { type: 'better-sqlite3', database: process.env['CLI_DATABASE'] } },
          local: { type: 'memory' },
        },
      }),
    }),
  ],
  providers: [DeployedJobs],
})
export class AppModule {}
