-- Follows what an answer told: the limit, and the requests of strangers, which take their places in the window.
--
-- KEYS  departures, limit
-- ARGV  limit, how many requests were left (-1: not told), how long ago the answer's request left (us)
local at = now()
local limit, remaining = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', 3600)
if remaining < 0 then
  return
end
local since = at - tonumber(ARGV[3]) - 1000000
local own = 0
for _, moment in ipairs(redis.call('LRANGE', KEYS[1], -limit, -1)) do
  if tonumber(moment) > since then
    own = own + 1
  end
end
for _ = 1, limit - remaining - own do
  redis.call('RPUSH', KEYS[1], whole(at))
end
redis.call('EXPIRE', KEYS[1], 3600)
