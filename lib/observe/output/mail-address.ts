/** A word in quotes may hold anything but what ends it or a line; others nothing that parts addresses or begins a group. */
const NAME = /^(?:"[^"\\\p{Cc}]*"|[^"<>@,;:()\\\p{Cc}]*)$/u;
const ADDRESS = /^[^\s"<>@,;:()\\\p{Cc}]+@[^\s"<>@,;:()\\\p{Cc}]+$/u;

/**
 * Whether a text is one mail address and no more: `ops@example.com` or `Ops <ops@example.com>`. What it answers true for
 * stays one recipient in a list, and one line in a header.
 */
export function isMailAddress(text: string): boolean {
  const [, name, address] = /^([^<]*)<([^<>]*)>$/.exec(text) ?? [null, '', text];
  return NAME.test(name.replace(/^ +| +$/g, '')) && ADDRESS.test(address);
}
