-- Sets the state where nobody has changed it meanwhile.
--
-- KEYS  state
-- ARGV  channel, for how long it is kept (s), the state that was found, the state to set ('' for none: only look), and
--       the names that those who wait are called for ('' for none)
-- gives 1 where it is set, and else 0, the server's time (s, us) and the state
local found = redis.call('GET', KEYS[1]) or ''
if ARGV[4] == '' or found ~= ARGV[3] then
  local time = redis.call('TIME')
  return {0, time[1], time[2], found}
end
redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[2])
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[1], ARGV[5])
end
return {1}
