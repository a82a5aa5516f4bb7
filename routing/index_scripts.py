"""The index in Redis, as scripts: each is one look or one change, whole or not at all.

KEYS[1] is the prefix of all keys, with the hash tag that keeps them together.  Under it:

    token       whose build this is; a writer that read SQL under another one is refused
    built       there when everything was put in once
    needs       text -> number;numbers of its rivals           unready   numbers whose agents are not all in yet
    trusted     `needs` once more, there while readers may trust the index
    builder     who is building, for a few seconds
    agents      id -> their entry: `id version;state;since;stand-in;body`, where the two letters of the state say what
                they chose and what they do: `ri` is who is ready and idle
    meets       id of an agent -> numbers of the needs they meet
    calls       id -> body of a caller's card
    lines       id of a call -> version;need;ranked;held;wishes;   without a need: they left
    idle:N busy:N   entries of agents who meet a need, by since
    wait:N      callers with that need, by place
    fronts      numbers of needs, by the place of who waits first; `held`, by who is kept least long
    own:A       callers who know agent A, by their place for A
    idle        all who are idle, by since                     ripe      those of them whom a caller in the queue knows
    held        callers kept for agents they know, by until when
    gone, pruned    versions of the latest who left; the highest that was forgotten
    applied         number of the event up to which all have been applied

Instants are microseconds, versions are numbers of events: a lower one never replaces a higher one.  Whatever is touched
lives for KEEP_SECONDS more, `built` and `trusted` for less: what nobody builds anew goes away by itself.
"""

KEEP_SECONDS = 12 * 3600
TRUST_SECONDS = 6 * 3600
MOST_GONE = 10_000  # callers who left and are remembered, so that nobody late puts them back

# Who is first in a line (a need's number, or `held`) has changed.
_FRONT = """
local function front(line)
  local first = call('ZRANGE', P .. (line == 'held' and line or 'wait:' .. line), 0, 0, 'WITHSCORES')
  if first[2] then call('ZADD', P .. 'fronts', first[2], line) else call('ZREM', P .. 'fronts', line) end
end
"""

# Callers whose time has come are everybody's from now on.
_RELEASE = (
    _FRONT
    + """
  for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'held', '-inf', now, 'LIMIT', 0, 100)) do
    local n, ranked = string.match(call('HGET', P .. 'lines', id) or '', '^%d+;(%d+);(%d+);')
    if n then
      call('ZADD', P .. 'wait:' .. n, ranked, id)
      call('EXPIRE', P .. 'wait:' .. n, KEEP)
      front(n)
    end
    call('ZREM', P .. 'held', id)
  end
  front('held')
"""
)

# Answers are one text, a line for each thing: a table costs Redis as much again as all that is done here.

# ARGV: need; last of the heads, and of them where they are few; `0`, or `1` if the idle will not do, now, place in the
# queue; ids of the agents they know, whose stand-ins are wanted; ids of the others.  Few arguments: each costs the
# client a microsecond.
LOOK = (
    """
local call, P = redis.call, KEYS[1]
local packed = call('HGET', P .. 'trusted', ARGV[1])
if not packed then return false end
local n = string.match(packed, '^%d+')
local last, few = string.match(ARGV[2], '^(%d+) (%d+)')
local function heads(many) return many <= few + 1 and few or last end
local idle, busy, ahead, found = call('ZCARD', P .. 'idle:' .. n), 0, 0, nil
if idle > 0 and string.byte(ARGV[3]) == 48 then
  found = call('ZRANGE', P .. 'idle:' .. n, 0, heads(idle))
else
  local now, place = string.match(ARGV[3], '^. (%d+) (%S+)')
"""
    + _RELEASE
    + """
  busy = call('ZCARD', P .. 'busy:' .. n)
  for rival in string.gmatch(string.match(packed, ';(.*)$'), '%d+') do
    ahead = ahead + call('ZCOUNT', P .. 'wait:' .. rival, '-inf', place)
  end
  found = call('ZRANGE', P .. 'busy:' .. n, 0, heads(busy))
end
local size, ids = #found, {}
for id in string.gmatch(ARGV[4], '%S+') do ids[#ids + 1] = id end
local bound = #ids
for id in string.gmatch(ARGV[5], '%S+') do ids[#ids + 1] = id end
if #ids > 0 then
  local known = call('HMGET', P .. 'agents', unpack(ids))
  for i = 1, #ids do
    local entry = known[i]
    if entry then
      found[#found + 1] = entry
      local other = i <= bound and string.match(entry, '^%S+ %d*;%a*;%d*;([^;]+);')
      if other then found[#found + 1] = call('HGET', P .. 'agents', other) or nil end
    end
  end
end
found[#found + 1] = idle .. ' ' .. busy .. ' ' .. ahead .. ' ' .. size
return table.concat(found, LF)
"""
)

