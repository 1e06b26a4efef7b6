-- Ends a lease, and says what stands last in the queue; from whose lease has ended already, nothing is taken.
--
-- KEYS  lease, end
-- ARGV  token, what stands last ('' where that is not known), for how long that is worth knowing (s), channel,
--       what is waited for
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return
end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
