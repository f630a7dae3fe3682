import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Cron, every, Interval, SchedulerModule, SchedulerRegistry, Task } from '../../../lib/index.js';

/** What runs now. */
@Injectable()
class DeployedJobs implements OnModuleInit {
  constructor(private readonly registry: SchedulerRegistry) {}

  async onModuleInit(): Promise<void> {
    if (process.env['CLI_ADDS'] !== 'true') return;
    await this.registry.add({ id: 'taken', task: 'DeployedJobs.added', trigger: every('1d'), store: 'default' });
  }

  @Cron('0 9 * * *', { id: 'stays' }) stays() {}
  @Cron('0 9 * * *', { id: 'moved' }) moved() {}
  @Cron('0 9 * * *', { id: 'zone' }) zone() {}
  @Cron('0 9 * * *', { id: 'options' }) options() {}
  @Cron('0 9 * * *', { id: 'both' }) both() {}
  @Cron('0 9 * * *', { id: 'before' }) renamed() {}
  @Cron('0 9 * * *', { id: 'gone' }) gone() {}
  @Interval('1h', { id: 'memory', store: 'local' }) memory() {}
  @Task() added() {}
}

@Module({
  imports: [
    SchedulerModule.forRootAsync({
      useFactory: () => ({
        application: 'deploys',
        version: '1.0.0',
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
