import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

mkdirSync(settings.data, { recursive: true });
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn', 'log'] });
// Ctrl+C and SIGTERM end open runs in good order; a process that cannot do so is what leases are for.
app.enableShutdownHooks();
await app.listen(settings.port);
