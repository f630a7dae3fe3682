import { Module } from '@nestjs/common';

@Module({})
class AppModule {}

export const name = AppModule.name;
