-- Lets one request leave when no second sees more than the limit, or tells how long that takes.
--
-- KEYS  departures, tickets, alive, limit, pause
-- ARGV  member, limit until the server tells another, window (us), and one of
--       'leaves': it leaves when it may
--       'stays': it keeps its place in the line also when it may leave
--       'waits', how many of the member's own leave before: how long would one more of them wait?
-- gives {1 where it may leave, microseconds until it may}
local departures, tickets, alive = KEYS[1], KEYS[2], KEYS[3]
local member, window, what = ARGV[1], tonumber(ARGV[3]), ARGV[4]
local at = now()
local limit = tonumber(redis.call('GET', KEYS[4]) or ARGV[2])
local pause = paused_until(KEYS[5], at)
local recent = redis.call('LRANGE', departures, -limit, -1)
for place, moment in ipairs(recent) do
  recent[place] = math.min(tonumber(moment), at)
  if recent[place] < tonumber(moment) then
    -- The clock was set back, which must not hold anyone up.
    redis.call('LSET', departures, place - #recent - 1, whole(at))
  end
end

local function next_departure()
  local moment = math.max(at, pause)
  if #recent >= limit then
    moment = math.max(moment, recent[#recent - limit + 1] + window)
  end
  recent[#recent + 1] = moment
  return moment
end

send_home_the_dead(tickets, alive, at)
local before
if what == 'waits' then
  before = waiting_before(tickets, member, tonumber(ARGV[5]))
else
  before = stand_in_line(tickets, alive, member, at)
end
for _ = 1, before do
  next_departure()
end
local wait = next_departure() - at
if what ~= 'leaves' or wait > 0 then
  return {wait > 0 and 0 or 1, math.ceil(wait)}
end
leave_line(tickets, alive, member)
redis.call('RPUSH', departures, whole(at))
redis.call('LTRIM', departures, -5000, -1)
redis.call('EXPIRE', departures, 3600)
return {1, 0}
