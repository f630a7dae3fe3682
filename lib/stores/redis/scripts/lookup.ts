import { PACKS, TAKE_APART } from './packs.js';

/** Reads jobs. The argument, packed: ids. */
export const READ_JOBS = `#!lua flags=no-writes
local base = KEYS[1]
local ids = cmsgpack.unpack(ARGV[1])
local call = redis.call
local hots, owns, losses = {}, {}, {}
local isLoss = call('HLEN', base .. ':losses') > 0
for from = 1, #ids, 2000 do
  local to = math.min(from + 1999, #ids)
  local hot = call('HMGET', base .. ':hot', unpack(ids, from, to))
  local found = {}
  for i = from, to do
    hots[i] = hot[i - from + 1]
    owns[i], losses[i] = false, false
    if hots[i] then found[#found + 1] = i end
  end
  if #found > 0 then
    local names = {}
    for i, at in ipairs(found) do names[i] = ids[at] end
    local own = call('HMGET', base .. ':own', unpack(names))
    for i, at in ipairs(found) do owns[at] = own[i] end
    if isLoss then
      local loss = call('HMGET', base .. ':losses', unpack(names))
      for i, at in ipairs(found) do losses[at] = loss[i] end
    end
  end
end
return {hots, owns, losses}
`;

/**
 * A part of all jobs, those that may match. The argument, packed: where the last part ended, letters of the wanted statuses
 * (nothing: any), kinds that are not wanted, and what the trigger holds (or nothing). Answers where this part ended, and
 * keys; a key may come twice. What cannot be read may match.
 */
export const FIND_JOBS = `#!lua flags=no-writes
local m = cmsgpack.unpack(ARGV[1])
local match, find = string.match, string.find
local statuses, isUnwanted = m[2], {}
for _, kind in ipairs(m[3]) do isUnwanted[kind] = true end
local answer = redis.call('HSCAN', KEYS[1] .. ':hot', m[1], 'COUNT', 1000)
local rows, keys = answer[2], {}
for i = 1, #rows, 2 do
  local kind, status = match(rows[i + 1], '^%d+\\n%d+\\n([^\\n]*)\\n(%a)')
  if not kind or not (isUnwanted[kind] or (statuses ~= '' and not find(statuses, status, 1, true))) then
    keys[#keys + 1] = rows[i]
  end
end
if m[4] == '' then return {answer[1], keys} end
local found = {}
for from = 1, #keys, 2000 do
  local to = math.min(from + 1999, #keys)
  local owns = redis.call('HMGET', KEYS[1] .. ':own', unpack(keys, from, to))
  for i = from, to do
    local own = owns[i - from + 1]
    -- A line that was written as JSON has its quotes escaped.
    if not own or find(own, m[4], 1, true) or find(own, '\\127"', 1, true) then found[#found + 1] = keys[i] end
  end
end
return {answer[1], found}
`;

/**
 * The end of a run's lease: its own, once it was renewed, else that of the claim it came with. What is not held has none.
 */
export const LEASE_OF = `
local function claimIn(text)
  local mark = string.find(text, '\\31', 1, true)
  return string.sub(text, mark + 1, mark + 17)
end
local function leaseOf(id, text)
  if not text or not string.find(text, '^%d+:r') then return false end
  return redis.call('ZSCORE', base .. ':lease', id) or redis.call('ZSCORE', base .. ':lease', 'b' .. claimIn(text)) or false
end
`;

/** Reads runs by id with their leases. The argument, packed: ids. */
export const READ_RUNS = `#!lua flags=no-writes
local base = KEYS[1]
${LEASE_OF}
${PACKS}
local ids = cmsgpack.unpack(ARGV[1])
local texts, leases = {}, {}
for from = 1, #ids, 2000 do
  local to = math.min(from + 1999, #ids)
  local part = readRows(ids, from, to)
  for i = 1, to - from + 1 do texts[from + i - 1] = part[i] end
end
for i = 1, #ids do leases[i] = leaseOf(ids[i], texts[i]) end
return {texts, leases}
`;

