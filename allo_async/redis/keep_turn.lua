-- Renews a lease. One that the server has forgotten is taken back, where nobody else has it by now.
--
-- KEYS  lease
-- ARGV  token, how long it lasts (us)
-- gives 1 where it is still held
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'until', whole(now() + tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], 3600)
return 1
