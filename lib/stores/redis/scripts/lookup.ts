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
 * The end of a run's lease: its own, once it was renewed, else that of the claim it came with. What is not held has none.
 */
export const LEASE_OF = `
local function leaseOf(id, text)
  if not text or not string.find(text, '^%d+:r') then return false end
  local own = redis.call('ZSCORE', base .. ':lease', id)
  if own then return own end
  local mark = string.find(text, '\\31', 1, true)
  return redis.call('ZSCORE', base .. ':lease', 'b' .. string.sub(text, mark + 1, mark + 17)) or false
end
`;

/** Reads runs by id with their leases. The argument, packed: ids. */
export const READ_RUNS = `#!lua flags=no-writes
local base = KEYS[1]
${LEASE_OF}
local ids = cmsgpack.unpack(ARGV[1])
local texts, leases = {}, {}
for from = 1, #ids, 2000 do
  local to = math.min(from + 1999, #ids)
  local part = redis.call('HMGET', base .. ':run', unpack(ids, from, to))
  for i = 1, to - from + 1 do texts[from + i - 1] = part[i] end
end
for i = 1, #ids do leases[i] = leaseOf(ids[i], texts[i]) end
return {texts, leases}
`;

/** Held runs whose lease ended at or before an instant, the earliest first. Arguments: the instant, how many. */
export const READ_ENDED = `#!lua flags=no-writes
local base = KEYS[1]
${LEASE_OF}
local limit = tonumber(ARGV[2])
local ids, texts, leases = {}, {}, {}
local function look(some)
  if #some == 0 then return end
  local found = redis.call('HMGET', base .. ':run', unpack(some))
  for i, id in ipairs(some) do
    local lease = leaseOf(id, found[i])
    if lease and tonumber(lease) <= tonumber(ARGV[1]) and #ids < limit then
      ids[#ids + 1], texts[#texts + 1], leases[#leases + 1] = id, found[i], lease
    end
  end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. ':lease', '-inf', ARGV[1], 'LIMIT', 0, limit)) do
  if #name == 17 then
    look({name})
  else
    local list, some = redis.call('HGET', base .. ':held', string.sub(name, 2)) or '', {}
    for at = 1, #list, 17 do some[#some + 1] = string.sub(list, at, at + 16) end
    look(some)
  end
  if #ids >= limit then break end
end
return {ids, texts, leases}
`;

/**
 * Extends leases. The argument, packed: the instant, runs, the starts of their rows. Answers for each: 0 not held, 1 held,
 * 2 asked to stop.
 */
export const RENEW = `#!lua
local base = KEYS[1]
local m = cmsgpack.unpack(ARGV[1])
local call, sub, find = redis.call, string.sub, string.find
local ids, starts, answers, freed = m[2], m[3], {}, {}
local blank = string.rep(' ', 17)
for from = 1, #ids, 2000 do
  local to = math.min(from + 1999, #ids)
  local texts = call('HMGET', base .. ':run', unpack(ids, from, to))
  local held, rows = {}, {}
  for i = from, to do
    local text, start = texts[i - from + 1], starts[i]
    if text and sub(text, 1, #start) == start then
      held[#held + 1] = m[1]
      held[#held + 1] = ids[i]
      answers[i] = sub(text, #start + 1, #start + 1) == '1' and '2' or '1'
      local mark = find(text, '\\31', 1, true)
      local batch = sub(text, mark + 1, mark + 17)
      if batch ~= blank then
        -- From here on its lease is its own.
        rows[#rows + 1] = ids[i]
        rows[#rows + 1] = sub(text, 1, mark) .. blank .. sub(text, mark + 18)
        freed[batch] = (freed[batch] or 0) + 1
      end
    else
      answers[i] = '0'
    end
  end
  if #held > 0 then call('ZADD', base .. ':lease', unpack(held)) end
  if #rows > 0 then call('HSET', base .. ':run', unpack(rows)) end
end
for batch, count in pairs(freed) do
  if call('HINCRBY', base .. ':leased', batch, -count) <= 0 then
    call('HDEL', base .. ':leased', batch)
    call('HDEL', base .. ':held', batch)
    call('ZREM', base .. ':lease', 'b' .. batch)
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