# ARGV: need, idle or busy, first, last
HEADS = """
local call, P = redis.call, KEYS[1]
local n = string.match(call('HGET', P .. 'trusted', ARGV[1]) or '', '^(%d+);')
if not n then return false end
return table.concat(call('ZRANGE', P .. ARGV[2] .. ':' .. n, ARGV[3], ARGV[4]), LF)
"""

# The lines of an agent's needs, and their own one, merged by the places of who is first in each.
# ARGV: now, agent, how many
QUEUE = (
    """
local call, P, now = redis.call, KEYS[1], ARGV[1]
local meets = call('HGET', P .. 'meets', ARGV[2])
if not meets or call('EXISTS', P .. 'trusted') == 0 then return false end
local lines = {'held'}
for n in string.gmatch(meets, '%d+') do lines[#lines + 1] = n end
local at = call('ZMSCORE', P .. 'fronts', unpack(lines))
if at[1] and tonumber(at[1]) <= tonumber(now) then
"""
    + _RELEASE
    + """
  at = call('ZMSCORE', P .. 'fronts', unpack(lines))
end
-- From here on the first line is the agent's own.
local own = P .. 'own:' .. ARGV[2]
local first = call('ZRANGE', own, 0, 0, 'WITHSCORES')
at[1] = first[2]
for i = 1, #lines do at[i] = at[i] and tonumber(at[i]) or math.huge end
local ids, places, taken, next = {}, {}, {}, {}
while #ids < tonumber(ARGV[3]) do
  local best = 1
  for i = 2, #lines do
    if at[i] < at[best] then best = i end
  end
  if at[best] == math.huge then break end
  local from = next[best] or 0
  local pair = call('ZRANGE', best == 1 and own or P .. 'wait:' .. lines[best], from, from + 1, 'WITHSCORES')
  local id = pair[1]
  if id and not taken[id] then ids[#ids + 1], places[#places + 1], taken[id] = id, pair[2], true end
  at[best], next[best] = pair[4] and tonumber(pair[4]) or math.huge, from + 1
end
if #ids == 0 then return '' end
local bodies = call('HMGET', P .. 'calls', unpack(ids))
for i = 1, #ids do bodies[#ids + i] = places[i] end
return table.concat(bodies, LF)
"""
)

# ARGV: now, since of the agent behind whom to look, their id, how many
RIPE = (
    """
local call, P, now, since, behind, k = redis.call, KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
if call('EXISTS', P .. 'trusted') == 0 then return false end
local held = call('ZSCORE', P .. 'fronts', 'held')
if held and tonumber(held) <= tonumber(now) then
"""
    + _RELEASE
    + """
end
local at, entries = {}, {}
local function take(entry, score, id)
  if not at[entry] and (score > since or id > behind) then entries[#entries + 1], at[entry] = entry, score end
end
local function from(agents)
  local skip = behind == '' and 0 or call('ZCOUNT', agents, ARGV[2], ARGV[2])
  return call('ZRANGEBYSCORE', agents, ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, k + skip)
end
local found = from(P .. 'ripe')
for i = 1, #found, 2 do take(call('HGET', P .. 'agents', found[i]), tonumber(found[i + 1]), found[i]) end
for _, n in ipairs(call('ZRANGE', P .. 'fronts', 0, -1)) do
  found = call('EXISTS', P .. 'idle:' .. n) == 1 and from(P .. 'idle:' .. n) or {}
  for i = 1, #found, 2 do take(found[i], tonumber(found[i + 1]), string.match(found[i], '^%S+')) end
end
table.sort(entries, function(a, b) return at[a] < at[b] or at[a] == at[b] and a < b end)
return table.concat(entries, LF, 1, math.min(#entries, k))
"""
)

