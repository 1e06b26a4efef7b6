-- Lets nothing leave for a while; an earlier, longer hold stays in force.
--
-- KEYS  pause
-- ARGV  for how long (us)
local at = now()
local moment = at + tonumber(ARGV[1])
if moment > paused_until(KEYS[1], at) then
  redis.call('HSET', KEYS[1], 'until', whole(moment), 'length', ARGV[1])
  redis.call('EXPIRE', KEYS[1], 86400)
end
