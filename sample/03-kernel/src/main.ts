import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule);
// Ctrl+C and SIGTERM end open runs in good order before the process leaves.
app.enableShutdownHooks();
await app.listen(settings.port);
