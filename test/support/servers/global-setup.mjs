import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder that this run's workers share; it is made, and servers in it are started, only when a test asks. */
export default function setUp() {
  process.env.CARILLON_TEST_RUN = join(tmpdir(), `carillon-test-${process.pid}-${Date.now()}`);
  process.env.CARILLON_TEST_RUN_PID = `${process.pid}`;
}
