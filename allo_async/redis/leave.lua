-- Takes a member who has given up out of the line, and the lease back that it was granted but did not hear of.
--
-- KEYS  tickets, alive, lease ('' for a pace)
-- ARGV  member, channel, what is waited for
local left = leave_line(KEYS[1], KEYS[2], ARGV[1])
if KEYS[3] and redis.call('HGET', KEYS[3], 'member') == ARGV[1] then
  left = left + redis.call('DEL', KEYS[3])
end
if left > 0 then
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
