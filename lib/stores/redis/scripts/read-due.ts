/**
 * Takes what is due out of the lanes and answers it with all that a plan is judged by. What was taken is noted as a batch,
 * which the commit ends; a batch that nobody ended for 5 s is put back by the next claim of anybody.
 *
 * The argument, packed: until, limit, id of the batch, the instant up to which ended leases are wanted (or nothing), now,
 * and the lanes to leave out.
 */
export const READ_DUE = `#!lua
local base = KEYS[1]
local m = cmsgpack.unpack(ARGV[1])
local call, sub, find = redis.call, string.sub, string.find
local untilAt, limit, batch, recoverBefore, now, left = m[1], tonumber(m[2]), m[3], m[4], m[5], m[6]
local time = call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)

local first = call('ZRANGE', base .. ':taken', 0, 0, 'WITHSCORES')
while first[1] and tonumber(first[2]) <= millis do
  local packed = call('HGET', base .. ':batch', first[1])
  if packed then
    for _, taken in ipairs(cmsgpack.unpack(packed)) do
      local rows = taken[2]
      for i = 1, #rows, 2 do call('ZADD', base .. ':due:' .. taken[1], 'NX', rows[i + 1], rows[i]) end
    end
    call('HDEL', base .. ':batch', first[1])
  end
  call('ZREM', base .. ':taken', first[1])
  first = call('ZRANGE', base .. ':taken', 0, 0, 'WITHSCORES')
end

local isLeft = {}
for _, lane in ipairs(left) do isLeft[lane] = true end
local known = first[1] and call('HGET', base .. ':batch', batch)
local found, nextAt = {}, ''
local lanes, heads = {}, {}
for _, lane in ipairs(call('SMEMBERS', base .. ':lanes')) do
  if not isLeft[lane] then
    lanes[#lanes + 1] = lane
    local due = base .. ':due:' .. lane
    local head = call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
    heads[lane] = head
    if head and limit > 0 and not known and tonumber(head) <= tonumber(untilAt) then
      found[#found + 1] = {lane, call('ZRANGEBYSCORE', due, '-inf', untilAt, 'WITHSCORES', 'LIMIT', 0, limit)}
    end
  end
end

if #found > 1 then
  -- The earliest of all lanes.
  local all = {}
  for index, taken in ipairs(found) do
    for i = 2, #taken[2], 2 do all[#all + 1] = {tonumber(taken[2][i]), index, i} end
  end
  table.sort(all, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[3] < b[3]
  end)
  local counts = {}
  for i = 1, math.min(limit, #all) do counts[all[i][2]] = all[i][3] end
  local kept = {}
  for index, taken in ipairs(found) do
    if counts[index] then kept[#kept + 1] = {taken[1], {unpack(taken[2], 1, counts[index])}} end
  end
  found = kept
end

-- Asked again, since its answer was lost.
if known then found = cmsgpack.unpack(known) end
local jobs, runs = {}, {}
for _, taken in ipairs(found) do
  local rows = taken[2]
  if not known then
    local due = base .. ':due:' .. taken[1]
    call('ZREMRANGEBYRANK', due, 0, #rows / 2 - 1)
    heads[taken[1]] = call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
  end
  for i = 1, #rows, 2 do
    local id = sub(rows[i], 2)
    if sub(rows[i], 1, 1) == 'j' then jobs[#jobs + 1] = id else runs[#runs + 1] = id end
  end
end
if #found > 0 and not known then
  call('HSET', base .. ':batch', batch, cmsgpack.pack(found))
  call('ZADD', base .. ':taken', millis + 5000, batch)
end
for _, lane in ipairs(lanes) do
  local head = heads[lane]
  if head and (nextAt == '' or tonumber(head) < tonumber(nextAt)) then nextAt = head end
end

local function many(key, fields)
  local values = {}
  for from = 1, #fields, 2000 do
    local to = math.min(from + 1999, #fields)
    local part = call('HMGET', base .. key, unpack(fields, from, to))
    if #fields <= 2000 then return part end
    for i = 1, to - from + 1 do values[from + i - 1] = part[i] end
  end
  return values
end

local texts = many(':run', runs)
if #runs > 0 then
  local named = {}
  for _, job in ipairs(jobs) do named[job] = true end
  for i = 1, #runs do
    if texts[i] then
      local mark = find(texts[i], '\\31', 1, true)
      local job = sub(texts[i], mark + 18, find(texts[i], '\\n', mark, true) - 1)
      if not named[job] then
        named[job] = true
        jobs[#jobs + 1] = job
      end
    end
  end
end
local losses = {}
if #jobs > 0 and call('HLEN', base .. ':losses') > 0 then losses = many(':losses', jobs) end
local lease = call('ZRANGE', base .. ':lease', 0, 0, 'WITHSCORES')
local ended = 0
if lease[2] and recoverBefore ~= '' and tonumber(lease[2]) <= tonumber(recoverBefore) then ended = 1 end
if lease[2] and tonumber(lease[2]) <= tonumber(now) then
  lease = call('ZRANGEBYSCORE', base .. ':lease', '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
end
return {
  tostring(millis), found, jobs, many(':hot', jobs), many(':own', jobs), losses, runs, texts,
  nextAt, lease[2] or '', ended, first[1] ~= batch and first[2] or '', call('GET', base .. ':changed') or '',
}
`;
