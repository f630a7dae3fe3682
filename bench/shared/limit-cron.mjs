// The limit: the least code that finds the next fire time of a cron expression at all. Bit masks, local dates by
// arithmetic, and spans of constant offset that are found once for each zone. It validates nothing, knows no names, no
// extension but `L`, and only the simplest daylight-saving rules: what a real trigger takes longer is the price of the rest.
// `| 0` keeps numbers in integer registers; on doubles `%` is a call.

const DAY = 86_400;
const countTrailingZeros = (bits) => 31 - Math.clz32(bits & -bits);
/** Offset in seconds, as text of Intl tells it. */
const formats = new Map();
const zones = new Map();

/** First set bit at or after `from` in 60 bits kept as two halves of 30; 60 when there is none. */
function nextBit(low, high, from) {
  if (from < 30) {
    const rest = low >>> from;
    if (rest !== 0) return from + countTrailingZeros(rest);
    from = 30;
  }
  const rest = from < 60 ? high >>> (from - 30) : 0;
  return rest === 0 ? 60 : from + countTrailingZeros(rest);
}

function mask(field, min, max) {
  let low = 0;
  let high = 0;
  for (const part of field.split(',')) {
    const [range, step = '1'] = part.split('/');
    const [first, last] = range === '*' ? [min, max] : range.split('-').map(Number);
    for (let value = first; value <= (last ?? (part.includes('/') ? max : first)); value += Number(step)) {
      if (value < 30) low |= 1 << value;
      else high |= 1 << (value - 30);
    }
  }
  return [low, high];
}

function offsetAt(zone, second) {
  if (!formats.has(zone))
    formats.set(zone, new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }));
  const text = formats.get(zone).format(second * 1000);
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text);
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** Spans of constant offset from 2000 to 2100: looked for at month steps, then by bisection. Span i ends at start i + 1. */
function spansOf(zone) {
  if (zones.has(zone)) return zones.get(zone);
  const starts = [-Infinity];
  const offsets = [offsetAt(zone, 946_684_800)];
  for (let low = 946_684_800; low < 4_102_444_800; low += 30 * DAY) {
    let [from, until] = [low, low + 30 * DAY];
    const offset = offsetAt(zone, until);
    if (offset === offsets.at(-1)) continue;
    while (until - from > 1) {
      const middle = Math.floor((from + until) / 2);
      if (offsetAt(zone, middle) === offset) until = middle;
      else from = middle;
    }
    starts.push(until);
    offsets.push(offset);
  }
  zones.set(zone, { starts: Float64Array.of(...starts, Infinity), offsets: Int32Array.from(offsets), last: 0 });
  return zones.get(zone);
}

function spanAt(zone, second) {
  const { starts } = zone;
  let index = zone.last;
  while (second >= starts[index + 1]) index++;
  while (second < starts[index]) index--;
  zone.last = index;
  return index;
}

export class LimitCron {
  constructor(expression, zone = 'UTC') {
    const fields = expression.split(' ');
    if (fields.length === 5) fields.unshift('0');
    [this.secondLow, this.secondHigh] = mask(fields[0], 0, 59);
    [this.minuteLow, this.minuteHigh] = mask(fields[1], 0, 59);
    [this.hours] = mask(fields[2], 0, 23);
    this.isLastDay = fields[3] === 'L';
    const [dayLow, dayHigh] = this.isLastDay ? [0, 0] : mask(fields[3], 1, 31);
    this.days = dayLow | (dayHigh << 30);
    [this.months] = mask(fields[4], 1, 12);
    this.weekdays = mask(fields[5], 0, 7)[0];
    this.weekdays |= (this.weekdays >> 7) & 1;
    this.repeats = fields[1].startsWith('*');
    this.isEveryDay = fields.slice(3).every((field) => field === '*');
    this.zone = spansOf(zone);
  }

