-- Grants the turn of a queue as a lease, or tells how long it is held at the most.
--
-- The fencing token is the moment of the grant: another one each time, even where the server has forgotten everything.
-- What stands last in the queue is handed over with the turn; whoever dies with it takes that along, for nobody knows
-- it then.
--
-- KEYS  lease, tickets, alive, end, kinds
-- ARGV  member, how long the lease lasts (us), which kind of name the asker has for the queue
-- gives {token ('' where someone else has it), what stands last ('' where nobody knows), microseconds, how many kinds
--       of names are in use}
local lease, tickets, alive = KEYS[1], KEYS[2], KEYS[3]
local at = now()
send_home_the_dead(tickets, alive, at)
local held_until, latest = tonumber(redis.call('HGET', lease, 'until') or 0), at + tonumber(ARGV[2])
if held_until > latest then
  -- The clock was set back, which must not make a lease last longer.
  held_until = latest
  redis.call('HSET', lease, 'until', whole(latest))
end
redis.call('SADD', KEYS[5], ARGV[3])
redis.call('EXPIRE', KEYS[5], 3600)
local kinds = redis.call('SCARD', KEYS[5])
local before = stand_in_line(tickets, alive, ARGV[1], at)
if held_until > at or before > 0 then
  return {'', '', math.ceil(math.max(held_until - at, 0)), kinds}
end
leave_line(tickets, alive, ARGV[1])
local token = whole(at)
redis.call('HSET', lease, 'token', token, 'member', ARGV[1], 'until', whole(latest))
redis.call('EXPIRE', lease, 3600)
local last = redis.call('GET', KEYS[4]) or ''
redis.call('DEL', KEYS[4])
return {token, last, 0, kinds}
