import { Module } from '@nestjs/common';

@Module({})
export class PlainModule {}

export class NoModule {}
