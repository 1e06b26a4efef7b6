-- Lets nothing leave for a while; an earlier, longer hold stays in force.
--
-- KEYS  pause
-- ARGV  for how long (us)
local moment = now() + tonumber(ARGV[1])
if moment > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], whole(moment), 'EX', 86400)
end
