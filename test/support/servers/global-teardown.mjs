import { endServers } from './end-servers.mjs';

export default async function tearDown() {
  await endServers(process.env.CARILLON_TEST_RUN);
}
