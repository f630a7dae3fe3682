import { Injectable } from '@nestjs/common';
import { Interval, JobContext } from 'nest-carillon';
import { settings } from '../settings.js';

@Injectable()
export class ProbeService {
  /**
   * An attempt is given 3 seconds, then its signal ends the request; a failed one is tried again after 1 and 2 seconds.
   * A probe of the past says nothing, so one that comes later than 5 seconds is left out.
   */
  @Interval('15s', {
    id: 'probe',
    timeout: '3s',
    retry: { attempts: 3, backoff: 'exponential', delay: '1s' },
    misfireGraceTime: '5s',
    history: { count: 200 },
  })
  async probe(job: JobContext): Promise<{ url: string; status: number }> {
    const response = await fetch(settings.probeUrl, { signal: job.signal });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${settings.probeUrl} answered ${response.status}`);
    return { url: settings.probeUrl, status: response.status };
  }
}
