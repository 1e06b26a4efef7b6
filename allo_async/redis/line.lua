-- A line of processes that wait, first come first served. `tickets` has their order, `alive` until when each is taken
-- for alive: who does not ask again within ALIVE (us) has died, and loses the place.
local function send_home_the_dead(tickets, alive, at)
  -- Where the clock was set back, nobody is taken for alive for longer than that.
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', alive, '(' .. whole(at + ALIVE), '+inf')) do
    redis.call('ZADD', alive, whole(at + ALIVE), member)
  end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', whole(at))) do
    redis.call('ZREM', tickets, member)
    redis.call('ZREM', alive, member)
  end
end

-- Gives the member a place in the line, where it has none, and tells how many stand before it.
local function stand_in_line(tickets, alive, member, at)
  if not redis.call('ZSCORE', tickets, member) then
    local last = redis.call('ZRANGE', tickets, -1, -1, 'WITHSCORES')
    redis.call('ZADD', tickets, (tonumber(last[2]) or 0) + 1, member)
  end
  redis.call('ZADD', alive, whole(at + ALIVE), member)
  for _, key in ipairs({tickets, alive}) do
    redis.call('EXPIRE', key, 3600)
  end
  return redis.call('ZRANK', tickets, member)
end

-- Tells how many will leave before one more of the member's, of whom `ahead` wait, the first in its place.
local function waiting_before(tickets, member, ahead)
  local rank, all = redis.call('ZRANK', tickets, member), redis.call('ZCARD', tickets)
  if ahead == 0 then
    return rank or all
  end
  return all + ahead - (rank and 1 or 0)
end

local function leave_line(tickets, alive, member)
  redis.call('ZREM', alive, member)
  return redis.call('ZREM', tickets, member)
end
