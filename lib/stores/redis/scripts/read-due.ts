/**
 * Takes what is due out of the lanes and answers it with all that a plan is judged by. What was taken is noted as a batch,
 * which the commit ends; a batch that nobody ended for 5 s is put back by the next claim of anybody.
 *
 * The argument, packed: until, limit, id of the batch, the instant up to which ended leases are wanted (or nothing), now,
 * and the lanes to leave out. Lists are answered as few texts, but for the rows of runs, which are few themselves.
 *
 * A batch notes, of each lane, the earliest instant in it and the names, without their instants: to write these as texts costs
 * as much as to find the names, and the rows tell them.
 */
export const READ_DUE = `#!lua
local base = KEYS[1]
local m = cmsgpack.unpack(ARGV[1])
local call, sub, find, byte = redis.call, string.sub, string.find, string.byte
local untilAt, limit, batch, recoverBefore, now, left = m[1], tonumber(m[2]), m[3], m[4], m[5], m[6]
local time = call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)

local function wordsOf(text)
  local words = {}
  for word in string.gmatch(text, '[^\\30]+') do words[#words + 1] = word end
  return words
end

-- So batches were noted before: each name with its instant behind it.
local function namesAlone(lane, words)
  local names = {}
  for i = 1, #words, 2 do names[#names + 1] = words[i] end
  return {lane, names, words[2]}
end

-- Lanes, each with what was taken out of it, and when the first of that was due, as a batch notes it.
local function takenOf(packed)
  local taken, lanes = cmsgpack.unpack(packed), {}
  if type(taken[1]) == 'table' then
    for _, noted in ipairs(taken) do lanes[#lanes + 1] = namesAlone(noted[1], noted[2]) end
  elseif taken[1] ~= 3 then
    for i = 1, #taken, 2 do lanes[#lanes + 1] = namesAlone(taken[i], wordsOf(taken[i + 1])) end
  else
    for i = 2, #taken, 3 do lanes[#lanes + 1] = {taken[i], wordsOf(taken[i + 2]), taken[i + 1]} end
  end
  return lanes
end

-- By its row; nil: that cannot be read, or it is in no lane.
local function dueAtOf(name)
  local kind = byte(name) == 106 and ':hot' or ':run'
  local row = call('HGET', base .. kind, sub(name, 2))
  if not row then return nil end
  if kind == ':hot' then return string.match(row, '^%d+\\n%d+\\n[^\\n]*\\n%a\\n%d*\\n(%d+)') end
  return string.match(sub(row, (find(row, '\\31', 1, true) or 0) + 18), '^[^\\n]*\\n%d+\\n[^\\n]*\\n(%d+)')
end

local first = call('ZRANGE', base .. ':taken', 0, 0, 'WITHSCORES')
while first[1] and tonumber(first[2]) <= millis do
  local packed = call('HGET', base .. ':batch', first[1])
  if packed then
    for _, taken in ipairs(takenOf(packed)) do
      for _, name in ipairs(taken[2]) do
        call('ZADD', base .. ':due:' .. taken[1], 'NX', dueAtOf(name) or taken[3], name)
      end
    end
    call('HDEL', base .. ':batch', first[1])
    -- Who took it may not know, nor who has taken a job of it meanwhile: both have to look.
    call('SET', base .. ':edited', batch)
  end
  call('ZREM', base .. ':taken', first[1])
  first = call('ZRANGE', base .. ':taken', 0, 0, 'WITHSCORES')
end

local function joined(values, from, to)
  for i = from, to do
    if not values[i] then values[i] = '' end
  end
  return table.concat(values, '\\30', from, to)
end

local isLeft = {}
for _, lane in ipairs(left) do isLeft[lane] = true end
local known = first[1] and call('HGET', base .. ':batch', batch)
local found, nextAt = {}, ''
local lanes, heads, due = {}, {}, {}
for _, lane in ipairs(call('SMEMBERS', base .. ':lanes')) do
  if not isLeft[lane] then
    lanes[#lanes + 1] = lane
    local head = call('ZRANGE', base .. ':due:' .. lane, 0, 0, 'WITHSCORES')[2]
    heads[lane] = head
    if head and limit > 0 and not known and tonumber(head) <= tonumber(untilAt) then due[#due + 1] = lane end
  end
end

local function namesIn(lane, ...)
  return call('ZRANGEBYSCORE', base .. ':due:' .. lane, '-inf', untilAt, ...)
end

if #due == 1 then
  found[1] = {due[1], namesIn(due[1], 'LIMIT', 0, limit), heads[due[1]]}
elseif #due > 1 then
  -- The earliest of all lanes.
  local all, names = {}, {}
  for index, lane in ipairs(due) do
    names[index] = namesIn(lane, 'WITHSCORES', 'LIMIT', 0, limit)
    for i = 2, #names[index], 2 do all[#all + 1] = {tonumber(names[index][i]), index, i} end
  end
  table.sort(all, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[3] < b[3]
  end)
  local counts = {}
  for i = 1, math.min(limit, #all) do counts[all[i][2]] = all[i][3] end
  for index, lane in ipairs(due) do
    if counts[index] then found[#found + 1] = namesAlone(lane, {unpack(names[index], 1, counts[index])}) end
  end
end

-- Asked again, since its answer was lost.
if known then found = takenOf(known) end
local jobs, runs, answer, noted, named = {}, {}, {}, {3}, 0
for _, taken in ipairs(found) do
  local lane, names = taken[1], taken[2]
  if not known then
    call('ZREMRANGEBYRANK', base .. ':due:' .. lane, 0, #names - 1)
    heads[lane] = call('ZRANGE', base .. ':due:' .. lane, 0, 0, 'WITHSCORES')[2]
  end
  for i = 1, #names do
    local name = names[i]
    if byte(name) == 106 then
      named = named + 1
      jobs[named] = sub(name, 2)
    else
      runs[#runs + 1] = sub(name, 2)
    end
  end
  local text = joined(names, 1, #names)
  answer[#answer + 1] = lane
  answer[#answer + 1] = text
  noted[#noted + 1] = lane
  noted[#noted + 1] = taken[3]
  noted[#noted + 1] = text
end
if #found > 0 and not known then
  call('HSET', base .. ':batch', batch, cmsgpack.pack(noted))
  call('ZADD', base .. ':taken', millis + 5000, batch)
end
for _, lane in ipairs(lanes) do
  local head = heads[lane]
  if head and (nextAt == '' or tonumber(head) < tonumber(nextAt)) then nextAt = head end
end

-- So many fields are asked for at once: answers that fit the buffer of a connection (16 kB) are not put together first.
local PART = 32

local function many(key, fields)
  local values = {}
  for from = 1, #fields, PART do
    local part = call('HMGET', base .. key, unpack(fields, from, math.min(from + PART - 1, #fields)))
    for i = 1, #part do values[from + i - 1] = part[i] end
  end
  return values
end

-- Fields as texts of a part each: a few long texts are read much quicker than many short ones, and too long ones are costly
-- to put together.
local function parts(key, fields)
  local texts = {}
  for from = 1, #fields, PART do
    local part = call('HMGET', base .. key, unpack(fields, from, math.min(from + PART - 1, #fields)))
    texts[#texts + 1] = joined(part, 1, #part)
  end
  return texts
end

local texts = many(':run', runs)
if #runs > 0 then
  local isNamed = {}
  for _, job in ipairs(jobs) do isNamed[job] = true end
  for i = 1, #runs do
    if texts[i] then
      local mark = find(texts[i], '\\31', 1, true)
      local job = sub(texts[i], mark + 18, find(texts[i], '\\n', mark, true) - 1)
      if not isNamed[job] then
        isNamed[job] = true
        jobs[#jobs + 1] = job
      end
    end
  end
end
local losses = {}
if #jobs > 0 and call('HLEN', base .. ':losses') > 0 then losses = parts(':losses', jobs) end
local lease = call('ZRANGE', base .. ':lease', 0, 0, 'WITHSCORES')
local ended = 0
if lease[2] and recoverBefore ~= '' and tonumber(lease[2]) <= tonumber(recoverBefore) then ended = 1 end
if lease[2] and tonumber(lease[2]) <= tonumber(now) then
  lease = call('ZRANGEBYSCORE', base .. ':lease', '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
end
return {
  tostring(millis), answer, joined(jobs, named + 1, #jobs), parts(':hot', jobs), parts(':own', jobs), losses, texts, {
    nextAt, lease[2] or '', ended, first[1] ~= batch and first[2] or '', call('GET', base .. ':changed') or '',
    not known and call('GET', base .. ':edited') or '',
  },
}
`;
