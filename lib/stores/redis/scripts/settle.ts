/**
 * Closes runs that leave nothing to be decided: most of them. The argument, packed: runs; for each the number of its end;
 * the ends, each with the start of the rows that may be closed, the head that they get, what comes after the head's digit,
 * whether a row is kept, and whether it clears the job's losses.
 *
 * Answers a digit for each run, in order: 1 closed, 2 somebody has to look (a buffered run waits behind it), 3 it is not
 * held under that token.
 */
export const SETTLE = `#!lua
local base = KEYS[1]
local call, sub, find, min = redis.call, string.sub, string.find, math.min
local m = cmsgpack.unpack(ARGV[1])
local ids, which, ends = m[1], m[2], m[3]
local isBuffered = call('HLEN', base .. ':buf') > 0
local isLoss = call('HLEN', base .. ':losses') > 0
local isLeasedAlone = call('ZCARD', base .. ':lease') > call('HLEN', base .. ':leased')
local answers, freed, away, seen = {}, {}, {}, {}

local function clearLoss(text, mark)
  local after = find(text, '\\n', mark, true)
  local job = sub(text, mark + 18, after - 1)
  local loss = call('HGET', base .. ':losses', job)
  if not loss then return end
  local generation = sub(text, after + 1, find(text, '\\n', after + 1, true) - 1)
  if sub(loss, 1, #generation + 1) == generation .. ':' then call('HDEL', base .. ':losses', job) end
end

local function closeChunk(from, to)
  local texts = call('HMGET', base .. ':run', unpack(ids, from, to))
  local set, gone, closed = {}, {}, {}
  for i = from, to do
    local text, stop = texts[i - from + 1], ends[tonumber(which[i])]
    local start = stop[1]
    local width = #start
    local answer = seen[ids[i]] or '3'
    if answer == '3' and text and sub(text, 1, width) == start then
      local mark = find(text, '\\31', 1, true)
      answer = '1'
      if isBuffered then
        local job = sub(text, mark + 18, find(text, '\\n', mark, true) - 1)
        if call('HEXISTS', base .. ':buf', job) == 1 then answer = '2' end
      end
      if answer == '1' then
        closed[#closed + 1] = ids[i]
        if stop[4] == '1' then
          set[#set + 1] = ids[i]
          set[#set + 1] = stop[2] .. sub(text, width + 1, width + 1) .. stop[3] .. sub(text, mark)
        else
          gone[#gone + 1] = ids[i]
          away[#away + 1] = start .. ids[i]
        end
        if isLoss and stop[5] == '1' then clearLoss(text, mark) end
        local batch = sub(text, mark + 1, mark + 17)
        freed[batch] = (freed[batch] or 0) + 1
      end
    end
    seen[ids[i]] = answer
    answers[#answers + 1] = answer
  end
  if #set > 0 then call('HSET', base .. ':run', unpack(set)) end
  if #gone > 0 then
    call('HDEL', base .. ':run', unpack(gone))
    call('ZREM', base .. ':time', unpack(gone))
  end
  if isLeasedAlone and #closed > 0 then call('ZREM', base .. ':lease', unpack(closed)) end
end

for from = 1, #ids, 2000 do closeChunk(from, min(from + 1999, #ids)) end
for batch, count in pairs(freed) do
  if sub(batch, 1, 1) ~= ' ' and call('HINCRBY', base .. ':leased', batch, -count) <= 0 then
    call('HDEL', base .. ':leased', batch)
    call('HDEL', base .. ':held', batch)
    call('ZREM', base .. ':lease', 'b' .. batch)
  end
end
if #away > 0 then
  local window = base .. ':gone:' .. math.floor(call('TIME')[1] / 10)
  call('APPEND', window, ';' .. table.concat(away, ';'))
  call('EXPIRE', window, 30)
end
return table.concat(answers)
`;
