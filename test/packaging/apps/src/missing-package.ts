import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SchedulerModule } from 'nest-carillon';

@Module({
  imports: [
    SchedulerModule.forRoot({
      stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: 'jobs.db' } } },
    }),
  ],
})
export class AppModule {}

NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }).then(
  (app) => {
    console.log(JSON.stringify({ code: null, message: 'It started.' }));
    return app.close();
  },
  (error: Error & { code?: string }) => console.log(JSON.stringify({ code: error.code, message: error.message })),
);
