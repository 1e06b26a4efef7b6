-- A pause, before whose end nothing may leave: when it ends, and how long it was to last.

-- Tells when it ends. Where the clock was set back, it lasts no longer than it was to last.
local function paused_until(pause, at)
  local told = redis.call('HMGET', pause, 'until', 'length')
  local moment, latest = tonumber(told[1] or 0), at + tonumber(told[2] or 0)
  if moment > latest then
    redis.call('HSET', pause, 'until', whole(latest))
  end
  return math.min(moment, latest)
end
