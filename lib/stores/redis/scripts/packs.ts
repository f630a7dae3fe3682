/**
 * Plain runs that one claim has made lie together, in a pack: one field, and one place in the order of history. What becomes
 * of them is added behind, once for all that end alike. The field's name is what the ids of its runs have in common; which of
 * them a run is, says the twelfth character of its id.
 *
 *     claim (17), last character \\31 node \\n task \\n createdAt { \\30 line } { \\29 characters \\28 head }
 *
 * A line is job, generation, fire time, and due time and task where these are others. A head is what a row of its own begins
 * with; `-`: these runs have left no row. Nothing but a first claim and its settlement knows packs: whatever else becomes of
 * a run, its pack is taken apart before, into rows for each.
 */
export const PACKS = `
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
local HELD = '1:r0\\n1\\n\\n\\n\\n\\127\\n\\n\\n\\127'

local function packOf(id) return string.sub(id, 1, 11) .. string.sub(id, 13) end
local function placeOf(key, text) return string.sub(key, 1, 11) .. '~' .. string.sub(text, 18, 18) .. string.sub(key, 12) end

-- Heads of the runs that have ended, by digit; and how many these are.
local function headsOf(text)
  local heads, count = {}, 0
  local from = string.find(text, '\\29', 1, true)
  if not from then return heads, count end
  for digits, head in string.gmatch(string.sub(text, from), '\\29([^\\28]*)\\28([^\\29]*)') do
    count = count + #digits
    for i = 1, #digits do heads[string.sub(digits, i, i)] = head end
  end
  return heads, count
end

-- A row for each run, by digit, and its fire time.
local function rowsOf(text)
  local mark = string.find(text, '\\30', 1, true)
  local stop = string.find(text, '\\29', mark, true) or #text + 1
  local claim = string.sub(text, 1, 17)
  local node, task, created = string.match(string.sub(text, 20, mark - 1), '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)$')
  local heads = headsOf(text)
  local rows, fires, at = {}, {}, 0
  for line in string.gmatch(string.sub(text, mark, stop - 1), '\\30([^\\30]*)') do
    at = at + 1
    local digit = string.sub(DIGITS, at, at)
    local job, generation, fire, rest = string.match(line, '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)(.*)$')
    local due, own = fire, task
    if rest ~= '' then due, own = string.match(rest, '^\\n([^\\n]*)\\n(.*)$') end
    if heads[digit] ~= '-' then
      fires[digit] = fire
      rows[digit] = (heads[digit] or HELD) .. '\\31' .. claim .. job .. '\\n' .. generation .. '\\n' .. node .. '\\n' .. due ..
        '\\n' .. own .. '\\ns\\n' .. fire .. '\\n' .. fire .. '\\n1\\n1\\n0\\n' .. created .. '\\n'
    end
  end
  return rows, fires
end

-- Rows of runs, wherever they lie. Answers false for what is not there, and which of them lie in packs.
local function readRows(ids, from, to)
  local texts = redis.call('HMGET', base .. ':run', unpack(ids, from, to))
  local known, packed = {}, {}
  for i = 1, to - from + 1 do
    if not texts[i] then
      local id = ids[from + i - 1]
      local key = packOf(id)
      if known[key] == nil then
        local text = redis.call('HGET', base .. ':pack', key)
        known[key] = text and rowsOf(text) or false
      end
      if known[key] then
        texts[i] = known[key][string.sub(id, 12, 12)] or false
        packed[i] = texts[i] and key
      end
    end
  end
  return texts, packed
end
`;

/** Takes packs apart; behind `PACKS`. */
export const TAKE_APART = `
local function takeApart(key)
  local text = redis.call('HGET', base .. ':pack', key)
  if not text then return end
  local rows, fires = rowsOf(text)
  local set, scores = {}, {}
  for digit, row in pairs(rows) do
    local id = string.sub(key, 1, 11) .. digit .. string.sub(key, 12)
    set[#set + 1] = id
    set[#set + 1] = row
    scores[#scores + 1] = fires[digit]
    scores[#scores + 1] = id
  end
  if #set > 0 then
    redis.call('HSET', base .. ':run', unpack(set))
    redis.call('ZADD', base .. ':time', unpack(scores))
  end
  redis.call('HDEL', base .. ':pack', key)
  redis.call('ZREM', base .. ':time', placeOf(key, text))
end

-- Runs that are to be changed each lie alone from here on.
local function takeOut(ids)
  for from = 1, #ids, 2000 do
    local to = math.min(from + 1999, #ids)
    local texts = redis.call('HMGET', base .. ':run', unpack(ids, from, to))
    for i = from, to do
      if not texts[i - from + 1] then takeApart(packOf(ids[i])) end
    end
  end
end

-- Runs that go, whatever they are. A pack that goes whole need not be taken apart.
local function dropOut(ids)
  local counts, keys = {}, {}
  for _, id in ipairs(ids) do
    local key = packOf(id)
    if not counts[key] then keys[#keys + 1] = key end
    counts[key] = (counts[key] or 0) + 1
  end
  for _, key in ipairs(keys) do
    local text = redis.call('HGET', base .. ':pack', key)
    if text then
      local left = -counts[key]
      for _ in pairs(rowsOf(text)) do left = left + 1 end
      if left == 0 then
        redis.call('HDEL', base .. ':pack', key)
        redis.call('ZREM', base .. ':time', placeOf(key, text))
      else
        takeApart(key)
      end
    end
  end
end
`;
