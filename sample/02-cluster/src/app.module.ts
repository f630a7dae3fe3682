import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SchedulerModule } from 'nest-carillon';
import { ClusterController } from './page/cluster.controller.js';
import { ClusterPage } from './page/cluster-page.js';
import { settings } from './settings.js';
import { IndexService } from './jobs/index.service.js';
import { TickService } from './jobs/tick.service.js';

@Module({
  imports: [
    TypeOrmModule.forRoot(settings.database),
    SchedulerModule.forRoot({
      application: 'cluster',
      stores: { db: { type: 'typeorm' } },
      // In a shared store: each fire time makes one run in the whole cluster, however many processes there are.
      jobDefaults: { store: 'db' },
      // What a dead process held is taken over this long after its last sign of life. The default is 10 s.
      lease: '3s',
      log: 'failures',
    }),
  ],
  controllers: [ClusterController],
  providers: [ClusterPage, IndexService, TickService],
})
export class AppModule {}
