import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';
import { StartReportService } from './start/start-report.service.js';

mkdirSync(settings.data, { recursive: true });
const app = await NestFactory.create(AppModule);
// Ctrl+C and SIGTERM end open runs in good order before the process leaves.
app.enableShutdownHooks();
await app.listen(settings.port);
console.log(await app.get(StartReportService).text());
