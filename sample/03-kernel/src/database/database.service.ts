import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

@Injectable()
export class DatabaseService {
  constructor(private readonly database: DataSource) {}

  async optimize(): Promise<void> {
    await this.database.query('PRAGMA optimize');
  }
}
