import { PACKS } from './packs.js';

/**
 * Closes runs that leave nothing to be decided: most of them. The argument, packed: runs in groups, whose ids differ in one
 * character and which end alike; for each group what the ids have in common, these characters, and the number of its end;
 * the ends, each with the start of the rows that may be closed, the head that they get, what comes after the head's digit,
 * whether a row is kept, and whether it clears the job's losses.
 *
 * Answers a digit for each run, in order: 1 closed, 2 somebody has to look (a buffered run waits behind it), 3 it is not
 * held under that token.
 */
export const SETTLE = `#!lua
local base = KEYS[1]
${PACKS}
local call, sub, find, min, rep = redis.call, string.sub, string.find, math.min, string.rep
local m = cmsgpack.unpack(ARGV[1])
local keys, digits, which, ends = m[1], m[2], m[3], m[4]
local isBuffered = call('HLEN', base .. ':buf') > 0
local isLoss = call('HLEN', base .. ':losses') > 0
local isLeasedAlone = call('ZCARD', base .. ':lease') > call('HLEN', base .. ':leased')
local answers, freed, away, seen = {}, {}, {}, {}
local packs, changed = {}, {}

local function jobOf(row)
  local mark = find(row, '\\31', 1, true)
  local stop = find(row, '\\n', mark, true)
  return sub(row, mark + 18, stop - 1), stop
end

local function clearLoss(row)
  local job, stop = jobOf(row)
  local loss = call('HGET', base .. ':losses', job)
  if not loss then return end
  local generation = sub(row, stop + 1, find(row, '\\n', stop + 1, true) - 1)
  if sub(loss, 1, #generation + 1) == generation .. ':' then call('HDEL', base .. ':losses', job) end
end

local function isQueued(row)
  return isBuffered and call('HEXISTS', base .. ':buf', (jobOf(row))) == 1
end

-- Which of a pack are held still, by their characters.
local function openIn(text)
  local all = sub(DIGITS, 1, find(DIGITS, sub(text, 18, 18), 1, true))
  if not find(text, '\\29', 1, true) then return all end
  local heads, open = (headsOf(text)), {}
  for i = 1, #all do
    local digit = sub(all, i, i)
    if not heads[digit] then open[#open + 1] = digit end
  end
  return table.concat(open)
end

local function without(text, at, width) return sub(text, 1, at - 1) .. sub(text, at + width) end

-- Each by itself. Answers what is said of them, and which were closed.
local function closeEach(pack, some, stop)
  local answer, closed = {}, {}
  for i = 1, #some do
    local digit = sub(some, i, i)
    local at = find(pack.open, digit, 1, true)
    answer[i] = at and (isQueued(pack.rows and pack.rows[digit]) and '2' or '1') or '3'
    if answer[i] == '1' then
      closed[#closed + 1] = digit
      pack.open = without(pack.open, at, 1)
      if isLoss and stop[5] == '1' then clearLoss(pack.rows[digit]) end
    end
  end
  return table.concat(answer), table.concat(closed)
end

-- Those of a pack: what they come to is written behind it, once for all of them.
local function closePacked(key, some, stop)
  local pack = packs[key]
  if stop[1] ~= '1:r' then return rep('3', #some) end
  pack.open = pack.open or openIn(pack.text)
  if (isBuffered or isLoss) and not pack.rows then pack.rows = rowsOf(pack.text) end
  local answer, closed = rep('1', #some), some
  -- Mostly those end together that stand side by side.
  local at = not pack.rows and find(pack.open, some, 1, true)
  if at then
    pack.open = without(pack.open, at, #some)
  else
    answer, closed = closeEach(pack, some, stop)
  end
  if closed == '' then return answer end
  local head = '-'
  if stop[4] == '1' then
    head = stop[2] .. '0' .. stop[3]
    pack.isKept = true
  else
    for i = 1, #closed do away[#away + 1] = stop[1] .. sub(key, 1, 11) .. sub(closed, i, i) .. sub(key, 12) end
  end
  if not pack.ends then changed[#changed + 1] = key end
  pack.ends = (pack.ends or '') .. '\\29' .. closed .. '\\28' .. head
  local claim = sub(pack.text, 1, 17)
  freed[claim] = (freed[claim] or 0) + #closed
  return answer
end

-- Those that have rows of their own.
local function closeSingle(key, some, stop)
  local ids, answer, set, gone, closed = {}, {}, {}, {}, {}
  for i = 1, #some do ids[i] = sub(key, 1, 11) .. sub(some, i, i) .. sub(key, 12) end
  local texts = call('HMGET', base .. ':run', unpack(ids))
  local start = stop[1]
  local width = #start
  for i, id in ipairs(ids) do
    local text = texts[i]
    answer[i] = seen[id] or '3'
    if answer[i] == '3' and text and sub(text, 1, width) == start then
      local mark = find(text, '\\31', 1, true)
      answer[i] = isQueued(text) and '2' or '1'
      if answer[i] == '1' then
        closed[#closed + 1] = id
        if stop[4] == '1' then
          set[#set + 1] = id
          set[#set + 1] = stop[2] .. sub(text, width + 1, width + 1) .. stop[3] .. sub(text, mark)
        else
          gone[#gone + 1] = id
          away[#away + 1] = start .. id
        end
        if isLoss and stop[5] == '1' then clearLoss(text) end
        local claim = sub(text, mark + 1, mark + 17)
        freed[claim] = (freed[claim] or 0) + 1
      end
    end
    seen[id] = answer[i]
  end
  if #set > 0 then call('HSET', base .. ':run', unpack(set)) end
  if #gone > 0 then
    call('HDEL', base .. ':run', unpack(gone))
    call('ZREM', base .. ':time', unpack(gone))
  end
  if isLeasedAlone and #closed > 0 then call('ZREM', base .. ':lease', unpack(closed)) end
  return table.concat(answer)
end

for from = 1, #keys, 2000 do
  local to = min(from + 1999, #keys)
  local texts = call('HMGET', base .. ':pack', unpack(keys, from, to))
  for i = from, to do
    local key, text = keys[i], texts[i - from + 1]
    if text and not packs[key] then packs[key] = {text = text} end
    local close = text and closePacked or closeSingle
    answers[i] = close(key, digits[i], ends[tonumber(which[i])])
  end
end

local set, gone = {}, {}
for i, key in ipairs(changed) do
  local pack = packs[key]
  local text = pack.text .. pack.ends
  if pack.open == '' and not pack.isKept and not find(text, '\\28[^-]') then
    gone[#gone + 1] = key
    call('ZREM', base .. ':time', placeOf(key, text))
  else
    set[#set + 1] = key
    set[#set + 1] = text
  end
  if #set >= 2000 then
    call('HSET', base .. ':pack', unpack(set))
    set = {}
  end
end
if #set > 0 then call('HSET', base .. ':pack', unpack(set)) end
for from = 1, #gone, 2000 do call('HDEL', base .. ':pack', unpack(gone, from, min(from + 1999, #gone))) end
for claim, count in pairs(freed) do
  if sub(claim, 1, 1) ~= ' ' and call('HINCRBY', base .. ':leased', claim, -count) <= 0 then
    call('HDEL', base .. ':leased', claim)
    call('HDEL', base .. ':held', claim)
    call('ZREM', base .. ':lease', 'b' .. claim)
  end
end
if #away > 0 then
  local window = base .. ':gone:' .. math.floor(call('TIME')[1] / 10)
  call('APPEND', window, ';' .. table.concat(away, ';'))
  call('EXPIRE', window, 30)
end
return table.concat(answers)
`;
