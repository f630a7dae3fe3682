import { Module } from '@nestjs/common';
import { SchedulerModule } from '../../../lib/index.js';

@Module({ imports: [SchedulerModule.forRoot({ application: 'empty' })] })
export class AppModule {}