# What a writer must agree with.  ARGV: token, how many needs it knows.
_FENCE = """
local call, P = redis.call, KEYS[1]
if call('GET', P .. 'token') ~= ARGV[1] then return 'another build' end
if call('HLEN', P .. 'needs') ~= tonumber(ARGV[2]) then return 'more needs' end
"""

# Where an agent stands by their state.
_LISTS = """
local function list(state)
  if string.sub(state, 1, 1) ~= 'r' then return nil end
  return P .. (state == 'ri' and 'idle:' or 'busy:')
end
"""

# ARGV further, for each: id, numbers of the needs they meet, entry.  Version 0: only if nothing is known.
PUT_AGENTS = (
    _FENCE
    + _LISTS
    + """
for i = 3, #ARGV, 3 do
  local id, needs, entry = unpack(ARGV, i, i + 2)
  local version, state, since = string.match(entry, '^%S+ (%d+);(%a*);(%d*);')
  local old = call('HGET', P .. 'agents', id)
  local was, before = string.match(old or '', '^%S+ (%d+);(%a*);')
  if not was or tonumber(version) > 0 and tonumber(version) >= tonumber(was) then
    local from, to = list(before or ''), list(state)
    if from then
      for n in string.gmatch(call('HGET', P .. 'meets', id) or '', '%d+') do call('ZREM', from .. n, old) end
    end
    if to then
      for n in string.gmatch(needs, '%d+') do
        call('ZADD', to .. n, since, entry)
        call('EXPIRE', to .. n, KEEP)
      end
    end
    call('ZREM', P .. 'idle', id)
    call('ZREM', P .. 'ripe', id)
    if state == 'ri' then
      call('ZADD', P .. 'idle', since, id)
      if call('EXISTS', P .. 'own:' .. id) == 1 then call('ZADD', P .. 'ripe', since, id) end
    end
    call('HSET', P .. 'meets', id, needs)
    call('HSET', P .. 'agents', id, entry)
  end
end
for _, name in ipairs({'agents', 'meets', 'idle', 'ripe'}) do call('EXPIRE', P .. name, KEEP) end
return 'done'
"""
)

# ARGV further, for each: id, line, body; wishes as agent=place,...
PUT_CALLS = (
    _FENCE
    + _FRONT
    + """
local pruned = tonumber(call('GET', P .. 'pruned') or '-1')
local lines, owns = {}, {}
local function forget(id, line)
  local need, wishes = string.match(line, '^%d+;(%d+);%d+;%d*;([^;]*);')
  if not need then return end
  if call('ZREM', P .. 'wait:' .. need, id) == 1 then lines[need] = true end
  if call('ZREM', P .. 'held', id) == 1 then lines['held'] = true end
  for agent in string.gmatch(wishes, '([^=,]+)=') do
    call('ZREM', P .. 'own:' .. agent, id)
    owns[agent] = true
  end
end
local function add(id, need, ranked, held, wishes)
  local line = held == '' and need or 'held'
  if held == '' then call('ZADD', P .. 'wait:' .. need, ranked, id) else call('ZADD', P .. 'held', held, id) end
  lines[line] = true
  for agent, place in string.gmatch(wishes, '([^=,]+)=(%d+)') do
    call('ZADD', P .. 'own:' .. agent, place, id)
    owns[agent] = true
  end
end
for i = 3, #ARGV, 3 do
  local id, line, body = unpack(ARGV, i, i + 2)
  local version, need, ranked, held, wishes = string.match(line, '^(%d+);(%d*);(%d*);(%d*);([^;]*);')
  local number = tonumber(version)
  local old = call('HGET', P .. 'lines', id)
  local was = tonumber(string.match(old or '', '^%d+') or '-1')
  local late = not old and number > 0 and number <= pruned
  if not late and (not old or number > 0 and number >= was) then
    if old then forget(id, old) end
    call('HSET', P .. 'lines', id, line)
    if need ~= '' then
      add(id, need, ranked, held, wishes)
      call('HSET', P .. 'calls', id, body)
      if old then call('ZREM', P .. 'gone', id) end
    else
      call('HDEL', P .. 'calls', id)
      call('ZADD', P .. 'gone', version, id)
    end
  end
end
for line in pairs(lines) do
  front(line)
  call('EXPIRE', P .. (line == 'held' and line or 'wait:' .. line), KEEP)
end
for agent in pairs(owns) do
  local since = call('ZSCORE', P .. 'idle', agent)
  if call('EXPIRE', P .. 'own:' .. agent, KEEP) == 0 then
    call('ZREM', P .. 'ripe', agent)
  elseif since then
    call('ZADD', P .. 'ripe', since, agent)
  end
end
while call('ZCARD', P .. 'gone') > MOST_GONE and call('EXISTS', P .. 'built') == 1 do
  local id, version = unpack(call('ZPOPMIN', P .. 'gone'))
  call('HDEL', P .. 'lines', id)
  call('SET', P .. 'pruned', version, 'EX', KEEP)
end
for _, name in ipairs({'calls', 'lines', 'gone', 'fronts', 'ripe'}) do call('EXPIRE', P .. name, KEEP) end
return 'done'
"""
)

