import { Injectable, Module } from '@nestjs/common';
import { Cron, SchedulerModule } from '../../../lib/index.js';

@Injectable()
class ReportsService {
  @Cron('0 9 * * *', { id: 'report', store: 'db' }) report() {}
}

@Module({
  imports: [
    SchedulerModule.forRootAsync({
      useFactory: () => ({
        application: 'on-server',
        stores: { db: { type: 'typeorm', options: JSON.parse(process.env['CLI_DATA_SOURCE']!) } },
      }),
    }),
  ],
  providers: [ReportsService],
})
export class AppModule {}
