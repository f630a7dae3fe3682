const MOST_CHARACTERS = 1_000;

/** The end of what was written, for an error's message. */
export class LastLines {
  private kept = '';

  add(lines: string): void {
    this.kept = (this.kept + lines).slice(-MOST_CHARACTERS);
  }

  get text(): string {
    const whole = this.kept.length < MOST_CHARACTERS ? this.kept : this.kept.slice(this.kept.indexOf('\n') + 1);
    return whole.trim();
  }
}