# ARGV further, for each need known from now on: text, number;rivals.  Nothing is trusted until the new ones are filled.
ADD_NEEDS = (
    _FENCE
    + """
for i = 3, #ARGV, 2 do
  if call('HSET', P .. 'needs', ARGV[i], ARGV[i + 1]) == 1 then
    call('SADD', P .. 'unready', string.match(ARGV[i + 1], '^%d+'))
    call('DEL', P .. 'trusted')
  end
end
call('EXPIRE', P .. 'needs', KEEP)
call('EXPIRE', P .. 'unready', KEEP)
return 'done'
"""
)

# Agents as they are in the index take their places for needs that are new.  ARGV further, for each: id, needs, entry.
JOIN = (
    _FENCE
    + _LISTS
    + """
for i = 3, #ARGV, 3 do
  local id, needs, entry = unpack(ARGV, i, i + 2)
  if call('HGET', P .. 'agents', id) == entry then
    local state, since = string.match(entry, '^%S+ %d+;(%a*);(%d*);')
    local to = list(state)
    if to then
      for n in string.gmatch(needs, '%d+') do
        call('ZADD', to .. n, since, entry)
        call('EXPIRE', to .. n, KEEP)
      end
    end
    call('HSET', P .. 'meets', id, needs)
  end
end
return 'done'
"""
)

# ARGV further: whose lease it is, then the numbers of the needs that are filled now.  'whole': everything is in.
FILLED = (
    _FENCE
    + """
if call('GET', P .. 'builder') ~= ARGV[3] then return 'another builder' end
if #ARGV > 3 then call('SREM', P .. 'unready', unpack(ARGV, 4)) end
call('DEL', P .. 'builder')
call('SET', P .. 'built', ARGV[1], 'EX', TRUST, 'NX')
if call('SCARD', P .. 'unready') > 0 then return 'done' end
call('COPY', P .. 'needs', P .. 'trusted', 'REPLACE')
call('EXPIRE', P .. 'trusted', math.max(call('TTL', P .. 'built'), 1))
return 'whole'
"""
)

# token, whether it was built, whether it can be trusted, number of needs, numbers of those not filled
STATE = """
local call, P = redis.call, KEYS[1]
local token = call('GET', P .. 'token')
if not token then return {'', 0, 0, 0, {}} end
local built, trusted = call('EXISTS', P .. 'built'), call('EXISTS', P .. 'trusted')
return {token, built, trusted, call('HLEN', P .. 'needs'), call('SMEMBERS', P .. 'unready')}
"""

# Up to this event all have been applied.  ARGV: token, number
APPLIED = """
local P = KEYS[1]
if redis.call('GET', P .. 'token') ~= ARGV[1] then return 'another build' end
if tonumber(redis.call('GET', P .. 'applied') or '-1') < tonumber(ARGV[2]) then
  redis.call('SET', P .. 'applied', ARGV[2], 'EX', KEEP)
end
return 'done'
"""


def script(text: str) -> str:
    """With the figures in their places."""
    figures = {"KEEP": KEEP_SECONDS, "TRUST": TRUST_SECONDS, "MOST_GONE": MOST_GONE}
    return "".join(f"local {name} = {value}\n" for name, value in figures.items()) + "local LF = '\\n'\n" + text
