import { LEASE_OF } from './lookup.js';
import { PACKS, TAKE_APART } from './packs.js';

/**
 * Writes what a step has worked out, if everything it went by is still as it was read; else nothing. The argument, packed:
 * id of the commit, jobs and the starts of their rows (packed once more), the last step that was one to look out for when
 * these were read (or nothing), runs and the starts of their rows, the claim's batch, the writes, and
 * buffered runs that come to, and leave, the lists of their jobs; where runs are taken over, an instant and these
 * runs, whose leases must have ended by then; runs that are deleted without a look at them; the instant before which it
 * must come, for claims are taken back whose owners are to hear of it in time, or nothing; and, packed once more, the starts
 * of those rows of jobs that the first writes replace.
 *
 * Answers what was not as it was read: `j`, `p` (one of those rows) or `r` with the place in its list, `b` for the batch,
 * `l` for a lease, `t` when it is too late. A commit that is sent again, since its answer was lost, is answered as it was the
 * first time.
 */
export const COMMIT = `#!lua
local base = KEYS[1]
${LEASE_OF}
${PACKS}
${TAKE_APART}
local m = cmsgpack.unpack(ARGV[1])
local call, sub, find, min = redis.call, string.sub, string.find, math.min
local done = base .. ':done:' .. m[1]
if call('EXISTS', done) == 1 then return {} end
local failed = {}

local function check(key, fields, expected, mark)
  for from = 1, #fields, 2000 do
    local to = min(from + 1999, #fields)
    local found = call('HMGET', base .. key, unpack(fields, from, to))
    for i = from, to do
      local value, wanted = found[i - from + 1], expected[i]
      if wanted == '' then
        if value then failed[#failed + 1] = mark .. i end
      elseif not value or sub(value, 1, #wanted) ~= wanted then
        failed[#failed + 1] = mark .. i
      end
    end
  end
end

-- What a claim has taken is nobody else's, unless somebody puts it into a lane again: then all who may have it must look. As
-- long as nobody did since it was taken, and no other step has written, its jobs are as they were.
local isChecked = m[3] == '' or call('GET', base .. ':edited') ~= m[3]
if isChecked then
  local jobs = cmsgpack.unpack(m[2])
  check(':hot', jobs[1], jobs[2], 'j')
  local starts, keys, at = cmsgpack.unpack(m[13]), {}, 1
  while #keys < #starts do
    local op = m[7][at]
    for i = 3, #op, 2 do keys[#keys + 1] = op[i] end
    at = at + 1
  end
  check(':hot', keys, starts, 'p')
end
takeOut(m[4])
dropOut(m[11])
check(':run', m[4], m[5], 'r')
if m[6] ~= '' and call('HEXISTS', base .. ':batch', m[6]) == 0 then failed[#failed + 1] = 'b' end
for i = 2, #m[10] do
  local lease = leaseOf(m[10][i], call('HGET', base .. ':run', m[10][i]))
  if lease and tonumber(lease) > tonumber(m[10][1]) then failed[#failed + 1] = 'l' .. i end
end
if m[12] ~= '' then
  local time = call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) >= tonumber(m[12]) then failed[#failed + 1] = 't' end
end
if #failed > 0 then return failed end

local function place(list, id)
  local at = find(list, id, 1, true)
  while at and (at - 1) % #id ~= 0 do at = find(list, id, at + 1, true) end
  return at
end

local function relist(key, adds, drops)
  local names, lists = {}, {}
  for _, pairs in ipairs({adds, drops}) do
    for i = 1, #pairs, 2 do
      if lists[pairs[i]] == nil then
        lists[pairs[i]] = ''
        names[#names + 1] = pairs[i]
      end
    end
  end
  for from = 1, #names, 2000 do
    local to = min(from + 1999, #names)
    local found = call('HMGET', base .. key, unpack(names, from, to))
    for i = from, to do lists[names[i]] = found[i - from + 1] or '' end
  end
  for i = 1, #drops, 2 do
    local list, id = lists[drops[i]], drops[i + 1]
    local at = place(list, id)
    if at then lists[drops[i]] = sub(list, 1, at - 1) .. sub(list, at + #id) end
  end
  for i = 1, #adds, 2 do
    local list = lists[adds[i]]
    if list == '' then
      lists[adds[i]] = adds[i + 1]
    elseif not place(list, adds[i + 1]) then
      lists[adds[i]] = list .. adds[i + 1]
    end
  end
  for from = 1, #names, 2000 do
    local set, gone = {}, {}
    for i = from, min(from + 1999, #names) do
      local list = lists[names[i]]
      if list == '' then
        gone[#gone + 1] = names[i]
      else
        set[#set + 1] = names[i]
        set[#set + 1] = list
      end
    end
    if #set > 0 then call('HSET', base .. key, unpack(set)) end
    if #gone > 0 then call('HDEL', base .. key, unpack(gone)) end
  end
end

local function countKind(name, by, text)
  local known = call('HGET', base .. ':kind', name)
  if known and text ~= '' and known ~= text then
    return redis.error_reply('CARILLON two definitions share the name ' .. name)
  end
  if not known and text ~= '' then call('HSET', base .. ':kind', name, text) end
  if call('HINCRBY', base .. ':kinds', name, by) <= 0 then
    call('HDEL', base .. ':kinds', name)
    call('HDEL', base .. ':kind', name)
  end
end

-- Runs that are not held any more by the claim they came with.
local function free(batch, count)
  if call('HEXISTS', base .. ':leased', batch) == 0 or call('HINCRBY', base .. ':leased', batch, -count) > 0 then return end
  call('HDEL', base .. ':leased', batch)
  call('HDEL', base .. ':held', batch)
  call('ZREM', base .. ':lease', 'b' .. batch)
end

for _, op in ipairs(m[7]) do
  if op[1] == 'KIND' then
    countKind(op[2], op[3], op[4])
  elseif op[1] == 'FREE' then
    free(op[2], op[3])
  else
    call(op[1], base .. op[2], unpack(op, 3))
  end
end
relist(':buf', m[8], m[9])
call('SET', done, '1', 'EX', 60)
-- No two commits leave the same behind, not even when a server comes back without its last ones.
call('SET', base .. ':changed', m[1])
if isChecked then call('SET', base .. ':edited', m[1]) end
return {}
`;
