import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { SchedulerModule } from '../../../lib/index.js';

@Injectable()
class Connection implements OnModuleInit {
  onModuleInit(): void {
    throw new Error('the database is away');
  }
}

@Module({ imports: [SchedulerModule.forRoot({ application: 'failing' })], providers: [Connection] })
export class AppModule {}
