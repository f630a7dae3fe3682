import { Controller, Get, Header } from '@nestjs/common';
import { ClusterPage } from './cluster-page.js';
import type { ClusterView } from './cluster-page.js';

@Controller()
export class ClusterController {
  constructor(private readonly page: ClusterPage) {}

  @Get()
  @Header('content-type', 'text/html')
  async show(): Promise<string> {
    return this.page.html(await this.page.view());
  }

  @Get('cluster')
  async view(): Promise<ClusterView> {
    return await this.page.view();
  }
}