/** Held runs whose lease ended at or before an instant, the earliest first. Arguments: the instant, how many. */
export const READ_ENDED = `#!lua flags=no-writes
local base = KEYS[1]
${LEASE_OF}
${PACKS}
local limit = tonumber(ARGV[2])
local ids, texts, leases = {}, {}, {}
local function look(some, claim)
  if #some == 0 then return end
  local found = readRows(some, 1, #some)
  for i, id in ipairs(some) do
    local lease = leaseOf(id, found[i])
    -- One that was renewed by itself is no longer of the claim that it came with, in whose list it still is.
    local isListed = lease and (claim == nil or claimIn(found[i]) == claim)
    if isListed and tonumber(lease) <= tonumber(ARGV[1]) and #ids < limit then
      ids[#ids + 1], texts[#texts + 1], leases[#leases + 1] = id, found[i], lease
    end
  end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. ':lease', '-inf', ARGV[1], 'LIMIT', 0, limit)) do
  if #name == 17 then
    look({name})
  else
    local claim, some = string.sub(name, 2), {}
    local list = redis.call('HGET', base .. ':held', claim) or ''
    for at = 1, #list, 17 do some[#some + 1] = string.sub(list, at, at + 16) end
    look(some, claim)
  end
  if #ids >= limit then break end
end
return {ids, texts, leases}
`;

/**
 * Extends leases. The argument, packed: the instant, runs, the starts of their rows. Answers for each: 0 not held, 1 held,
 * 2 asked to stop. Where all that is held of a claim is named, its one lease is extended; else that of each run is its own
 * from here on.
 */
export const RENEW = `#!lua
local base = KEYS[1]
${PACKS}
${TAKE_APART}
local m = cmsgpack.unpack(ARGV[1])
local call, sub, find = redis.call, string.sub, string.find
local ids, starts, answers, texts, packed = m[2], m[3], {}, {}, {}
local counts, whole, freed, seen = {}, {}, {}, {}
local blank = string.rep(' ', 17)

local function claimOf(text)
  local mark = find(text, '\\31', 1, true)
  return sub(text, mark + 1, mark + 17), mark
end

for from = 1, #ids, 2000 do
  local to = math.min(from + 1999, #ids)
  local rows, keys = readRows(ids, from, to)
  for i = from, to do
    local text, start = rows[i - from + 1], starts[i]
    if text and sub(text, 1, #start) == start then
      texts[i], packed[i] = text, keys[i - from + 1]
      answers[i] = sub(text, #start + 1, #start + 1) == '1' and '2' or '1'
      local claim = claimOf(text)
      if not seen[ids[i]] then counts[claim] = (counts[claim] or 0) + 1 end
      seen[ids[i]] = true
    else
      answers[i] = '0'
    end
  end
end
for claim, count in pairs(counts) do
  if claim ~= blank and count == tonumber(call('HGET', base .. ':leased', claim) or 0) then
    whole[claim] = true
    call('ZADD', base .. ':lease', m[1], 'b' .. claim)
  end
end

for from = 1, #ids, 1000 do
  local held, rows = {}, {}
  for i = from, math.min(from + 999, #ids) do
    local text = texts[i]
    local claim, mark
    if text and seen[ids[i]] then claim, mark = claimOf(text) end
    if claim and not whole[claim] then
      seen[ids[i]] = nil
      held[#held + 1] = m[1]
      held[#held + 1] = ids[i]
      if claim ~= blank then
        if packed[i] then takeApart(packed[i]) end
        rows[#rows + 1] = ids[i]
        rows[#rows + 1] = sub(text, 1, mark) .. blank .. sub(text, mark + 18)
        freed[claim] = (freed[claim] or 0) + 1
      end
    end
  end
  if #held > 0 then call('ZADD', base .. ':lease', unpack(held)) end
  if #rows > 0 then call('HSET', base .. ':run', unpack(rows)) end
end
for claim, count in pairs(freed) do
  if call('HINCRBY', base .. ':leased', claim, -count) <= 0 then
    call('HDEL', base .. ':leased', claim)
    call('HDEL', base .. ':held', claim)
    call('ZREM', base .. ':lease', 'b' .. claim)
  end
end
return table.concat(answers)
`;

/** Was a run closed, under this token, that left no row? The argument, packed: starts of rows with the run's id behind. */
export const WAS_CLOSED = `#!lua flags=no-writes
local base = KEYS[1]
local seconds = tonumber(redis.call('TIME')[1])
local windows = {}
for back = 0, 3 do windows[#windows + 1] = redis.call('GET', base .. ':gone:' .. (math.floor(seconds / 10) - back)) end
local answers = {}
for i, wanted in ipairs(cmsgpack.unpack(ARGV[1])) do
  answers[i] = '0'
  for _, text in ipairs(windows) do
    if text and string.find(text, wanted, 1, true) then answers[i] = '1' end
  end
end
return table.concat(answers)
`;
