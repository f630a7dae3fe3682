import { Injectable } from '@nestjs/common';

const LATE_MS = 180_000;

@Injectable()
export class HeartbeatService {
  private last = Date.now();

  beat() {
    this.last = Date.now();
  }

  /** The process answers, and its scheduler runs what is due. */
  get isAlive(): boolean {
    return Date.now() - this.last < LATE_MS;
  }
}
