import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { HeartbeatService } from './heartbeat.service.js';

@Controller('health')
export class HealthController {
  constructor(private readonly heartbeat: HeartbeatService) {}

  @Get()
  health() {
    if (!this.heartbeat.isAlive) throw new ServiceUnavailableException('no heartbeat for three minutes');
    return { status: 'ok' };
  }
}