  /** First fire time after `after`, both in epoch milliseconds. */
  next(after) {
    const second = Math.floor(after / 1000);
    const { starts, offsets } = this.zone;
    const index = spanAt(this.zone, second);
    const offset = offsets[index];
    let from = second + offset;
    // The second pass of a repeated hour is left out, unless the job is quicker than hourly.
    if (!this.repeats && index > 0) from = Math.max(from, starts[index] + offsets[index - 1] - 1);
    const local = this.nextLocal(from);
    const instant = local - offset;
    return (instant < starts[index + 1] ? instant : this.beyond(local, instant)) * 1000;
  }

  /** Maps a local time that lies in a later span; one inside a gap becomes the gap's end. */
  beyond(local, estimate) {
    const { starts, offsets } = this.zone;
    const index = spanAt(this.zone, estimate);
    if (index > 0 && local - offsets[index - 1] < starts[index]) return local - offsets[index - 1];
    if (local - offsets[index] < starts[index + 1]) return Math.max(starts[index], local - offsets[index]);
    return Math.max(starts[index + 1], local - offsets[index + 1]);
  }

  nextLocal(from) {
    let day = Math.floor(from / DAY) | 0;
    const time = this.nextTime((from - day * DAY + 1) | 0);
    if (time >= 0) {
      const today = this.nextDay(day);
      if (today === day) return day * DAY + time;
      day = today;
    } else {
      day = this.nextDay(day + 1);
    }
    return day * DAY + this.nextTime(0);
  }

  /** Second of the day at or after `from`, or -1. */
  nextTime(from) {
    let hour = (from / 3600) | 0;
    if (hour < 24 && ((this.hours >> hour) & 1) === 1) {
      const minute = ((from / 60) | 0) % 60;
      const isSet = nextBit(this.minuteLow, this.minuteHigh, minute) === minute;
      const second = isSet ? nextBit(this.secondLow, this.secondHigh, from % 60) : 60;
      if (second < 60) return hour * 3600 + minute * 60 + second;
      const later = nextBit(this.minuteLow, this.minuteHigh, minute + 1);
      if (later < 60) return hour * 3600 + later * 60 + nextBit(this.secondLow, this.secondHigh, 0);
    }
    hour++;
    const rest = hour < 24 ? this.hours >>> hour : 0;
    if (rest === 0) return from === 0 && (this.hours & 1) === 1 ? 0 : -1;
    const minute = nextBit(this.minuteLow, this.minuteHigh, 0);
    return (hour + countTrailingZeros(rest)) * 3600 + minute * 60 + nextBit(this.secondLow, this.secondHigh, 0);
  }

  /** Day number (from 1970 on) at or after `day` that matches; goes from month to month (source: days_from_civil by H. Hinnant). */
  nextDay(day) {
    if (this.isEveryDay) return day;
    const shifted = (day + 719_468) | 0;
    const era = (shifted / 146_097) | 0;
    const dayOfEra = (shifted - era * 146_097) | 0;
    const leaps = (((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0)) | 0;
    const yearOfEra = ((dayOfEra - leaps) / 365) | 0;
    const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
    const marchMonth = ((5 * dayOfYear + 2) / 153) | 0;
    const dayOfMonth = dayOfYear - (((153 * marchMonth + 2) / 5) | 0) + 1;
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
    let year = (yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) | 0;
    let first = day - dayOfMonth + 1;
    let from = dayOfMonth;
    for (;;) {
      const length = monthLength(year, month);
      if (((this.months >> month) & 1) === 1) {
        const rest = this.daysOfMonth(first, length) >>> from;
        if (rest !== 0) return first + from + countTrailingZeros(rest) - 1;
      }
      first += length;
      from = 1;
      if (++month === 13) [year, month] = [year + 1, 1];
    }
  }

  daysOfMonth(first, length) {
    const days = this.isLastDay ? 1 << length : this.days & (0xffffffff >>> (31 - length));
    if (this.weekdays === 0xff) return days;
    // Bit d is set when the d-th falls on an allowed weekday: the week's pattern, turned and repeated.
    const weekday = (first + 4) % 7;
    const week = ((this.weekdays & 0x7f) >> weekday) | (((this.weekdays & 0x7f) << (7 - weekday)) & 0x7f);
    return days & ((week << 1) | (week << 8) | (week << 15) | (week << 22) | (week << 29));
  }
}

function monthLength(year, month) {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}
