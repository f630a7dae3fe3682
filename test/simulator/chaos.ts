import type { Simulation } from './simulation.js';
import type { SimNode } from './sim-node.js';

/** What goes wrong, and what people do, between any two steps. */
export class Chaos {
  constructor(private readonly sim: Simulation) {}

  /** People's acts, spread over the time of faults. */
  plan(): void {
    const { random, setup } = this.sim;
    const count = random.int(0, 12);
    for (let index = 0; index < count; index++) {
      this.sim.at(random.int(1_000, setup.faultsUntil), null, 'somebody acts', () => this.act());
    }
  }

  /** Called after each step. */
  strike(): void {
    const { random, setup } = this.sim;
    const { faults } = setup;
    if (random.chance(faults.crash)) this.onNode((node) => this.crash(node));
    if (random.chance(faults.freeze)) this.onNode((node) => this.freeze(node));
    if (random.chance(faults.cutOff)) this.onNode((node) => this.cutOff(node));
    if (random.chance(faults.restart)) this.onNode((node) => this.restart(node));
    if (random.chance(faults.storeAway)) this.takeStoreAway();
    if (random.chance(faults.clockStep)) this.stepClock();
  }

  stop(): void {
    this.sim.isStoreAway = false;
    for (const node of this.sim.nodes) {
      this.thaw(node);
      node.isCutOff = false;
    }
  }

  private act(): void {
    const { sim } = this;
    const running = sim.nodes.filter(({ mayAct, scheduler }) => mayAct && scheduler.state === 'running');
    if (running.length === 0) return;
    const node = sim.random.pick(running);
    const jobs = [...sim.ledger.lines.all()].map(({ id }) => id);
    sim.workload.act(node, jobs, [...sim.ledger.runs.keys()]).then(
      (what) => sim.trace(node.id, `somebody did: ${what}`),
      (error: unknown) => sim.trace(node.id, `somebody could not: ${String(error).slice(0, 80)}`),
    );
  }

  private onNode(strike: (node: SimNode) => void): void {
    const { nodes, random } = this.sim;
    if (nodes.length > 0) strike(random.pick(nodes));
  }

  private crash(node: SimNode): void {
    this.sim.trace(node.id, 'CRASHES');
    this.sim.end(node);
    this.sim.begin(this.sim.random.int(0, 20_000));
  }

  private freeze(node: SimNode): void {
    if (node.isFrozen) return;
    const { sim } = this;
    node.isFrozen = true;
    const length = sim.random.pick([100, 1_000, 5_000, 15_000]);
    sim.trace(node.id, `FREEZES for ${length} ms`);
    sim.at(sim.now + length, null, `${node.id} thaws`, () => this.thaw(node));
  }

  private thaw(node: SimNode): void {
    if (!node.isFrozen) return;
    node.isFrozen = false;
    node.thawedAt = this.sim.now;
    this.sim.trace(node.id, 'THAWS');
  }

  private cutOff(node: SimNode): void {
    const { sim } = this;
    node.isCutOff = true;
    const length = sim.random.pick([300, 4_000, 15_000]);
    sim.trace(node.id, `is CUT OFF for ${length} ms`);
    sim.at(sim.now + length, null, `${node.id} is back`, () => (node.isCutOff = false));
  }

  private restart(node: SimNode): void {
    if (node.isStopping) return;
    const { sim } = this;
    node.isStopping = true;
    sim.trace(node.id, 'is STOPPED');
    const gone = (): void => {
      if (node.isGone) return;
      sim.end(node);
      sim.begin(sim.random.int(0, 3_000));
    };
    node.scheduler.stop().then(gone, gone);
  }

  private takeStoreAway(): void {
    const { sim } = this;
    if (sim.isStoreAway) return;
    sim.isStoreAway = true;
    const length = sim.random.pick([300, 3_000, 12_000, 20_000]);
    sim.trace('', `the store is AWAY for ${length} ms`);
    sim.at(sim.now + length, null, 'the store is back', () => (sim.isStoreAway = false));
  }

  private stepClock(): void {
    const { sim } = this;
    const sign = sim.random.chance(0.5) ? 1 : -1;
    if (sim.setup.isLocal) {
      const step = sign * sim.random.pick([200, 2_000, 20_000]);
      sim.trace('', `the clock is SET by ${step} ms`);
      sim.latest = Math.max(sim.latest, sim.storeNow());
      sim.storeOffset += step;
      for (const node of sim.nodes) node.clock.stepWall(step);
      return;
    }
    this.onNode((node) => {
      const step = sign * sim.random.pick([200, 2_000, 60_000, 3_600_000]);
      sim.trace(node.id, `its clock is SET by ${step} ms`);
      node.clock.stepWall(step);
    });
  }
}
