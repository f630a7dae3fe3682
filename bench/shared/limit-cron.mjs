// The limit: the least code that finds the next fire time of a cron expression at all. Bit masks, local dates by
// arithmetic, and spans of constant offset that are found once for each zone. It validates nothing, knows no names, no
// extension but `L`, only the simplest daylight-saving rules, and no year after 2099. `| 0` keeps numbers in integer
// registers; on doubles `%` is a call.

const DAY = 86_400;
/** From March on. */
const LENGTHS = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31];
const countTrailingZeros = (bits) => 31 - Math.clz32(bits & -bits);
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

/** Offset in seconds, as Intl tells it. */
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
    const [second, minute, hour, day, month, weekday] = fields;
    [this.secondLow, this.secondHigh] = mask(second, 0, 59);
    [this.minuteLow, this.minuteHigh] = mask(minute, 0, 59);
    [this.hours] = mask(hour, 0, 23);
    const [dayLow, dayHigh] = day === 'L' ? [0, 0] : mask(day, 1, 31);
    this.days = dayLow | (dayHigh << 30);
    this.weekdays = mask(weekday, 0, 7)[0] & 0x7f;
    // Months count from March, so that a leap day is the last day of its year.
    const [months] = mask(month, 1, 12);
    this.months = ((months >> 3) & 0x3ff) | ((months & 0b110) << 9);
    this.isLastDay = day === 'L';
    this.isEveryDate = day === '*' && month === '*';
    this.repeats = minute.startsWith('*');
    this.firstInHour = nextBit(this.minuteLow, this.minuteHigh, 0) * 60 + nextBit(this.secondLow, this.secondHigh, 0);
    this.firstTime = countTrailingZeros(this.hours) * 3600 + this.firstInHour;
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
    const day = Math.floor(from / DAY) | 0;
    const time = this.nextTime((from - day * DAY + 1) | 0);
    if (time < 0) return this.nextDay(day + 1) * DAY + this.firstTime;
    const found = this.nextDay(day);
    return found * DAY + (found === day ? time : this.firstTime);
  }

  /** Second of the day at or after `from`, or -1. */
  nextTime(from) {
    const hour = (from / 3600) | 0;
    if (((this.hours >> hour) & 1) === 1 && hour < 24) {
      const minute = ((from / 60) | 0) % 60;
      if (nextBit(this.minuteLow, this.minuteHigh, minute) === minute) {
        const second = nextBit(this.secondLow, this.secondHigh, from % 60);
        if (second < 60) return hour * 3600 + minute * 60 + second;
      }
      const later = nextBit(this.minuteLow, this.minuteHigh, minute + 1);
      if (later < 60) return hour * 3600 + later * 60 + (this.firstInHour % 60);
    }
    const rest = hour >= 23 ? 0 : this.hours & (-1 << (hour + 1));
    return rest === 0 ? -1 : countTrailingZeros(rest) * 3600 + this.firstInHour;
  }

  /** Day number (from 1970 on) at or after `day` that matches; goes from month to month. */
  nextDay(day) {
    if (this.isEveryDate) {
      if (this.weekdays === 0x7f) return day;
      return day + countTrailingZeros(this.weekFrom(day));
    }
    // Years begin in March 1968, so each fourth one ends with a leap day.
    const shifted = (day + 671) | 0;
    let year = ((4 * shifted + 3) / 1461) | 0;
    const dayOfYear = shifted - ((1461 * year) >> 2);
    const today = ((5 * dayOfYear + 2) / 153) | 0;
    const passed = dayOfYear - (((153 * today + 2) / 5) | 0);
    let left = this.months & (-1 << today);
    for (;;) {
      for (; left !== 0; left &= left - 1) {
        const month = countTrailingZeros(left);
        const first = ((1461 * year) >> 2) + (((153 * month + 2) / 5) | 0) - 671;
        const days = this.daysOfMonth(first, month === 11 ? ((year & 3) === 3 ? 29 : 28) : LENGTHS[month]);
        const rest = first < day ? days & (-1 << passed) : days;
        if (rest !== 0) return first + countTrailingZeros(rest);
      }
      year++;
      left = this.months;
    }
  }

  /** Bit 0 = the first of the month. */
  daysOfMonth(first, length) {
    const days = this.isLastDay ? 1 << (length - 1) : (this.days >>> 1) & (-1 >>> (32 - length));
    if (this.weekdays === 0x7f) return days;
    const week = this.weekFrom(first);
    return days & (week | (week << 7) | (week << 14) | (week << 21) | (week << 28));
  }

  /** Weekday bits turned so that bit 0 is the weekday of `day`. */
  weekFrom(day) {
    const weekday = (day + 4) % 7;
    return ((this.weekdays >> weekday) | (this.weekdays << (7 - weekday))) & 0x7f;
  }
}
